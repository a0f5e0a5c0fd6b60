/** The forms in which a call of PyTorch can be written: any tail of its arguments by their names, in one object. */
import { isLazy } from '../../lib/nn/uninitialized';
import { manualSeed, Tensor } from '../../lib/tensor';
import { camelCase } from '../../lib/tensor/signature';
import { foreign, type Parameter } from '../oracle/signatures';

/** The first arguments, newly made for each call: those without a default, and more where the default will not do. */
export type Sample = () => readonly unknown[];

export interface Names {
  /** Python's names of arguments that are left out here. */
  readonly leftOut: ReadonlySet<string>;
  /** Names that are not the camelCase of Python's. */
  readonly renamed: Readonly<Record<string, string>>;
}

export interface Callable {
  readonly name: string;
  readonly call: (...args: unknown[]) => unknown;
  /** Places of the first arguments that are not given by name: a tensor that is worked on. */
  readonly byPlace: number;
}

/** A value with all that is in it, to be compared: tensors by their bits. */
function seen(value: unknown, path: readonly unknown[] = []): unknown {
  if (isLazy(value)) return (value as object).constructor.name;
  if (value instanceof Tensor)
    return value.isSparse
      ? seen(value.toDense())
      : [value.dtype, value.shape, Buffer.from(value.toBytes()).toString('base64')];
  if (typeof value === 'function') return value.name;
  if (typeof value !== 'object' || value === null) return typeof value === 'number' ? `${value}` : value;
  if (path.includes(value)) return 'itself';
  const inner = [...path, value];
  if (value instanceof Map || value instanceof Set || Array.isArray(value))
    return [...(value as Iterable<unknown>)].map((each) => seen(each, inner));
  return [value.constructor.name, ...Object.entries(value).map(([key, each]) => [key, seen(each, inner)])];
}

interface Argument {
  readonly name: string;
  readonly keywordOnly: boolean;
  readonly value: unknown;
}

function argumentsOf(
  parameters: readonly Parameter[],
  required: readonly unknown[],
  { leftOut, renamed }: Names,
): Argument[] {
  const known = parameters.filter(({ name }) => !leftOut.has(name));
  return known.map(({ name, keywordOnly, standard }, place) => {
    const value = place < required.length ? required[place] : foreign(standard) === null ? standard : undefined;
    return { name: renamed[name] ?? camelCase(name.replace(/^_/, '')), keywordOnly, value };
  });
}

const isFailure = (result: string): boolean => /^\w*Error\b/.test(result);

/** What is wrong with the forms of one callable: nothing, where each gives what the shortest call gives. */
export function wrongForms(
  { name, call, byPlace }: Callable,
  parameters: readonly Parameter[],
  sample: Sample,
  names: Names,
): string[] {
  const attempt = (form: (args: readonly Argument[]) => unknown[]): string => {
    manualSeed(3);
    const args = form(argumentsOf(parameters, sample(), names));
    try {
      return JSON.stringify(seen(call(...args)) ?? null);
    } catch (error) {
      return String(error).split('\n')[0] ?? '';
    }
  };
  const byName = (args: readonly Argument[]): unknown[] =>
    args.length === 0 ? [] : [Object.fromEntries(args.map(({ name: key, value }) => [key, value]))];
  const values = (args: readonly Argument[]): unknown[] => args.map(({ value }) => value);
  const all = argumentsOf(parameters, sample(), names);
  const places = all.filter(({ keywordOnly }) => !keywordOnly).length;
  const required = sample().length;
  const shortest = attempt((args) => values(args.slice(0, required)));
  if (isFailure(shortest)) return [`${name}: the sample fails: ${shortest}`];
  const wrong: string[] = [];
  for (let place = Math.min(byPlace, places); place <= places; place++) {
    const found = attempt((args) => [...values(args.slice(0, place)), ...byName(args.slice(place))]);
    if (found === shortest) continue;
    const what = all.slice(place).map((argument) => argument.name);
    wrong.push(
      `${name}, by place ${place}, by name ${what.join(', ')}: ${isFailure(found) ? found.slice(0, 160) : 'another result'}`,
    );
  }
  if (places === all.length && all.length === byPlace) return wrong;
  const nonsense = attempt((args) => [...values(args.slice(0, required)), { nonsense: 1 }]);
  if (!/Error.*nonsense/.test(nonsense)) wrong.push(`${name}, of an option that it has not: ${nonsense.slice(0, 80)}`);
  return wrong;
}
