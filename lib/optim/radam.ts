import { libm } from '../engine';
import { readTail, type Tail } from '../tensor/tail';
import type { Tensor } from '../tensor';
import {
  ComposedOptimizer,
  directionOf,
  implementationDefaults,
  type ImplementationOptions,
  keptZeros,
  listsOf,
} from './composed';
import { areNumbers, asReal, decay_, decayAll_, foreach, foreach_, free, Gradients, type Member } from './foreach';
import { checkBetas, checkImplementation, checkLr, checkRates } from './options';
import type { ParamGroup, Params, RateOf } from './param-groups';
import { div, mul, type Num } from './python-number';
import { scratch } from './scratch';
import { nextCount } from './state-dict';

/** Options of {@link RAdam}. */
export interface RAdamOptions<L extends Tensor | number = Tensor | number> extends ImplementationOptions {
  /** Learning rate. */
  lr?: L;
  /** Shares of the old in the running averages of the gradient and of its square. */
  betas?: readonly [number, number];
  /** Added to the denominator. */
  eps?: number;
  /** Share of the parameter added to the gradient; with `decoupledWeightDecay` subtracted from the parameter. */
  weightDecay?: number;
  /** Decay the parameter itself, as AdamW does. */
  decoupledWeightDecay?: boolean;
}

const defaults: Required<RAdamOptions<number>> = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  decoupledWeightDecay: false,
  ...implementationDefaults,
};

/** Options of a group. */
export type RAdamGroup<L extends Tensor | number = Tensor | number> = Required<RAdamOptions<RateOf<L>>>;

/** @inline */
interface RAdamState {
  step: number;
  expAvg: Tensor;
  expAvgSq: Tensor;
}

/** `torch.optim.RAdam`: Adam whose first steps are those of plain momentum, until the variance is known (Liu et al. 2020). */
export class RAdam<L extends Tensor | number = number> extends ComposedOptimizer<RAdamGroup<L>, RAdamState> {
  constructor(
    params: Params<RAdamGroup<L>>,
    ...rest: Tail<
      RAdamOptions<L>,
      [
        'lr',
        'betas',
        'eps',
        'weightDecay',
        'decoupledWeightDecay',
        'foreach',
        'maximize',
        'capturable',
        'differentiable',
      ]
    >
  ) {
    super(params, readTail('RAdam', defaults, rest));
  }

  protected override validate(options: RAdamGroup<L>): void {
    const { lr, eps, betas, weightDecay } = options;
    checkLr('RAdam', lr);
    checkRates('RAdam', { eps: ['epsilon value', eps] });
    checkBetas('RAdam', betas);
    checkRates('RAdam', { weightDecay: ['weight_decay value', weightDecay] });
    const { foreach, maximize, capturable, differentiable, decoupledWeightDecay } = options;
    checkImplementation('RAdam', { foreach, maximize, capturable, differentiable, decoupledWeightDecay });
  }

  protected override requiredState(): readonly (keyof RAdamState)[] {
    return ['step', 'expAvg', 'expAvgSq'];
  }

  protected override makeState(param: Tensor): RAdamState {
    return { step: 0, expAvg: keptZeros(param), expAvgSq: keptZeros(param) };
  }

  protected override updateOne(member: Member<RAdamState>, group: ParamGroup<RAdamGroup<L>>): void {
    const { lr, eps, weightDecay, maximize, decoupledWeightDecay, differentiable } = group;
    const [beta1, beta2] = group.betas;
    const { state } = member;
    const [param, expAvg, expAvgSq] = [member.param, state.expAvg, state.expAvgSq].map(asReal) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    state.step = nextCount(state.step);
    if (weightDecay !== 0 && decoupledWeightDecay) decay_(param, group);
    const decay = decoupledWeightDecay ? 0 : weightDecay;
    const grad = directionOf({ param, grad: asReal(member.grad) }, { maximize, weightDecay: decay });
    expAvg.lerp_(grad, 1 - beta1);
    expAvgSq.mul_(beta2).addcmul_(grad, grad, { value: 1 - beta2 });

    const make = scratch(differentiable);
    const corrected = expAvg.div(1 - libm.pow(beta1, state.step));
    // Not in place by a tensor, whose dtype the product has where neither of them has dimensions.
    const update = typeof lr === 'number' ? make.scale(corrected, lr) : corrected.mul(lr);
    const rectification = rectificationAt(beta2, state.step);
    if (rectification === null) {
      param.add_(update, { alpha: -1 });
      return;
    }
    const root = make.add(expAvgSq.sqrt(), eps);
    const rates = make.scale(make.reciprocal(root), libm.pow(1 - libm.pow(beta2, state.step), 0.5));
    param.add_(make.scale(make.mul(update, rates), rectification), { alpha: -1 });
  }

  protected override updateMany(members: readonly Member<RAdamState>[], group: ParamGroup<RAdamGroup<L>>): void {
    const { lr, eps, weightDecay, maximize, decoupledWeightDecay } = group;
    const [beta1, beta2] = group.betas;
    const { params, grads } = listsOf(members);
    const states = members.map(({ state }) => state);
    const expAvgs = states.map(({ expAvg }) => asReal(expAvg));
    const expAvgSqs = states.map(({ expAvgSq }) => asReal(expAvgSq));
    for (const state of states) state.step = nextCount(state.step);
    const gradients = new Gradients(grads, maximize);
    if (!decoupledWeightDecay) gradients.decay(params, weightDecay);
    else if (weightDecay !== 0) decayAll_(params, group);
    foreach_('lerp_.Scalar', expAvgs, gradients.list, 1 - beta1);
    foreach_('mul_.Scalar', expAvgSqs, beta2);
    foreach_('addcmul_.Scalar', expAvgSqs, gradients.list, gradients.list, 1 - beta2);
    gradients.free();

    // One formula for both kinds of steps: a share of zero where the other kind is due.
    const plain: Num[] = [];
    const rectified: Num[] = [];
    for (const { step } of states) {
      const rectification = rectificationAt(beta2, step) ?? 0;
      const correction = 1 - libm.pow(beta1, step);
      plain.push(mul(div(mul(lr, rectification > 0 ? 0 : 1), correction), -1));
      const rate = div(mul(lr, rectification), correction);
      rectified.push(mul(mul(libm.pow(1 - libm.pow(beta2, step), 0.5), rate), -1));
    }
    const factors = foreach('sqrt', expAvgSqs);
    foreach_('add_.Scalar', factors, eps);
    if (areNumbers(rectified)) foreach_('div_.ScalarList', factors, rectified);
    else foreach_('div_.List', factors, rectified);
    foreach_('reciprocal_', factors);
    if (areNumbers(plain)) foreach_('add_.ScalarList', factors, plain);
    else foreach_('add_.List', factors, plain, 1);
    foreach_('addcmul_.Scalar', params, expAvgs, factors, 1);
    free(factors);
  }
}

/** By what the adaptive step is multiplied; null where the average of squares is of too few steps to be used. */
function rectificationAt(beta2: number, step: number): number | null {
  const power = libm.pow(beta2, step);
  const limit = 2 / (1 - beta2) - 1;
  const length = limit - (2 * step * power) / (1 - power);
  if (!(length > 5)) return null;
  return libm.pow(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length), 0.5);
}
