import { libm } from '../engine';
import { readTail, type Tail } from '../tensor/tail';
import { ones, type Tensor } from '../tensor';
import { keep } from '../engine';
import {
  ComposedOptimizer,
  directionOf,
  implementationDefaults,
  type ImplementationOptions,
  keptZeros,
  listsOf,
} from './composed';
import { asReal, decay_, decayAll_, foreach, foreach_, free, Gradients, type Member } from './foreach';
import { checkBetas, checkImplementation, checkLr, checkRates } from './options';
import type { ParamGroup, Params, RateOf } from './param-groups';
import { div, mul, neg, scalarOf, sub, valueOf } from './python-number';
import { scratch } from './scratch';
import { countTensor, nextCount } from './state-dict';

/** Options of {@link NAdam}. */
export interface NAdamOptions<L extends Tensor | number = Tensor | number> extends ImplementationOptions {
  /** Learning rate. */
  lr?: L;
  /** Shares of the old in the running averages of the gradient and of its square. */
  betas?: readonly [number, number];
  /** Added to the denominator. */
  eps?: number;
  /** Share of the parameter added to the gradient; with `decoupledWeightDecay` subtracted from the parameter. */
  weightDecay?: number;
  /** How fast the momentum comes up to `betas[0]`. */
  momentumDecay?: number;
  /** Decay the parameter itself, as AdamW does. */
  decoupledWeightDecay?: boolean;
}

const defaults: Required<NAdamOptions<number>> = {
  lr: 2e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  momentumDecay: 4e-3,
  decoupledWeightDecay: false,
  ...implementationDefaults,
};

/** Options of a group. */
export type NAdamGroup<L extends Tensor | number = Tensor | number> = Required<NAdamOptions<RateOf<L>>>;

/** @inline */
interface NAdamState {
  step: number;
  /** Product of the momenta so far, without dimensions. */
  muProduct: Tensor;
  expAvg: Tensor;
  expAvgSq: Tensor;
}

/** `torch.optim.NAdam`: Adam with Nesterov's momentum (Dozat 2016). */
export class NAdam<L extends Tensor | number = number> extends ComposedOptimizer<NAdamGroup<L>, NAdamState> {
  constructor(
    params: Params<NAdamGroup<L>>,
    ...rest: Tail<
      NAdamOptions<L>,
      [
        'lr',
        'betas',
        'eps',
        'weightDecay',
        'momentumDecay',
        'decoupledWeightDecay',
        'foreach',
        'maximize',
        'capturable',
        'differentiable',
      ]
    >
  ) {
    super(params, readTail('NAdam', defaults, rest));
  }

  protected override validate(options: NAdamGroup<L>): void {
    const { lr, eps, betas, weightDecay, momentumDecay } = options;
    checkLr('NAdam', lr);
    checkRates('NAdam', { eps: ['epsilon value', eps] });
    checkBetas('NAdam', betas);
    checkRates('NAdam', {
      weightDecay: ['weight_decay value', weightDecay],
      momentumDecay: ['momentum_decay value', momentumDecay],
    });
    const { foreach, maximize, capturable, differentiable, decoupledWeightDecay } = options;
    checkImplementation('NAdam', { foreach, maximize, capturable, differentiable, decoupledWeightDecay });
  }

  protected override requiredState(): readonly (keyof NAdamState)[] {
    return ['step', 'muProduct', 'expAvg', 'expAvgSq'];
  }

  protected override stateShape(name: string, param: Tensor): readonly number[] {
    return name === 'mu_product' ? [] : param.shape;
  }

  protected override makeState(param: Tensor): NAdamState {
    const muProduct = keep(ones([], { dtype: countTensor(0).dtype }));
    return { step: 0, muProduct, expAvg: keptZeros(param), expAvgSq: keptZeros(param) };
  }

