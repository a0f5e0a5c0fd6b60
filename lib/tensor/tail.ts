import { ArgumentError, describe, didYouMean, TensorBase } from '../engine';

/**
 * The arguments after the required ones: in PyTorch's order, or any tail of them in one object under their names.
 *
 * @typeParam O all of them by name, every one optional
 * @typeParam K their names in PyTorch's order
 */
export type Tail<O extends object, K extends readonly (keyof O)[]> = K extends readonly [
  infer First extends keyof O,
  ...infer Rest extends readonly (keyof O)[],
]
  ? [] | [options: Pick<O, K[number]>] | [value: NoInfer<O[First]>, ...rest: Tail<O, Rest>]
  : [];

/**
 * As {@link Tail}, where the first ones have no default: all in PyTorch's order, or any tail of them in one object.
 *
 * @typeParam R the types of those without a default, labelled for editors: `[inFeatures: number, outFeatures: number]`
 * @typeParam O all of them by name, with those optional that have a default
 * @typeParam K the names of all in PyTorch's order
 */
export type Arguments<
  R extends readonly unknown[],
  O extends object,
  K extends readonly (keyof O)[],
> = R extends readonly [unknown, ...infer Others]
  ? K extends readonly [keyof O, ...infer Names extends readonly (keyof O)[]]
    ? [options: Pick<O, K[number]>] | [...Before<R, Others>, ...Arguments<Others, O, Names>]
    : never
  : Tail<O, K>;

/** What stands before `Others` in `R`, with its label, which an element taken out by itself would lose. */
type Before<R extends readonly unknown[], Others extends readonly unknown[]> = R extends readonly [
  ...infer First,
  ...Others,
]
  ? First
  : never;

type Keys<T> = T extends unknown ? keyof T : never;
type Only<T, Among> = T extends unknown ? T & { [K in Exclude<Keys<Among>, keyof T>]?: undefined } : never;

/** One of several objects of options, and not a mixture of them, which a plain union would allow. */
export type OneOf<T> = Only<T, T>;

/** Stands among the defaults for an argument that has none. */
export const required = Symbol('required') as never;

/**
 * Reads such arguments. A new object with the values of all: what is not given by place is taken from the options, else
 * from the defaults.
 *
 * @param callee what was called, for messages
 * @param defaults every argument's default, in PyTorch's order; {@link required} for one that has none
 * @param given the arguments as they came; `undefined` stands for the default
 * @param free what may be of another type than its default, and is checked by the callee
 */
export function readTail<D extends object>(
  callee: string,
  defaults: D,
  given: readonly unknown[],
  free: readonly (keyof D)[] = [],
): D {
  const last = given.length === 0 ? undefined : given[given.length - 1];
  const options = isPlainObject(last) ? last : null;
  const places = options === null ? given.length : given.length - 1;
  if (options !== null) checkNames(callee, Object.keys(defaults), options, places);
  const values = { ...defaults } as Record<string, unknown>;
  let place = 0;
  // One pass: the functions of nn.functional come through here at each call.
  for (const name in defaults) {
    const value = place < places ? given[place] : options?.[name];
    place += 1;
    if (value !== undefined) {
      if (free.length === 0 || !free.includes(name)) checkKind(callee, name, value, values[name]);
      values[name] = value;
    } else if (values[name] === required) {
      throw new ArgumentError(`${callee}(): expected a value for argument \`${name}\`, received none`);
    }
  }
  if (places > place) {
    throw new ArgumentError(
      `${callee}: expected at most ${place} arguments (${Object.keys(defaults).join(', ')}), received ${places}`,
    );
  }
  return values as D;
}

function checkNames(
  callee: string,
  names: readonly string[],
  options: Readonly<Record<string, unknown>>,
  places: number,
): void {
  for (const [name, value] of Object.entries(options)) {
    const place = names.indexOf(name);
    if (place < 0) {
      throw new ArgumentError(
        `${callee}: expected options among ${names.join(', ')}, received \`${name}\`${didYouMean(name, names)}`,
      );
    }
    if (place < places) {
      throw new ArgumentError(
        `${callee}: received \`${name}\` twice, by place and in the options (${describe(value)})`,
      );
    }
  }
}

/**
 * Refuses what can be no such argument, by its default. A number's place may hold a tensor or a list, which the callee
 * knows more of.
 */
function checkKind(callee: string, name: string, value: unknown, standard: unknown): void {
  const expected = typeof standard;
  if (expected !== 'number' && expected !== 'boolean') return;
  const mayStandForNumber = value === null || Array.isArray(value) || value instanceof TensorBase;
  if (typeof value === expected || (expected === 'number' && mayStandForNumber)) return;
  throw new ArgumentError(`${callee}(): expected a ${expected} for argument \`${name}\`, received ${describe(value)}`);
}

/** An object literal of whichever realm: tensors, arrays and generators are not. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
