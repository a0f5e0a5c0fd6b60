/** Tensors as a file describes them. Each is checked when it is described, before any memory is allocated. */

import { noGrad } from '../autograd';
import { Buffer as TensorBuffer, Parameter } from '../nn';
import {
  callOp,
  type Device,
  type DType,
  empty,
  emptyStrided,
  isComplexDType,
  itemSize,
  type Layout,
  type Tensor,
} from '../tensor';
import { FormatFault } from './format-fault';
import { Opaque } from './pickle-values';

/** A storage of the file, by the key under which it is stored. */
export interface StoredStorage {
  readonly key: string;
  /** Where it was when it was saved: `cpu`, `cuda:0`. */
  readonly location: string;
  readonly bytes: number;
}

/** Gives tensors their memory. */
export interface TensorHome {
  /** The memory of a storage: a tensor of uint8, [bytes], on the device that it goes to. */
  memory(storage: StoredStorage): Tensor;
  /** The device that something from `location` goes to. */
  device(location: string): Device;
  /** The tensor of another description; the same one each time. */
  tensor(source: TensorSource): Tensor;
}

/** Something that becomes a tensor. */
export abstract class TensorSource extends Opaque {
  readonly kind: string = 'a tensor';

  abstract make(home: TensorHome): Tensor;
}

/** A storage, or a piece of one. Standing for itself in a file it becomes a tensor of one dimension. */
export class StorageSource extends TensorSource {
  override readonly kind = 'a storage';

  /**
   * @param start in bytes, from the beginning of the storage
   * @param bytes from there on
   */
  constructor(
    readonly storage: StoredStorage,
    readonly dtype: DType,
    readonly start: number,
    readonly bytes: number,
  ) {
    super();
  }

  make(home: TensorHome): Tensor {
    const length = Math.floor(this.bytes / itemSize(this.dtype));
    return new StridedSource(this, { dtype: this.dtype, offset: 0, size: [length], stride: [1] }).make(home);
  }
}

export interface StridedLayout {
  readonly dtype: DType;
  /** In elements, as the strides. */
  readonly offset: number;
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly requiresGrad?: boolean;
  readonly isConj?: boolean;
  readonly isNeg?: boolean;
}

/** A tensor on a storage. */
export class StridedSource extends TensorSource {
  /** In elements, from the beginning of the storage. */
  private readonly offset: number;
  /** Elements between the first and the last one of the tensor, those included; 0 where it has none. */
  private readonly extent: number;

  constructor(
    private readonly storage: StorageSource,
    private readonly layout: StridedLayout,
  ) {
    super();
    const { dtype, offset, size, stride } = layout;
    this.extent = extentOf(size, stride);
    const bytes = itemSize(dtype);
    if ((offset + this.extent) * bytes > storage.bytes && this.extent > 0) {
      throw new FormatFault(
        `a tensor of ${dtype} [${size.join(', ')}], strides [${stride.join(', ')}] and offset ${offset} reaches beyond its storage ${storage.storage.key} of ${storage.bytes} bytes`,
      );
    }
    if (storage.start % bytes !== 0) {
      throw new FormatFault(`a tensor of ${dtype} begins at byte ${storage.start} of its storage`);
    }
    this.offset = storage.start / bytes + offset;
    if (layout.isConj === true && !isComplexDType(dtype)) throw new FormatFault(`a tensor of ${dtype} is conjugated`);
  }

  make(home: TensorHome): Tensor {
    const { dtype, size, stride, requiresGrad = false, isConj = false, isNeg = false } = this.layout;
    const memory = home.memory(this.storage.storage);
    this.checkBools(memory);
    return noGrad(() => {
      let tensor = empty([0], { dtype, device: memory.device }).set_(memory, this.offset, size, stride);
      if (isConj) tensor = callOp<Tensor>('aten::_conj', [tensor]);
      if (isNeg) tensor = callOp<Tensor>('aten::_neg_view', [tensor]);
      if (requiresGrad) tensor.requiresGrad = true;
      return tensor;
    });
  }

  /** libtorch takes a bool's byte as it is, and other values than 0 and 1 then give answers that contradict each other. */
  private checkBools(memory: Tensor): void {
    if (this.layout.dtype !== 'bool' || this.extent === 0 || memory.device === 'meta') return;
    using bytes = memory.narrow(0, this.offset, this.extent);
    using largest = bytes.max();
    if (largest.item() > 1) {
      throw new FormatFault(
        `a tensor of bool on the storage ${this.storage.storage.key} has a byte that is neither 0 nor 1`,
      );
    }
  }
}

