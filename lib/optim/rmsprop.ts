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
import { asReal, foreach, foreach_, free, Gradients, type Member } from './foreach';
import { checkImplementation, checkLr, checkRates } from './options';
import type { ParamGroup, Params, RateOf } from './param-groups';
import { scalarOf } from './python-number';
import { scratch } from './scratch';
import { nextCount } from './state-dict';

/** Options of {@link RMSprop}. */
export interface RMSpropOptions<L extends Tensor | number = Tensor | number> extends ImplementationOptions {
  /** Learning rate. */
  lr?: L;
  /** Share of the old in the running averages. */
  alpha?: number;
  /** Added to the denominator. */
  eps?: number;
  /** Share of the parameter added to the gradient. */
  weightDecay?: number;
  /** Share of the last step that is kept. */
  momentum?: number;
  /** Divide by the root of the gradient's variance, not of its mean square. */
  centered?: boolean;
}

const defaults: Required<RMSpropOptions<number>> = {
  lr: 1e-2,
  alpha: 0.99,
  eps: 1e-8,
  weightDecay: 0,
  momentum: 0,
  centered: false,
  ...implementationDefaults,
};

/** Options of a group. */
export type RMSpropGroup<L extends Tensor | number = Tensor | number> = Required<RMSpropOptions<RateOf<L>>>;

/** @inline */
interface RMSpropState {
  step: number;
  squareAvg: Tensor;
  momentumBuffer?: Tensor;
  gradAvg?: Tensor;
}

/** `torch.optim.RMSprop` (Hinton 2012; centered: Graves 2013). */
export class RMSprop<L extends Tensor | number = number> extends ComposedOptimizer<RMSpropGroup<L>, RMSpropState> {
  constructor(
    params: Params<RMSpropGroup<L>>,
    ...rest: Tail<
      RMSpropOptions<L>,
      [
        'lr',
        'alpha',
        'eps',
        'weightDecay',
        'momentum',
        'centered',
        'foreach',
        'maximize',
        'capturable',
        'differentiable',
      ]
    >
  ) {
    super(params, readTail('RMSprop', defaults, rest));
  }

  protected override validate(options: RMSpropGroup<L>): void {
    const { lr, alpha, eps, weightDecay, momentum } = options;
    checkLr('RMSprop', lr);
    checkRates('RMSprop', {
      eps: ['epsilon value', eps],
      momentum: ['momentum value', momentum],
      weightDecay: ['weight_decay value', weightDecay],
      alpha: ['alpha value', alpha],
    });
    const { foreach, maximize, capturable, differentiable, centered } = options;
    checkImplementation('RMSprop', { foreach, maximize, capturable, differentiable, centered });
  }

  protected override requiredState(): readonly (keyof RMSpropState)[] {
    return ['step', 'squareAvg'];
  }

  protected override makeState(param: Tensor): RMSpropState {
    return { step: 0, squareAvg: keptZeros(param) };
  }

  /** Buffers are made when an option first asks for them, which may be changed on the way. */
  protected override stateOf(param: Tensor, grad: Tensor, group: ParamGroup<RMSpropGroup<L>>): RMSpropState {
    const state = super.stateOf(param, grad, group);
    if (group.momentum > 0) state.momentumBuffer ??= keptZeros(param);
    if (group.centered) state.gradAvg ??= keptZeros(param);
    return state;
  }

  protected override updateOne(member: Member<RMSpropState>, group: ParamGroup<RMSpropGroup<L>>): void {
    const { lr, alpha, eps, momentum, differentiable } = group;
    const { state } = member;
    state.step = nextCount(state.step);
    const grad = asReal(directionOf(member, group));
    const param = asReal(member.param);
    const squareAvg = asReal(state.squareAvg);
    squareAvg.mul_(alpha).addcmul_(grad, grad, { value: 1 - alpha });
    let root: Tensor;
    if (group.centered && state.gradAvg !== undefined) {
      const gradAvg = asReal(state.gradAvg);
      gradAvg.lerp_(grad, 1 - alpha);
      root = squareAvg.addcmul(gradAvg, gradAvg, { value: -1 }).sqrt_();
    } else {
      root = squareAvg.sqrt();
    }
    const denominator = scratch(differentiable).add(root, eps);
    if (momentum > 0 && state.momentumBuffer !== undefined) {
      const buffer = asReal(state.momentumBuffer);
      buffer.mul_(momentum).addcdiv_(grad, denominator);
      param.add_(buffer, { alpha: -scalarOf(lr) });
    } else {
      param.addcdiv_(grad, denominator, { value: -scalarOf(lr) });
    }
  }

  protected override updateMany(members: readonly Member<RMSpropState>[], group: ParamGroup<RMSpropGroup<L>>): void {
    const { lr, alpha, eps, weightDecay, momentum, centered, maximize } = group;
    const { params, grads } = listsOf(members);
    const squareAvgs = members.map(({ state }) => asReal(state.squareAvg));
    const gradients = new Gradients(grads, maximize);
    for (const { state } of members) state.step = nextCount(state.step);
    gradients.decay(params, weightDecay);
    foreach_('mul_.Scalar', squareAvgs, alpha);
    foreach_('addcmul_.Scalar', squareAvgs, gradients.list, gradients.list, 1 - alpha);
    let roots: Tensor[];
    if (centered) {
      const gradAvgs = members.map(({ state }) => asReal(state.gradAvg as Tensor));
      foreach_('lerp_.Scalar', gradAvgs, gradients.list, 1 - alpha);
      roots = foreach('addcmul.Scalar', squareAvgs, gradAvgs, gradAvgs, -1);
      foreach_('sqrt_', roots);
    } else {
      roots = foreach('sqrt', squareAvgs);
    }
    foreach_('add_.Scalar', roots, eps);
    if (momentum > 0) {
      const buffers = members.map(({ state }) => asReal(state.momentumBuffer as Tensor));
      foreach_('mul_.Scalar', buffers, momentum);
      foreach_('addcdiv_.Scalar', buffers, gradients.list, roots, 1);
      foreach_('add_.List', params, buffers, -scalarOf(lr));
    } else {
      foreach_('addcdiv_.Scalar', params, gradients.list, roots, -scalarOf(lr));
    }
    gradients.free();
    free(roots);
  }
}
