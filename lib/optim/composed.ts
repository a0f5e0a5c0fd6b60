import { ArgumentError, describe, keep, scope, TorchError } from '../engine';
import { type Tensor, zerosLike } from '../tensor';
import { asReal, byDeviceAndDtype, type Member } from './foreach';
import { Optimizer } from './optimizer';
import type { ParamGroup } from './param-groups';
import type { StateValue } from './state-dict';

/** Options that choose between PyTorch's implementations of an optimizer. */
export interface ImplementationOptions {
  /** Step by ops on lists of all parameters; null (the default) does so where all of them are on a GPU. */
  foreach?: boolean | null;
  /** Climb, not descend. */
  maximize?: boolean;
  /** For steps captured in a CUDA graph, which there is no way to make here: `true` is refused at the step. */
  capturable?: boolean;
  /** Have autograd record the steps. */
  differentiable?: boolean;
}

/** Their defaults, in PyTorch's order. */
export const implementationDefaults: Required<ImplementationOptions> = {
  foreach: null,
  maximize: false,
  capturable: false,
  differentiable: false,
};

/** What of a group decides how it steps; an optimizer that lacks an option has no such implementation. */
interface Choices {
  foreach?: boolean | null;
  fused?: boolean | null;
  capturable?: boolean;
  differentiable?: boolean;
}

/** PyTorch's choice: what was asked for, else foreach where all parameters are on a GPU and nothing is recorded. */
export function usesForeach(group: Choices, members: readonly { param: Tensor }[]): boolean {
  if (group.foreach !== null && group.foreach !== undefined) return group.foreach;
  if (group.fused !== null && group.fused !== undefined) return false;
  return group.differentiable !== true && members.every(({ param }) => param.device.startsWith('cuda'));
}

/** Refuses at the step what Python refuses there. */
export function checkChoices(group: Choices, members: readonly { param: Tensor }[]): void {
  if (group.capturable === true) {
    const devices = [...new Set(members.map(({ param }) => param.device))].join(', ');
    throw new TorchError(
      'capturable: true is for steps captured in a CUDA graph, which libtorch-node does not make: leave it false ' +
        `(in Python it takes parameters on a GPU only; these are on ${devices})`,
    );
  }
  if (group.differentiable === true && group.foreach === true) {
    throw new TorchError("_foreach ops don't support autograd: leave out foreach or differentiable");
  }
}

/**
 * An optimizer that is composed of ops: one parameter after the other, or by foreach ops, in exactly the order of
 * PyTorch's file, on which its bits depend.
 */
export abstract class ComposedOptimizer<
  O extends { lr: Tensor | number } & Choices,
  S extends object,
  V extends StateValue = Tensor,
> extends Optimizer<O, S, V> {
  /** What is remembered of a parameter before its first step; the caller keeps the tensors. */
  protected abstract makeState(param: Tensor, grad: Tensor, group: ParamGroup<O>): S;

  /** Updates one parameter. */
  protected abstract updateOne(member: Member<S>, group: ParamGroup<O>): void;

  /** Updates parameters of one device and one dtype by foreach ops. */
  protected abstract updateMany(members: readonly Member<S>[], group: ParamGroup<O>): void;

  protected override updateGroup(group: ParamGroup<O>): void {
    const members = this.membersOf(group);
    if (members.length === 0) return;
    checkChoices(group, members);
    if (usesForeach(group, members)) {
      for (const some of byDeviceAndDtype(members)) scope(() => this.updateMany(some, group));
      return;
    }
    for (const member of members) {
      if (group.differentiable === true) this.updateOne(member, group);
      else scope(() => this.updateOne(member, group));
    }
  }

  /** The parameters of a group that have a gradient, with their state. */
  protected membersOf(group: ParamGroup<O>): Member<S>[] {
    return group.params.flatMap((param) => {
      const { grad } = param;
      if (grad === null) return [];
      this.checkGradient(param, grad);
      return [{ param, grad, state: this.stateOf(param, grad, group) }];
    });
  }

  /** Refuses gradients that the optimizer does not take. */
  protected checkGradient(_param: Tensor, grad: Tensor): void {
    if (grad.isSparse) throw new TorchError(`${this.constructor.name} does not support sparse gradients`);
  }

  /** A parameter's state, made at its first step; it outlives the scope of that step. */
  protected stateOf(param: Tensor, grad: Tensor, group: ParamGroup<O>): S {
    let state = this.state.get(param);
    if (state === undefined) {
      state = this.makeState(param, grad, group);
      this.state.set(param, state);
    }
    return state;
  }
}

/** Zeros laid out in memory as their parameter, for an optimizer's state. */
export function keptZeros(like: Tensor): Tensor {
  return keep(zerosLike(like));
}

/** The direction of one parameter's step: −grad where the objective is climbed, with a share of the parameter. */
export function directionOf(
  { param, grad }: { param: Tensor; grad: Tensor },
  { maximize, weightDecay }: { maximize: boolean; weightDecay: number },
): Tensor {
  const ascending = maximize ? grad.neg() : grad;
  if (weightDecay === 0) return ascending;
  return maximize ? ascending.add_(param, { alpha: weightDecay }) : grad.add(param, { alpha: weightDecay });
}

/** Refuses a list that can be none of parameters: one of holes may have billions. */
export function checkMembers(members: readonly unknown[]): void {
  if (Array.isArray(members) && members.length <= 2 ** 24) return;
  throw new ArgumentError(`expected a list of parameters with their gradients, received ${describe(members)}`);
}

/** A list of members as the lists that foreach ops take, complex tensors as pairs of real numbers. */
export function listsOf<S>(members: readonly Member<S>[]): { params: Tensor[]; grads: Tensor[] } {
  checkMembers(members);
  return {
    params: members.map(({ param }) => asReal(param)),
    grads: members.map(({ grad }) => asReal(grad)),
  };
}
