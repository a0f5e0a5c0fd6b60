/**
 * Tensors in the place of numbers, as Python's argument parser takes them: of no dimensions, and not to be differentiated.
 * For an integer the dtype must be an integer one.
 */

import { TensorBase } from '../engine';
import type { NativeValue } from '../engine/binding';
import { binding } from '../engine/gate';
import { type DType, isFloatingDType, isIntegerDType } from './dtype';
import { FLOAT_OF, INTEGER_OF, INTEGERS_OF } from './resolve';

function elementOf(tensor: TensorBase): { element: NativeValue; dtype: DType } | null {
  const { handle } = tensor;
  if (binding.dim(handle) !== 0 || binding.requiresGrad(handle)) return null;
  return { element: binding.item(handle), dtype: binding.dtype(handle) as DType };
}

function integerFrom(value: unknown): NativeValue | null {
  if (!(value instanceof TensorBase)) return value as NativeValue;
  const found = elementOf(value);
  return found !== null && isIntegerDType(found.dtype) ? found.element : null;
}

function integersFrom(list: readonly unknown[]): NativeValue | null {
  const integers = list.map(integerFrom);
  return integers.includes(null) ? null : integers;
}

/** @internal The number that a tensor stands for by one of the conversions of ./resolve; null where it can be none. */
export function numberFrom(value: unknown, conversion: number): NativeValue | null {
  if (conversion === INTEGERS_OF) return integersFrom(value as readonly unknown[]);
  if (conversion === INTEGER_OF) return integerFrom(value);
  const found = elementOf(value as TensorBase);
  if (found === null) return null;
  const { element, dtype } = found;
  if (conversion === FLOAT_OF) return typeof element === 'object' ? null : Number(element);
  // 3 is an integer, and a whole element of a floating tensor is none.
  return isFloatingDType(dtype) && Number.isInteger(element) ? { float: element as number } : element;
}
