import { keep, TorchError } from '../engine';
import { readTail, type Tail } from '../tensor/tail';
import { callOp, fullLike, sparseCooTensor, type Tensor, viewAsReal, zerosLike } from '../tensor';
import { ComposedOptimizer, checkChoices, directionOf, type ImplementationOptions, listsOf } from './composed';
import {
  areNumbers,
  asReal,
  byDeviceAndDtype,
  foreach,
  foreach_,
  free,
  Gradients,
  type Member,
  scaleEach_,
} from './foreach';
import { checkFused, counted, fused_, stepTensors } from './fused';
import { checkImplementation, checkLr, checkRates } from './options';
import type { ParamGroup, Params, RateOf } from './param-groups';
import { div, mul, neg, type Num, scalarOf } from './python-number';
import { scratch } from './scratch';
import { nextCount } from './state-dict';

/** Options of {@link Adagrad}. */
export interface AdagradOptions<L extends Tensor | number = Tensor | number> extends Omit<
  ImplementationOptions,
  'capturable'
> {
  /** Learning rate. */
  lr?: L;
  /** Lowers the rate in step t by the factor 1 / (1 + (t − 1) · lrDecay). */
  lrDecay?: number;
  /** Share of the parameter added to the gradient. */
  weightDecay?: number;
  /** What the sum of squares begins with. */
  initialAccumulatorValue?: number;
  /** Added to the denominator. */
  eps?: number;
  /** Step by libtorch's fused op, whose bits are not the for-loop's. */
  fused?: boolean | null;
}

const defaults: Required<AdagradOptions<number>> = {
  lr: 1e-2,
  lrDecay: 0,
  weightDecay: 0,
  initialAccumulatorValue: 0,
  eps: 1e-10,
  foreach: null,
  maximize: false,
  differentiable: false,
  fused: null,
};

/** Options of a group. */
export type AdagradGroup<L extends Tensor | number = Tensor | number> = Required<AdagradOptions<RateOf<L>>>;

/** @inline */
interface AdagradState {
  step: number;
  /** Sum of the squared gradients. */
  sum: Tensor;
}

/** `torch.optim.Adagrad` (Duchi et al. 2011); sparse gradients change the rows that they have. */
export class Adagrad<L extends Tensor | number = number> extends ComposedOptimizer<AdagradGroup<L>, AdagradState> {
  constructor(
    params: Params<AdagradGroup<L>>,
    ...rest: Tail<
      AdagradOptions<L>,
      [
        'lr',
        'lrDecay',
        'weightDecay',
        'initialAccumulatorValue',
        'eps',
        'foreach',
        'maximize',
        'differentiable',
        'fused',
      ]
    >
  ) {
    super(params, readTail('Adagrad', defaults, rest));
    // Unlike all others, before the first step: a state dict of a fresh one has the sums.
    for (const { params: members } of this.paramGroups) {
      for (const param of members) this.state.set(param, this.makeState(param));
    }
  }

  protected override validate(options: AdagradGroup<L>): void {
    const { lr, lrDecay, weightDecay, initialAccumulatorValue, eps } = options;
    checkLr('Adagrad', lr);
    checkRates('Adagrad', {
      lrDecay: ['lr_decay value', lrDecay],
      weightDecay: ['weight_decay value', weightDecay],
      initialAccumulatorValue: ['initial_accumulator_value value', initialAccumulatorValue],
      eps: ['epsilon value', eps],
    });
    const { foreach, maximize, differentiable, fused } = options;
    checkImplementation('Adagrad', { foreach, maximize, differentiable, fused });
  }

  protected override requiredState(): readonly (keyof AdagradState)[] {
    return ['step', 'sum'];
  }

  protected override checkGradient(): void {
    // Sparse ones are welcome.
  }

  protected override makeState(param: Tensor): AdagradState {
    const { initialAccumulatorValue: value } = this.defaults;
    if (!param.isComplex()) return { step: 0, sum: keep(fullLike(param.detach(), value)) };
    const sum = keep(zerosLike(param.detach()));
    viewAsReal(sum).fill_(value);
    return { step: 0, sum };
  }

