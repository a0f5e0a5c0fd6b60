/** Tensors as Python's pickles describe them: by the function that rebuilds them, and its arguments. */

import { noGrad } from '../autograd';
import { ArgumentError, binding } from '../engine';
import { Buffer as TensorBuffer, Parameter } from '../nn';
import { callOp, type DType, empty, isDType, itemSize, type Tensor } from '../tensor';
import { ORDERED_DICT, type PickleWriter, type PythonName } from './pickle-writer';
import { storageClassOf, untyped } from './storage-classes';

/** A storage that the pickle refers to, under its place in this list. */
export interface SavedStorage {
  /** Of uint8, [bytes], on the storage's memory. */
  readonly memory: Tensor;
  readonly dtype: DType;
}

const utils = (name: string): PythonName => ({ module: 'torch._utils', name });
const torch = (name: string): PythonName => ({ module: 'torch', name });

/** Writes tensors into a pickle, and collects their storages: each once, however many tensors share it. */
export class TensorPickler {
  readonly storages: SavedStorage[] = [];
  private readonly keys = new Map<number, number>();

  constructor(private readonly pickle: PickleWriter) {}

  /** Frees the views on the storages. */
  dispose(): void {
    for (const { memory } of this.storages) memory.dispose();
  }

  /** @throws {ArgumentError} for a tensor that no file holds: quantised, nested, of a layout of one backend */
  write(tensor: Tensor): void {
    if (!isDType(tensor.dtype)) {
      throw new ArgumentError(
        `a tensor of ${String(tensor.dtype)} cannot be saved; dequantize() it first`,
        'TORCH_VALUE',
      );
    }
    if (tensor instanceof Parameter) {
      this.call(utils('_rebuild_parameter'), [
        () => this.plain(tensor, false),
        () => this.pickle.bool(tensor.requiresGrad),
        () => this.noHooks(),
      ]);
    } else if (tensor instanceof TensorBuffer) this.buffer(tensor);
    else this.plain(tensor, tensor.requiresGrad);
  }

  private plain(tensor: Tensor, requiresGrad: boolean): void {
    if (tensor.layout !== 'strided') this.sparse(tensor);
    else if (tensor.device === 'meta') {
      this.call(utils('_rebuild_meta_tensor_no_storage'), [
        () => this.pickle.global(torch(tensor.dtype)),
        () => this.counts(tensor.shape),
        () => this.counts(tensor.stride()),
        () => this.pickle.bool(requiresGrad),
      ]);
    } else this.strided(tensor, requiresGrad);
  }

  private strided(tensor: Tensor, requiresGrad: boolean): void {
    const [rebuild, ...args] = this.stridedCall(tensor, requiresGrad);
    this.call(rebuild, args);
  }

  private stridedCall(tensor: Tensor, requiresGrad: boolean): [PythonName, ...(() => void)[]] {
    const { pickle } = this;
    const { key, storage } = this.storageOf(tensor);
    // A storage has the class of the tensor that comes first. A tensor of another dtype can only be rebuilt by the younger
    // function, which asks the storage for nothing but its bytes.
    const storageClass = storage.dtype === tensor.dtype ? storageClassOf(tensor.dtype) : undefined;
    const metadata = [...(tensor.isConj() ? ['conj'] : []), ...(tensor.isNeg() ? ['neg'] : [])];
    const args = [
      () => this.storage(key, storage, tensor, storageClass),
      () => pickle.count(tensor.storageOffset()),
      () => this.counts(tensor.shape),
      () => this.counts(tensor.stride()),
      () => pickle.bool(requiresGrad),
      () => this.noHooks(),
      ...(storageClass === undefined ? [() => pickle.global(torch(tensor.dtype))] : []),
      ...(metadata.length > 0 ? [() => this.flags(metadata)] : []),
    ];
    return [utils(storageClass === undefined ? '_rebuild_tensor_v3' : '_rebuild_tensor_v2'), ...args];
  }

  private storage(key: number, { memory }: SavedStorage, tensor: Tensor, storageClass: string | undefined): void {
    const { pickle } = this;
    const bytes = memory.numel();
    pickle.tuple(
      () => pickle.text('storage'),
      () => pickle.global(storageClass === undefined ? untyped : torch(storageClass)),
      () => pickle.text(String(key)),
      () => pickle.text(tensor.device),
      () => pickle.count(storageClass === undefined ? bytes : Math.floor(bytes / itemSize(tensor.dtype))),
    );
    pickle.persistent();
  }

