import type { Tensor } from '../../lib/tensor';
import { sparseParts } from './values';

/** Element sizes in bytes, and how to read an element's bits as a number where a value helps the reader. */
const elements: Record<string, { size: number; read?: (view: DataView, offset: number) => number | bigint }> = {
  float64: { size: 8, read: (view, at) => view.getFloat64(at, true) },
  float32: { size: 4, read: (view, at) => view.getFloat32(at, true) },
  float16: { size: 2, read: (view, at) => halfToNumber(view.getUint16(at, true)) },
  bfloat16: { size: 2, read: (view, at) => bfloat16ToNumber(view.getUint16(at, true)) },
  int64: { size: 8, read: (view, at) => view.getBigInt64(at, true) },
  int32: { size: 4, read: (view, at) => view.getInt32(at, true) },
  int16: { size: 2, read: (view, at) => view.getInt16(at, true) },
  int8: { size: 1, read: (view, at) => view.getInt8(at) },
  uint8: { size: 1, read: (view, at) => view.getUint8(at) },
  bool: { size: 1, read: (view, at) => view.getUint8(at) },
};

/**
 * Fails unless both tensors have the same dtype, the same shape and the same bits in every element; two NaN in one place
 * count as equal whatever their payload. The message names the first differing index with both values and their bits.
 */
export function expectSameBits(actual: Tensor, expected: Tensor, label = 'tensor'): void {
  const difference = describeDifference(actual, expected);
  if (difference !== null) throw new Error(`${label}: ${difference}`);
}

/** The sentence of {@link expectSameBits}, or null where the bits are equal. */
export function describeDifference(actual: Tensor, expected: Tensor): string | null {
  if (actual.dtype !== expected.dtype) return `dtype ${actual.dtype}, expected ${expected.dtype}`;
  if (actual.shape.join() !== expected.shape.join()) {
    return `shape [${actual.shape.join(', ')}], expected [${expected.shape.join(', ')}]`;
  }
  if (actual.layout !== expected.layout) return `layout ${actual.layout}, expected ${expected.layout}`;
  if (actual.isSparse) return describeSparseDifference(actual, expected);
  const ours = actual.toBytes();
  const theirs = expected.toBytes();
  if (Buffer.compare(ours, theirs) === 0) return null;

  const { size, read } = elements[actual.dtype] ?? { size: ours.byteLength / Math.max(1, actual.numel()) };
  const left = new DataView(ours.buffer, ours.byteOffset, ours.byteLength);
  const right = new DataView(theirs.buffer, theirs.byteOffset, theirs.byteLength);
  const count = ours.byteLength / size;
  let different = 0;
  let first = -1;
  for (let index = 0; index < count; index++) {
    const at = index * size;
    if (sameBytes(ours, theirs, at, size)) continue;
    if (read && Number.isNaN(read(left, at)) && Number.isNaN(read(right, at))) continue;
    if (first < 0) first = index;
    different++;
  }
  if (first < 0) return null;

  const show = (view: DataView, bytes: Uint8Array) => {
    const bits = `0x${Buffer.from(bytes.subarray(first * size, (first + 1) * size))
      .reverse()
      .toString('hex')}`;
    return read ? `${read(view, first * size)} (${bits})` : bits;
  };
  return (
    `${different} of ${count} elements differ; first at [${unravel(first, actual.shape).join(', ')}]: ` +
    `${show(left, ours)}, expected ${show(right, theirs)}`
  );
}

function describeSparseDifference(actual: Tensor, expected: Tensor): string | null {
  const [ours, theirs] = [sparseParts(actual), sparseParts(expected)];
  for (const part of ['indices', 'values'] as const) {
    const difference = describeDifference(ours[part], theirs[part]);
    if (difference !== null) return `${part}: ${difference}`;
  }
  return null;
}

function sameBytes(a: Uint8Array, b: Uint8Array, at: number, size: number): boolean {
  for (let offset = at; offset < at + size; offset++) if (a[offset] !== b[offset]) return false;
  return true;
}

/** Row-major index of each dimension. */
function unravel(flat: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = flat;
  for (const extent of [...shape].reverse()) {
    index.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return index;
}

function bfloat16ToNumber(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
