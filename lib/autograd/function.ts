/** Custom functions: an op whose gradient is written in TypeScript. */

import { ArgumentError, binding, describe, NotImplementedError, refusePromise } from '../engine';
import { Tensor } from '../tensor';
import { adopt } from '../tensor/dispatch';
import { isGradEnabled, noGrad } from './grad-mode';

/** A tensor to save, or its absence. @inline */
type Saved = readonly (Tensor | null)[];

/**
 * What forward hands to backward: the first argument of both. `torch.autograd.function.FunctionCtx`.
 *
 * Other values may be put on it as properties: declare them, as in `FunctionContext<[Tensor]> & { alpha: number }`.
 * Tensors belong into {@link saveForBackward}: as properties they would keep the graph that keeps them, for ever.
 *
 * @typeParam Tensors the tensors that are saved
 */
export interface FunctionContext<Tensors extends Saved = Saved> {
  /** Which arguments of forward are tensors that require a gradient; backward may return null for the others. */
  readonly needsInputGrad: readonly boolean[];
  /** Saves inputs, outputs or intermediate results; once, in forward. That they were not changed since is checked. */
  saveForBackward(...tensors: Tensors): void;
  /** What was saved. In backward only; gone when the graph was freed. */
  readonly savedTensors: Tensors;
  /** Names the inputs that forward changes in place; they must be among its results. */
  markDirty(...tensors: Tensor[]): void;
  /** Names the results through which no gradient flows. */
  markNonDifferentiable(...tensors: Tensor[]): void;
  /** With false, backward gets null instead of zeros for a result that took no part. */
  setMaterializeGrads(value: boolean): void;
}

/** What backward returns: a gradient or null per argument of forward; alone, or in an array. */
export type Gradients = Tensor | null | readonly (Tensor | null)[];

/** The static side of a subclass of {@link Function}. Methods, so that a subclass may name its arguments exactly. */
export interface FunctionClass<Inputs extends readonly unknown[], Result> {
  readonly name: string;
  /** Computes the result, outside of autograd, and keeps in `ctx` what {@link backward} needs. */
  forward(ctx: FunctionContext, ...inputs: Inputs): Result;
  /** From the gradient of each result, one for each argument of {@link forward}; null where there is none. */
  backward(ctx: FunctionContext, ...gradients: (Tensor | null)[]): Gradients;
}

/** The same where forward only computes, and `setupContext` saves what backward needs of inputs and result. */
export interface SeparateFunctionClass<Inputs extends readonly unknown[], Result> {
  readonly name: string;
  /** Computes the result, outside of autograd. */
  forward(...inputs: Inputs): Result;
  /** Keeps in `ctx` what backward needs of the inputs and the result. */
  setupContext(ctx: FunctionContext, inputs: Inputs, output: Result): void;
  /** From the gradient of each result, one for each argument of {@link forward}; null where there is none. */
  backward(ctx: FunctionContext, ...gradients: (Tensor | null)[]): Gradients;
}

/** Either form, as it comes. */
interface AnyFunctionClass {
  readonly name: string;
  forward?: unknown;
  setupContext?: unknown;
  backward?: unknown;
}

class Context implements FunctionContext {
  saved: Saved = [];
  dirty: readonly Tensor[] = [];
  nonDifferentiable: readonly Tensor[] = [];
  materialize = true;
  node = 0;

  constructor(readonly needsInputGrad: readonly boolean[]) {}

  saveForBackward(...tensors: Saved): void {
    for (const [index, tensor] of tensors.entries()) checkTensor(tensor, 'saveForBackward', index, true);
    this.saved = tensors;
  }

  get savedTensors(): Saved {
    if (this.node === 0) return this.saved;
    return binding.savedTensors(this.node).map((handle) => (handle === 0 ? null : adopt<Tensor>(handle)));
  }

  markDirty(...tensors: Tensor[]): void {
    for (const [index, tensor] of tensors.entries()) checkTensor(tensor, 'markDirty', index, false);
    this.dirty = tensors;
  }

