/**
 * A model's options as they are typed: what a text means, the model's defaults say. Free of the native library, as all is that
 * errors of usage need.
 */
import { UsageError } from './errors';
import { didYouMean } from './spelling';

/** One option, `name=text`. */
export interface TypedModelOption {
  readonly name: string;
  readonly text: string;
}

/** What a model's option may be. */
type Value = number | string | boolean | readonly number[];

/**
 * The options as values of the types that the model's defaults have; of a name given twice, the last.
 * @param defaults all options that may be given
 * @param unknown the sentence for an option that is not among them
 * @throws {UsageError} for such an option, and for a text that is no value of its type
 */
export function readModelOptions(
  defaults: Readonly<Record<string, Value>>,
  typed: readonly TypedModelOption[],
  unknown: (name: string) => string,
): Record<string, Value> {
  const read = ({ name, text }: TypedModelOption): [string, Value] => {
    const standard = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
    if (standard === undefined) throw new UsageError(unknown(name));
    const value = valueOf(text, standard);
    if (value === null) {
      throw new UsageError(`--model-option ${name}=${text}: expected ${expected(standard)}`);
    }
    return [name, value];
  };
  return Object.fromEntries(typed.map(read));
}

export function unknownModelOption(model: string, name: string, known: readonly string[]): string {
  return `the model ${model} has no option ${name}${didYouMean(name, known) || `; it has ${known.join(', ')}`}`;
}

/** The text as a value of the default's type; null where it is none. */
function valueOf(text: string, standard: Value): Value | null {
  if (typeof standard === 'string') return text;
  if (typeof standard === 'boolean') return text === 'true' ? true : text === 'false' ? false : null;
  const numbers = text.split(',').map(decimal);
  if (numbers.some(Number.isNaN)) return null;
  if (typeof standard !== 'number') return numbers;
  return numbers.length === 1 ? (numbers[0] ?? null) : null;
}

function expected(standard: Value): string {
  if (typeof standard === 'object') return `numbers with commas between, such as ${standard.join(',')}`;
  return typeof standard === 'number' ? `a number, such as ${standard}` : 'true or false';
}

/** The decimal number that a text is; NaN where it is none. */
export function decimal(text: string): number {
  // Number('') is 0 and Number('0x10') is 16; neither is what somebody means here.
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
}