  protected override updateOne(
    { param: given, grad: ofGiven, state }: Member<NAdamState>,
    group: ParamGroup<NAdamGroup<L>>,
  ): void {
    const { lr, eps, weightDecay, maximize, decoupledWeightDecay, differentiable } = group;
    const [beta1, beta2] = group.betas;
    const [param, expAvg, expAvgSq] = [given, state.expAvg, state.expAvgSq].map(asReal) as [Tensor, Tensor, Tensor];
    state.step = nextCount(state.step);
    if (weightDecay !== 0 && decoupledWeightDecay) decay_(param, group);
    const decay = decoupledWeightDecay ? 0 : weightDecay;
    const grad = directionOf({ param, grad: asReal(ofGiven) }, { maximize, weightDecay: decay });

    const [mu, muNext] = momenta(group, state.step);
    state.muProduct.mul_(mu);
    expAvg.lerp_(grad, 1 - beta1);
    expAvgSq.mul_(beta2).addcmul_(grad, grad, { value: 1 - beta2 });
    const make = scratch(differentiable);
    const denominator = make.add(make.sqrt(expAvgSq.div(1 - libm.pow(beta2, state.step))), eps);

    if (differentiable) {
      const muProductNext = state.muProduct.mul(muNext);
      param.addcdiv_(grad.mul(div(mul(neg(lr), 1 - mu), sub(1, state.muProduct))), denominator);
      param.addcdiv_(expAvg.mul(div(mul(neg(lr), muNext), sub(1, muProductNext))), denominator);
      return;
    }
    const muProduct = state.muProduct.item();
    param.addcdiv_(grad, denominator, { value: scalarOf(div(mul(neg(lr), 1 - mu), 1 - muProduct)) });
    param.addcdiv_(expAvg, denominator, { value: scalarOf(div(mul(neg(lr), muNext), 1 - muProduct * muNext)) });
  }

  protected override updateMany(members: readonly Member<NAdamState>[], group: ParamGroup<NAdamGroup<L>>): void {
    const { lr, eps, weightDecay, maximize, decoupledWeightDecay } = group;
    const [beta1, beta2] = group.betas;
    const { params, grads } = listsOf(members);
    const states = members.map(({ state }) => state);
    const expAvgs = states.map(({ expAvg }) => asReal(expAvg));
    const expAvgSqs = states.map(({ expAvgSq }) => asReal(expAvgSq));
    const gradients = new Gradients(grads, maximize);
    for (const state of states) state.step = nextCount(state.step);
    if (!decoupledWeightDecay) gradients.decay(params, weightDecay);
    else if (weightDecay !== 0) decayAll_(params, group);

    foreach_('lerp_.Scalar', expAvgs, gradients.list, 1 - beta1);
    foreach_('mul_.Scalar', expAvgSqs, beta2);
    foreach_('addcmul_.Scalar', expAvgSqs, gradients.list, gradients.list, 1 - beta2);
    const denominators = foreach('sqrt', expAvgSqs);
    const pairs = states.map(({ step }) => momenta(group, step));
    foreach_(
      'mul_.ScalarList',
      states.map(({ muProduct }) => muProduct),
      pairs.map(([mu]) => mu),
    );
    foreach_(
      'div_.ScalarList',
      denominators,
      states.map(({ step }) => libm.pow(1 - libm.pow(beta2, step), 0.5)),
    );
    foreach_('add_.Scalar', denominators, eps);
    const products = states.map(({ muProduct }) => muProduct.item());
    const rate = valueOf(lr);
    const ofGradients = pairs.map(([mu], index) => ((rate * (1 - mu)) / (1 - (products[index] as number))) * -1);
    const ofAverages = pairs.map(([, next], index) => ((rate * next) / (1 - (products[index] as number) * next)) * -1);
    foreach_('addcdiv_.ScalarList', params, gradients.list, denominators, ofGradients);
    foreach_('addcdiv_.ScalarList', params, expAvgs, denominators, ofAverages);
    gradients.free();
    free(denominators);
  }
}

/** The momentum of this step and of the next one. */
function momenta({ betas: [beta1], momentumDecay }: NAdamGroup, step: number): [mu: number, next: number] {
  const at = (count: number): number => beta1 * (1 - 0.5 * libm.pow(0.96, count * momentumDecay));
  return [at(step), at(step + 1)];
}