  markNonDifferentiable(...tensors: Tensor[]): void {
    for (const [index, tensor] of tensors.entries()) checkTensor(tensor, 'markNonDifferentiable', index, false);
    this.nonDifferentiable = tensors;
  }

  setMaterializeGrads(value: boolean): void {
    this.materialize = value;
  }
}

function checkTensor(value: unknown, name: string, index: number, nullable: boolean): void {
  if (value instanceof Tensor || (nullable && value === null)) return;
  throw new ArgumentError(`${name}(): expected tensors only, but argument ${index} is ${describe(value)}`);
}

const handleOf = (value: unknown): number => (value instanceof Tensor ? value.handle : 0);
const handlesOf = (values: readonly unknown[]): number[] => values.map(handleOf);

/** What backward returned, as one gradient per argument of forward. */
function gradientsOf(returned: unknown, name: string, isTensor: readonly boolean[]): unknown[] {
  const gradients: unknown[] = Array.isArray(returned) ? (returned as unknown[]).slice() : [returned];
  // Too many are no fault as long as they are nothing.
  while (gradients.length > isTensor.length && (gradients.at(-1) ?? null) === null) gradients.pop();
  if (gradients.length !== isTensor.length) {
    throw new ArgumentError(
      `function ${name} returned an incorrect number of gradients (expected ${isTensor.length}, got ${gradients.length})`,
      'TORCH_VALUE',
    );
  }
  for (const [index, gradient] of gradients.entries()) {
    if ((gradient ?? null) === null) continue;
    if (!(gradient instanceof Tensor)) {
      throw new ArgumentError(
        `function ${name}: expected a Tensor or null for gradient ${index + 1}, received ${describe(gradient)}`,
      );
    }
    if (isTensor[index] !== true) {
      throw new ArgumentError(
        `function ${name} returned a gradient different from null at position ${index + 1}, ` +
          'but the corresponding forward input was not a Tensor',
        'TORCH_VALUE',
      );
    }
  }
  return gradients;
}

/** Calls a static method. */
function call(type: AnyFunctionClass, method: unknown, args: readonly unknown[]): unknown {
  return (method as (...given: unknown[]) => unknown).apply(type, [...args]);
}

/** What the node calls. A function of its own, so that the closure cannot hold the inputs, and with them a graph. */
function backwardOf(
  type: AnyFunctionClass,
  name: string,
  ctx: Context,
  isTensor: readonly boolean[],
): (gradients: number[]) => number[] {
  return (handles) => {
    const given = handles.map((handle) => (handle === 0 ? null : adopt<Tensor>(handle)));
    if (typeof type.backward !== 'function') {
      throw new NotImplementedError(
        `${type.name} has no static method \`backward\`: a custom function needs one to be differentiated`,
      );
    }
    const returned = call(type, type.backward, [ctx, ...given]);
    refusePromise(returned, `${type.name}.backward`);
    const gradients = gradientsOf(returned, name, isTensor);
    return gradients.filter((_, index) => isTensor[index]).map(handleOf);
  };
}

/** Runs forward without recording, and has the context set up. */
function forward(type: AnyFunctionClass, ctx: Context, inputs: readonly unknown[]): unknown {
  const { forward: compute, setupContext, name } = type;
  if (typeof compute !== 'function') {
    throw new NotImplementedError(`${name} has no static method \`forward\`: a custom function needs one`);
  }
  const result = noGrad(() => {
    if (typeof setupContext !== 'function') return { value: call(type, compute, [ctx, ...inputs]) };
    const value = call(type, compute, inputs);
    refusePromise(value, `${name}.apply`);
    refusePromise(call(type, setupContext, [ctx, inputs, value]), `${name}.setupContext`);
    return { value };
  });
  refusePromise(result.value, `${name}.apply`);
  return result.value;
}

/**
 * Makes a backward that is not to be differentiated: it runs without recording, and differentiating its gradients fails.
 * `torch.autograd.function.once_differentiable`.
 *
 * ```ts fragment
 * static backward = autograd.onceDifferentiable((ctx: FunctionContext<[Tensor]>, grad: Tensor) => grad.mul(2));
 * ```
 */
