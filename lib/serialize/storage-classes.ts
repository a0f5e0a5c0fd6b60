import type { DType } from '../tensor';

/**
 * The class that PyTorch gives a storage in a file, by the dtype of its elements. Younger dtypes have none: their storages are
 * saved as bytes (`UntypedStorage`), and the tensors say the dtype.
 */
export const storageClasses: ReadonlyMap<string, DType> = new Map<string, DType>([
  ['DoubleStorage', 'float64'],
  ['FloatStorage', 'float32'],
  ['HalfStorage', 'float16'],
  ['BFloat16Storage', 'bfloat16'],
  ['LongStorage', 'int64'],
  ['IntStorage', 'int32'],
  ['ShortStorage', 'int16'],
  ['CharStorage', 'int8'],
  ['ByteStorage', 'uint8'],
  ['BoolStorage', 'bool'],
  ['ComplexDoubleStorage', 'complex128'],
  ['ComplexFloatStorage', 'complex64'],
]);

/** The class of a storage without a dtype, and its module. */
export const untyped = { module: 'torch.storage', name: 'UntypedStorage' } as const;

const classes = new Map([...storageClasses].map(([name, dtype]) => [dtype, name]));

/** The class for a dtype, or undefined for a younger one. */
export function storageClassOf(dtype: DType): string | undefined {
  return classes.get(dtype);
}
