import { checkNumbers, valueError } from '../engine';
import { readTail, type Tail } from '../tensor/tail';
import { type Tensor, viewAsComplex } from '../tensor';
import {
  ComposedOptimizer,
  directionOf,
  implementationDefaults,
  type ImplementationOptions,
  keptZeros,
  listsOf,
} from './composed';
import { asReal, foreach, foreach_, free, Gradients, type Member } from './foreach';
import { checkImplementation, checkLr, checkRates } from './options';
import { type ParamGroup, type Params, type RateOf } from './param-groups';
import { scalarOf } from './python-number';
import { nextCount } from './state-dict';

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions<L extends Tensor | number = Tensor | number> extends ImplementationOptions {
  /** Factor of the step that the method finds. */
  lr?: L;
  /** Share of the old in the running averages of squares. */
  rho?: number;
  /** Added under the roots. */
  eps?: number;
  /** Share of the parameter added to the gradient. */
  weightDecay?: number;
}

const defaults: Required<AdadeltaOptions<number>> = {
  lr: 1,
  rho: 0.9,
  eps: 1e-6,
  weightDecay: 0,
  ...implementationDefaults,
};

/** Options of a group. */
export type AdadeltaGroup<L extends Tensor | number = Tensor | number> = Required<AdadeltaOptions<RateOf<L>>>;

/** @inline */
interface AdadeltaState {
  step: number;
  squareAvg: Tensor;
  /** Running average of the squared steps. */
  accDelta: Tensor;
}

/** `torch.optim.Adadelta` (Zeiler 2012), which finds the size of its steps from those before. */
export class Adadelta<L extends Tensor | number = number> extends ComposedOptimizer<AdadeltaGroup<L>, AdadeltaState> {
  constructor(
    params: Params<AdadeltaGroup<L>>,
    ...rest: Tail<
      AdadeltaOptions<L>,
      ['lr', 'rho', 'eps', 'weightDecay', 'foreach', 'maximize', 'capturable', 'differentiable']
    >
  ) {
    super(params, readTail('Adadelta', defaults, rest));
  }

  protected override validate(options: AdadeltaGroup<L>): void {
    const { lr, rho, eps, weightDecay, foreach, maximize, capturable, differentiable } = options;
    checkLr('Adadelta', lr);
    checkNumbers('Adadelta', { rho });
    if (!(rho >= 0 && rho <= 1)) throw valueError(`Invalid rho value: ${rho}`);
    checkRates('Adadelta', { eps: ['epsilon value', eps], weightDecay: ['weight_decay value', weightDecay] });
    checkImplementation('Adadelta', { foreach, maximize, capturable, differentiable });
  }

  protected override requiredState(): readonly (keyof AdadeltaState)[] {
    return ['step', 'squareAvg', 'accDelta'];
  }

  protected override makeState(param: Tensor): AdadeltaState {
    return { step: 0, squareAvg: keptZeros(param), accDelta: keptZeros(param) };
  }

  protected override updateOne(member: Member<AdadeltaState>, group: ParamGroup<AdadeltaGroup<L>>): void {
    const { lr, rho, eps, differentiable } = group;
    const { param, state } = member;
    state.step = nextCount(state.step);
    const grad = asReal(directionOf(member, group));
    const [squareAvg, accDelta] = [asReal(state.squareAvg), asReal(state.accDelta)];
    squareAvg.mul_(rho).addcmul_(grad, grad, { value: 1 - rho });
    const deviation = squareAvg.add(eps).sqrt_();
    const root = accDelta.add(eps).sqrt_();
    const delta = (differentiable ? root.clone() : root).div_(deviation).mul_(grad);
    accDelta.mul_(rho).addcmul_(delta, delta, { value: 1 - rho });
    param.add_(param.isComplex() ? viewAsComplex(delta) : delta, { alpha: -scalarOf(lr) });
  }

  protected override updateMany(members: readonly Member<AdadeltaState>[], group: ParamGroup<AdadeltaGroup<L>>): void {
    const { lr, rho, eps, weightDecay, maximize } = group;
    const { params, grads } = listsOf(members);
    const squareAvgs = members.map(({ state }) => asReal(state.squareAvg));
    const accDeltas = members.map(({ state }) => asReal(state.accDelta));
    for (const { state } of members) state.step = nextCount(state.step);
    const gradients = new Gradients(grads, maximize);
    gradients.decay(params, weightDecay);
    foreach_('mul_.Scalar', squareAvgs, rho);
    foreach_('addcmul_.Scalar', squareAvgs, gradients.list, gradients.list, 1 - rho);
    const deviations = foreach('add.Scalar', squareAvgs, eps);
    foreach_('sqrt_', deviations);
    const deltas = foreach('add.Scalar', accDeltas, eps);
    foreach_('sqrt_', deltas);
    foreach_('div_.List', deltas, deviations);
    foreach_('mul_.List', deltas, gradients.list);
    foreach_('mul_.Scalar', accDeltas, rho);
    foreach_('addcmul_.Scalar', accDeltas, deltas, deltas, 1 - rho);
    foreach_('add_.List', params, deltas, -scalarOf(lr));
    gradients.free();
    free(deviations, deltas);
  }
}
