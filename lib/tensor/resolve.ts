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
  INTS_AND_TENSORS,
  NULL,
  OPTIONAL_TENSORS,
  STRING,
  STRINGS,
  TENSOR,
  TENSORS,
} from './kinds';
import { BY_MAIL } from './mailbox';
import { inParserOrder } from './overload-order';
import {
  type ArgumentType,
  type BaseType,
  numberAsTensor,
  type Parameter,
  type Signature,
  signatureOf,
} from './signature';

/** How an argument's value becomes what the seam takes. */
export const PLAIN = 0;
export const HANDLE = 1;
export const HANDLES = 2;
export const GENERATOR_ID = 3;
/** A tensor stands for a number: these read its element, see ./tensor-as-number. All others come before them. */
export const SCALAR_OF = 4;
export const INTEGER_OF = 5;
export const FLOAT_OF = 6;
export const INTEGERS_OF = 7;

/** Where one argument of the native call comes from. */
export interface Source {
  /** Position of the value, or null if it is an option. */
  readonly position: number | null;
  readonly option: string | null;
  /** All positional values from here on are one list. */
  readonly spread: boolean;
  readonly conversion: number;
  /** The kind of the value. */
  readonly kind: number;
  readonly byMail: boolean;
  /** The argument's name. */
  readonly parameter: string;
}

/** What the native call returns, and what the caller gets for it. */
export type Outcome = 'tensor' | 'tensors' | 'same' | 'many' | 'value';

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
  /** A factory that is given a tensor, which its result does not depend on. */
  readonly unrecorded: boolean;
  /** Arguments and results can go by mail. */
  readonly byMail: boolean;
  /** By mail, the arguments as they come, of the kinds {@link k0}…, and the outcome is what is new, or the first argument. */
  readonly direct: boolean;
  readonly inPlace: boolean;
  readonly k0: number;
  readonly k1: number;
  readonly k2: number;
  /** The error for a tensor that cannot stand for the number that is wanted. */
  readonly refuse: Refuse;
}

/** Makes the error of a call with these arguments, of which this is wrong. */
type Refuse = (args: readonly unknown[], reason: string) => Error;

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

/** What is called for `full` in place of it; its arguments are the same. */
function replacementFor(full: string): number | null {
  const found = numberAsTensor(full);
  if (found === null) return null;
  const [name, mode] = found;
  const twin = (overload: string): number | null => binding.opTakingNumber(`aten::${name}${overload}`, 'other');
  return twin(`.Tensor${mode}`) ?? twin('');
}

/** The overloads of `aten::name` that can be called from JavaScript. */
export function signaturesOf(name: string, asMethod: boolean): readonly Signature[] {
  const signatures: Signature[] = [];
  for (const full of overloadNames(`aten::${name}`)) {
    const schema = binding.opSchema(full);
    if (schema === null) continue;
    const signature = signatureOf({ ...schema, id: replacementFor(full) ?? schema.id }, asMethod);
    if (signature !== null) signatures.push(signature);
  }
  if (signatures.length === 0) {
    throw new TorchError(`libtorch ${binding.libraryInfo().loaded} has no op \`${name}\``, 'TORCH_NOT_IMPLEMENTED');
  }
  return inParserOrder(signatures);
}

/** True where a value of this kind may stand for a single value of the type. */
function takesSingle(base: BaseType, kind: number): boolean {
  switch (base) {
    case 'Tensor':
      return kind === TENSOR;
    case 'int':
      return kind === INT || kind === BIGINT;
    case 'float':
      return kind === FLOAT || kind === INT || kind === BIGINT;
    case 'bool':
      return kind === BOOL;
    case 'Scalar':
      return kind === INT || kind === FLOAT || kind === BIGINT || kind === COMPLEX || kind === BOOL;
    case 'Generator':
      return kind === GENERATOR;
    default:
      return kind === STRING;
  }
}

function takesList(type: ArgumentType, kind: number): boolean {
  if (kind === EMPTY) return true;
  switch (type.base) {
    case 'Tensor':
      return kind === TENSORS || (kind === OPTIONAL_TENSORS && type.optionalElements);
    case 'int':
      if (kind === INTS) return true;
      break;
    case 'float':
      if (kind === FLOATS || kind === INTS) return true;
      break;
    case 'bool':
      if (kind === BOOLS) return true;
      break;
    case 'Scalar':
      return kind === INTS || kind === FLOATS || kind === BOOLS;
    case 'str':
      return kind === STRINGS;
    default:
      return false;
  }
  // A single number where the schema says how many it stands for.
  return type.repeat > 0 && takesSingle(type.base, kind);
}

/** True where a tensor may stand for the number, or tensors for some of the integers, as its elements decide. */
function takesTensorAsNumber({ type, tensorToo }: Parameter, kind: number): boolean {
  const { base, list, repeat } = type;
  if (!tensorToo) return false;
  if (list) return base === 'int' && (kind === TENSORS || kind === INTS_AND_TENSORS || (repeat > 0 && kind === TENSOR));
  return kind === TENSOR;
}

function takes(parameter: Parameter, kind: number, lenient: boolean): boolean {
  const { type } = parameter;
  if (kind === NULL) return type.optional;
  if (lenient && takesTensorAsNumber(parameter, kind)) return true;
  return type.list ? takesList(type, kind) : takesSingle(type.base, kind);
}

