/** Checks of what the constructors of modules are given. */
import { ArgumentError, checkList, checkTensor, describe } from '../engine';
import type { Tensor } from '../tensor';
import { readTail } from '../tensor/tail';
import { Buffer } from './parameter';

/** A size for each dimension, or one for all. */
export type Sizes = number | readonly number[];

const nouns: Readonly<Record<string, string>> = { number: 'a number', boolean: 'a boolean', string: 'a string' };

/**
 * {@link readTail}, and refuses what is not of its default's type: a flag that is no boolean would otherwise be told of
 * only by what the module computes.
 *
 * @param free what may be of other types, and is checked by the constructor
 */
export function readOptions<D extends object>(
  callee: string,
  defaults: D,
  given: readonly unknown[],
  free: readonly (keyof D)[] = [],
): D {
  const options = readTail(callee, defaults, given, free);
  for (const name of Object.keys(defaults) as (keyof D & string)[]) {
    const noun = nouns[typeof defaults[name]];
    if (noun === undefined || free.includes(name) || typeof options[name] === typeof defaults[name]) continue;
    throw new ArgumentError(
      `${callee}(): expected ${noun} for argument \`${name}\`, received ${describe(options[name])}`,
    );
  }
  return options;
}

/** Refuses what is neither a number nor null. */
export function checkOptionalNumbers(callee: string, numbers: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (value === null || typeof value === 'number') continue;
    throw new ArgumentError(
      `${callee}(): expected a number or null for argument \`${name}\`, received ${describe(value)}`,
    );
  }
}

/** Refuses what is no whole number of at least `least`. */
export function checkCount(callee: string, name: string, value: unknown, least = 0): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw new ArgumentError(
    `${callee}: expected a whole number of at least ${least} for \`${name}\`, received ${describe(value)}`,
    'TORCH_VALUE',
  );
}

/** A whole number for each of `dims` dimensions. */
export function each(callee: string, name: string, value: unknown, dims: number): readonly number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : Array<unknown>(dims).fill(value);
  if (list.length === dims && list.every(Number.isSafeInteger)) return [...(list as readonly number[])];
  throw new ArgumentError(
    `${callee}: expected ${dims === 1 ? 'a whole number' : `one whole number or ${dims}`} for \`${name}\`, received ${describe(value)}`,
  );
}

/** {@link each}, but one number stays one number: what Python keeps, and prints, as it was given. */
export function asGiven(callee: string, name: string, value: unknown, dims: number): Sizes {
  const list = each(callee, name, value, dims);
  return typeof value === 'number' ? value : list;
}

/** A shape: one number stands for one dimension. */
export function shapeOf(callee: string, name: string, value: unknown): readonly number[] {
  const list: unknown = typeof value === 'number' ? [value] : value;
  checkList(callee, name, list);
  for (const size of list as readonly unknown[]) checkCount(callee, name, size);
  return [...(list as readonly number[])];
}

/** A tensor as a buffer; null stays. */
export function optionalBuffer(callee: string, name: string, tensor: Tensor | null): Buffer | null {
  if (tensor === null) return null;
  checkTensor(`${callee}()`, name, tensor);
  return new Buffer(tensor);
}
