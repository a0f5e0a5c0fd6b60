/** libtorch's ops on lists of tensors, by which PyTorch's optimizers step over all parameters at once. */

import { dispose } from '../engine';
import type { Tensor } from '../tensor';
import { callOp, viewAsReal } from '../tensor';
import { mul, mul_, type Num, sub } from './python-number';

type Argument = readonly (Tensor | number)[] | Tensor | number;

/** The new tensors that `torch._foreach_…` makes, under the op's name with its overload. */
export function foreach(op: string, ...args: readonly Argument[]): Tensor[] {
  return callOp<Tensor[]>(`aten::_foreach_${op}`, args);
}

/** `torch._foreach_…_`, which changes its first list. */
export function foreach_(op: string, ...args: readonly Argument[]): void {
  callOp(`aten::_foreach_${op}`, args);
}

/** What of a parameter decoupled weight decay leaves. */
interface Decay {
  readonly lr: Num;
  readonly weightDecay: number;
}

const kept = ({ lr, weightDecay }: Decay): Num => sub(1, mul(lr, weightDecay));

/** Decoupled weight decay: off the parameter, where the other kind is added to its gradient. */
export function decay_(param: Tensor, group: Decay): void {
  mul_(param, kept(group));
}

/** {@link decay_} of a list by foreach ops. */
export function decayAll_(params: readonly Tensor[], group: Decay): void {
  const factor = kept(group);
  foreach_(typeof factor === 'number' ? 'mul_.Scalar' : 'mul_.Tensor', params, factor);
}

/** Multiplies each of a list by its factor; where those are tensors, Python's op, too, goes one by one. */
export function scaleEach_(list: readonly Tensor[], factors: readonly Num[]): void {
  if (areNumbers(factors)) foreach_('mul_.ScalarList', list, factors);
  else for (const [index, tensor] of list.entries()) mul_(tensor, factors[index] as Num);
}

/** True if no learning rate that is a tensor has made tensors of them. */
export function areNumbers(values: readonly Num[]): values is readonly number[] {
  return values.every((value) => typeof value === 'number');
}

/** One parameter with its gradient and what is remembered of it. @inline */
export interface Member<S> {
  param: Tensor;
  grad: Tensor;
  state: S;
}

/** One list per device and dtype, as foreach ops and fused ops take them. */
export function byDeviceAndDtype<S>(members: readonly Member<S>[]): Member<S>[][] {
  const groups = new Map<string, Member<S>[]>();
  for (const member of members) {
    const key = `${member.param.device} ${member.param.dtype}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [member]);
    else group.push(member);
  }
  return [...groups.values()];
}

/** Lists that the optimizer has made itself and needs no more: freed before the next ones are made, as Python does. */
export function free(...lists: readonly (readonly Tensor[])[]): void {
  for (const list of lists) dispose(...list);
}

/** A complex tensor as pairs of real numbers; any other as it is. */
export function asReal(tensor: Tensor): Tensor {
  return tensor.isComplex() ? viewAsReal(tensor) : tensor;
}

/** Gradients of a foreach step, which may be the parameters' own or a list that was made. */
export class Gradients {
  #made: boolean;

  constructor(
    public list: readonly Tensor[],
    maximize: boolean,
  ) {
    this.#made = maximize;
    if (maximize) this.list = foreach('neg', list);
  }

  /** Adds a share of the parameters to each. */
  decay(params: readonly Tensor[], weightDecay: number): void {
    if (weightDecay === 0) return;
    if (this.#made) foreach_('add_.List', this.list, params, weightDecay);
    else this.list = foreach('add.List', this.list, params, weightDecay);
    this.#made = true;
  }

  /** They were made for this step, and may be written over. */
  get made(): boolean {
    return this.#made;
  }

  /** Frees them, unless they are the parameters' own. */
  free(): void {
    if (this.#made) free(this.list);
  }
}
