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
