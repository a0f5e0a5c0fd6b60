/** Element types, devices and memory layouts, under PyTorch's names. */

import { ArgumentError, describe } from '../engine';

/** Element types. The floats of 8 bits and the complex numbers of 32 are here for conversion only. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'uint8'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'bool'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'complex64'
  | 'complex128'
  | 'complex32'
  | 'float8_e4m3fn'
  | 'float8_e5m2'
  | 'float8_e4m3fnuz'
  | 'float8_e5m2fnuz'
  | 'float8_e8m0fnu';

/** Where a tensor lives. `cuda` means the current CUDA device. */
export type Device = 'cpu' | 'meta' | 'cuda' | `cuda:${number}`;

/** How a tensor is laid out. */
export type Layout =
  'strided' | 'sparse_coo' | 'sparse_csr' | 'sparse_csc' | 'sparse_bsr' | 'sparse_bsc' | '_mkldnn' | 'jagged';

/** The order of dimensions in memory. */
export type MemoryFormat = 'contiguous_format' | 'preserve_format' | 'channels_last' | 'channels_last_3d';

/** A complex number. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** What PyTorch calls a Scalar. A number without a fraction counts as an integer, as 2 does in Python. */
export type Scalar = number | bigint | boolean | Complex;

/** `torch.float32`: what most tensors are made of. */
export const float32 = 'float32';
/** `torch.float64` */
export const float64 = 'float64';
/** `torch.float16` */
export const float16 = 'float16';
/** `torch.bfloat16`: the range of float32 with 8 bits of precision. */
export const bfloat16 = 'bfloat16';
/** `torch.uint8`: bytes, 0 to 255. */
export const uint8 = 'uint8';
/** `torch.int8` */
export const int8 = 'int8';
/** `torch.int16` */
export const int16 = 'int16';
/** `torch.int32` */
export const int32 = 'int32';
/** `torch.int64`: classes, indices, and whole numbers unless another dtype is given. */
export const int64 = 'int64';
/** `torch.bool`: masks. */
export const bool = 'bool';
/** `torch.uint16`; few ops take it. */
export const uint16 = 'uint16';
/** `torch.uint32`; few ops take it. */
export const uint32 = 'uint32';
/** `torch.uint64`; few ops take it. */
export const uint64 = 'uint64';
/** `torch.complex64`: pairs of float32. */
export const complex64 = 'complex64';
/** `torch.complex128`: pairs of float64. */
export const complex128 = 'complex128';
/** `torch.float`: another name of float32. */
export const float = float32;
/** `torch.double`: another name of float64. */
export const double = float64;
/** `torch.half`: another name of float16. */
export const half = float16;
/** `torch.short`: another name of int16. */
export const short = int16;
/** `torch.int`: another name of int32. */
export const int = int32;
/** `torch.long`: another name of int64. */
export const long = int64;
/** `torch.cfloat`: another name of complex64. */
export const cfloat = complex64;
/** `torch.cdouble`: another name of complex128. */
export const cdouble = complex128;

interface DTypeInfo {
  readonly bytes: number;
  readonly kind: 'float' | 'int' | 'bool' | 'complex';
}

const INFO: Record<DType, DTypeInfo> = {
  float32: { bytes: 4, kind: 'float' },
  float64: { bytes: 8, kind: 'float' },
  float16: { bytes: 2, kind: 'float' },
  bfloat16: { bytes: 2, kind: 'float' },
  uint8: { bytes: 1, kind: 'int' },
  int8: { bytes: 1, kind: 'int' },
  int16: { bytes: 2, kind: 'int' },
  int32: { bytes: 4, kind: 'int' },
  int64: { bytes: 8, kind: 'int' },
  bool: { bytes: 1, kind: 'bool' },
  uint16: { bytes: 2, kind: 'int' },
  uint32: { bytes: 4, kind: 'int' },
  uint64: { bytes: 8, kind: 'int' },
  complex64: { bytes: 8, kind: 'complex' },
  complex128: { bytes: 16, kind: 'complex' },
  complex32: { bytes: 4, kind: 'complex' },
  float8_e4m3fn: { bytes: 1, kind: 'float' },
  float8_e5m2: { bytes: 1, kind: 'float' },
  float8_e4m3fnuz: { bytes: 1, kind: 'float' },
  float8_e5m2fnuz: { bytes: 1, kind: 'float' },
  float8_e8m0fnu: { bytes: 1, kind: 'float' },
};

/** True for the name of a dtype. */
export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && Object.hasOwn(INFO, value);
}

/** Bytes of one element. */
export function itemSize(dtype: DType): number {
  return infoOf(dtype).bytes;
}

function infoOf(dtype: DType): (typeof INFO)[DType] {
  if (isDType(dtype)) return INFO[dtype];
  throw new ArgumentError(`expected a dtype, received ${describe(dtype)}`);
}

/** `torch.dtype.is_floating_point` */
export function isFloatingDType(dtype: DType): boolean {
  return infoOf(dtype).kind === 'float';
}

/** `torch.dtype.is_complex` */
export function isComplexDType(dtype: DType): boolean {
  return infoOf(dtype).kind === 'complex';
}

/** True for the integers, bool not among them. */
export function isIntegerDType(dtype: DType): boolean {
  return infoOf(dtype).kind === 'int';
}
