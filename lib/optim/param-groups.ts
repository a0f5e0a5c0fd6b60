/** What optimizers take as parameters: tensors, named tensors, or groups of either with options of their own. */

import { ArgumentError, describe, valueError } from '../engine';
import { nearest } from '../engine/spelling';
import { Tensor } from '../tensor';

/** What schedulers put into a group, and find there again after a restart. */
export interface ScheduledOptions {
  initialLr?: Tensor | number;
  maxLr?: number;
  minLr?: number;
  maxMomentum?: number;
  baseMomentum?: number;
  swaLr?: number;
}

/** A group's learning rate where the optimizer was given one of type `L`: a number always may take its place. */
export type RateOf<L extends Tensor | number> = Extract<L, Tensor> | number;

const scheduled: Readonly<Record<keyof ScheduledOptions, true>> = {
  initialLr: true,
  maxLr: true,
  minLr: true,
  maxMomentum: true,
  baseMomentum: true,
  swaLr: true,
};

/** Parameters that share their options. */
export type ParamGroup<O extends object> = O & ScheduledOptions & { params: Tensor[]; paramNames?: string[] };

/** Parameters, or parameters with their names, as `namedParameters()` gives them. */
export type ParamList = Iterable<Tensor> | Iterable<readonly [name: string, param: Tensor]>;

/**
 * A group of parameters as it is given; options that it lacks are the optimizer's. What is no option, such as a name, stays
 * in the group and in state dicts for whoever reads it, unless it looks like a misspelt option.
 */
export type NewParamGroup<O extends object> = { params: Tensor | ParamList } & Partial<O> & {
    readonly [more: string]: unknown;
  };

/** What an optimizer takes: parameters, or groups of them with options of their own. */
export type Params<O extends object> = ParamList | Iterable<NewParamGroup<O>>;

/** Reads what was given for `params` into groups. */
export function readGroups<O extends object>(params: Params<O>): NewParamGroup<O>[] {
  const list = [...params] as (Tensor | readonly [string, Tensor] | NewParamGroup<O>)[];
  if (list.length === 0) throw valueError('optimizer got an empty parameter list');
  const [first] = list;
  const bare = first instanceof Tensor || Array.isArray(first);
  return bare ? [{ params: list } as unknown as NewParamGroup<O>] : (list as NewParamGroup<O>[]);
}

/** What a given group has of its own; refuses what was probably meant to be an option. */
export function readOptions<O extends object>(group: NewParamGroup<O>, defaults: O): Partial<O> {
  const options = Object.entries(group).filter(([name]) => name !== 'params');
  const known = [...Object.keys(defaults), ...Object.keys(scheduled), 'paramNames'];
  for (const [name] of options) {
    const meant = known.includes(name) ? null : nearest(name, known);
    if (meant === null) continue;
    const names = Object.keys(defaults).join(', ');
    throw new ArgumentError(
      `expected options of a group among params, ${names}, received \`${name}\`, did you mean ${meant}?`,
    );
  }
  return Object.fromEntries(options.filter(([, value]) => value !== undefined)) as Partial<O>;
}

/** The tensors of a given group, and their names where they have any. */
export function readParams(group: { params: Tensor | ParamList }): { params: Tensor[]; names: string[] | null } {
  // Not by its type alone: a program without types may give anything.
  const isGroup = typeof (group as unknown) === 'object' && (group as unknown) !== null;
  if (!isGroup || !isIterable(group.params)) {
    throw new ArgumentError(
      `optimizer can only optimize Tensors, but one of the params is ${describe(group)}; expected Tensors, or groups as { params: [...] }`,
    );
  }
  const entries: unknown[] = group.params instanceof Tensor ? [group.params] : [...group.params];
  const names: string[] = [];
  const params = entries.map((entry) => {
    const isNamed = Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string';
    if (isNamed) names.push(entry[0] as string);
    const param: unknown = isNamed ? entry[1] : entry;
    if (param instanceof Tensor) return param;
    throw new ArgumentError(`optimizer can only optimize Tensors, but one of the params is ${describe(param)}`);
  });
  if (names.length > 0 && names.length < params.length) {
    throw valueError('all optimizer params should be with/without names. Some param names are missing');
  }
  return { params, names: names.length > 0 ? names : null };
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
