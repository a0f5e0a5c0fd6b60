import { checkNumbers, keep, libm, TorchError, valueError } from '../engine';
import { readTail, type Tail } from '../tensor/tail';
import { callOp, finfo, type Tensor, zeros, zerosLike } from '../tensor';
import { checkMembers, ComposedOptimizer } from './composed';
import { foreach, foreach_, decay_, decayAll_, free, type Member, scaleEach_ } from './foreach';
import { checkImplementation, checkLr } from './options';
import { type ParamGroup, type Params, type RateOf } from './param-groups';
import { div, max, min, mul, neg, type Num, scalarOf } from './python-number';
import { nextCount } from './state-dict';

/** Options of {@link Adafactor}. */
export interface AdafactorOptions<L extends Tensor | number = Tensor | number> {
  /** Upper bound of the relative step, and factor of the weight decay. */
  lr?: L;
  /** Power by which the newest square's share falls. */
  beta2Decay?: number;
  /** Lower bounds of the variance's root (null: the dtype's epsilon) and of the parameter's scale. */
  eps?: readonly [number | null, number];
  /** Root mean square at which an update is clipped. */
  d?: number;
  /** Share of the parameter, times the learning rate, that is taken off it. */
  weightDecay?: number;
  /** Step by ops on lists of all parameters; not chosen by itself, for it takes more memory. */
  foreach?: boolean | null;
  /** Climb, not descend. */
  maximize?: boolean;
}

const defaults: Required<AdafactorOptions<number>> = {
  lr: 1e-2,
  beta2Decay: -0.8,
  eps: [null, 1e-3],
  d: 1,
  weightDecay: 0,
  foreach: null,
  maximize: false,
};

/** Options of a group. */
export type AdafactorGroup<L extends Tensor | number = Tensor | number> = Required<AdafactorOptions<RateOf<L>>>;

/** @inline */
interface AdafactorState {
  step: number;
  /** Of a matrix: the variance's factors, `[…, rows, 1]` and `[…, 1, columns]`. */
  rowVar?: Tensor;
  colVar?: Tensor;
  /** Of a vector. */
  variance?: Tensor;
}

/** `torch.optim.Adafactor` (Shazeer and Stern 2018), which remembers a row and a column of squares per matrix. */
export class Adafactor<L extends Tensor | number = number> extends ComposedOptimizer<
  AdafactorGroup<L>,
  AdafactorState
> {
  constructor(
    params: Params<AdafactorGroup<L>>,
    ...rest: Tail<AdafactorOptions<L>, ['lr', 'beta2Decay', 'eps', 'd', 'weightDecay', 'foreach', 'maximize']>
  ) {
    super(params, readTail('Adafactor', defaults, rest));
  }

  protected override validate({ lr, beta2Decay, eps, d, weightDecay, foreach, maximize }: AdafactorGroup<L>): void {
    checkLr('Adafactor', lr, 'Learning rate should be >= 0 but is:');
    checkNumbers('Adafactor', { beta2Decay, d, weightDecay });
    if (!(beta2Decay <= 0)) throw valueError(`beta2_decay should be <= 0 but is: ${beta2Decay}`);
    if (!Array.isArray(eps)) throw valueError(`expected a list of two numbers for \`eps\` of Adafactor`);
    const [eps1, eps2] = eps as AdafactorGroup<L>['eps'];
    checkNumbers('Adafactor', eps1 === null ? { 'eps[1]': eps2 } : { 'eps[0]': eps1, 'eps[1]': eps2 });
    if (eps1 !== null && !(eps1 >= 0)) throw valueError(`epsilon1 should be >= 0 but is: ${eps1}`);
    if (!(eps2 >= 0)) throw valueError(`epsilon2 should be >= 0 but is: ${eps2}`);
    if (!(d >= 1)) throw valueError(`Clipping threshold d should be >= 1 but is: ${d}`);
    if (!(weightDecay >= 0)) throw valueError(`weight_decay should be >= 0 but is: ${weightDecay}`);
    checkImplementation('Adafactor', { foreach, maximize });
  }

  protected override requiredState(): readonly (keyof AdafactorState)[] {
    return ['step'];
  }

  protected override stateShape(name: string, { shape }: Tensor): readonly number[] {
    const flat = name === 'row_var' ? shape.length - 1 : name === 'col_var' ? shape.length - 2 : -1;
    return shape.map((size, dim) => (dim === flat ? 1 : size));
  }

  protected override checkGradient(param: Tensor, grad: Tensor): void {
    if (param.isComplex()) throw new TorchError('Adafactor does not support complex parameters');
    super.checkGradient(param, grad);
  }

  protected override makeState(_param: Tensor, grad: Tensor): AdafactorState {
    if (grad.ndim < 2) return { step: 0, variance: keep(zerosLike(grad)) };
    const { dtype, device } = grad;
    const make = (name: string): Tensor => keep(zeros([...this.stateShape(name, grad)], { dtype, device }));
    return { step: 0, rowVar: make('row_var'), colVar: make('col_var') };
  }

  /** One step over the parameters of a group; called without autograd, and in a scope. */
  protected override updateGroup(group: ParamGroup<AdafactorGroup<L>>): void {
    // The first parameter's dtype decides for its group, as in Python.
    const first = group.params.find(({ grad }) => grad !== null);
    if (first === undefined) return;
    const [eps1, eps2] = group.eps;
    const eps = [eps1 ?? finfo(first.dtype).eps, eps2] as const;
    super.updateGroup({ ...group, eps, foreach: group.foreach ?? false });
  }

  protected override updateOne(
    { param, grad, state }: Member<AdafactorState>,
    group: ParamGroup<AdafactorGroup<L>>,
  ): void {
    const { weightDecay, maximize, d } = group;
    const eps1 = group.eps[0] as number;
    const gradient = maximize ? grad.neg() : grad;
    state.step = nextCount(state.step);
    const newest = libm.pow(state.step, group.beta2Decay);
    const rate = rateOf(param, state.step, group);
    if (weightDecay !== 0) decay_(param, group);
    let estimate: Tensor;
    if (state.rowVar !== undefined && state.colVar !== undefined) {
      state.rowVar.lerp_(norm(gradient, -1).square_().div_(gradient.size(-1)), newest);
      state.colVar.lerp_(norm(gradient, -2).square_().div_(gradient.size(-2)), newest);
      estimate = state.rowVar.matmul(state.colVar);
      estimate.div_(state.rowVar.mean([-2], true).clamp_({ min: eps1 }));
    } else {
      const variance = state.variance as Tensor;
      variance.lerp_(gradient.mul(gradient), newest);
      estimate = variance.clone();
    }
    const update = estimate
      .clamp_({ min: eps1 * eps1 })
      .rsqrt_()
      .mul_(gradient);
    param.add_(update, { alpha: scalarOf(div(neg(rate), clippingOf(update, d))) });
  }

  protected override updateMany(all: readonly Member<AdafactorState>[], group: ParamGroup<AdafactorGroup<L>>): void {
    checkMembers(all);
    const matrices = all.filter(({ grad }) => grad.ndim > 1);
    const vectors = all.filter(({ grad }) => grad.ndim <= 1);
    for (const members of [matrices, vectors]) if (members.length > 0) updateAlike(members, group);
  }
}

