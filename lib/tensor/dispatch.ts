/**
 * The one door through which every op of libtorch is called.
 *
 * Each op keeps the plan of its last call, found again by a packed number of its arguments' kinds: the usual call costs
 * one comparison before the native one. `a.add(b)` of two small tensors takes about 600 ns in all, so nothing on that
 * path may allocate but the result.
 */

import type { OpSchema } from '../engine/binding';
import { debug, recordCreation } from '../engine/debug';
import { TorchError } from '../engine/errors';
import { binding, callNative, callNativeByMail, fromNative } from '../engine/gate';
import { remember } from '../engine/nursery';
import { TensorBase } from '../engine/tensor-base';
import { GeneratorBase, KIND_BITS, kindOf, OPTIONS } from './kinds';
import { enclose, encloseNothing, FIRST, result, seal } from './mailbox';
import { GENERATOR_ID, HANDLE, HANDLES, type Plan, resolve, SCALAR_OF, signaturesOf, type Source } from './resolve';
import type { Signature } from './signature';
import { numberFrom } from './tensor-as-number';

// Locals: a CommonJS import is a property look-up at each use.
const call = callNative;
const callByMail = callNativeByMail;
const put = enclose;
const kind = kindOf;
const state = debug;

let makeResult: () => TensorBase = () => new TensorBase();

/**
 * @internal Makes the results; their class lies above this file, so it introduces itself. A function, because V8 inlines a
 * call, but constructs a class that it reads from a variable by the slow way.
 */
export function setResultMaker(make: () => TensorBase): void {
  makeResult = make;
}

/** @internal Makes the object for a handle that a native call has just returned. */
export function adopt<T extends TensorBase>(handle: number): T {
  const tensor = makeResult() as T;
  tensor.handle = handle;
  remember(tensor, handle);
  if (state.enabled) recordCreation(handle);
  return tensor;
}

/** The object for a handle; null for 0, a tensor that the op left undefined. */
function adoptOptional(handle: number): TensorBase | null {
  return handle === 0 ? null : adopt(handle);
}

/** An op under its base name, with the plans of the calls seen so far. */
class Op {
  signature = -1;
  plan: Plan | null = null;
  private signatures: readonly Signature[] | null = null;
  private readonly plans = new Map<number | string, Plan>();

  constructor(
    readonly name: string,
    readonly asMethod: boolean,
    readonly publicName: string,
  ) {}

  /** The plan for positional arguments whose kinds `signature` packs. */
  look(signature: number, args: readonly unknown[]): Plan {
    let plan = this.plans.get(signature);
    if (plan === undefined) {
      plan = this.resolve(args, null);
      this.plans.set(signature, plan);
    }
    this.signature = signature;
    this.plan = plan;
    return plan;
  }

  /** The plan for any call. */
  lookMany(args: readonly unknown[], options: Options): Plan {
    let key = '';
    for (const arg of args) key += `${kind(arg)},`;
    for (const name in options) key += `${name}:${kind(options[name])},`;
    let plan = this.plans.get(key);
    if (plan === undefined) {
      plan = this.resolve(args, options);
      this.plans.set(key, plan);
    }
    return plan;
  }

  private resolve(args: readonly unknown[], options: Options): Plan {
    this.signatures ??= signaturesOf(this.name, this.asMethod);
    const kinds = new Map<string, number>();
    for (const [name, value] of Object.entries(options ?? {})) {
      if (value !== undefined) kinds.set(name, kind(value));
    }
    const shown = options === null ? args : [...args, options];
    return resolve(
      this.publicName,
      this.signatures,
      this.asMethod,
      { positional: args.map(kind), options: kinds },
      shown,
    );
  }
}

function handlesOf(tensors: readonly (TensorBase | null)[]): number[] {
  const handles: number[] = [];
  for (const tensor of tensors) handles.push(tensor === null ? 0 : tensor.handle);
  return handles;
}

