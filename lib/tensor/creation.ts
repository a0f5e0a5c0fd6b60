/** Tensors from JavaScript data. `zeros`, `rand`, `arange` and the like are ops, generated with all others. */

import { types } from 'node:util';
import { markAsUntransferable } from 'node:worker_threads';

import { ArgumentError, binding, checkOptions, describe } from '../engine';
import { type ElementList, flatten, inferDType, type NestedData, type TypedArray, typedArrayDType } from './data';
import { own } from './dispatch';
import { type Device, type DType, isDType, itemSize } from './dtype';
import { fromArray, tensorOf } from './from-data';
import { chosenDevice } from './settings';
import { Tensor } from './tensor';

/** Options of {@link tensor}. */
export interface TensorOptions {
  dtype?: DType;
  device?: Device;
  requiresGrad?: boolean;
  /** For typed arrays, which are flat: the shape of the tensor. */
  shape?: readonly number[];
}

const OPTIONS = ['dtype', 'device', 'requiresGrad', 'shape'] as const;

function isShape(shape: unknown): shape is readonly number[] {
  return Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && Number(size) >= 0);
}

function checkShape(shape: unknown, count: number, what: string): void {
  if (!isShape(shape)) {
    throw new ArgumentError(
      `${what}: expected sizes of 0 or more for argument \`shape\`, received ${describe(shape)}`,
      'TORCH_VALUE',
    );
  }
  const wanted = shape.reduce((product, size) => product * size, 1);
  if (wanted !== count) {
    throw new ArgumentError(
      `${what}: shape [${shape.join(', ')}] has ${wanted} elements, but the data has ${count}`,
      'TORCH_VALUE',
    );
  }
}

function checkDType(dtype: unknown, name: string): void {
  if (isDType(dtype)) return;
  throw new ArgumentError(`${name}(): expected a dtype for argument \`dtype\`, received ${describe(dtype)}`);
}

function checkView(data: unknown, name: string): void {
  if (ArrayBuffer.isView(data)) return;
  throw new ArgumentError(`${name}(): expected a typed array, DataView or Buffer, received ${describe(data)}`);
}

/** Casts, moves and marks a new tensor; what is left behind on the way is freed at once. */
function finish(made: Tensor, dtype: DType, { device, requiresGrad }: TensorOptions): Tensor {
  const tensor = made.to({ dtype, device: device ?? chosenDevice() });
  if (tensor !== made) made.dispose();
  return requiresGrad === true ? tensor.requiresGrad_() : tensor;
}

/**
 * A new tensor with a copy of the data: `torch.tensor`.
 *
 * Nested arrays take the dtype that Python infers: all integers make int64, any fraction (or NaN, Infinity, -0) float32,
 * booleans bool, `{ re, im }` complex64. JavaScript cannot tell 1.0 from 1, so `tensor([1.0, 2.0])` is int64: give
 * `{ dtype: 'float32' }` where it matters. Tensors of one element stand among numbers for their element, with its dtype.
 * Typed arrays keep their element type and take `shape`.
 *
 * @throws ArgumentError for ragged arrays (with the position), values that the dtype cannot hold, a shape that does not
 * fit, or an unknown option
 *
 * @example
 * ```ts
 * console.log(torch.tensor([[1, 2.5], [3, 4]]));
 * // tensor([[1.0000, 2.5000],
 * //         [3.0000, 4.0000]])
 * console.log(torch.tensor([1, 2]).dtype); // int64
 * ```
 */
export function tensor(
  data: NestedData | ElementList | readonly ElementList[] | TypedArray | Uint8ClampedArray,
  options: TensorOptions = {},
): Tensor {
  checkOptions('tensor', options, OPTIONS);
  const { dtype } = options;
  if (dtype !== undefined) checkDType(dtype, 'tensor');
  if (ArrayBuffer.isView(data)) {
    const held = typedArrayDType(data);
    if (held === null)
      throw new ArgumentError('tensor(): expected a typed array, received a DataView; see frombytes()');
    const count = data.byteLength / itemSize(held);
    const shape = options.shape ?? [count];
    checkShape(shape, count, 'tensor()');
    return finish(fromArray(data, held, shape), dtype ?? held, options);
  }
  const { shape, elements } = flatten(data);
  const wanted = dtype ?? inferDType(elements);
  if (options.shape !== undefined) checkShape(options.shape, elements.length, 'tensor()');
  return finish(tensorOf(elements, wanted, options.shape ?? shape), wanted, options);
}

/** `data` itself if it is a tensor that fits the options, else a copy in a new one: `torch.as_tensor`. */
export function asTensor(data: Tensor | Parameters<typeof tensor>[0], options: TensorOptions = {}): Tensor {
  if (!(data instanceof Tensor)) return tensor(data, options);
  checkOptions('asTensor', options, OPTIONS);
  return data.to({ dtype: options.dtype, device: options.device ?? chosenDevice() });
}

/** Options of {@link asarray}. */
export interface AsarrayOptions extends TensorOptions {
  /** True always copies, false never does, and fails where it would have to. */
  copy?: boolean | null;
}

