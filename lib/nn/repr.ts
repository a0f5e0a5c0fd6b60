/** How Python prints the values that `extraRepr` shows, so that a printed module reads the same on both sides. */

import type { AnyModule } from './module';

/** `repr` of a Python float: `0.1`, `1e-05`, `1.0`, `inf`, `nan`. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  if (value === 0) return '0.0';
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  // Python leaves positional notation below 1e-4 and from 1e16 on; JavaScript does below 1e-6 and from 1e21 on.
  if (power < -4 || power >= 16) {
    return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return Number.isInteger(value) ? `${BigInt(value)}.0` : String(value);
}

/** `True` or `False`. */
export function boolRepr(value: boolean): string {
  return value ? 'True' : 'False';
}

/** A Python tuple: `(3,)`, `(2, 3)`. */
export function tupleRepr(values: readonly (number | string)[]): string {
  return values.length === 1 ? `(${values[0]},)` : `(${values.join(', ')})`;
}

/** A number as it is, a pair as a tuple. */
export function sizeRepr(size: number | readonly number[]): string {
  return Array.isArray(size) ? tupleRepr(size as readonly number[]) : String(size);
}

/** All lines but the first moved to the right by `spaces`; empty lines stay empty. */
export function indentRest(text: string, spaces: number): string {
  const [first = '', ...rest] = text.split('\n');
  return [first, ...rest.map((line) => (line.trim() === '' ? '' : ' '.repeat(spaces) + line))].join('\n');
}

/** A number that has no default: the whole one that Python was given was most likely an `int`. */
export function numberRepr(value: number): string {
  return Number.isInteger(value) ? String(value) : floatRepr(value);
}

/** `None` for null, else what `repr` makes of the value. */
export function optionalRepr<T>(value: T | null, repr: (value: T) => string = String): string {
  return value === null ? 'None' : repr(value);
}

/** A module with its parts, as Python prints it. */
export function moduleRepr(module: AnyModule): string {
  const extra = module.extraRepr();
  const children = module
    .namedChildren({ removeDuplicate: false })
    .map(([name, child]) => `(${name}): ${indentRest(child.toString(), 2)}`);
  return blockRepr(module.constructor.name, extra, children);
}

/** In one line what has no parts and but one line of its own, else a line for each. */
export function blockRepr(name: string, extra: string, children: readonly string[] = []): string {
  if (children.length === 0 && !extra.includes('\n')) return `${name}(${extra})`;
  const lines = extra === '' ? children : [...extra.split('\n'), ...children];
  return `${name}(\n  ${lines.join('\n  ')}\n)`;
}
