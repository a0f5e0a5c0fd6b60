/**
 * The one door through which every op of libtorch is called.
 *
 * Each op keeps the plan of its last call, found again by a packed number of its arguments' kinds: the usual call costs
 * one comparison before the native one. `a.add(b)` of two small tensors takes about 600 ns in all, so nothing on that
 * path may allocate but the result.
 */

import { TensorBase } from '../engine';
import type { OpSchema } from '../engine/binding';
import { debug, recordCreation } from '../engine/debug';
import { TorchError } from '../engine/errors';
import { binding, callNative, fromNative } from '../engine/gate';
import { GeneratorBase, KIND_BITS, kindOf, OPTIONS } from './kinds';
import {
  GENERATOR_ID,
  HANDLE,
  HANDLES,
  PLAIN,
  type Plan,
  resolve,
  SCALAR_OF,
  signaturesOf,
  type Source,
} from './resolve';
import type { Signature } from './signature';
import { numberFrom } from './tensor-as-number';

// Locals: a CommonJS import is a property look-up at each use.
const call = callNative;
const kind = kindOf;
const state = debug;

let ResultClass: new () => TensorBase = TensorBase;

/** @internal The class of the results; it lies above this file, so it introduces itself. */
export function setResultClass(resultClass: new () => TensorBase): void {
  ResultClass = resultClass;
}

/** @internal Makes the object for a handle that has no owner yet. */
export function adopt<T extends TensorBase>(handle: number): T {
  const tensor = new ResultClass() as T;
  binding.adopt(handle, tensor);
  tensor.handle = handle;
  if (state.enabled) recordCreation(handle);
  return tensor;
}

