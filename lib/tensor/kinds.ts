/** Kinds of argument values. A call's signature is the list of its arguments' kinds, and decides the overload. */

import { TensorBase } from '../engine';
import type { GeneratorId } from '../engine/binding';
import { uncloneable } from '../engine/uncloneable';

const STAYS = uncloneable(
  'a Generator stays in the thread that made it: send generator.getState().toBytes(), and call setState() there',
);

/** What the door of the ops knows of a generator; the class `Generator` derives from it. */
export class GeneratorBase {
  /** @internal */
  id: GeneratorId = 0;
  /** @internal Refuses to be cloned or sent. */
  readonly stays = STAYS;
}

export const ABSENT = 0;
export const TENSOR = 1;
/** A number without a fraction, exact as an integer. */
export const INT = 2;
/** Any other number; -0 is one, as an integer it would lose its sign. */
export const FLOAT = 3;
export const BOOL = 4;
export const STRING = 5;
export const BIGINT = 6;
export const NULL = 7;
export const INTS = 8;
export const FLOATS = 9;
export const TENSORS = 10;
export const BOOLS = 11;
export const EMPTY = 12;
/** A list of tensors and nulls. */
export const OPTIONAL_TENSORS = 13;
export const COMPLEX = 14;
export const GENERATOR = 15;
export const OPTIONS = 16;
export const STRINGS = 17;
/** A list of integers and tensors, which may stand for integers. */
export const INTS_AND_TENSORS = 19;
/** Nothing that an op takes. */
export const OTHER = 18;

/** Bits that a kind takes in a packed signature. */
export const KIND_BITS = 5;

const isIntegerLike = (kind: number): boolean =>
  kind === INT || kind === BIGINT || kind === TENSOR || kind === INTS_AND_TENSORS;

function kindOfList(list: readonly unknown[]): number {
  if (list.length === 0) return EMPTY;
  let kind = ABSENT;
  for (const element of list) {
    const next = kindOf(element);
    // A hole, of which a list may have billions.
    if (next === ABSENT) return OTHER;
    if (kind === ABSENT || kind === next) kind = next;
    else if (
      (kind === INT || kind === FLOAT || kind === BIGINT) &&
      (next === INT || next === FLOAT || next === BIGINT)
    ) {
      kind = kind === FLOAT || next === FLOAT ? FLOAT : BIGINT;
    } else if (isIntegerLike(kind) && isIntegerLike(next)) kind = INTS_AND_TENSORS;
    else if ((kind === TENSOR || kind === NULL) && (next === TENSOR || next === NULL)) kind = NULL;
    else return OTHER;
  }
  switch (kind) {
    case INT:
    case BIGINT:
      return INTS;
    case FLOAT:
      return FLOATS;
    case TENSOR:
      return TENSORS;
    case INTS_AND_TENSORS:
      return kind;
    case NULL:
      return OPTIONAL_TENSORS;
    case BOOL:
      return BOOLS;
    case STRING:
      return STRINGS;
    default:
      return OTHER;
  }
}

function kindOfObject(value: object): number {
  if (value instanceof GeneratorBase) return GENERATOR;
  if (Array.isArray(value)) return kindOfList(value);
  if (ArrayBuffer.isView(value) || value instanceof Map || value instanceof Set) return OTHER;
  if ('re' in value && 'im' in value) return COMPLEX;
  const prototype: unknown = Object.getPrototypeOf(value);
  // A plain object of any realm: its prototype is the end of the chain.
  return prototype === null || Object.getPrototypeOf(prototype) === null ? OPTIONS : OTHER;
}

function kindOfRest(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) && (value !== 0 || 1 / value > 0) ? INT : FLOAT;
    case 'undefined':
      return ABSENT;
    case 'boolean':
      return BOOL;
    case 'string':
      return STRING;
    case 'bigint':
      return BIGINT;
    case 'object':
      return value === null ? NULL : kindOfObject(value);
    default:
      return OTHER;
  }
}

/** The kind of one argument. Tensors come first, for speed. */
export function kindOf(value: unknown): number {
  return value instanceof TensorBase ? TENSOR : kindOfRest(value);
}
