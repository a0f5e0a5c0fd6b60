/**
 * What an op's schema means to a TypeScript caller: which overloads can be called at all, how their arguments are named
 * and ordered, and what may be given for them. Read by the door of the ops at run time and by scripts/generate-ops.mjs at
 * build time, so that the types and the calls cannot disagree. Imports nothing but types, so that the script can load it.
 */

import type { OpSchema } from '../engine/binding';

/** A schema's type, taken apart: `SymInt[2]?` is an optional list of two `int`. */
export interface ArgumentType {
  readonly base: BaseType;
  readonly list: boolean;
  /** N of `int[N]`: a single number stands for N of it. 0 where there is none. */
  readonly repeat: number;
  readonly optional: boolean;
  /** `Tensor?[]` */
  readonly optionalElements: boolean;
}

export type BaseType =
  | 'Tensor'
  | 'int'
  | 'float'
  | 'bool'
  | 'Scalar'
  | 'ScalarType'
  | 'Device'
  | 'Layout'
  | 'MemoryFormat'
  | 'Generator'
  | 'str';

export interface Parameter {
  /** Position in the schema, which is the order of the native call. */
  readonly index: number;
  /** camelCase */
  readonly name: string;
  readonly type: ArgumentType;
  readonly required: boolean;
  /** Null stands for the default, the empty list, which Python calls None: the stride of a pooling. */
  readonly nullForDefault: boolean;
  /** A number that a tensor without dimensions may stand for. */
  readonly tensorToo: boolean;
}

/** One overload, as its caller sees it. */
export interface Signature {
  readonly schema: OpSchema;
  /** In the order in which they may be given by position; a method's receiver comes first. */
  readonly positional: readonly Parameter[];
  /** Only by name, in the options object. */
  readonly keyword: readonly Parameter[];
  /** What an `out=` overload writes to. */
  readonly outs: readonly Parameter[];
  /** Makes a tensor from dtype, layout and device, so that `requiresGrad` may be asked for, too. */
  readonly factory: boolean;
  /** `reshape(2, 3)` may stand for `reshape([2, 3])`. */
  readonly spreadable: boolean;
}

const TYPE =
  /^(Tensor|SymInt|int|float|SymFloat|bool|SymBool|Scalar|number|ScalarType|Device|Layout|MemoryFormat|Generator|str)(\?)?(\[(\d*)\])?(\?)?$/;
const ALIASES: Record<string, BaseType> = { SymInt: 'int', SymFloat: 'float', SymBool: 'bool', number: 'Scalar' };
const FACTORY = ['dtype', 'layout', 'device', 'pin_memory'];

/** `to` takes what factories take, but its result depends on its tensor. */
const isConversion = (schema: OpSchema): boolean => schema.arguments.some(({ name }) => name === 'copy');

const NUMBERS: readonly BaseType[] = ['Scalar', 'int', 'float'];

/**
 * Where Python's parser takes a number for the tensor of `x * 2` and calls the Tensor overload, so that the Scalar ones
 * are not there for it (`should_allow_numbers_as_tensors` in its source; the library does not tell).
 */
const NUMBERS_AS_TENSORS =
  /^aten::((?:add|sub|subtract|mul|multiply|div|divide|true_divide|floor_divide)_?)\.Scalar(_mode)?$/;

/** The op, and the rest of the overload's name, whose Tensor overload is called in place of this one; null for most. */
export function numberAsTensor(full: string): readonly [op: string, mode: string] | null {
  const [, name, mode = ''] = NUMBERS_AS_TENSORS.exec(full) ?? [];
  return name === undefined ? null : [name, mode];
}

const isNumberAsTensor = ({ name, overload }: OpSchema): boolean => numberAsTensor(`${name}.${overload}`) !== null;

/** Overloads of TorchScript, which repeat others for its interpreter. */
const INTERPRETER_OVERLOADS = /^(hacked_twin|.*_hacked_twin|sublist|prim_.*|t|list_inplace)$/;

/** An overload that Python's parser does not have, so that a tensor `p` is a number to it, or refused. */
const isUnknownToPython = ({ name, overload }: OpSchema): boolean =>
  name === 'aten::bernoulli' && overload === 'Tensor';

