/** Options that several metrics share, and how they are checked, in torchmetrics' words. */

import { checkOptions, describe, valueError } from '../engine';

/**
 * How scores of classes or labels become one: over all elements at once (micro), the mean of the classes (macro), their
 * mean weighted by how often each is true (weighted), or one score each (none).
 */
export type Average = 'micro' | 'macro' | 'weighted' | 'none';

/** All samples together, or a score for each. */
export type MultidimAverage = 'global' | 'samplewise';

/** What a confusion matrix is divided by: how often each class is true, is predicted, or the number of all. */
export type Normalize = 'true' | 'pred' | 'all' | 'none';

/**
 * Options with their defaults filled in.
 *
 * @throws ArgumentError for an option that has no default, so that a misspelt one is not passed over
 */
export function withDefaults<T extends object>(
  name: string,
  options: T | undefined,
  defaults: Required<T>,
): Required<T> {
  const given: object = options === undefined ? {} : options;
  checkOptions(name, given, Object.keys(defaults));
  return { ...defaults, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

/** The number of classes by its place or, as all else, by its name. */
export type OfClasses<O> = [numClasses: number, options?: O] | [options: O & { numClasses: number }];

/** As {@link OfClasses}, of labels. */
export type OfLabels<O> = [numLabels: number, options?: O] | [options: O & { numLabels: number }];

/** As {@link OfClasses}, where there may be no number. */
export type OfAnyClasses<O> = [numClasses?: number | null, options?: O] | [options: O & { numClasses?: number | null }];

/** Reads {@link OfAnyClasses}. */
export function readAnyClasses<O>(args: OfAnyClasses<O>): { numClasses: number | null; options: O | undefined } {
  const [[numClasses = null], options] = readNumbers<O>(['numClasses'], args);
  return { numClasses: numClasses as number | null, options };
}

/** Reads {@link OfClasses}. */
export function readClasses<O>(args: OfClasses<O>): { numClasses: number; options: O | undefined } {
  const [[numClasses], options] = readNumbers<O>(['numClasses'], args);
  return { numClasses: numClasses as number, options };
}

/** Reads {@link OfLabels}. */
export function readLabels<O>(args: OfLabels<O>): { numLabels: number; options: O | undefined } {
  const [[numLabels], options] = readNumbers<O>(['numLabels'], args);
  return { numLabels: numLabels as number, options };
}

/**
 * Reads the numbers that a metric has before its options, each undefined where it is missing, and the other options.
 *
 * @param names of the numbers, in torchmetrics' order
 */
export function readNumbers<O>(
  names: readonly string[],
  args: readonly unknown[],
): [numbers: unknown[], options: O | undefined] {
  const last = args.at(-1);
  if (typeof last !== 'object' || last === null || Array.isArray(last)) {
    return [names.map((_, place) => args[place]), args[names.length] as O | undefined];
  }
  const options = { ...last } as Record<string, unknown>;
  const numbers = names.map((name, place) => {
    if (place < args.length - 1) return args[place];
    const value = options[name];
    Reflect.deleteProperty(options, name);
    return value;
  });
  return [numbers, options as O];
}

/** A value as messages show it. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? describe(value).slice(1, -1) : describe(value);
}

/** A Python tuple of words and null. */
function tuple(values: readonly (string | null)[]): string {
  return `(${values.map((value) => (value === null ? 'None' : `'${value}'`)).join(', ')})`;
}

export function checkOneOf(
  argument: string,
  value: unknown,
  allowed: readonly (string | null)[],
  end = '',
  but = ', but',
): void {
  if (allowed.includes(value as string)) return;
  throw valueError(`Expected argument \`${argument}\` to be one of ${tuple(allowed)}${but} got ${shown(value)}${end}`);
}

export function checkThreshold(threshold: unknown, range = ' in the [0,1] range'): void {
  if (typeof threshold === 'number' && threshold >= 0 && threshold <= 1) return;
  throw valueError(`Expected argument \`threshold\` to be a float${range}, but got ${shown(threshold)}.`);
}

export function checkIgnoreIndex(ignoreIndex: unknown): void {
  if (ignoreIndex === null || Number.isSafeInteger(ignoreIndex)) return;
  throw valueError(
    `Expected argument \`ignoreIndex\` to either be \`None\` or an integer, but got ${shown(ignoreIndex)}`,
  );
}

/** `numClasses` or `numLabels`. */
export function checkNumber(argument: string, value: unknown): void {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 2) return;
  throw valueError(`Expected argument \`${argument}\` to be an integer larger than 1, but got ${shown(value)}`);
}

export function checkZeroDivision(value: unknown): void {
  if (value === 0 || value === 1) return;
  throw valueError(`Expected argument \`zeroDivision\` to be 0 or 1, but got ${shown(value)}.`);
}

export function checkFlag(argument: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw valueError(`Expected argument \`${argument}\` must be a boolean, but got ${shown(value)}.`);
}
