/** Elements of a tensor as JavaScript values, and back. */

import { ArgumentError, binding, checkFunction, describe, refusePromise, TensorBase, TorchError } from '../engine';
import { callOp } from './dispatch';
import { type Complex, type DType, isComplexDType, isFloatingDType, isIntegerDType, itemSize } from './dtype';
import { complexOf, getDefaultDtype } from './settings';
import type { Tensor } from './tensor';

/** What `toTypedArray` returns: the array that holds the dtype's elements. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** One element: a boolean of a bool tensor, a bigint where an integer is beyond 2^53, a pair of a complex tensor. */
export type Element = number | boolean | bigint | Complex;

/** Elements nested as deep as the tensor has dimensions. */
export type NestedElements = Element | NestedElements[];

/** The array that holds each dtype's elements; the floats of 16 bits and fewer have none. */
const ARRAYS: Partial<Record<DType, new (bytes: ArrayBuffer) => TypedArray>> = {
  float32: Float32Array,
  float64: Float64Array,
  complex64: Float32Array,
  complex128: Float64Array,
  bool: Uint8Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
};

/** Calls `use` with the tensor, or with a wider one of the same values, and the array type that holds its elements. */
function withArrayType<T>(
  tensor: Tensor,
  use: (tensor: Tensor, array: new (bytes: ArrayBuffer) => TypedArray) => T,
): T {
  const { dtype } = tensor;
  const array = ARRAYS[dtype];
  if (array !== undefined) return use(tensor, array);
  // Float32 holds each value of the small floats exactly.
  const wide = callOp<Tensor>('aten::_to_copy', [tensor, isComplexDType(dtype) ? 'complex64' : 'float32']);
  try {
    return use(wide, Float32Array);
  } finally {
    wide.dispose();
  }
}

/** Copies the elements in row-major order. See `Tensor.toTypedArray`. */
export function toTypedArray(tensor: Tensor): TypedArray {
  return withArrayType(tensor, (held, array) => new array(binding.toBytes(held.handle)));
}

/** Electron keeps all memory of JavaScript in a cage of its own, and ends a process that shows it any other. */
const IS_CAGED = process.versions['electron'] !== undefined;

/** See `Tensor.withTypedArray`. */
export function withTypedArray<T>(tensor: Tensor, use: (elements: TypedArray) => T, copy = IS_CAGED): T {
  checkFunction('withTypedArray', 'use', use);
  return withArrayType(tensor, (held, array) => {
    let finish = (): T => {
      throw new TorchError('withTypedArray(): the thread is being ended');
    };
    binding.withBytes(held.handle, copy, (bytes) => {
      // Caught here, so that what the caller throws does not look like an error of the native function.
      try {
        const result = use(new array(bytes));
        finish = () => result;
      } catch (error) {
        finish = () => {
          throw error;
        };
      }
    });
    const result = finish();
    refusePromise(result, 'withTypedArray');
    return result;
  });
}

/** The elements as JavaScript values, in row-major order. */
export function toElements(tensor: Tensor): Element[] {
  const { dtype } = tensor;
  const array = toTypedArray(tensor);
  if (isComplexDType(dtype)) {
    const pairs = array as Float32Array | Float64Array;
    return Array.from({ length: pairs.length / 2 }, (_, i) => ({ re: pairs[2 * i] ?? 0, im: pairs[2 * i + 1] ?? 0 }));
  }
  if (dtype === 'bool') return Array.from(array as Uint8Array, (value) => value !== 0);
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) {
    return Array.from(array, (value: bigint) => {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : value;
    });
  }
  return Array.from(array);
}

/** Nests a flat list of elements by a shape. */
export function nest(elements: readonly Element[], shape: readonly number[]): NestedElements {
  let position = 0;
  const build = (dimension: number): NestedElements => {
    if (dimension === shape.length) return elements[position++] ?? 0;
    return Array.from({ length: shape[dimension] ?? 0 }, () => build(dimension + 1));
  };
  return build(0);
}

/** Numbers, booleans, bigints or `{ re, im }`, nested to any depth. */
export type NestedData = number | boolean | bigint | Complex | readonly NestedData[];

