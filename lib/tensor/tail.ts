import { ArgumentError, describe, TensorBase } from '../engine';

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
 * As {@link Tail}, where some of them have no default: all, in PyTorch's order, or any tail of them in one object.
 *
 * @typeParam O all of them by name, with those optional that have a default
 * @typeParam K their names in PyTorch's order
 */
export type RequiredTail<O extends object, K extends readonly (keyof O)[]> =
  | (object extends Pick<O, K[number]> ? [] : never)
  | (K extends readonly [infer First extends keyof O, ...infer Rest extends readonly (keyof O)[]]
      ? [options: Pick<O, K[number]>] | [value: O[First], ...rest: RequiredTail<O, Rest>]
      : []);

type Keys<T> = T extends unknown ? keyof T : never;
type Only<T, Among> = T extends unknown ? T & { [K in Exclude<Keys<Among>, keyof T>]?: undefined } : never;

/** One of several objects of options, and not a mixture of them, which a plain union would allow. */
export type OneOf<T> = Only<T, T>;

/**
 * Reads such arguments.
 *
 * @param callee what was called, for messages
 * @param defaults every argument's default, in PyTorch's order
 * @param given the arguments as they came; `undefined` stands for the default
 * @param free what may be of another type than its default, and is checked by the callee
 */
export function readTail<D extends object>(
  callee: string,
  defaults: D,
  given: readonly unknown[],
  free: readonly (keyof D)[] = [],
): D {
  const names = Object.keys(defaults);
  const last = given.at(-1);
  const options = isPlainObject(last) ? last : {};
  const positional = isPlainObject(last) ? given.slice(0, -1) : given;
  if (positional.length > names.length) {
    throw new ArgumentError(
      `${callee}: expected at most ${names.length} arguments after the required ones (${names.join(', ')}), received ${positional.length}`,
    );
  }
  const values = new Map<string, unknown>(Object.entries(defaults));
  const set = (name: string, value: unknown): void => {
    if (value === undefined) return;
    if (!free.includes(name as keyof D)) checkKind(callee, name, value, values.get(name));
    values.set(name, value);
  };
  for (const [index, value] of positional.entries()) set(names[index] as string, value);
  for (const [name, value] of Object.entries(options)) {
    const place = names.indexOf(name);
    if (place < 0) {
      throw new ArgumentError(`${callee}: expected options among ${names.join(', ')}, received \`${name}\``);
    }
    if (place < positional.length) {
      throw new ArgumentError(
        `${callee}: received \`${name}\` twice, by place and in the options (${describe(value)})`,
      );
    }
    set(name, value);
  }
  return Object.fromEntries(values) as D;
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
