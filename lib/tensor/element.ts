/** The only element of a tensor, and a dimension by its number. */

import { ArgumentError, asCallOf, binding, describe, IndexError } from '../engine';
import type { Element } from './data';
import { isComplexDType } from './dtype';
import type { Tensor } from './tensor';

function elementOf(tensor: Tensor, name: string): Element {
  try {
    return binding.item(tensor.handle);
  } catch (error) {
    throw asCallOf(error, name, [tensor]);
  }
}

/** See `Tensor.item`. */
export function item(tensor: Tensor): number {
  const value = elementOf(tensor, 'item');
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'bigint') {
    throw new RangeError(`item(): ${value} is not exact as a number; itemBigInt() returns it as a bigint`);
  }
  throw new ArgumentError('item(): a complex number is no number; tolist() returns it as { re, im }');
}

/** See `Tensor.itemBigInt`. */
export function itemBigInt(tensor: Tensor): bigint {
  const value = elementOf(tensor, 'itemBigInt');
  if (typeof value === 'object' || (typeof value === 'number' && !Number.isInteger(value))) {
    throw new ArgumentError(`itemBigInt(): expected an integer, received an element of ${tensor.dtype}`);
  }
  return BigInt(value);
}

/** What the operators of JavaScript take a tensor for. */
export function primitive(tensor: Tensor, hint: string): string | number | bigint {
  if (hint === 'string') return tensor.toString();
  if (tensor.numel() !== 1) {
    throw new ArgumentError(`${describe(tensor)} is no number: use methods, such as a.add(b), or toString()`);
  }
  if (isComplexDType(tensor.dtype)) return tensor.toString();
  const value = binding.item(tensor.handle) as Exclude<Element, object>;
  return typeof value === 'boolean' ? Number(value) : value;
}

/** The dimension `dim`, counted from the end if it is negative; `name` is the method that asks. */
export function wrapDim(tensor: Tensor, dim: number, name: string): number {
  const { ndim } = tensor;
  if (Number.isSafeInteger(dim) && dim >= -ndim && dim < ndim) return (dim + ndim) % ndim;
  const call = `\n  in ${name}(${describe(tensor)}, ${describe(dim)})`;
  if (!Number.isSafeInteger(dim)) {
    throw new ArgumentError(`expected an integer for argument \`dim\`, received ${describe(dim)}${call}`);
  }
  const [low, high] = [-ndim, ndim - 1];
  throw new IndexError(
    ndim === 0
      ? `Dimension specified as ${dim} but tensor has no dimensions${call}`
      : `Dimension out of range (expected to be in range of [${low}, ${high}], but got ${dim})${call}`,
  );
}