function conversionOf(parameter: Parameter, kind: number): number {
  const { type } = parameter;
  if (takesTensorAsNumber(parameter, kind)) {
    if (type.base === 'Scalar') return SCALAR_OF;
    if (type.base === 'float') return FLOAT_OF;
    return kind === TENSOR ? INTEGER_OF : INTEGERS_OF;
  }
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
  readonly sources: (Source | null)[];
}

/** Matches a call with one overload; a string says why it does not match. `lenient`: tensors may stand for numbers. */
function match(signature: Signature, kinds: CallKinds, lenient: boolean): Match | string {
  const sources: (Source | null)[] = [];
  const place = (
    parameter: Parameter,
    kind: number,
    source: Pick<Source, 'position' | 'option' | 'spread'>,
  ): boolean => {
    // Its place stays empty, as that of an argument that was not given.
    if (kind === NULL && parameter.nullForDefault) return true;
    if (!takes(parameter, kind, lenient)) return false;
    const { index, name, type } = parameter;
    const conversion = conversionOf(parameter, kind);
    const byMail = BY_MAIL.has(kind) && conversion < SCALAR_OF && !(type.list && type.base === 'Scalar');
    sources[index] = { ...source, conversion, kind, byMail, parameter: name };
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
      sources[index] = {
        position: null,
        option,
        spread: false,
        conversion: HANDLE,
        kind: TENSOR,
        byMail: true,
        parameter: option,
      };
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
  return { signature, sources };
}

/** `reshape(2, 3)` for `reshape([2, 3])`, where the list is the only positional argument. */
function matchSpread(signature: Signature, kinds: CallKinds, lenient: boolean): Match | string {
  if (!signature.spreadable) return 'no';
  const before = signature.positional.length - 1;
  const { positional } = kinds;
  const rest = positional.slice(before);
  const isInteger = (one: number): boolean => one === INT || one === BIGINT;
  if (rest.length === 0 || !rest.every((one) => isInteger(one) || (lenient && one === TENSOR))) return 'no';
  const kind = rest.every(isInteger) ? INTS : INTS_AND_TENSORS;
  const listed = { positional: [...positional.slice(0, before), kind], options: kinds.options };
  const found = match(signature, listed, lenient);
  if (typeof found === 'string') return found;
  const list = signature.positional[before];
  if (list !== undefined) {
    const conversion = kind === INTS ? PLAIN : INTEGERS_OF;
    const source = { position: before, option: null, spread: true, conversion, kind, byMail: false };
    found.sources[list.index] = { ...source, parameter: list.name };
  }
  return found;
}

function toPlan({ signature, sources }: Match, refuse: Refuse): Plan {
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
      : schema.returns.length > 1 && schema.returns.every(({ type }) => type === 'Tensor')
        ? 'tensors'
        : schema.returns.some(({ type }) => type.startsWith('Tensor'))
          ? 'many'
          : 'value';
  const inOrder = all.every(
    (source, index) => source !== null && source.position === index && !source.spread && source.conversion < SCALAR_OF,
  );
  const unrecorded = signature.factory && all.some((source) => source !== null && source.conversion === HANDLE);
  const byMail =
    schema.returns.length > 0 &&
    schema.returns.every(({ type }) => type === 'Tensor') &&
    all.every((source) => source?.byMail !== false);
  const inPlace = outcome === 'same' && aliases.length === 1 && aliases[0]?.position === 0;
  return {
    id: schema.id,
    schema,
    sources: all,
    outcome,
    aliases: aliases.filter((alias) => alias !== null),
    factory: signature.factory,
    unrecorded,
    byMail,
    direct: byMail && inOrder && !unrecorded && all.length <= 3 && (outcome !== 'same' || inPlace),
    inPlace,
    k0: all[0]?.kind ?? ABSENT,
    k1: all[1]?.kind ?? ABSENT,
    k2: all[2]?.kind ?? ABSENT,
    refuse,
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
  const refuse: Refuse = (given, reason) => {
    const received = given.slice(asMethod ? 1 : 0).map((arg) => describe(arg));
    const expected = signatures
      .filter(({ outs }) => outs.length === 0 || kinds.options.has('out'))
      .map((signature) => `\n  ${signatureText(name, signature, asMethod)}`);
    const receiver = asMethod ? ` on ${describe(given[0])}` : '';
    return new ArgumentError(
      `${name}(): no overload takes (${received.join(', ')})${receiver}${reason}; expected one of:${expected.join('')}`,
    );
  };
  const reasons: string[] = [];
  // Tensors as numbers come last: which of them can be one depends on their values, and another overload may take them all.
  for (const lenient of [false, true]) {
    for (const spread of [false, true]) {
      for (const signature of signatures) {
        const found = spread ? matchSpread(signature, kinds, lenient) : match(signature, kinds, lenient);
        if (typeof found !== 'string') return toPlan(found, refuse);
        if (!lenient && !spread && signature.outs.length === 0) reasons.push(found);
      }
    }
  }
  throw refuse(args, reasons.length === 1 ? ` (${reasons[0] ?? ''})` : '');
}
