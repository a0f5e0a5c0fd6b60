/** Tensors from JavaScript data. `zeros`, `rand`, `arange` and the like are ops, generated with all others. */

import { ArgumentError, describe } from '../engine';
import { flatten, inferDType, type NestedData, type TypedArray, typedArrayDType } from './data';
import { type Device, type DType, isDType, itemSize } from './dtype';
import { fromArray, tensorOf } from './from-data';
import { Tensor } from './tensor';

/** Options of {@link tensor}. */
export interface TensorOptions {
  dtype?: DType;
  device?: Device;
  requiresGrad?: boolean;
  /** For typed arrays, which are flat: the shape of the tensor. */
  shape?: readonly number[];
}

function checkShape(shape: readonly number[], count: number, what: string): void {
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
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

/** Casts, moves and marks a new tensor; what is left behind on the way is freed at once. */
function finish(made: Tensor, dtype: DType, { device, requiresGrad }: TensorOptions): Tensor {
  const tensor = made.to({ dtype, device });
  if (tensor !== made) made.dispose();
  return requiresGrad === true ? tensor.requiresGrad_() : tensor;
}

/**
 * A new tensor with a copy of the data: `torch.tensor`.
 *
 * Nested arrays take the dtype that Python infers: all integers make int64, any fraction (or NaN, Infinity, -0) float32,
 * booleans bool, `{ re, im }` complex64. JavaScript cannot tell 1.0 from 1, so `tensor([1.0, 2.0])` is int64: give
 * `{ dtype: 'float32' }` where it matters. Typed arrays keep their element type and take `shape`.
 *
 * @throws ArgumentError for ragged arrays (with the position), values that the dtype cannot hold, or a shape that does
 * not fit
 */
export function tensor(data: NestedData | TypedArray | Uint8ClampedArray, options: TensorOptions = {}): Tensor {
  const { dtype } = options;
  if (dtype !== undefined && !isDType(dtype)) {
    throw new ArgumentError(`tensor(): expected a dtype for argument \`dtype\`, received ${describe(dtype)}`);
  }
  if (ArrayBuffer.isView(data)) {
    const held = typedArrayDType(data);
    if (held === null)
      throw new ArgumentError('tensor(): expected a typed array, received a DataView; see frombytes()');
    const shape = options.shape ?? [data.length];
    checkShape(shape, data.length, 'tensor()');
    return finish(fromArray(data, held, shape), dtype ?? held, options);
  }
  const { shape, elements } = flatten(data);
  const wanted = dtype ?? inferDType(elements);
  if (options.shape !== undefined) checkShape(options.shape, elements.length, 'tensor()');
  return finish(tensorOf(elements, wanted, options.shape ?? shape), wanted, options);
}

/** `data` itself if it is a tensor that fits the options, else a tensor of it: `torch.as_tensor`. */
export function asTensor(data: Tensor | NestedData | TypedArray, options: TensorOptions = {}): Tensor {
  if (!(data instanceof Tensor)) return tensor(data, options);
  return data.to({ dtype: options.dtype, device: options.device });
}

/**
 * A tensor from raw little-endian bytes, copied: the inverse of `Tensor.toBytes`.
 *
 * @throws ArgumentError where the count of bytes is not that of the shape
 */
export function frombytes(bytes: ArrayBufferView, dtype: DType, shape: readonly number[]): Tensor {
  if (!isDType(dtype)) {
    throw new ArgumentError(`frombytes(): expected a dtype for argument \`dtype\`, received ${describe(dtype)}`);
  }
  checkShape(shape, bytes.byteLength / itemSize(dtype), 'frombytes()');
  return fromArray(bytes, dtype, shape);
}
