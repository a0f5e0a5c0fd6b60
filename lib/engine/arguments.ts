import { ArgumentError } from './errors';
import { describe } from './gate';
import { TensorBase } from './tensor-base';

/**
 * Refuses an options argument that is no plain object, or that has a name which the function does not know: a misspelt
 * option would otherwise be passed over in silence. Options that are undefined count as not given.
 *
 * @param name - the function's, for the message
 */
export function checkOptions(name: string, options: unknown, known: readonly string[]): void {
  const expected = `{ ${known.map((option) => `${option}?`).join(', ')} }`;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ArgumentError(`${name}(): expected options ${expected}, received ${describe(options)}`);
  }
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown !== undefined) {
    throw new ArgumentError(`${name}(): unknown option \`${unknown}\`; expected ${expected}`);
  }
}

/** Refuses what is no function. */
export function checkFunction(name: string, argument: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new ArgumentError(`${name}(): expected a function for argument \`${argument}\`, received ${describe(value)}`);
}

/** Refuses what is no tensor of this copy of the library. */
export function checkTensor(name: string, argument: string, value: unknown): void {
  if (value instanceof TensorBase) return;
  throw new ArgumentError(`${name}: expected a Tensor for argument \`${argument}\`, received ${describe(value)}`);
}

/** {@link checkTensor} for several arguments, by their names. */
export function checkTensors(name: string, tensors: Readonly<Record<string, unknown>>): void {
  for (const argument of Object.keys(tensors)) checkTensor(`${name}()`, argument, tensors[argument]);
}

function refuse(name: string, expected: string, argument: string, value: unknown): never {
  throw new ArgumentError(`${name}(): expected ${expected} for argument \`${argument}\`, received ${describe(value)}`);
}

/** Refuses what is no number, by the arguments' names: a list or a symbol would fail in the sentence that refuses it. */
export function checkNumbers(name: string, numbers: Readonly<Record<string, unknown>>): void {
  for (const [argument, value] of Object.entries(numbers)) {
    if (typeof value !== 'number') refuse(name, 'a number', argument, value);
  }
}

/** Refuses what is no string. */
export function checkString(name: string, argument: string, value: unknown): void {
  if (typeof value !== 'string') refuse(name, 'a string', argument, value);
}

/** Refuses what is no array. */
export function checkList(name: string, argument: string, value: unknown): void {
  if (!Array.isArray(value)) refuse(name, 'a list', argument, value);
}

/** Refuses what cannot be iterated over. A tensor can: its rows. */
export function checkIterable(name: string, argument: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) return;
  refuse(name, 'something to iterate over', argument, value);
}

/**
 * Refuses what is no object, or lacks one of these members.
 *
 * @param expected - what it should be, such as `a data set`
 */
export function checkObject(
  name: string,
  argument: string,
  value: unknown,
  expected = 'an object',
  members: readonly string[] = [],
): void {
  const isObject = typeof value === 'object' && value !== null;
  if (isObject && members.every((member) => member in value)) return;
  refuse(name, expected, argument, value);
}
