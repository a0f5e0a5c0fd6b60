/** Elements of a tensor as JavaScript values, and back. */

import { ArgumentError, binding, describe } from '../engine';
import { callOp } from './dispatch';
import { type Complex, type DType, isComplexDType, isFloatingDType, isIntegerDType } from './dtype';
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

/** Copies the elements in row-major order. See `Tensor.toTypedArray`. */
export function toTypedArray(tensor: Tensor): TypedArray {
  const { dtype } = tensor;
  const bytes = (): ArrayBuffer => binding.toBytes(tensor.handle);
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return new Float32Array(bytes());
    case 'float64':
    case 'complex128':
      return new Float64Array(bytes());
    case 'int8':
      return new Int8Array(bytes());
    case 'uint8':
    case 'bool':
      return new Uint8Array(bytes());
    case 'int16':
      return new Int16Array(bytes());
    case 'uint16':
      return new Uint16Array(bytes());
    case 'int32':
      return new Int32Array(bytes());
    case 'uint32':
      return new Uint32Array(bytes());
    case 'int64':
      return new BigInt64Array(bytes());
    case 'uint64':
      return new BigUint64Array(bytes());
    default: {
      // The small floats have no typed array; float32 holds each of their values exactly.
      const wide: DType = isComplexDType(dtype) ? 'complex64' : 'float32';
      const converted = callOp<Tensor>('aten::_to_copy', [tensor, wide]);
      const elements = new Float32Array(binding.toBytes(converted.handle));
      converted.dispose();
      return elements;
    }
  }
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

interface Flat {
  readonly shape: readonly number[];
  readonly elements: readonly unknown[];
}

const place = (path: readonly number[]): string => (path.length === 0 ? 'the top' : `[${path.join('][')}]`);

/** Flattens nested arrays and checks that they are rectangular. */
export function flatten(data: unknown): Flat {
  const shape: number[] = [];
  for (let level = data; Array.isArray(level); level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const elements: unknown[] = [];
  const visit = (value: unknown, path: number[]): void => {
    const depth = path.length;
    if (depth === shape.length) {
      if (Array.isArray(value)) {
        throw new ArgumentError(`tensor(): expected a number at ${place(path)}, received a list`, 'TORCH_VALUE');
      }
      // At once, not when all elements are there: a list may have billions of holes.
      if (value === undefined) {
        throw new ArgumentError(`tensor(): expected a number, boolean or bigint at ${place(path)}, received undefined`);
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

const isComplex = (value: unknown): value is Complex =>
  typeof value === 'object' && value !== null && 're' in value && 'im' in value;

/** The dtype that Python infers for the same literal: bool, int64, float32 or complex64. */
export function inferDType(elements: readonly unknown[]): DType {
  let dtype: DType = elements.length === 0 ? 'float32' : 'bool';
  for (const [index, element] of elements.entries()) {
    if (isComplex(element)) dtype = 'complex64';
    else if (typeof element === 'number') {
      if (dtype === 'complex64' || dtype === 'float32') continue;
      dtype = Number.isSafeInteger(element) && !Object.is(element, -0) ? 'int64' : 'float32';
    } else if (typeof element === 'bigint') {
      if (dtype === 'bool') dtype = 'int64';
    } else if (typeof element !== 'boolean') {
      throw new ArgumentError(
        `tensor(): expected a number, boolean or bigint at element ${index}, received ${describe(element)}`,
      );
    }
  }
  return dtype;
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
    if (
      !Number.isFinite(value) ||
      (range !== undefined && (Math.trunc(value) < range[0] || Math.trunc(value) > range[1]))
    ) {
      throw new ArgumentError(`tensor(): ${String(element)} cannot be held by ${dtype}`, 'TORCH_VALUE');
    }
  }
}

/** The elements in an array of the CPU, and the dtype that this array holds; a cast to `dtype` remains to be done. */
export function pack(elements: readonly unknown[], dtype: DType): { array: ArrayBufferView; held: DType } {
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

/** Python truncates a float that is put into an integer tensor. */
function truncated(value: number, dtype: DType): number {
  return isIntegerDType(dtype) ? Math.trunc(value) : value;
}

function toBigInt(value: unknown, dtype: 'int64' | 'uint64'): bigint {
  const integer = typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value)));
  const wrapped = dtype === 'int64' ? BigInt.asIntN(64, integer) : BigInt.asUintN(64, integer);
  if (wrapped !== integer) throw new ArgumentError(`tensor(): ${integer} cannot be held by ${dtype}`, 'TORCH_VALUE');
  return integer;
}

const TYPED: Record<string, DType> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
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
