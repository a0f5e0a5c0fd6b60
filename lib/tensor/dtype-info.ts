/** The limits of dtypes: `torch.finfo` and `torch.iinfo`. */

import { ArgumentError, describe } from '../engine';
import { type DType, isDType, isIntegerDType, itemSize } from './dtype';
import { getDefaultDtype } from './settings';

/** Limits of a floating dtype; of a complex one, those of its parts. */
export interface FloatInfo {
  readonly dtype: DType;
  readonly bits: number;
  /** What lies between 1 and the next number. */
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  /** The smallest number that is not denormal. */
  readonly tiny: number;
  readonly smallestNormal: number;
  /** A decimal with so few digits that the dtype keeps them all. */
  readonly resolution: number;
}

/** Limits of an integer dtype; bigints where a number would not be exact. */
export interface IntegerInfo {
  readonly dtype: DType;
  readonly bits: number;
  readonly max: number | bigint;
  readonly min: number | bigint;
}

/** The distance from 1 to the next number, least and greatest exponent, decimal digits, what the greatest fraction lacks to 2. */
type Format = readonly [eps: number, low: number, high: number, digits: number, gap: number];

const FORMATS: Partial<Record<DType, Format>> = {
  float64: [2 ** -52, -1022, 1023, 15, 2 ** -52],
  float32: [2 ** -23, -126, 127, 6, 2 ** -23],
  float16: [2 ** -10, -14, 15, 3, 2 ** -10],
  bfloat16: [2 ** -7, -126, 127, 2, 2 ** -7],
  // Without infinities the last number but one is the greatest: the last is NaN.
  float8_e4m3fn: [0.125, -6, 8, 0, 0.25],
  float8_e4m3fnuz: [0.125, -7, 7, 0, 0.125],
  float8_e5m2: [0.25, -14, 15, 0, 0.25],
  // libtorch's own, although the next number after 1 is 1.25.
  float8_e5m2fnuz: [0.125, -15, 15, 0, 0.25],
  float8_e8m0fnu: [1, -127, 127, 0, 1],
};

const PARTS: Partial<Record<DType, DType>> = { complex32: 'float16', complex64: 'float32', complex128: 'float64' };

/** Limits of a floating or complex dtype, the default one where none is given: `torch.finfo`. */
export function finfo(dtype: DType = getDefaultDtype()): FloatInfo {
  const part = isDType(dtype) ? (PARTS[dtype] ?? dtype) : null;
  const format = part === null ? undefined : FORMATS[part];
  if (part === null || format === undefined) {
    throw new ArgumentError(`finfo(): expected a floating or complex dtype, received ${describe(dtype)}`);
  }
  const [eps, low, high, digits, gap] = format;
  const max = (2 - gap) * 2 ** high;
  const tiny = 2 ** low;
  return {
    dtype: part,
    bits: itemSize(part) * 8,
    eps,
    max,
    // The dtype without a sign has no negative numbers.
    min: part === 'float8_e8m0fnu' ? tiny : -max,
    tiny,
    smallestNormal: tiny,
    resolution: Number(`1e-${digits}`),
  };
}

const exact = (value: bigint): number | bigint =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;

/** Limits of an integer dtype: `torch.iinfo`. */
export function iinfo(dtype: DType): IntegerInfo {
  if (!isDType(dtype) || !isIntegerDType(dtype)) {
    throw new ArgumentError(`iinfo(): expected an integer dtype, received ${describe(dtype)}`);
  }
  const bits = itemSize(dtype) * 8;
  const sign = dtype.startsWith('u') ? 0 : 1;
  const power = 1n << BigInt(bits - sign);
  return { dtype, bits, max: exact(power - 1n), min: sign === 0 ? 0 : exact(-power) };
}
