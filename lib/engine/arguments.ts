import { describe } from './describe';
import { ArgumentError } from './errors';
import { didYouMean } from './spelling';
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
    throw new ArgumentError(
      `${name}(): unknown option \`${unknown}\`; expected ${expected}${didYouMean(unknown, known)}`,
    );
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

function refuse(
  name: string,
  expected: string,
  argument: string,
  value: unknown,
  code?: 'TORCH_TYPE' | 'TORCH_VALUE',
): never {
  const received = describe(value);
  throw new ArgumentError(`${name}(): expected ${expected} for argument \`${argument}\`, received ${received}`, code);
}

/** Refuses what is no number, by the arguments' names: a list or a symbol would fail in the sentence that refuses it. */
export function checkNumbers(name: string, numbers: Readonly<Record<string, unknown>>): void {
  for (const [argument, value] of Object.entries(numbers)) {
    if (typeof value !== 'number') refuse(name, 'a number', argument, value);
  }
}

/** Refuses what is neither true nor false, by the arguments' names: an object of options would count as true. */
export function checkBooleans(name: string, booleans: Readonly<Record<string, unknown>>): void {
  for (const [argument, value] of Object.entries(booleans)) {
    if (typeof value !== 'boolean') refuse(name, 'a boolean', argument, value);
  }
}

/** Refuses what is no string. */
export function checkString(name: string, argument: string, value: unknown): void {
  if (typeof value !== 'string') refuse(name, 'a string', argument, value);
}

/** Refuses what is no whole number from `least` to `most`. */
export function checkInteger(
  name: string,
  argument: string,
  value: unknown,
  least = Number.MIN_SAFE_INTEGER,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return;
  const bounds = [
    ...(least > Number.MIN_SAFE_INTEGER ? [`from ${least}`] : []),
    ...(most < Number.MAX_SAFE_INTEGER ? [`to ${most}`] : []),
  ];
  refuse(
    name,
    ['an integer', ...bounds].join(' '),
    argument,
    value,
    typeof value === 'number' ? 'TORCH_VALUE' : undefined,
  );
}

/**
 * More elements than V8 gives an array a place for. A longer one is mostly holes: it takes no memory, but whoever walks
 * over it is busy for minutes, and whoever copies it ends the process.
 */
const LONGEST_LIST = 2 ** 27;

function refuseHoles(name: string, argument: string, value: unknown): void {
  if (Array.isArray(value) && value.length > LONGEST_LIST) refuse(name, 'a list without holes', argument, value);
}

/** Refuses an option that is there but is no `AbortSignal`, and hands it out. */
export function checkSignal(name: string, options: unknown): AbortSignal | undefined {
  checkObject(name, 'options', options, 'options { signal? }');
  const { signal } = options as { signal?: AbortSignal };
  // By what is used of it, for it may be of another realm.
  if (signal !== undefined) {
    checkObject(name, 'options.signal', signal, 'an AbortSignal', ['throwIfAborted', 'addEventListener']);
  }
  return signal;
}

/** Refuses what is no array, and an array of nothing but holes. */
export function checkList(name: string, argument: string, value: unknown): void {
  if (!Array.isArray(value)) refuse(name, 'a list', argument, value);
  refuseHoles(name, argument, value);
}

/** Refuses what cannot be iterated over. A tensor can: its rows. */
export function checkIterable(name: string, argument: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) {
    refuse(name, 'something to iterate over', argument, value);
  }
  refuseHoles(name, argument, value);
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