/** A list in which tensors of one element stand for their element. */
export type ElementList = readonly (number | boolean | bigint | Complex | Tensor)[];

interface Flat {
  readonly shape: readonly number[];
  readonly elements: readonly unknown[];
}

const place = (path: readonly number[]): string => (path.length === 0 ? 'the top' : `[${path.join('][')}]`);

/** A tensor among numbers stands for its element, as a list of losses does in Python. */
function checkElement(tensor: TensorBase, path: readonly number[]): void {
  if (path.length > 0 && binding.numel(tensor.handle) === 1) return;
  throw new ArgumentError(
    `tensor(): expected a number or a tensor of one element at ${place(path)}, received ${describe(tensor)}; ` +
      'stack() and cat() join tensors, clone() copies one',
    'TORCH_VALUE',
  );
}

const MOST_DIMENSIONS = 128;

const isComplex = (value: unknown): value is Complex =>
  typeof value === 'object' && value !== null && 're' in value && 'im' in value;

const isElement = (value: unknown): boolean =>
  typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' || isComplex(value);

/** Flattens nested arrays and checks that they are rectangular. */
export function flatten(data: unknown): Flat {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
    // As in PyTorch. A list may hold itself.
    if (shape.length > MOST_DIMENSIONS) throw new ArgumentError("tensor(): too many dimensions 'list'", 'TORCH_VALUE');
  }
  const elements: unknown[] = [];
  const visit = (value: unknown, path: number[]): void => {
    const depth = path.length;
    if (depth === shape.length) {
      if (Array.isArray(value)) {
        throw new ArgumentError(`tensor(): expected a number at ${place(path)}, received a list`, 'TORCH_VALUE');
      }
      if (value instanceof TensorBase) checkElement(value, path);
      // At once, not when all elements are there: a list may have billions of holes.
      else if (!isElement(value)) {
        throw new ArgumentError(
          `tensor(): expected a number, boolean or bigint at ${place(path)}, received ${describe(value)}`,
        );
      }
      elements.push(value);
      return;
    }
    const expected = shape[depth] ?? 0;
    if (!Array.isArray(value) || value.length !== expected) {
      const received = Array.isArray(value) ? `length ${value.length}` : describe(value);
      throw new ArgumentError(
        `tensor(): expected a list of length ${expected} at ${place(path)}, received ${received}`,
        'TORCH_VALUE',
      );
    }
    for (let i = 0; i < expected; i += 1) {
      path.push(i);
      visit(value[i], path);
      path.pop();
    }
  };
  visit(data, []);
  return { shape, elements };
}

/** The dtype of one element, as Python counts it. */
function dtypeOfElement(element: unknown, fraction: DType): DType {
  switch (typeof element) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int64';
    case 'number':
      return Number.isSafeInteger(element) && !Object.is(element, -0) ? 'int64' : fraction;
    default:
      if (element instanceof TensorBase) return binding.dtype(element.handle) as DType;
      return complexOf(fraction);
  }
}

/** What literals can have, whatever the default dtype is, each promoted by those after it. */
const LITERAL_DTYPES: readonly DType[] = ['bool', 'int64', 'float32', 'complex64'];

/** `torch.promote_types` */
function promote(a: DType, b: DType): DType {
  if (a === b) return a;
  const [first, second] = [LITERAL_DTYPES.indexOf(a), LITERAL_DTYPES.indexOf(b)];
  if (first >= 0 && second >= 0) return first > second ? a : b;
  const parts = [a, b].map((dtype) => callOp<Tensor>('aten::empty.memory_format', [[0], dtype]));
  const joined = callOp<Tensor>('aten::cat', [parts]);
  const { dtype } = joined;
  for (const made of [...parts, joined]) made.dispose();
  return dtype;
}

/** The dtype that Python infers for the elements of {@link flatten}: bool, int64, the default one, or what tensors in it have. */
export function inferDType(elements: readonly unknown[]): DType {
  const fraction = getDefaultDtype();
  let dtype: DType | null = null;
  for (const element of elements) {
    const next = dtypeOfElement(element, fraction);
    dtype = dtype === null ? next : promote(dtype, next);
  }
  return dtype ?? fraction;
}