/** `data` as it is where it is a tensor that fits the options, else in a new tensor: `torch.asarray`. */
export function asarray(data: Tensor | Parameters<typeof tensor>[0], options: AsarrayOptions = {}): Tensor {
  checkOptions('asarray', options, [...OPTIONS, 'copy']);
  const { copy = null, requiresGrad, ...rest } = options;
  const { dtype, device = chosenDevice() } = options;
  const converted = data instanceof Tensor ? data.to({ dtype, device, copy: copy === true }) : tensor(data, rest);
  if (copy === false && converted !== data) {
    throw new ArgumentError('asarray(): the data has to be copied, but `copy` is false', 'TORCH_VALUE');
  }
  if (requiresGrad === undefined) return converted;
  // Only a leaf can be told so; as in Python, that may be the very tensor that was given.
  return requiresGrad || converted.isLeaf ? converted.requiresGrad_(requiresGrad) : converted.detach();
}

/**
 * A tensor from raw little-endian bytes, copied: the inverse of `Tensor.toBytes`.
 *
 * @throws ArgumentError where the count of bytes is not that of the shape
 *
 * @example
 * ```ts
 * const x = torch.frombytes(new Uint8Array([0, 0, 128, 63]), 'float32', [1]);
 * console.log(x); // tensor([1.])
 * ```
 */
export function frombytes(bytes: ArrayBufferView, dtype: DType, shape: readonly number[]): Tensor {
  checkView(bytes, 'frombytes');
  checkDType(dtype, 'frombytes');
  checkShape(shape, bytes.byteLength / itemSize(dtype), 'frombytes()');
  return fromArray(bytes, dtype, shape);
}

/** Options of {@link frombuffer}. */
export interface FromBufferOptions {
  /** By default what the typed array holds; a Buffer holds uint8. */
  dtype?: DType;
  /** Elements to take; all that are left by default. */
  count?: number;
  /** Bytes to pass over. */
  offset?: number;
  requiresGrad?: boolean;
}

/** Where the memory of a buffer goes elsewhere, a tensor on it would read what is not there any more. */
function holdInPlace(buffer: ArrayBufferLike): void {
  if ((buffer as { resizable?: boolean }).resizable === true) {
    throw new ArgumentError(
      'frombuffer(): expected a buffer of fixed size: the memory of a resizable one may go; tensor() copies it',
      'TORCH_VALUE',
    );
  }
  if (types.isSharedArrayBuffer(buffer)) return;
  markAsUntransferable(buffer);
  // Newer versions of Node give a buffer's memory away by these, whatever was marked.
  for (const name of ['transfer', 'transferToFixedLength']) {
    if (!(name in ArrayBuffer.prototype)) continue;
    const refuse = (): never => {
      throw new ArgumentError(`ArrayBuffer.${name}(): a tensor shares this memory, so that it cannot go elsewhere`);
    };
    Object.defineProperty(buffer, name, { value: refuse, configurable: true });
  }
}

/**
 * A tensor of one dimension on the memory of a typed array, Buffer or DataView, which is not copied: what is written to
 * one is seen in the other (`torch.frombuffer`). The memory is kept alive as long as the tensor or any view of it is, and
 * can no longer be transferred to another thread. Autograd does not notice what JavaScript writes.
 *
 * The buffer of a `WebAssembly.Memory` moves when that grows, so it must be copied with `tensor()` instead.
 *
 * @throws ArgumentError where the elements do not fit into the bytes, do not begin at a multiple of their size, or lie in
 * a resizable buffer
 *
 * @example
 * ```ts
 * const samples = new Float32Array([1, 2, 3]);
 * torch.frombuffer(samples).mul_(10);
 * console.log(samples[2]); // 30
 * ```
 */
export function frombuffer(bytes: ArrayBufferView, options: FromBufferOptions = {}): Tensor {
  checkView(bytes, 'frombuffer');
  checkOptions('frombuffer', options, ['dtype', 'count', 'offset', 'requiresGrad']);
  const { dtype = typedArrayDType(bytes), offset = 0, requiresGrad } = options;
  if (dtype === null) throw new ArgumentError('frombuffer(): expected option `dtype` for a DataView');
  checkDType(dtype, 'frombuffer');
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > bytes.byteLength) {
    throw new ArgumentError(
      `frombuffer(): expected 0 to ${bytes.byteLength} bytes for option \`offset\`, received ${describe(offset)}`,
      'TORCH_VALUE',
    );
  }
  const size = itemSize(dtype);
  const left = (bytes.byteLength - offset) / size;
  const { count = left } = options;
  if (!Number.isSafeInteger(count) || count < 0 || count > left) {
    throw new ArgumentError(
      `frombuffer(): ${bytes.byteLength - offset} bytes hold ${left} elements of ${dtype}, ` +
        (options.count === undefined ? 'which is no whole number' : `received ${describe(count)} for option \`count\``),
      'TORCH_VALUE',
    );
  }
  const part = new Uint8Array(bytes.buffer, bytes.byteOffset + offset, count * size);
  holdInPlace(part.buffer);
  const made = own<Tensor>((owner) => binding.fromShared(owner, dtype, [count], part));
  return requiresGrad === true ? made.requiresGrad_() : made;
}
