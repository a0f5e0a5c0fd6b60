import { keep, valueError } from '../engine';
import { readTail, type Tail } from '../tensor/tail';
import { fullLike, type Tensor, viewAsReal, where, zerosLike } from '../tensor';
import { ComposedOptimizer, implementationDefaults, type ImplementationOptions, keptZeros, listsOf } from './composed';
import { asReal, foreach, foreach_, free, type Member } from './foreach';
import { checkImplementation, checkLr, checkPair } from './options';
import { type ParamGroup, type Params, type RateOf } from './param-groups';
import { scalarOf } from './python-number';
import { nextCount } from './state-dict';

/** Options of {@link Rprop}. */
export interface RpropOptions<L extends Tensor | number = Tensor | number> extends ImplementationOptions {
  /** The first step. */
  lr?: L;
  /** Factors of the step where the gradient's sign has changed, and where it has not. */
  etas?: readonly [number, number];
  /** Bounds of the steps. */
  stepSizes?: readonly [number, number];
}

const defaults: Required<RpropOptions<number>> = {
  lr: 1e-2,
  etas: [0.5, 1.2],
  stepSizes: [1e-6, 50],
  ...implementationDefaults,
};

/** Options of a group. */
export type RpropGroup<L extends Tensor | number = Tensor | number> = Required<RpropOptions<RateOf<L>>>;

/** @inline */
interface RpropState {
  step: number;
  /** The gradient of the last step. */
  prev: Tensor;
  stepSize: Tensor;
}

/** `torch.optim.Rprop`: resilient backpropagation, by the signs of gradients alone (Riedmiller and Braun 1993). */
export class Rprop<L extends Tensor | number = number> extends ComposedOptimizer<RpropGroup<L>, RpropState> {
  constructor(
    params: Params<RpropGroup<L>>,
    ...rest: Tail<RpropOptions<L>, ['lr', 'etas', 'stepSizes', 'foreach', 'maximize', 'capturable', 'differentiable']>
  ) {
    super(params, readTail('Rprop', defaults, rest));
  }

  protected override validate(options: RpropGroup<L>): void {
    const { lr, etas, stepSizes, foreach, maximize, capturable, differentiable } = options;
    checkLr('Rprop', lr);
    checkPair('Rprop', 'etas', etas);
    if (!(etas[0] > 0 && etas[0] < 1 && etas[1] > 1)) throw valueError(`Invalid eta values: ${etas[0]}, ${etas[1]}`);
    checkPair('Rprop', 'stepSizes', stepSizes);
    checkImplementation('Rprop', { foreach, maximize, capturable, differentiable });
  }

  protected override requiredState(): readonly (keyof RpropState)[] {
    return ['step', 'prev', 'stepSize'];
  }

  protected override makeState(param: Tensor, grad: Tensor, { lr }: ParamGroup<RpropGroup<L>>): RpropState {
    const prev = keptZeros(param);
    if (!param.isComplex()) return { step: 0, prev, stepSize: keep(fullLike(grad.detach(), scalarOf(lr))) };
    // Real and imaginary part step on their own.
    const stepSize = keep(zerosLike(grad.detach()));
    viewAsReal(stepSize).fill_(scalarOf(lr));
    return { step: 0, prev, stepSize };
  }

  protected override updateOne(member: Member<RpropState>, group: ParamGroup<RpropGroup<L>>): void {
    const { maximize, differentiable } = group;
    const { state } = member;
    const gradient = asReal(maximize ? member.grad.neg() : member.grad);
    const [param, prev, stepSize] = [member.param, state.prev, state.stepSize].map(asReal) as [Tensor, Tensor, Tensor];
    state.step = nextCount(state.step);
    const factors = factorsOf(gradient.mul(differentiable ? prev.clone() : prev).sign(), group);
    stepSize.mul_(factors).clamp_(group.stepSizes[0], group.stepSizes[1]);
    // Where the sign has changed, the step was too long: the next one goes by the shorter length alone.
    const grad = gradient.clone();
    grad.maskedFill_(factors.eq(group.etas[0]), 0);
    param.addcmul_(grad.sign(), stepSize, { value: -1 });
    prev.copy_(grad);
  }

  protected override updateMany(members: readonly Member<RpropState>[], group: ParamGroup<RpropGroup<L>>): void {
    const { maximize, etas, stepSizes } = group;
    const { params, grads } = listsOf(members);
    const prevs = members.map(({ state }) => asReal(state.prev));
    const sizes = members.map(({ state }) => asReal(state.stepSize));
    for (const { state } of members) state.step = nextCount(state.step);
    const factors = foreach('mul.List', grads, prevs);
    if (maximize) foreach_('neg_', factors);
    foreach_('copy_', prevs, grads);
    if (maximize) foreach_('neg_', prevs);
    foreach_('sign_', factors);
    for (const each of factors) factorsOf(each, group);
    foreach_('mul_.List', sizes, factors);
    for (const size of sizes) size.clamp_(stepSizes[0], stepSizes[1]);
    for (const [index, prev] of prevs.entries()) {
      prev.copy_(where((factors[index] as Tensor).eq(etas[0]), 0, prev));
    }
    free(factors);
    const signs = prevs.map((prev) => prev.sign());
    foreach_('addcmul_.Scalar', params, signs, sizes, -1);
    free(signs);
  }
}

/** Makes signs of gradient · last gradient factors of the step, in place. */
function factorsOf(signs: Tensor, { etas: [shrink, grow] }: RpropGroup): Tensor {
  signs.maskedFill_(signs.gt(0), grow);
  signs.maskedFill_(signs.lt(0), shrink);
  return signs.maskedFill_(signs.eq(0), 1);
}
