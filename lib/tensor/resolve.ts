/** Chooses the overload for a list of argument kinds, as Python's argument parser does, and plans the native call. */

import { ArgumentError, binding, describe, TorchError } from '../engine';
import type { OpSchema } from '../engine/binding';
import {
  ABSENT,
  BIGINT,
  BOOL,
  BOOLS,
  COMPLEX,
  EMPTY,
  FLOAT,
  FLOATS,
  GENERATOR,
  INT,
  INTS,
  NULL,
  OPTIONAL_TENSORS,
  STRING,
  STRINGS,
  TENSOR,
  TENSORS,
} from './kinds';
import { type ArgumentType, type BaseType, type Parameter, type Signature, signatureOf } from './signature';

/** How an argument's value becomes what the seam takes. */
export const PLAIN = 0;
export const HANDLE = 1;
export const HANDLES = 2;
export const GENERATOR_ID = 3;

/** Where one argument of the native call comes from. */
export interface Source {
  /** Position of the value, or null if it is an option. */
  readonly position: number | null;
  readonly option: string | null;
  /** All positional values from here on are one list. */
  readonly spread: boolean;
  readonly conversion: number;
}

/** What the native call returns, and what the caller gets for it. */
export type Outcome = 'tensor' | 'same' | 'many' | 'value';

/** A call that has been resolved: everything that depends on the kinds of the arguments, and not on their values. */
export interface Plan {
  readonly id: number;
  readonly schema: OpSchema;
  /** One per argument in schema order, null for a default; as long as the last one given. */
  readonly sources: readonly (Source | null)[];
  readonly outcome: Outcome;
  /** For the outcome `same`: the source of the argument that comes back. */
  readonly aliases: readonly Source[];
  readonly factory: boolean;
  /** Arguments go to the native call as they come, by {@link c0}… and the outcome is a new tensor or the first argument. */
  readonly direct: boolean;
  readonly inPlace: boolean;
  readonly c0: number;
  readonly c1: number;
  readonly c2: number;
}

let overloads: Map<string, string[]> | null = null;

/** Full names of an op's overloads: `aten::add` has `aten::add.Tensor`, `aten::add.Scalar` and so on. */
export function overloadNames(op: string): readonly string[] {
  if (overloads === null) {
    overloads = new Map();
    for (const full of binding.opNames()) {
      const base = full.split('.', 1)[0] ?? full;
      const names = overloads.get(base);
      if (names === undefined) overloads.set(base, [full]);
      else names.push(full);
    }
  }
  return overloads.get(op) ?? [];
}

/** The overloads of `aten::name` that can be called from JavaScript. */
export function signaturesOf(name: string, asMethod: boolean): readonly Signature[] {
  const signatures: Signature[] = [];
  for (const full of overloadNames(`aten::${name}`)) {
    const schema = binding.opSchema(full);
    const signature = schema === null ? null : signatureOf(schema, asMethod);
    if (signature !== null) signatures.push(signature);
  }
  if (signatures.length === 0) {
    throw new TorchError(`libtorch ${binding.libraryInfo().loaded} has no op \`${name}\``, 'TORCH_NOT_IMPLEMENTED');
  }
  return signatures;
}

/** How far `kind` is from what a single value of the type is: 0 exactly, more the less exact, -1 not at all. */
function singleDistance(base: BaseType, kind: number): number {
  switch (base) {
    case 'Tensor':
      return kind === TENSOR ? 0 : -1;
    case 'int':
      return kind === INT || kind === BIGINT ? 0 : -1;
    case 'float':
      return kind === FLOAT ? 0 : kind === INT || kind === BIGINT ? 1 : -1;
    case 'bool':
      return kind === BOOL ? 0 : -1;
    case 'Scalar':
      if (kind === INT || kind === FLOAT || kind === BIGINT || kind === COMPLEX) return 1;
      return kind === BOOL ? 2 : -1;
    case 'Generator':
      return kind === GENERATOR ? 0 : -1;
    default:
      return kind === STRING ? 0 : -1;
  }
}