function convert(value: unknown, conversion: number): unknown {
  switch (conversion) {
    case HANDLE:
      return (value as TensorBase).handle;
    case HANDLES:
      return handlesOf(value as readonly (TensorBase | null)[]);
    case GENERATOR_ID:
      return (value as GeneratorBase).id;
    default:
      return value;
  }
}

function valueOf(source: Source, args: readonly unknown[], options: Options): unknown {
  if (source.position !== null) return source.spread ? args.slice(source.position) : args[source.position];
  const name = source.option ?? '';
  // Several results are given as one list, `out: [values, indices]`.
  if (name.startsWith('out.')) return (options?.['out'] as readonly unknown[])[Number(name.slice(4))];
  return options?.[name];
}

/** Turns handles in a result into tensors. */
function wrap(result: unknown, type: string): unknown {
  if (type === 'Tensor' || type === 'Tensor?') return result === null ? null : adoptOptional(result as number);
  if (type === 'Tensor[]' || type === 'Tensor?[]')
    return (result as readonly unknown[]).map((item) => wrap(item, 'Tensor'));
  return result;
}

function wrapAll(result: unknown, schema: OpSchema): unknown {
  const { returns } = schema;
  const [first] = returns;
  if (first === undefined) return undefined;
  if (returns.length === 1) return wrap(result, first.type);
  return (result as readonly unknown[]).map((item, index) => wrap(item, returns[index]?.type ?? ''));
}

/** Calls outside of autograd, as Python does for what makes new tensors: `randint_like` has no derivative to ask for. */
function withoutRecording<T>(make: () => T): T {
  if (!binding.isGradEnabled()) return make();
  binding.setGradEnabled(false);
  try {
    return make();
  } finally {
    binding.setGradEnabled(true);
  }
}

type Options = Readonly<Record<string, unknown>> | null;

/** Arguments whose kinds fit into one small integer, with a bit in front that tells how many there are. */
const MOST_PACKED = 5;

/** Encloses the arguments; false where there is no room for them. */
function encloseAll(plan: Plan, args: readonly unknown[], options: Options): boolean {
  // All of them first: an option may be a getter that calls ops.
  const values: unknown[] = [];
  for (const source of plan.sources) values.push(source === null ? undefined : valueOf(source, args, options));
  let at = FIRST;
  let index = 0;
  for (const source of plan.sources) {
    at = source === null ? encloseNothing(at) : put(at, source.kind, values[index]);
    index += 1;
  }
  seal(plan.sources.length);
  return at > 0;
}

/** The result or the results that a call by mail has made. */
function takeResults(plan: Plan): unknown {
  if (plan.outcome === 'tensor') return adoptOptional(result(0));
  const results: (TensorBase | null)[] = [];
  const count = plan.schema.returns.length;
  for (let index = 0; index < count; index += 1) results.push(adoptOptional(result(index)));
  return results;
}

/** The arguments that an op wrote to, which are its results. */
function aliased(plan: Plan, args: readonly unknown[], options: Options): unknown {
  const results = plan.aliases.map((source) => valueOf(source, args, options));
  return results.length === 1 ? results[0] : results;
}

/** The arguments of the native call. */
function valuesOf(plan: Plan, args: readonly unknown[], options: Options): unknown[] {
  return plan.sources.map((source) => {
    if (source === null) return undefined;
    const value = valueOf(source, args, options);
    if (source.conversion < SCALAR_OF) return convert(value, source.conversion);
    const number = numberFrom(value, source.conversion);
    if (number !== null) return number;
    throw plan.refuse(options === null ? args : [...args, options], ` (argument \`${source.parameter}\`)`);
  });
}