  private storageOf(tensor: Tensor): { key: number; storage: SavedStorage } {
    const found = binding.storageOf(tensor.handle);
    if (found === null) throw new ArgumentError('a tensor without memory cannot be saved', 'TORCH_VALUE');
    const known = this.keys.get(found.id);
    if (known !== undefined) return { key: known, storage: this.storages[known] as SavedStorage };
    const { dtype, device } = tensor;
    // The tensor's elements need not lie in order, but those of one dimension over all of the storage do.
    const memory = noGrad(() => {
      using detached = tensor.detach();
      using elements = detached.asStrided([Math.floor(found.bytes / itemSize(dtype))], [1], 0);
      return empty([0], { dtype: 'uint8', device }).set_(elements, 0, [found.bytes], [1]);
    });
    const key = this.storages.push({ memory, dtype }) - 1;
    this.keys.set(found.id, key);
    return { key, storage: this.storages[key] as SavedStorage };
  }

  private sparse(tensor: Tensor): void {
    const { pickle } = this;
    const { layout, shape } = tensor;
    const parts = sparseParts(tensor);
    if (parts === null) {
      throw new ArgumentError(
        `a tensor of the layout ${layout} cannot be saved; to_dense() makes one that can`,
        'TORCH_VALUE',
      );
    }
    const size = (): void => this.call(torch('Size'), [() => this.counts(shape)]);
    this.call(utils('_rebuild_sparse_tensor'), [
      () => this.call({ module: 'torch.serialization', name: '_get_layout' }, [() => pickle.text(`torch.${layout}`)]),
      () =>
        pickle.tuple(
          ...parts.map((part) => () => this.plain(part, false)),
          size,
          ...(layout === 'sparse_coo' ? [() => pickle.bool(tensor.isCoalesced())] : []),
        ),
    ]);
  }

  /** As Python writes a tensor with attributes, which is what its buffers are. */
  private buffer(tensor: TensorBuffer): void {
    const { pickle } = this;
    if (tensor.layout !== 'strided' || tensor.device === 'meta') {
      this.plain(tensor, tensor.requiresGrad);
      return;
    }
    const [rebuild, ...args] = this.stridedCall(tensor, tensor.requiresGrad);
    this.call({ module: 'torch._tensor', name: '_rebuild_from_type_v2' }, [
      () => pickle.global(rebuild),
      () => pickle.global(torch('Tensor')),
      () => pickle.tuple(...args),
      () => {
        pickle.emptyDict();
        pickle.mark();
        pickle.text('persistent');
        pickle.bool(tensor.persistent);
        pickle.text('_is_buffer');
        pickle.bool(true);
        pickle.setItems();
      },
    ]);
  }

  private call(name: PythonName, args: readonly (() => void)[]): void {
    this.pickle.global(name);
    this.pickle.tuple(...args);
    this.pickle.reduce();
  }

  private counts(values: readonly number[]): void {
    this.pickle.tuple(...values.map((value) => () => this.pickle.count(value)));
  }

  private noHooks(): void {
    this.call(ORDERED_DICT, []);
  }

  private flags(names: readonly string[]): void {
    const { pickle } = this;
    pickle.emptyDict();
    pickle.mark();
    for (const name of names) {
      pickle.text(name);
      pickle.bool(true);
    }
    pickle.setItems();
  }
}

/** Indices and values, as the layout has them; null for a layout that is not sparse. */
function sparseParts(tensor: Tensor): Tensor[] | null {
  const detached = tensor.detach();
  switch (tensor.layout) {
    case 'sparse_coo':
      return [callOp<Tensor>('aten::_indices', [detached]), callOp<Tensor>('aten::_values', [detached])];
    case 'sparse_csr':
    case 'sparse_bsr':
      return [detached.crowIndices(), detached.colIndices(), detached.values()];
    case 'sparse_csc':
    case 'sparse_bsc':
      return [detached.ccolIndices(), detached.rowIndices(), detached.values()];
    default:
      return null;
  }
}
