/** How the models read their options: one place for what an option may be, and for the sentence that says so. */
import { ArgumentError, checkObject, describe } from '../engine';

/** What options may be: a number, a name of a few, or a switch. What it is in the defaults, it is in all options. */
export type OptionValue = number | string | boolean;

/** What numbers and names may be, for those options where the default's type does not say it. */
export interface OptionRules<Args> {
  /** Numbers from 0 to 1; all others are whole numbers of at least 1. */
  probabilities?: readonly (keyof Args)[];
  /** The values of an option that takes only some. */
  choices?: { readonly [Name in keyof Args]?: readonly Args[Name][] };
}

/**
 * All options of a model: those given, and the defaults of the others.
 *
 * @param model - its name in the sentences
 * @throws ArgumentError for an option that the model does not have, and for a value that the option cannot take
 */
export function completeOptions<Args extends object>(
  model: string,
  defaults: Readonly<Args>,
  options: Partial<Args>,
  rules: OptionRules<Args> = {},
): Args {
  checkObject(model, 'options', options);
  const names = Object.keys(defaults) as (keyof Args & string)[];
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(defaults, name));
  if (unknown !== undefined) {
    throw impossible(model, `expected options among ${names.join(', ')}, received \`${unknown}\``);
  }
  const choices = (rules.choices ?? {}) as Readonly<Record<string, readonly unknown[] | undefined>>;
  for (const name of names) {
    const value: unknown = options[name];
    if (value === undefined) continue;
    const fault = faultOf(defaults[name], value, choices[name], rules.probabilities?.includes(name) ?? false);
    if (fault !== null) throw impossible(model, `expected ${fault} for \`${name}\`, received ${describe(value)}`);
  }
  // An option that is undefined is not given, and must not hide the default.
  return { ...defaults, ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) };
}

/** What was expected in the place of `value`; null where it will do. */
function faultOf(
  standard: unknown,
  value: unknown,
  choices: readonly unknown[] | undefined,
  isProbability: boolean,
): string | null {
  if (choices !== undefined)
    return choices.includes(value) ? null : choices.map((choice) => describe(choice)).join(' or ');
  if (typeof standard !== 'number') return typeof value === typeof standard ? null : `a ${typeof standard}`;
  if (isProbability) {
    return typeof value === 'number' && value >= 0 && value <= 1 ? null : 'a probability between 0 and 1';
  }
  return Number.isSafeInteger(value) && Number(value) >= 1 ? null : 'a whole number of at least 1';
}

/** Options that cannot go together, or one that cannot be. */
export function impossible(model: string, sentence: string): ArgumentError {
  return new ArgumentError(`${model}: ${sentence}`, 'TORCH_VALUE');
}