/** The results of a call with values. */
function wrapResults(plan: Plan, returned: unknown, args: readonly unknown[], options: Options): unknown {
  switch (plan.outcome) {
    case 'same':
      return aliased(plan, args, options);
    case 'tensor':
      return adoptOptional(returned as number);
    case 'tensors':
      return (returned as readonly number[]).map(adoptOptional);
    case 'many':
      return wrapAll(returned, plan.schema);
    case 'value':
      return returned;
  }
}

/** Calls by any plan. */
function run(op: string, plan: Plan, args: readonly unknown[], options: Options): unknown {
  // Outside of the gate: an error of these names the call already.
  const values = plan.byMail && encloseAll(plan, args, options) ? null : valuesOf(plan, args, options);
  const callPlanned = (): unknown => {
    if (values !== null) return wrapResults(plan, call(plan.id, ...values), args, options);
    callByMail(plan.id);
    return plan.outcome === 'same' ? aliased(plan, args, options) : takeResults(plan);
  };
  try {
    const called = plan.unrecorded ? withoutRecording(callPlanned) : callPlanned();
    if (options !== null && plan.factory && options['requiresGrad'] === true) {
      binding.setRequiresGrad((called as TensorBase).handle, true);
    }
    return called;
  } catch (error) {
    throw fromNative(error, op, options === null ? args : [...args, options]);
  }
}

function runMany(op: Op, args: unknown[]): unknown {
  const last = args.length - 1;
  const options = last >= 0 && kind(args[last]) === OPTIONS ? (args.pop() as Readonly<Record<string, unknown>>) : null;
  return run(op.publicName, planOf(op, args, options), args, options);
}

/** The plan, by a packed number where that holds the kinds of all arguments. */
function planOf(op: Op, args: readonly unknown[], options: Options): Plan {
  // Without arguments the bit in front alone would be the kind of a single tensor.
  if (options !== null || args.length === 0 || args.length > MOST_PACKED) return op.lookMany(args, options);
  let signature = 1;
  for (const arg of args) signature = (signature << KIND_BITS) | kind(arg);
  return signature === op.signature ? (op.plan as Plan) : op.look(signature, args);
}

function run1(op: Op, x: unknown): unknown {
  const signature = kind(x);
  if (signature === OPTIONS) return runMany(op, [x]);
  const plan = signature === op.signature ? (op.plan as Plan) : op.look(signature, [x]);
  if (!plan.direct) return run(op.publicName, plan, [x], null);
  if (put(FIRST, plan.k0, x) < 0) return run(op.publicName, plan, [x], null);
  seal(1);
  try {
    callByMail(plan.id);
    return plan.inPlace ? x : takeResults(plan);
  } catch (error) {
    throw fromNative(error, op.publicName, [x]);
  }
}

function run2(op: Op, x: unknown, y: unknown): unknown {
  const last = kind(y);
  if (last === OPTIONS) return runMany(op, [x, y]);
  const signature = (((1 << KIND_BITS) | kind(x)) << KIND_BITS) | last;
  const plan = signature === op.signature ? (op.plan as Plan) : op.look(signature, [x, y]);
  if (!plan.direct) return run(op.publicName, plan, [x, y], null);
  if (put(put(FIRST, plan.k0, x), plan.k1, y) < 0) return run(op.publicName, plan, [x, y], null);
  seal(2);
  try {
    callByMail(plan.id);
    return plan.inPlace ? x : takeResults(plan);
  } catch (error) {
    throw fromNative(error, op.publicName, [x, y]);
  }
}

function run3(op: Op, x: unknown, y: unknown, z: unknown): unknown {
  const last = kind(z);
  if (last === OPTIONS) return runMany(op, [x, y, z]);
  const signature = (((((1 << KIND_BITS) | kind(x)) << KIND_BITS) | kind(y)) << KIND_BITS) | last;
  const plan = signature === op.signature ? (op.plan as Plan) : op.look(signature, [x, y, z]);
  if (!plan.direct) return run(op.publicName, plan, [x, y, z], null);
  if (put(put(put(FIRST, plan.k0, x), plan.k1, y), plan.k2, z) < 0) return run(op.publicName, plan, [x, y, z], null);
  seal(3);
  try {
    callByMail(plan.id);
    return plan.inPlace ? x : takeResults(plan);
  } catch (error) {
    throw fromNative(error, op.publicName, [x, y, z]);
  }
}