/** @internal Makes the object for what `make` returns; null for handle 0. */
export function own<T extends TensorBase>(make: (owner: TensorBase) => number): T {
  const tensor = new ResultClass() as T;
  tensor.handle = make(tensor);
  if (state.enabled) recordCreation(tensor.handle);
  return tensor;
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

  /** The plan for up to three positional arguments, whose kinds `signature` packs. */
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
  lookMany(args: readonly unknown[], options: Readonly<Record<string, unknown>> | null): Plan {
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

  private resolve(args: readonly unknown[], options: Readonly<Record<string, unknown>> | null): Plan {
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

function valueOf(source: Source, args: readonly unknown[], options: Readonly<Record<string, unknown>> | null): unknown {
  if (source.position !== null) return source.spread ? args.slice(source.position) : args[source.position];
  const name = source.option ?? '';
  // Several results are given as one list, `out: [values, indices]`.
  if (name.startsWith('out.')) return (options?.['out'] as readonly unknown[])[Number(name.slice(4))];
  return options?.[name];
}

/** Turns handles in a result into tensors; 0 is a tensor that the op left undefined. */
function wrap(result: unknown, type: string): unknown {
  if (type === 'Tensor' || type === 'Tensor?') return result === 0 || result === null ? null : adopt(result as number);
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

/** Calls an op with several tensors as results: each gets its owner in the same native call. */
function callForTensors(plan: Plan, values: readonly unknown[]): (TensorBase | null)[] {
  const tensors = plan.schema.returns.map((): TensorBase | null => new ResultClass());
  const handles = call(plan.id, tensors, ...values) as readonly number[];
  for (const [index, handle] of handles.entries()) {
    const tensor = tensors[index];
    if (handle === 0 || !tensor) {
      tensors[index] = null;
      continue;
    }
    tensor.handle = handle;
    if (state.enabled) recordCreation(handle);
  }
  return tensors;
}

/** Calls outside of autograd, as Python does for what makes new tensors: `randint_like` has no derivative to ask for. */
function withoutRecording(op: number, owner: TensorBase, values: Parameters<typeof call>[2][]): unknown {
  if (!binding.isGradEnabled()) return call(op, owner, ...values);
  binding.setGradEnabled(false);
  try {
    return call(op, owner, ...values);
  } finally {
    binding.setGradEnabled(true);
  }
}

/** Calls by any plan. */
function run(
  op: string,
  plan: Plan,
  args: readonly unknown[],
  options: Readonly<Record<string, unknown>> | null,
): unknown {
  const values = plan.sources.map((source) => {
    if (source === null) return undefined;
    const value = valueOf(source, args, options);
    if (source.conversion < SCALAR_OF) return convert(value, source.conversion);
    const number = numberFrom(value, source.conversion);
    if (number !== null) return number;
    throw plan.refuse(options === null ? args : [...args, options], ` (argument \`${source.parameter}\`)`);
  });
  try {
    if (plan.outcome === 'same') {
      call(plan.id, null, ...values);
      const results = plan.aliases.map((source) => valueOf(source, args, options));
      return results.length === 1 ? results[0] : results;
    }
    if (plan.outcome === 'tensors') return callForTensors(plan, values);
    if (plan.outcome !== 'tensor') {
      const result = call(plan.id, null, ...values);
      return plan.outcome === 'value' ? result : wrapAll(result, plan.schema);
    }
    const tensor = new ResultClass();
    tensor.handle = (
      plan.unrecorded ? withoutRecording(plan.id, tensor, values) : call(plan.id, tensor, ...values)
    ) as number;
    if (state.enabled) recordCreation(tensor.handle);
    if (tensor.handle === 0) return null;
    if (options !== null && plan.factory && options['requiresGrad'] === true)
      binding.setRequiresGrad(tensor.handle, true);
    return tensor;
  } catch (error) {
    throw fromNative(error, op, options === null ? args : [...args, options]);
  }
}

function runMany(op: Op, args: unknown[]): unknown {
  const last = args.length - 1;
  const options = last >= 0 && kind(args[last]) === OPTIONS ? (args.pop() as Readonly<Record<string, unknown>>) : null;
  return run(op.publicName, op.lookMany(args, options), args, options);
}

function run1(op: Op, x: unknown): unknown {
  const signature = kind(x);
  if (signature === OPTIONS) return runMany(op, [x]);
  const plan = signature === op.signature ? (op.plan as Plan) : op.look(signature, [x]);
  if (!plan.direct) return run(op.publicName, plan, [x], null);
  try {
    const a = plan.c0 === HANDLE ? (x as TensorBase).handle : convert(x, plan.c0);
    if (plan.inPlace) {
      call(plan.id, null, a);
      return x;
    }
    const tensor = new ResultClass();
    tensor.handle = call(plan.id, tensor, a) as number;
    if (state.enabled) recordCreation(tensor.handle);
    return tensor.handle === 0 ? null : tensor;
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
  try {
    const a = plan.c0 === HANDLE ? (x as TensorBase).handle : convert(x, plan.c0);
    const b = plan.c1 === HANDLE ? (y as TensorBase).handle : plan.c1 === PLAIN ? y : convert(y, plan.c1);
    if (plan.inPlace) {
      call(plan.id, null, a, b);
      return x;
    }
    const tensor = new ResultClass();
    tensor.handle = call(plan.id, tensor, a, b) as number;
    if (state.enabled) recordCreation(tensor.handle);
    return tensor.handle === 0 ? null : tensor;
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
  try {
    const a = plan.c0 === HANDLE ? (x as TensorBase).handle : convert(x, plan.c0);
    const b = plan.c1 === HANDLE ? (y as TensorBase).handle : plan.c1 === PLAIN ? y : convert(y, plan.c1);
    const c = plan.c2 === HANDLE ? (z as TensorBase).handle : plan.c2 === PLAIN ? z : convert(z, plan.c2);
    if (plan.inPlace) {
      call(plan.id, null, a, b, c);
      return x;
    }
    const tensor = new ResultClass();
    tensor.handle = call(plan.id, tensor, a, b, c) as number;
    if (state.enabled) recordCreation(tensor.handle);
    return tensor.handle === 0 ? null : tensor;
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
      call(schema.id, null, ...values);
      const results = written.map((index) => args[index]);
      return (results.length === 1 ? results[0] : results) as R;
    }
    if (schema.returns.length === 1 && schema.returns[0]?.type === 'Tensor') {
      const tensor = own((owner) => call(schema.id, owner, ...values) as number);
      return (tensor.handle === 0 ? null : tensor) as R;
    }
    return wrapAll(call(schema.id, null, ...values), schema) as R;
  } catch (error) {
    throw fromNative(error, name, args);
  }
}
