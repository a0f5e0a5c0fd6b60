import { checkNumbers, keep } from '../engine';
import { readTail, type Tail } from '../tensor/tail';
import { getDefaultDtype, ones, type Tensor, tensor } from '../tensor';
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
import type { ParamGroup, Params, RateOf } from './param-groups';
import { add, div, mul, type Num, pow } from './python-number';
import { countTensor, nextCount } from './state-dict';

/** Options of {@link ASGD}. */
export interface ASGDOptions<L extends Tensor | number = Tensor | number> extends ImplementationOptions {
  /** Learning rate. */
  lr?: L;
  /** Decay of the parameters. */
  lambd?: number;
  /** Power by which the rate falls. */
  alpha?: number;
  /** The step at which averaging starts. */
  t0?: number;
  /** Share of the parameter added to the gradient. */
  weightDecay?: number;
}

const defaults: Required<ASGDOptions<number>> = {
  lr: 1e-2,
  lambd: 1e-4,
  alpha: 0.75,
  t0: 1e6,
  weightDecay: 0,
  ...implementationDefaults,
};

/** Options of a group. */
export type ASGDGroup<L extends Tensor | number = Tensor | number> = Required<ASGDOptions<RateOf<L>>>;

/** @inline */
interface ASGDState {
  step: number;
  /** The rate of the next step, without dimensions. */
  eta: Tensor;
  /** The newest parameter's share in the average, without dimensions. */
  mu: Tensor;
  /** The averaged parameter. */
  ax: Tensor;
}

/** `torch.optim.ASGD`: stochastic gradient descent that averages its parameters (Polyak and Juditsky 1992). */
export class ASGD<L extends Tensor | number = number> extends ComposedOptimizer<ASGDGroup<L>, ASGDState> {
  constructor(
    params: Params<ASGDGroup<L>>,
    ...rest: Tail<
      ASGDOptions<L>,
      ['lr', 'lambd', 'alpha', 't0', 'weightDecay', 'foreach', 'maximize', 'capturable', 'differentiable']
    >
  ) {
    super(params, readTail('ASGD', defaults, rest));
  }

  protected override validate(options: ASGDGroup<L>): void {
    const { lr, lambd, alpha, t0, weightDecay, foreach, maximize, capturable, differentiable } = options;
    checkLr('ASGD', lr);
    checkRates('ASGD', { weightDecay: ['weight_decay value', weightDecay] });
    checkNumbers('ASGD', { lambd, alpha, t0 });
    checkImplementation('ASGD', { foreach, maximize, capturable, differentiable });
  }

  protected override requiredState(): readonly (keyof ASGDState)[] {
    return ['step', 'eta', 'mu', 'ax'];
  }

  protected override stateShape(name: string, param: Tensor): readonly number[] {
    return name === 'ax' ? param.shape : [];
  }

  protected override makeState(param: Tensor, _grad: Tensor, { lr }: ParamGroup<ASGDGroup<L>>): ASGDState {
    const { device } = param;
    const { dtype } = countTensor(0);
    const eta = keep(
      typeof lr === 'number' ? tensor(lr, { dtype, device }) : lr.detach().to({ dtype, device, copy: true }),
    );
    return { step: 0, eta, mu: keep(ones([], { dtype, device })), ax: keptZeros(param) };
  }

  protected override updateOne(member: Member<ASGDState>, group: ParamGroup<ASGDGroup<L>>): void {
    const { lr, lambd, alpha, t0 } = group;
    const { state } = member;
    const [param, ax] = [asReal(member.param), asReal(state.ax)];
    state.step = nextCount(state.step);
    const grad = directionOf({ param, grad: asReal(member.grad) }, group);
    const eta = state.eta.item();
    param.mul_(1 - lambd * eta);
    param.add_(grad, { alpha: -eta });
    if (state.mu.item() === 1) ax.copy_(param);
    else ax.add_(param.sub(ax).mul_(state.mu));
    state.eta.copy_(asTensor(div(lr, pow(add(1, mul(mul(lambd, lr), state.step)), alpha))));
    state.mu.copy_(asTensor(1 / Math.max(1, state.step - t0)));
  }

  protected override updateMany(members: readonly Member<ASGDState>[], group: ParamGroup<ASGDGroup<L>>): void {
    const { lr, lambd, alpha, t0, weightDecay, maximize } = group;
    const { params, grads } = listsOf(members);
    const states = members.map(({ state }) => state);
    const axs = states.map(({ ax }) => asReal(ax));
    const [etas, mus] = [states.map(({ eta }) => eta), states.map(({ mu }) => mu)];
    const gradients = new Gradients(grads, maximize);
    for (const state of states) state.step = nextCount(state.step);
    gradients.decay(params, weightDecay);
    let directions = gradients.list;
    if (weightDecay !== 0) foreach_('add_.List', directions, params, lambd);
    else directions = foreach('add.List', directions, params, lambd);
    foreach_('addcmul_.Scalar', params, directions, etas, -1);
    free(directions);
    gradients.free();
    const differences = foreach('sub.List', params, axs);
    foreach_('addcmul_.Scalar', axs, differences, mus, 1);
    free(differences);
    // Unlike in the for-loop the count is a tensor in this formula, and rounded as one.
    const nextEtas = states.map(({ step }) => div(lr, mul(mul(lambd, lr), countTensor(step)).add(1).pow(alpha)));
    foreach_('copy_', etas, nextEtas);
    foreach_(
      'copy_',
      mus,
      states.map(({ step }) => asTensor(1 / Math.max(1, step - t0))),
    );
  }
}

/** A number by way of the default dtype, as `torch.as_tensor` goes. */
function asTensor(value: Num): Tensor {
  return typeof value === 'number' ? tensor(value, { dtype: getDefaultDtype() }) : value;
}