function listDistance(type: ArgumentType, kind: number): number {
  if (kind === EMPTY) return 0;
  switch (type.base) {
    case 'Tensor':
      if (kind === TENSORS) return 0;
      return kind === OPTIONAL_TENSORS && type.optionalElements ? 0 : -1;
    case 'int':
      if (kind === INTS) return 0;
      break;
    case 'float':
      if (kind === FLOATS) return 0;
      if (kind === INTS) return 1;
      break;
    case 'bool':
      if (kind === BOOLS) return 0;
      break;
    case 'Scalar':
      return kind === INTS || kind === FLOATS || kind === BOOLS ? 2 : -1;
    case 'str':
      return kind === STRINGS ? 0 : -1;
    default:
      return -1;
  }
  // A single number where the schema says how many it stands for.
  if (type.repeat === 0) return -1;
  const single = singleDistance(type.base, kind);
  return single === -1 ? -1 : single + 2;
}

function distance(type: ArgumentType, kind: number): number {
  if (kind === NULL) return type.optional ? 0 : -1;
  return type.list ? listDistance(type, kind) : singleDistance(type.base, kind);
}

function conversionOf(type: ArgumentType, kind: number): number {
  if (kind === TENSOR) return HANDLE;
  if (kind === TENSORS || kind === OPTIONAL_TENSORS) return HANDLES;
  return kind === GENERATOR ? GENERATOR_ID : PLAIN;
}

/** The kinds of one call. */
export interface CallKinds {
  readonly positional: readonly number[];
  /** Options that were given, without those that are undefined. */
  readonly options: ReadonlyMap<string, number>;
}

interface Match {
  readonly signature: Signature;
  readonly distance: number;
  readonly sources: (Source | null)[];
}

/** Matches a call with one overload; a string says why it does not match. */
function match(signature: Signature, kinds: CallKinds): Match | string {
  const sources: (Source | null)[] = [];
  let total = 0;
  const place = (parameter: Parameter, kind: number, source: Omit<Source, 'conversion'>): boolean => {
    const far = distance(parameter.type, kind);
    if (far === -1) return false;
    total += far;
    sources[parameter.index] = { ...source, conversion: conversionOf(parameter.type, kind) };
    return true;
  };
  const { positional, options } = kinds;
  if (positional.length > signature.positional.length) {
    return `takes ${signature.positional.length} positional arguments, received ${positional.length}`;
  }
  const given = new Set<string>();
  for (const [position, kind] of positional.entries()) {
    const parameter = signature.positional[position];
    if (parameter === undefined || kind === ABSENT) continue;
    given.add(parameter.name);
    if (!place(parameter, kind, { position, option: null, spread: false })) return `argument \`${parameter.name}\``;
  }
  let used = 0;
  const wanted = [...signature.positional, ...signature.keyword];
  const out = options.get('out');
  if (signature.outs.length > 0) {
    if (out === undefined || (signature.outs.length === 1 ? out !== TENSOR : out !== TENSORS)) return 'argument `out`';
    used += 1;
    for (const [order, { index }] of signature.outs.entries()) {
      const option = signature.outs.length === 1 ? 'out' : `out.${order}`;
      sources[index] = { position: null, option, spread: false, conversion: HANDLE };
    }
  } else if (out !== undefined) return 'argument `out`';
  for (const parameter of wanted) {
    const kind = options.get(parameter.name);
    if (kind === undefined) {
      if (parameter.required && !given.has(parameter.name)) return `argument \`${parameter.name}\` is missing`;
      continue;
    }
    if (given.has(parameter.name)) return `argument \`${parameter.name}\` is given twice`;
    used += 1;
    if (!place(parameter, kind, { position: null, option: parameter.name, spread: false })) {
      return `argument \`${parameter.name}\``;
    }
  }
  if (signature.factory && options.has('requiresGrad')) used += 1;
  if (used < options.size) {
    const known = new Set(wanted.map(({ name }) => name));
    const unknown = [...options.keys()].find((name) => !known.has(name) && name !== 'out');
    return `unknown option \`${unknown ?? ''}\``;
  }
  return { signature, distance: total, sources };
}

/** `reshape(2, 3)` for `reshape([2, 3])`, where the list is the only positional argument. */
function matchSpread(signature: Signature, kinds: CallKinds): Match | string {
  if (!signature.spreadable) return 'no';
  const before = signature.positional.length - 1;
  const { positional } = kinds;
  const rest = positional.slice(before);
  if (rest.length === 0 || rest.some((kind) => kind !== INT && kind !== BIGINT)) return 'no';
  const found = match(signature, { positional: [...positional.slice(0, before), INTS], options: kinds.options });
  if (typeof found === 'string') return found;
  const list = signature.positional[before];
  if (list !== undefined) {
    found.sources[list.index] = { position: before, option: null, spread: true, conversion: PLAIN };
  }
  return found;
}