/** A tensor without memory. */
export class MetaSource extends TensorSource {
  constructor(
    private readonly dtype: DType,
    private readonly size: readonly number[],
    private readonly stride: readonly number[],
    private readonly requiresGrad: boolean,
  ) {
    super();
    extentOf(size, stride);
  }

  make(): Tensor {
    const tensor = emptyStrided(this.size, this.stride, { dtype: this.dtype, device: 'meta' });
    if (this.requiresGrad) tensor.requiresGrad = true;
    return tensor;
  }
}

/** A sparse tensor: its indices, its values, and how it is laid out. */
export class SparseSource extends TensorSource {
  /**
   * @param layout `sparse_coo`, `sparse_csr` and so on
   * @param parts indices and values; those of a compressed layout are its compressed and its plain indices and its values
   * @param isCoalesced of `sparse_coo`; null where it is not known
   */
  constructor(
    private readonly layout: Layout,
    private readonly parts: readonly TensorSource[],
    private readonly size: readonly number[],
    private readonly isCoalesced: boolean | null,
  ) {
    super();
    extentOf(
      size,
      size.map(() => 0),
    );
  }

  /** Checked in full, unlike in Python: ops would follow an index of a damaged file to wherever it leads. */
  make(home: TensorHome): Tensor {
    const parts = this.parts.map((part) => home.tensor(part));
    const values = parts.at(-1) as Tensor;
    const [size, layout] = [[...this.size], this.layout];
    return noGrad(() => {
      if (layout === 'sparse_coo') {
        if (values.device !== 'meta') {
          callOp('aten::_validate_sparse_coo_tensor_args', [...parts, size, this.isCoalesced, false]);
        }
        const options = [values.dtype, layout, values.device, false];
        return callOp<Tensor>('aten::_sparse_coo_tensor_unsafe', [...parts, size, ...options, this.isCoalesced]);
      }
      if (values.device !== 'meta') {
        callOp('aten::_validate_sparse_compressed_tensor_args', [...parts, size, layout, false]);
      }
      const options = [values.dtype, layout, values.device, false];
      return callOp<Tensor>('aten::_sparse_compressed_tensor_unsafe', [...parts, size, ...options]);
    });
  }
}

/** A parameter of a module, on the memory of another tensor. */
export class ParameterSource extends TensorSource {
  override readonly kind = 'a Parameter';

  constructor(
    private readonly data: TensorSource,
    private readonly requiresGrad: boolean,
  ) {
    super();
  }

  make(home: TensorHome): Tensor {
    return new Parameter(home.tensor(this.data), this.requiresGrad);
  }
}

/** A buffer of a module, on the memory of another tensor. */
export class BufferSource extends TensorSource {
  override readonly kind = 'a Buffer';

  constructor(
    private readonly data: TensorSource,
    private readonly persistent: boolean,
  ) {
    super();
  }

  make(home: TensorHome): Tensor {
    return new TensorBuffer(home.tensor(this.data), { persistent: this.persistent });
  }
}

/** A tensor whose elements were saved on the CPU because its device cannot. */
export class MovedSource extends TensorSource {
  constructor(
    private readonly data: TensorSource,
    private readonly dtype: DType,
    private readonly location: string,
    private readonly requiresGrad: boolean,
  ) {
    super();
  }

  make(home: TensorHome): Tensor {
    const moved = noGrad(() => home.tensor(this.data).to(home.device(this.location), this.dtype));
    if (this.requiresGrad) moved.requiresGrad = true;
    return moved;
  }
}

/** Elements that a tensor reaches over, and the checks of its shape. */
function extentOf(size: readonly number[], stride: readonly number[]): number {
  if (size.length !== stride.length) {
    throw new FormatFault(`a tensor has ${size.length} dimensions but ${stride.length} strides`);
  }
  // A zero must not hide the other extents: libtorch multiplies those that are left into strides.
  const elements = size.reduce((product, count) => product * Math.max(count, 1), 1);
  if (elements > Number.MAX_SAFE_INTEGER) throw new FormatFault(`a tensor of [${size.join(', ')}] is impossibly large`);
  if (size.includes(0)) return 0;
  return size.reduce((extent, count, dim) => extent + (count - 1) * (stride[dim] ?? 0), 1);
}
