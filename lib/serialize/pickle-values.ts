/** What a pickle describes, before any tensor is made: the kinds of Python that JavaScript would merge stay apart. */

import type { Complex } from '../tensor';

/** As deep as Python's pickle goes before its own recursion ends it; the stack of JavaScript goes further. */
export const DEEPEST = 1000;

/** A value of a pickle. `int` and `float` are numbers, an int beyond 2^53 a bigint; `bytes` and `bytearray` are bytes. */
export type PickleValue =
  null | boolean | number | bigint | string | Uint8Array | PickleValue[] | Tuple | Dict | PickleSet | Opaque;

export class Tuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

export class PickleSet {
  constructor(readonly items: PickleValue[]) {}
}

export class Dict {
  readonly entries = new Map<PickleValue, PickleValue>();

  constructor(readonly isOrdered: boolean) {}
}

/** What is no container: tensors, storages, and what else a function or a class of the allow-list makes. */
export abstract class Opaque {
  /** What it is, for messages. */
  abstract readonly kind: string;
}

export class ComplexValue extends Opaque {
  readonly kind = 'a complex number';

  constructor(readonly value: Complex) {
    super();
  }
}

/** The kind of a value, for messages. */
export function kindOf(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (typeof value === 'boolean') return 'a bool';
  if (typeof value === 'number' || typeof value === 'bigint') return 'a number';
  if (typeof value === 'string') return 'a string';
  if (value instanceof Opaque) return value.kind;
  if (value instanceof Tuple) return 'a tuple';
  if (value instanceof Dict) return 'a dict';
  if (value instanceof PickleSet) return 'a set';
  return Array.isArray(value) ? 'a list' : 'bytes';
}