/** Matrices alone, or vectors alone. */
function updateAlike(members: readonly Member<AdafactorState>[], group: ParamGroup<AdafactorGroup>): void {
  const { weightDecay, maximize, d } = group;
  const eps1 = group.eps[0] as number;
  const params = members.map(({ param }) => param);
  const states = members.map(({ state }) => state);
  const given = members.map(({ grad }) => grad);
  const gradients = maximize ? foreach('neg', given) : given;
  for (const state of states) state.step = nextCount(state.step);
  const newest = states.map(({ step }) => libm.pow(step, group.beta2Decay));
  const rates = members.map(({ param, state }) => rateOf(param, state.step, group));
  if (weightDecay !== 0) decayAll_(params, group);
  let updates: Tensor[];
  if (states[0]?.variance === undefined) {
    const rowVars = states.map(({ rowVar }) => rowVar as Tensor);
    const colVars = states.map(({ colVar }) => colVar as Tensor);
    for (const [factors, dim] of [
      [rowVars, -1],
      [colVars, -2],
    ] as const) {
      const means = gradients.map((grad) => norm(grad, dim));
      foreach_('mul_.List', means, means);
      foreach_(
        'div_.ScalarList',
        means,
        gradients.map((grad) => grad.size(dim)),
      );
      foreach_('lerp_.ScalarList', factors, means, newest);
      free(means);
    }
    updates = rowVars.map((rowVar, index) => rowVar.matmul(colVars[index] as Tensor));
    const means = rowVars.map((rowVar) => rowVar.mean([-2], true));
    foreach_('clamp_min_.Scalar', means, eps1);
    foreach_('div_.List', updates, means);
    free(means);
  } else {
    const variances = states.map(({ variance }) => variance as Tensor);
    const squares = foreach('mul.List', gradients, gradients);
    foreach_('lerp_.ScalarList', variances, squares, newest);
    free(squares);
    updates = variances.map((variance) => variance.clone());
  }
  foreach_('clamp_min_.Scalar', updates, eps1 * eps1);
  foreach_('rsqrt_', updates);
  foreach_('mul_.List', updates, gradients);
  scaleEach_(
    updates,
    updates.map((update, index) => div(neg(rates[index] as Num), clippingOf(update, d))),
  );
  foreach_('add_.List', params, updates, 1);
  free(updates);
}

/** Euclidean norm along a dimension, or of the whole. */
function norm(tensor: Tensor, dim: number | null = null): Tensor {
  return callOp<Tensor>('aten::linalg_vector_norm', [tensor, 2, dim === null ? null : [dim], dim !== null]);
}

/** By what a step of root mean square 1 is multiplied. */
function rateOf(param: Tensor, step: number, { lr, eps }: { lr: Num; eps: AdafactorGroup['eps'] }): Num {
  const scale = norm(param).item() / libm.pow(param.numel(), 0.5);
  return mul(max(eps[1], scale), min(lr, 1 / libm.pow(step, 0.5)));
}

/** How far an update is above the threshold, at least 1. */
function clippingOf(update: Tensor, d: number): number {
  // Python's max again: the norm of an infinite update is no number, and leaves the update as it is.
  return max(1, norm(update).item() / (libm.pow(update.numel(), 0.5) * d));
}
