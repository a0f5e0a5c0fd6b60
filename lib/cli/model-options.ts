import { InvalidArgumentError, Option } from 'commander';

import { UsageError } from '../train/errors';
import { didYouMean } from '../train/spelling';
import { decimal } from './values';

/** An option of a model as it was typed; what type it is of, only the model's defaults say. */
export interface TypedModelOption {
  readonly name: string;
  readonly text: string;
}

/** What a model's option may be. */
type Value = number | string | boolean;

/** `--model-option name=value`, which may be given several times: a {@link TypedModelOption} for each. */
export function modelOptionFlag(): Option {
  return new Option(
    '--model-option <name=value>',
    "one of the model's own numbers or names, such as width=32; may be given several times",
  ).argParser(collectModelOption);
}

/** Parser of one more `name=value`; `before` is what was given so far. The name may be written with dashes, too. */
export function collectModelOption(text: string, before: readonly TypedModelOption[] = []): TypedModelOption[] {
  const [, name = '', value = ''] = /^([A-Za-z][\w-]*)=(.+)$/.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('Expected name=value.');
  const camel = name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return [...before, { name: camel, text: value }];
}

/**
 * The options as values of the types that the model's defaults have; of a name given twice, the last.
 * @param defaults all options of the model, from `models.defaultsOf`
 * @throws UsageError for an option that the model does not have, or a text that is no value of its type
 */
export function readModelOptions(
  model: string,
  defaults: Readonly<Record<string, Value>>,
  typed: readonly TypedModelOption[],
): Record<string, Value> {
  const known = Object.keys(defaults);
  const read = ({ name, text }: TypedModelOption): [string, Value] => {
    const standard = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
    if (standard === undefined) {
      const guess = didYouMean(name, known) || `; it has ${known.join(', ')}`;
      throw new UsageError(`${model} has no option ${name}${guess}`);
    }
    const value = valueOf(text, standard);
    if (value === null) {
      const expected = typeof standard === 'number' ? 'a number' : 'true or false';
      throw new UsageError(`--model-option ${name}=${text}: expected ${expected}`);
    }
    return [name, value];
  };
  return Object.fromEntries(typed.map(read));
}

/** The text as a value of the default's type; null where it is none. */
function valueOf(text: string, standard: Value): Value | null {
  if (typeof standard === 'string') return text;
  if (typeof standard === 'boolean') return text === 'true' ? true : text === 'false' ? false : null;
  const number = decimal(text);
  return Number.isNaN(number) ? null : number;
}