/** Takes a schema's type apart; null if values of it cannot cross from JavaScript. */
export function parseType(type: string): ArgumentType | null {
  const match = TYPE.exec(type);
  if (match === null) return null;
  const [, name = '', inner, list, repeat, outer] = match;
  return {
    base: ALIASES[name] ?? (name as BaseType),
    list: list !== undefined,
    repeat: repeat === undefined || repeat === '' ? 0 : Number(repeat),
    optional: list === undefined ? inner !== undefined : outer !== undefined,
    optionalElements: list !== undefined && inner !== undefined,
  };
}

/** `index_select` becomes `indexSelect`; the underscore of an in-place op stays at its end. */
export function camelCase(name: string): string {
  return name.replace(/(?<=[^_])_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Derivatives, which autograd calls, not people. */
const DERIVATIVE = /_(backward|jvp)(_|$)/;
/** `view_copy` and its like, which only functionalization needs; `index_copy` is an op of its own. */
const VIEW_COPY = /(?<!^index)_copy$/;
/** Kernels of one library, which the op of the plain name calls by itself. */
const KERNEL = /^(cudnn|miopen|mkldnn|mps|fbgemm|xnnpack)_/;

/** Internal: an underscore leads the name, or what follows the namespace (`linalg__powsum`). */
const INTERNAL = /^_|__/;

/** Why no person calls an op of this name, which is then to be had by `callOp` only; null where one does. */
export function hiddenBecause(name: string): string | null {
  if (INTERNAL.test(name)) return 'internal';
  if (!/^[a-z]/.test(name)) return 'TorchScript only';
  if (DERIVATIVE.test(name)) return 'derivative';
  if (VIEW_COPY.test(name)) return 'copy of a view';
  return KERNEL.test(name) ? 'kernel of one library' : null;
}

/** True for the ops that a person calls. */
export function isPublicName(name: string): boolean {
  return hiddenBecause(name) === null;
}

/** Why an overload of a public op cannot be called from here; null where it can. */
export function overloadHiddenBecause(schema: OpSchema): string | null {
  const values = [...schema.arguments, ...schema.returns];
  const foreign = values.filter(({ type }) => parseType(type) === null).map(({ type }) => type);
  if (foreign.length > 0) return `takes or gives ${[...new Set(foreign)].join(', ')}`;
  return signatureOf(schema, false) === null ? 'TorchScript only' : null;
}

/** How `schema` is called, as a method (with the receiver in the place of `self`) or as a function; null if it cannot be. */
export function signatureOf(schema: OpSchema, asMethod: boolean): Signature | null {
  if (INTERPRETER_OVERLOADS.test(schema.overload) || isUnknownToPython(schema)) return null;
  const positional: Parameter[] = [];
  const keyword: Parameter[] = [];
  const outs: Parameter[] = [];
  let tensors = 0;
  for (const [index, argument] of schema.arguments.entries()) {
    const type = parseType(argument.type);
    if (type === null) return null;
    if (type.base === 'Tensor') tensors += 1;
    const parameter = {
      index,
      name: camelCase(argument.name),
      type,
      required: !('default' in argument),
      nullForDefault: type.list && !type.optional && Array.isArray(argument.default) && argument.default.length === 0,
      tensorToo: NUMBERS.includes(type.base) && !(argument.name === 'other' && isNumberAsTensor(schema)),
    };
    if (argument.kwargOnly && argument.written) outs.push(parameter);
    else if (argument.kwargOnly) keyword.push(parameter);
    else positional.push(parameter);
  }
  for (const result of schema.returns) {
    const type = parseType(result.type);
    if (type === null) return null;
    if (type.base === 'Tensor') tensors += 1;
  }
  // Without a tensor on either side it is arithmetic of TorchScript, such as aten::add.int.
  if (tensors === 0) return null;
  if (asMethod) {
    const self = positional.findIndex(({ name, type }) => name === 'self' && type.base === 'Tensor' && !type.list);
    if (self === -1) return null;
    positional.unshift(...positional.splice(self, 1));
  }
  const first = positional[asMethod ? 1 : 0];
  return {
    schema,
    positional,
    keyword,
    outs,
    factory:
      FACTORY.every((name) => schema.arguments.some((argument) => argument.name === name && argument.kwargOnly)) &&
      !isConversion(schema),
    spreadable:
      positional.length === (asMethod ? 2 : 1) && first !== undefined && first.type.base === 'int' && first.type.list,
  };
}
