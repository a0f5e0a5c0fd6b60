/**
 * The order in which Python's argument parser tries the overloads of an op; the first that takes the arguments is called.
 *
 * PyTorch sorts them by their text, and then moves those back that would hide others: numbers also stand for what a tensor
 * overload takes, so the tensor overload comes first. Another order calls another overload where two take the same
 * arguments: `stft(x, 8)` would not pad.
 */

import type { OpArgument } from '../engine/binding';
import type { Signature } from './signature';

/** Types by the names that PyTorch sorts by. */
const PARSER_TYPES: Record<string, string> = {
  int: 'int64_t',
  float: 'double',
  str: 'c10::string_view',
  number: 'Scalar',
  'int[]': 'IntArrayRef',
  'SymInt[]': 'SymIntArrayRef',
  'float[]': 'ArrayRef<double>',
  'bool[]': 'ArrayRef<bool>',
  'Scalar[]': 'ScalarList',
  'number[]': 'ScalarList',
  'Tensor[]': 'TensorList',
};

function typeText(type: string): string {
  const [, base = type, list, size = '', optional = ''] = /^(\w+\??)(\[(\d*)\])?(\?)?$/.exec(type) ?? [];
  const element = base.replace('?', '');
  const name = PARSER_TYPES[list === undefined ? element : `${element}[]`] ?? element;
  return `${name}${size === '' ? '' : `[${size}]`}${list === undefined && base.endsWith('?') ? '?' : optional}`;
}

function defaultText(value: OpArgument['default']): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}

/** All arguments but those that an `out=` overload writes to. */
function argumentsOf({ schema }: Signature): readonly OpArgument[] {
  return schema.arguments.filter(({ kwargOnly, written }) => !(kwargOnly && written));
}

function text(signature: Signature): string {
  const parts: string[] = [];
  let keyword = false;
  for (const argument of argumentsOf(signature)) {
    if (argument.kwargOnly && !keyword) parts.push('*');
    keyword ||= argument.kwargOnly;
    const name = argument.name === 'self' && argument.type === 'Tensor' ? 'input' : argument.name;
    const fallback = 'default' in argument ? `=${defaultText(argument.default)}` : '';
    parts.push(`${typeText(argument.type)} ${name}${fallback}`);
  }
  return parts.join(', ');
}

/** `first` would take what is meant for `second`, so it is tried later. */
function hides(first: string, second: string): boolean {
  const [a, b] = [first.replace('number', 'Scalar'), second.replace('number', 'Scalar')];
  if (b === 'Tensor') return a === 'Scalar' || a === 'int' || a === 'SymInt';
  if (b === 'Tensor?') return a === 'Scalar?';
  if (a === 'int[]') return b === 'int' || b === 'int?';
  return (a === 'Tensor[]' && b.includes('[]')) || (a === 'SymInt[]' && b === 'int[]');
}

function comesAfter(a: readonly OpArgument[], b: readonly OpArgument[]): boolean {
  if (a.length !== b.length) return false;
  const types = a.map(({ type }, index) => [type, b[index]?.type ?? ''] as const);
  return types.some(([x, y]) => x !== y) && types.every(([x, y]) => x === y || hides(x, y));
}

/** `signatures`, all overloads of one op, in the order in which they are to be tried. */
export function inParserOrder(signatures: readonly Signature[]): readonly Signature[] {
  const waiting = signatures
    .map((signature) => ({ signature, text: text(signature), all: argumentsOf(signature) }))
    // By code units, as Python compares strings.
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
  const ordered: Signature[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ all }) => !waiting.some((other) => comesAfter(all, other.all)));
    ordered.push(...waiting.splice(Math.max(0, next), 1).map(({ signature }) => signature));
  }
  return ordered;
}