const RANGES: Partial<Record<DType, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  uint32: [0, 4294967295],
  int32: [-2147483648, 2147483647],
};

function checkRange(elements: readonly unknown[], dtype: DType): void {
  const range = RANGES[dtype];
  for (const element of elements) {
    const value = Number(element);
    // As in Python, a negative integer wraps in an unsigned dtype, a negative float does not.
    const least = range === undefined ? -Infinity : range[0] === 0 && Number.isInteger(value) ? -range[1] : range[0];
    const most = range?.[1] ?? Infinity;
    if (!Number.isFinite(value) || Math.trunc(value) < least || Math.trunc(value) > most) {
      throw new ArgumentError(`tensor(): ${String(element)} cannot be held by ${dtype}`, 'TORCH_VALUE');
    }
  }
}

/** The elements in an array of the CPU, and the dtype that this array holds; a cast to `dtype` remains to be done. */
export function pack(given: readonly unknown[], dtype: DType): { array: ArrayBufferView; held: DType } {
  const elements = given.some((element) => element instanceof TensorBase)
    ? given.map((element) => (element instanceof TensorBase ? binding.item(element.handle) : element))
    : given;
  if (isComplexDType(dtype)) {
    const pairs = elements.flatMap((element) => (isComplex(element) ? [element.re, element.im] : [Number(element), 0]));
    return dtype === 'complex128'
      ? { array: new Float64Array(pairs), held: 'complex128' }
      : { array: new Float32Array(pairs), held: 'complex64' };
  }
  if (elements.some(isComplex)) throw new ArgumentError(`tensor(): complex numbers cannot be held by ${dtype}`);
  if (dtype === 'bool')
    return { array: Uint8Array.from(elements, (value) => (Number(value) === 0 ? 0 : 1)), held: 'bool' };
  if (isFloatingDType(dtype) && dtype !== 'float64') {
    return { array: Float32Array.from(elements, Number), held: 'float32' };
  }
  if (isIntegerDType(dtype)) checkRange(elements, dtype);
  if (dtype === 'int64') {
    return { array: BigInt64Array.from(elements, (value) => toBigInt(value, dtype)), held: 'int64' };
  }
  if (dtype === 'uint64') {
    return { array: BigUint64Array.from(elements, (value) => toBigInt(value, dtype)), held: 'uint64' };
  }
  return { array: Float64Array.from(elements, (value) => truncated(Number(value), dtype)), held: 'float64' };
}

/** Python truncates a float that is put into an integer tensor, and wraps a negative integer in an unsigned one. */
function truncated(value: number, dtype: DType): number {
  if (!isIntegerDType(dtype)) return value;
  const integer = Math.trunc(value);
  return integer < 0 && dtype.startsWith('u') ? integer + 2 ** (8 * itemSize(dtype)) : integer;
}

function toBigInt(value: unknown, dtype: 'int64' | 'uint64'): bigint {
  if (dtype === 'uint64' && typeof value === 'number' && !Number.isInteger(value)) {
    throw new ArgumentError(`tensor(): expected an integer for uint64, received ${value}`);
  }
  const integer = typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value)));
  const wrapped = dtype === 'int64' ? BigInt.asIntN(64, integer) : BigInt.asUintN(64, integer);
  if (wrapped !== integer) throw new ArgumentError(`tensor(): ${integer} cannot be held by ${dtype}`, 'TORCH_VALUE');
  return integer;
}

const TYPED: Record<string, DType> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  // In newer versions of Node.
  Float16Array: 'float16',
  Int8Array: 'int8',
  Int16Array: 'int16',
  Int32Array: 'int32',
  BigInt64Array: 'int64',
  Uint8Array: 'uint8',
  Uint8ClampedArray: 'uint8',
  Uint16Array: 'uint16',
  Uint32Array: 'uint32',
  BigUint64Array: 'uint64',
};

/** The dtype of a typed array of any realm; null for a DataView. */
export function typedArrayDType(array: ArrayBufferView): DType | null {
  return TYPED[(array as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? ''] ?? null;
}
