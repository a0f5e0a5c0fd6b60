/** What dicts and lists of parameters share: reading what they are given, and printing what they hold. */
import { ArgumentError, checkIterable, checkString, describe, valueError } from '../engine';
import { Tensor } from '../tensor';
import { Parameter } from './parameter';

/** As what a value is held: a tensor as a {@link Parameter}, all else as it is. */
export type Held<V> = V extends Parameter ? V : V extends Tensor ? Parameter : V;

/** A tensor becomes a parameter on its memory. */
export function held<V>(value: V): Held<V> {
  return (value instanceof Tensor && !(value instanceof Parameter) ? new Parameter(value) : value) as Held<V>;
}

/** Something with the keys and values of a dict. */
export interface DictItems<V> {
  /** Keys and values, in order. */
  items(): Iterable<[string, V]>;
}

/** What has keys in an order of its own: a map, another dict, or pairs. */
export type OrderedEntries<V> = ReadonlyMap<string, V> | DictItems<V> | Iterable<readonly [string, V]>;

/** What a dict can be filled from. */
export type DictEntries<V> = Readonly<Record<string, V>> | OrderedEntries<V>;

/** True for what has an order of its own in Python, too; a plain object is a plain dict there. */
export function isOrdered<V>(given: DictEntries<V>): boolean {
  return given instanceof Map || Symbol.iterator in given;
}

/** Keys and values, checked as far as every dict must have them. */
export function entriesOf<V>(callee: string, argument: string, given: DictEntries<V>): [string, V][] {
  if (typeof given !== 'object' || (given as unknown) === null || (given as unknown) instanceof Tensor) {
    throw new ArgumentError(
      `${callee}(): expected an object, a map or pairs of key and value for argument \`${argument}\`, received ${describe(given)}`,
    );
  }
  if (isOrdered(given)) checkIterable(callee, argument, given);
  const entries = [...((isOrdered(given) ? pairsOf(given) : Object.entries(given)) as Iterable<unknown>)];
  for (const [index, pair] of entries.entries()) {
    if (!Array.isArray(pair)) {
      throw new ArgumentError(
        `${callee}(): expected pairs of key and value, received ${describe(pair)} at place ${index}`,
      );
    }
    if (pair.length !== 2) {
      throw valueError(`${callee}(): element ${index} of \`${argument}\` has length ${pair.length}; 2 is required`);
    }
    checkString(callee, 'key', pair[0]);
  }
  return entries as [string, V][];
}

function pairsOf<V>(given: DictEntries<V>): unknown {
  return 'items' in given && typeof given.items === 'function' ? (given as DictItems<V>).items() : given;
}

/** What is printed of values: a line for each, by its key or place. */
export function heldRepr(values: Iterable<readonly [string, unknown]>, typeOf: (tensor: Tensor) => string): string {
  return [...values].map(([key, value]) => `  (${key}): ${valueRepr(value, typeOf)}`).join('\n');
}

function valueRepr(value: unknown, typeOf: (tensor: Tensor) => string): string {
  if (!(value instanceof Tensor)) return `Object of type: ${pythonType(value)}`;
  const device = value.device.startsWith('cuda') ? ` (${value.device})` : '';
  return `Parameter containing: [${typeOf(value)} of size ${value.shape.join('x')}${device}]`;
}

/** The name of the type that a value would have in Python. */
function pythonType(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float';
    case 'bigint':
      return 'int';
    case 'string':
      return 'str';
    case 'boolean':
      return 'bool';
    case 'function':
      return 'function';
    case 'object':
      if (value === null) return 'NoneType';
      if (Array.isArray(value)) return 'list';
      return Object.getPrototypeOf(value) === Object.prototype ? 'dict' : value.constructor.name;
    default:
      return 'NoneType';
  }
}