function toPlan({ signature, sources }: Match): Plan {
  const { schema } = signature;
  // Array.from turns the holes of arguments that take their default into nulls.
  const all = Array.from(sources, (source) => source ?? null);
  const aliases = schema.returns.map(({ alias }) => {
    const index = schema.arguments.findIndex(({ name }) => name === alias);
    return alias === null ? null : (all[index] ?? null);
  });
  const same = aliases.length > 0 && aliases.every((alias) => alias !== null);
  const [result] = schema.returns;
  const outcome: Outcome = same
    ? 'same'
    : schema.returns.length === 1 && result?.type === 'Tensor'
      ? 'tensor'
      : schema.returns.some(({ type }) => type.startsWith('Tensor'))
        ? 'many'
        : 'value';
  const inOrder = all.every((source, index) => source !== null && source.position === index && !source.spread);
  const inPlace = outcome === 'same' && aliases.length === 1 && aliases[0]?.position === 0;
  return {
    id: schema.id,
    schema,
    sources: all,
    outcome,
    aliases: aliases.filter((alias) => alias !== null),
    factory: signature.factory,
    direct: inOrder && all.length <= 3 && (outcome === 'tensor' || inPlace),
    inPlace,
    c0: all[0]?.conversion ?? PLAIN,
    c1: all[1]?.conversion ?? PLAIN,
    c2: all[2]?.conversion ?? PLAIN,
  };
}

function typeText({ base, list, optional, optionalElements }: ArgumentType): string {
  const element = { int: 'int', Scalar: 'Scalar', ScalarType: 'DType', str: 'string' }[base as string] ?? base;
  return `${element}${optionalElements ? ' | null' : ''}${list ? '[]' : ''}${optional ? ' | null' : ''}`;
}

/** One overload for an error message: `add(other: Tensor, { alpha?: Scalar })`. */
function signatureText(name: string, signature: Signature, asMethod: boolean): string {
  const show = ({ name: argument, type, required }: Parameter): string =>
    `${argument}${required ? '' : '?'}: ${typeText(type)}`;
  const positional = signature.positional.slice(asMethod ? 1 : 0).map(show);
  const options = signature.keyword.map(show);
  if (signature.factory) options.push('requiresGrad?: bool');
  if (signature.outs.length > 0) options.push(signature.outs.length === 1 ? 'out: Tensor' : 'out: Tensor[]');
  if (options.length > 0) positional.push(`{ ${options.join(', ')} }`);
  return `${name}(${positional.join(', ')})`;
}

/**
 * Plans the call of an op.
 *
 * @param args - positional arguments as given, for the message only; a method's receiver comes first
 * @throws ArgumentError where no overload takes arguments of these kinds
 */
export function resolve(
  name: string,
  signatures: readonly Signature[],
  asMethod: boolean,
  kinds: CallKinds,
  args: readonly unknown[],
): Plan {
  let best: Match | null = null;
  const reasons: string[] = [];
  for (const spread of [false, true]) {
    for (const signature of signatures) {
      const found = spread ? matchSpread(signature, kinds) : match(signature, kinds);
      if (typeof found === 'string') {
        if (!spread && signature.outs.length === 0) reasons.push(found);
        continue;
      }
      const closer =
        best === null ||
        found.distance < best.distance ||
        (found.distance === best.distance &&
          found.signature.schema.arguments.length < best.signature.schema.arguments.length);
      if (closer) best = found;
    }
    if (best !== null) return toPlan(best);
  }
  const received = args.slice(asMethod ? 1 : 0).map((arg) => describe(arg));
  const expected = signatures
    .filter(({ outs }) => outs.length === 0 || kinds.options.has('out'))
    .map((signature) => `\n  ${signatureText(name, signature, asMethod)}`);
  const reason = reasons.length === 1 ? ` (${reasons[0] ?? ''})` : '';
  const receiver = asMethod ? ` on ${describe(args[0])}` : '';
  throw new ArgumentError(
    `${name}(): no overload takes (${received.join(', ')})${receiver}${reason}; expected one of:${expected.join('')}`,
  );
}