/** The free function of the op `aten::name`; its overloads are looked up at the first call. */
export function operation<F>(name: string, publicName: string): F {
  const op = new Op(name, false, publicName);
  const operate = (x?: unknown, y?: unknown, z?: unknown, ...rest: unknown[]): unknown => {
    if (rest.length > 0) return runMany(op, [x, y, z, ...rest]);
    if (z !== undefined) return run3(op, x, y, z);
    if (y !== undefined) return run2(op, x, y);
    return x === undefined ? runMany(op, []) : run1(op, x);
  };
  return operate as unknown as F;
}

/** The method of the op `aten::name`, whose receiver stands for `self`. */
export function method(name: string, publicName: string): (this: TensorBase, ...args: unknown[]) => unknown {
  const op = new Op(name, true, publicName);
  return function (this: TensorBase, y?: unknown, z?: unknown, ...rest: unknown[]): unknown {
    if (rest.length > 0) return runMany(op, [this, y, z, ...rest]);
    if (z !== undefined) return run3(op, this, y, z);
    return y === undefined ? run1(op, this) : run2(op, this, y);
  };
}

/** An overload that is called by its full name. */
interface Exact {
  readonly schema: OpSchema;
  /** Positions of the arguments that its results are; null where it makes new ones. */
  readonly written: readonly number[] | null;
}

const exact = new Map<string, Exact>();

function lookExact(name: string): Exact {
  const schema = binding.opSchema(name);
  if (schema === null) {
    throw new TorchError(`libtorch ${binding.libraryInfo().loaded} has no op \`${name}\``, 'TORCH_NOT_IMPLEMENTED');
  }
  const positions = schema.returns.map(({ alias }) =>
    schema.arguments.findIndex((argument) => argument.name === alias),
  );
  const found = { schema, written: positions.length > 0 && !positions.includes(-1) ? positions : null };
  exact.set(name, found);
  return found;
}

/**
 * Calls exactly one overload, with its arguments in schema order: `callOp('aten::lerp_.Scalar', [a, b, 0.1])`. Arguments
 * that are left out or undefined take the schema's defaults.
 *
 * @returns a Tensor, an array of what the op returns, a number, boolean or string, or undefined; for an in-place op the
 * very tensor that it wrote to
 *
 * @example
 * ```ts
 * const x = torch.callOp<torch.Tensor>('aten::lerp.Scalar', [torch.zeros([2]), torch.ones([2]), 0.25]);
 * console.log(x); // tensor([0.2500, 0.2500])
 * ```
 */
export function callOp<R = unknown>(name: string, args: readonly unknown[]): R {
  const { schema, written } = exact.get(name) ?? lookExact(name);
  const values = args.map((arg) => {
    if (arg instanceof TensorBase) return arg.handle;
    if (arg instanceof GeneratorBase) return arg.id;
    // A longer list cannot be one of tensors; native code refuses it, and a list of holes may have billions.
    if (!Array.isArray(arg) || arg.length > 2 ** 24) return arg;
    return arg.map((element: unknown) => (element instanceof TensorBase ? element.handle : element));
  });
  try {
    if (written !== null) {
      call(schema.id, ...values);
      const results = written.map((index) => args[index]);
      return (results.length === 1 ? results[0] : results) as R;
    }
    if (schema.returns.length === 1 && schema.returns[0]?.type === 'Tensor') {
      return adoptOptional(call(schema.id, ...values) as number) as R;
    }
    return wrapAll(call(schema.id, ...values), schema) as R;
  } catch (error) {
    throw fromNative(error, name, args);
  }
}
