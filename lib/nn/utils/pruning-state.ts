/** Which tensors of a module are pruned, and how each is computed before a forward. */
import { ArgumentError, describe } from '../../engine';
import { Tensor } from '../../tensor';
import type { AnyModule } from '../module';
import { deleteSlot } from '../slots';
import type { BasePruningMethod } from './pruning-method';
import { letGo, putComputed } from './recomputed';

/** A pruned tensor of a module. A plain object, so that a copy of the module gets one of its own. */
interface Pruning {
  readonly method: BasePruningMethod;
  /** Reads all else from the module that it is called with, for copies of the module share it. */
  readonly hook: (module: AnyModule, inputs: readonly unknown[]) => undefined;
  /** What was computed last. */
  tensor: Tensor;
}

/** By the property. Under a symbol it is no member of the module, but copied with it. */
const PRUNINGS = Symbol('prunings');

/** The pruned tensors of this module alone. */
export function pruningsOf(module: AnyModule): ReadonlyMap<string, Pruning> {
  return (Reflect.get(module, PRUNINGS) as Map<string, Pruning> | undefined) ?? new Map<string, Pruning>();
}

/** What prunes a tensor of a module. */
export interface FoundPruning {
  readonly property: string;
  readonly method: BasePruningMethod;
}

/** What prunes a tensor, by the name of its property or PyTorch's; null where it is not pruned. */
export function findPruning(module: AnyModule, name: string): FoundPruning | null {
  for (const [property, { method }] of pruningsOf(module)) {
    if (property === name || method.tensorName === name) return { property, method };
  }
  return null;
}

/** The tensor as it was pruned last. As in PyTorch that is before the last forward, though the original was trained since. */
export function prunedTensor(module: AnyModule, { property, method }: FoundPruning): Tensor {
  const last: unknown = Reflect.get(module, property);
  return last instanceof Tensor && !last.isDisposed ? last : method.applyMask(module);
}

/**
 * Has the tensor in a property computed before each forward, and now for the first time. As in PyTorch the hook comes behind
 * those that are there, also where it takes the place of an earlier one.
 */
export function putPruning(module: AnyModule, property: string, method: BasePruningMethod): void {
  const tensor = compute(module, method);
  dropPruning(module, property, tensor);
  // What stands there is no parameter of the module any more.
  deleteSlot(module, property);
  putComputed(module, property, tensor);
  const hook = (of: AnyModule): undefined => {
    renew(of, property);
  };
  const prunings = new Map(pruningsOf(module)).set(property, { method, hook, tensor });
  Object.defineProperty(module, PRUNINGS, { value: prunings, configurable: true, enumerable: false, writable: true });
  module.registerForwardPreHook(hook);
}

/** Has the tensor in a property computed no more; `next` takes its place. */
export function dropPruning(module: AnyModule, property: string, next: Tensor): void {
  const prunings = new Map(pruningsOf(module));
  const pruning = prunings.get(property);
  if (pruning === undefined) return;
  module.hooks()?.forwardPre.remove(pruning.hook);
  prunings.delete(property);
  Reflect.set(module, PRUNINGS, prunings);
  letGo(pruning.tensor, next);
}

function renew(module: AnyModule, property: string): void {
  const pruning = pruningsOf(module).get(property);
  // Taken away by a hook that ran before this one, in this same forward.
  if (pruning === undefined) return;
  const tensor = compute(module, pruning.method);
  putComputed(module, property, tensor, pruning.tensor);
  pruning.tensor = tensor;
}

function compute(module: AnyModule, method: BasePruningMethod): Tensor {
  const tensor: unknown = method.applyMask(module);
  if (tensor instanceof Tensor) return tensor;
  throw new ArgumentError(
    `${method.constructor.name}.applyMask(): expected it to return a Tensor, received ${describe(tensor)}`,
  );
}
