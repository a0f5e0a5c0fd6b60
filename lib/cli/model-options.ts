import { InvalidArgumentError, Option } from 'commander';

import type { TypedModelOption } from '../train/typed-options';

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