export function onceDifferentiable<Ctx extends FunctionContext, Given extends (Tensor | null)[]>(
  backward: (ctx: Ctx, ...gradients: Given) => Gradients,
): (ctx: Ctx, ...gradients: Given) => Gradients {
  return (ctx, ...gradients) => {
    const { found } = noGrad(() => ({ found: backward(ctx, ...gradients) }));
    const needed = isGradEnabled() && gradients.some((gradient) => gradient?.requiresGrad === true);
    if (!needed) return found;
    const list: readonly (Tensor | null | undefined)[] = Array.isArray(found)
      ? (found as readonly (Tensor | null)[])
      : [found as Tensor | null];
    const message = 'trying to differentiate twice a function that was marked with onceDifferentiable';
    const handles = binding.delayedError(
      list.map((gradient) => gradient?.handle ?? 0),
      message,
    );
    return handles.map((handle) => (handle === 0 ? null : adopt<Tensor>(handle)));
  };
}

/**
 * Base of custom functions: `torch.autograd.Function`.
 *
 * ```ts
 * class Exp extends torch.autograd.Function {
 *   static forward(ctx: torch.autograd.FunctionContext<[torch.Tensor]>, x: torch.Tensor): torch.Tensor {
 *     const y = x.exp();
 *     ctx.saveForBackward(y);
 *     return y;
 *   }
 *
 *   static backward(ctx: torch.autograd.FunctionContext<[torch.Tensor]>, grad: torch.Tensor): torch.Tensor {
 *     const [y] = ctx.savedTensors;
 *     return grad.mul(y);
 *   }
 * }
 * const x = torch.zeros([2], { requiresGrad: true });
 * Exp.apply(x).sum().backward();
 * console.log(x.grad); // tensor([1., 1.])
 * ```
 *
 * In the other form, `static forward(x)` does not get the context, and `static setupContext(ctx, inputs, output)` saves
 * what backward needs.
 *
 * Forward runs without recording. It returns a tensor, or an array of which the tensors are differentiable. Backward gets
 * one gradient per result and returns one per argument of forward, null for arguments that are no tensors or need none.
 * It is recorded where `createGraph` asks for it, so gradients of gradients work if it is made of differentiable ops.
 */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- a namespace for `extends`, as in PyTorch
export class Function {
  /** Calls forward with these arguments, and puts a node `<Name>Backward` into the graph where one of them requires a gradient. */
  static apply<Inputs extends readonly unknown[], Result>(
    this: SeparateFunctionClass<Inputs, Result>,
    ...inputs: Inputs
  ): Result;
  static apply<Inputs extends readonly unknown[], Result>(
    this: FunctionClass<Inputs, Result>,
    ...inputs: Inputs
  ): Result;
  static apply(this: AnyFunctionClass, ...inputs: unknown[]): unknown {
    const isTensor = inputs.map((input) => input instanceof Tensor);
    const needs = inputs.map((input) => input instanceof Tensor && input.requiresGrad);
    const record = isGradEnabled() && needs.includes(true);
    const ctx = new Context(needs);
    const result = forward(this, ctx, inputs);
    const several = Array.isArray(result);
    const outputs: unknown[] = several ? (result as unknown[]) : [result];
    const name = `${this.name}Backward`;
    const { node, outputs: wrapped } = binding.customFunction({
      name,
      backward: backwardOf(this, name, ctx, isTensor),
      inputs: handlesOf(inputs.filter((_, index) => isTensor[index])),
      outputs: handlesOf(outputs),
      dirty: handlesOf(ctx.dirty),
      nonDifferentiable: handlesOf(ctx.nonDifferentiable),
      saved: handlesOf(ctx.saved),
      materialize: ctx.materialize,
      record,
    });
    ctx.node = node;
    // The node has them; here they would keep the graph.
    ctx.saved = ctx.dirty = ctx.nonDifferentiable = [];
    const results = outputs.map((output, index) => {
      const handle = wrapped[index] ?? 0;
      return handle === 0 ? output : adopt<Tensor>(handle);
    });
    return several ? results : results[0];
  }
}
