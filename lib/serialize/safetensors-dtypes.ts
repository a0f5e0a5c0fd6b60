import type { DType } from '../tensor';

/** What the format calls a dtype: bits of an element, and PyTorch's dtype of the same bits. */
export interface StoredDType {
  readonly bits: number;
  /** Absent where tensors have no such dtype: a file with one can be checked but not loaded. */
  readonly dtype?: DType;
}

/** The dtypes of the safetensors format, by the names that stand in its headers. */
export const storedDTypes: ReadonlyMap<string, StoredDType> = new Map<string, StoredDType>([
  ['BOOL', { bits: 8, dtype: 'bool' }],
  ['F4', { bits: 4 }],
  ['F6_E2M3', { bits: 6 }],
  ['F6_E3M2', { bits: 6 }],
  ['U8', { bits: 8, dtype: 'uint8' }],
  ['I8', { bits: 8, dtype: 'int8' }],
  ['F8_E4M3', { bits: 8, dtype: 'float8_e4m3fn' }],
  ['F8_E4M3FNUZ', { bits: 8, dtype: 'float8_e4m3fnuz' }],
  ['F8_E5M2', { bits: 8, dtype: 'float8_e5m2' }],
  ['F8_E5M2FNUZ', { bits: 8, dtype: 'float8_e5m2fnuz' }],
  ['F8_E8M0', { bits: 8, dtype: 'float8_e8m0fnu' }],
  ['I16', { bits: 16, dtype: 'int16' }],
  ['U16', { bits: 16, dtype: 'uint16' }],
  ['F16', { bits: 16, dtype: 'float16' }],
  ['BF16', { bits: 16, dtype: 'bfloat16' }],
  ['I32', { bits: 32, dtype: 'int32' }],
  ['U32', { bits: 32, dtype: 'uint32' }],
  ['F32', { bits: 32, dtype: 'float32' }],
  ['C64', { bits: 64, dtype: 'complex64' }],
  ['I64', { bits: 64, dtype: 'int64' }],
  ['U64', { bits: 64, dtype: 'uint64' }],
  ['F64', { bits: 64, dtype: 'float64' }],
]);