  /** One step over the parameters of a group; called without autograd, and in a scope. */
  protected override updateGroup(group: ParamGroup<AdagradGroup<L>>): void {
    if (group.fused === true) this.#updateFused(group);
    else super.updateGroup(group);
  }

  protected override updateOne(member: Member<AdagradState>, group: ParamGroup<AdagradGroup<L>>): void {
    const { lr, lrDecay, eps, weightDecay, differentiable } = group;
    const { state } = member;
    state.step = nextCount(state.step);
    if (weightDecay !== 0 && member.grad.isSparse) {
      throw new TorchError('weight_decay option is not compatible with sparse gradients');
    }
    const direction = directionOf(member, group);
    const rate = scalarOf(div(lr, 1 + (state.step - 1) * lrDecay));
    if (direction.isSparse) {
      updateSparse(member, direction, rate, eps);
      return;
    }
    const [param, grad, sum] = [member.param, direction, state.sum].map(asReal) as [Tensor, Tensor, Tensor];
    sum.addcmul_(grad, grad, { value: 1 });
    param.addcdiv_(grad, scratch(differentiable).add(sum.sqrt(), eps), { value: -rate });
  }

  protected override updateMany(members: readonly Member<AdagradState>[], group: ParamGroup<AdagradGroup<L>>): void {
    if (members.some(({ grad }) => grad.isSparse)) {
      for (const member of members) this.updateOne(member, group);
      return;
    }
    const { lr, lrDecay, eps, weightDecay, maximize } = group;
    const { params, grads } = listsOf(members);
    const sums = members.map(({ state }) => asReal(state.sum));
    const gradients = new Gradients(grads, maximize);
    for (const { state } of members) state.step = nextCount(state.step);
    gradients.decay(params, weightDecay);
    const rates = members.map(({ state }) => div(neg(lr), 1 + (state.step - 1) * lrDecay));
    foreach_('addcmul_.Scalar', sums, gradients.list, gradients.list, 1);
    const roots = foreach('sqrt', sums);
    foreach_('add_.Scalar', roots, eps);
    let numerators = gradients.list;
    if (gradients.made) scaleEach_(numerators, rates);
    else if (areNumbers(rates)) numerators = foreach('mul.ScalarList', numerators, rates);
    else numerators = numerators.map((gradient, index) => mul(gradient, rates[index] as Num));
    foreach_('addcdiv_.Scalar', params, numerators, roots, 1);
    free(numerators, roots);
  }

  #updateFused(group: ParamGroup<AdagradGroup<L>>): void {
    const { lr, lrDecay, weightDecay, eps, maximize } = group;
    const all = this.membersOf(group);
    checkChoices(group, all);
    checkFused(all);
    if (all.some(({ grad }) => grad.isSparse)) {
      throw new TorchError('`fused` does not support sparse grad or complex param');
    }
    for (const members of byDeviceAndDtype(all)) {
      const { params, grads } = listsOf(members);
      const sums = members.map(({ state }) => state.sum);
      counted(members, this.gradientScaling, () => {
        const lists = [params, grads, sums, stepTensors(members)];
        fused_('adagrad', [...lists, lr, lrDecay, weightDecay, eps, maximize], this.gradientScaling);
      });
    }
  }
}

/** Changes what a sparse gradient has; the step is not linear in it, so its indices must be unique. */
function updateSparse({ param, state }: Member<AdagradState>, grad: Tensor, rate: number, eps: number): void {
  const unique = grad.coalesce();
  const [indices, values] = [unique.indices(), unique.values()];
  const like = (elements: Tensor): Tensor => sparseCooTensor(indices, elements, [...unique.shape]);
  state.sum.add_(like(values.pow(2)));
  const roots = callOp<Tensor>('aten::sparse_mask', [state.sum, unique]).values().sqrt_().add_(eps);
  param.add_(like(values.div(roots)), { alpha: -rate });
}
