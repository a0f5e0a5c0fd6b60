import { libm } from '../engine';
import { readTail, type Tail } from '../tensor/tail';
import { amax, callOp, cat, type Tensor } from '../tensor';
import {
  ComposedOptimizer,
  directionOf,
  implementationDefaults,
  type ImplementationOptions,
  keptZeros,
  listsOf,
} from './composed';
import { asReal, foreach, foreach_, free, Gradients, type Member } from './foreach';
import { checkBetas, checkImplementation, checkLr, checkRates } from './options';
import type { ParamGroup, Params, RateOf } from './param-groups';
import { div, scalarOf, valueOf } from './python-number';
import { nextCount } from './state-dict';

/** Options of {@link Adamax}. */
export interface AdamaxOptions<L extends Tensor | number = Tensor | number> extends ImplementationOptions {
  /** Learning rate. */
  lr?: L;
  /** Shares of the old in the running average of the gradient and in its running maximum. */
  betas?: readonly [number, number];
  /** Added to the magnitude of the gradient. */
  eps?: number;
  /** Share of the parameter added to the gradient. */
  weightDecay?: number;
}

const defaults: Required<AdamaxOptions<number>> = {
  lr: 2e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  ...implementationDefaults,
};

/** Options of a group. */
export type AdamaxGroup<L extends Tensor | number = Tensor | number> = Required<AdamaxOptions<RateOf<L>>>;

/** @inline */
interface AdamaxState {
  step: number;
  expAvg: Tensor;
  /** Running maximum of the gradient's magnitude. */
  expInf: Tensor;
}

/** `torch.optim.Adamax`: Adam by the infinity norm (Kingma and Ba 2015). */
export class Adamax<L extends Tensor | number = number> extends ComposedOptimizer<AdamaxGroup<L>, AdamaxState> {
  constructor(
    params: Params<AdamaxGroup<L>>,
    ...rest: Tail<
      AdamaxOptions<L>,
      ['lr', 'betas', 'eps', 'weightDecay', 'foreach', 'maximize', 'capturable', 'differentiable']
    >
  ) {
    super(params, readTail('Adamax', defaults, rest));
  }

  protected override validate(options: AdamaxGroup<L>): void {
    const { lr, eps, betas, weightDecay, foreach, maximize, capturable, differentiable } = options;
    checkLr('Adamax', lr);
    checkRates('Adamax', { eps: ['epsilon value', eps] });
    checkBetas('Adamax', betas);
    checkRates('Adamax', { weightDecay: ['weight_decay value', weightDecay] });
    checkImplementation('Adamax', { foreach, maximize, capturable, differentiable });
  }

  protected override requiredState(): readonly (keyof AdamaxState)[] {
    return ['step', 'expAvg', 'expInf'];
  }

  protected override makeState(param: Tensor): AdamaxState {
    return { step: 0, expAvg: keptZeros(param), expInf: keptZeros(param) };
  }

  protected override updateOne(member: Member<AdamaxState>, group: ParamGroup<AdamaxGroup<L>>): void {
    const { lr, eps, differentiable } = group;
    const [beta1, beta2] = group.betas;
    const { state } = member;
    state.step = nextCount(state.step);
    const grad = asReal(directionOf(member, group));
    const [param, expAvg, expInf] = [member.param, state.expAvg, state.expInf].map(asReal) as [Tensor, Tensor, Tensor];
    expAvg.lerp_(grad, 1 - beta1);
    const [before, now] = [expInf.mul_(beta2), grad.abs().add_(eps)];
    if (differentiable) expInf.copy_(amax(cat([before.unsqueeze(0), now.unsqueeze(0)], 0), 0));
    else callOp('aten::maximum.out', [before, now, expInf]);
    param.addcdiv_(expAvg, expInf, { value: -scalarOf(div(lr, 1 - libm.pow(beta1, state.step))) });
  }

  protected override updateMany(members: readonly Member<AdamaxState>[], group: ParamGroup<AdamaxGroup<L>>): void {
    const { lr, eps, weightDecay, maximize } = group;
    const [beta1, beta2] = group.betas;
    const { params, grads } = listsOf(members);
    const states = members.map(({ state }) => state);
    const expAvgs = states.map(({ expAvg }) => asReal(expAvg));
    const expInfs = states.map(({ expInf }) => asReal(expInf));
    const gradients = new Gradients(grads, maximize);
    for (const state of states) state.step = nextCount(state.step);
    gradients.decay(params, weightDecay);
    foreach_('lerp_.Scalar', expAvgs, gradients.list, 1 - beta1);
    foreach_('mul_.Scalar', expInfs, beta2);
    let magnitudes = gradients.list;
    if (gradients.made) foreach_('abs_', magnitudes);
    else magnitudes = foreach('abs', magnitudes);
    foreach_('add_.Scalar', magnitudes, eps);
    foreach_('maximum_.List', expInfs, magnitudes);
    free(magnitudes);
    const rate = valueOf(lr);
    const steps = states.map(({ step }) => (rate / (1 - libm.pow(beta1, step))) * -1);
    foreach_('addcdiv_.ScalarList', params, expAvgs, expInfs, steps);
  }
}
