import { keep, TorchError } from '../engine';
import { binding } from '../engine/gate';
import { readTail, type Tail } from '../tensor/tail';
import { maximum, pow, type Tensor, zerosLike } from '../tensor';
import { checkChoices, directionOf, type ImplementationOptions, keptZeros, usesForeach } from './composed';
import { asReal, byDeviceAndDtype, type Member } from './foreach';
import { checkFused, counted, fused_, type GradientScaling, stepTensors } from './fused';
import { Optimizer } from './optimizer';
import { checkBetas, checkImplementation, checkRates } from './options';
import type { ParamGroup, Params } from './param-groups';
import { divideBy, oneMinus } from './scratch';
import { countTensor, nextCount } from './state-dict';

/** Options of {@link Adam}. */
export interface AdamOptions extends ImplementationOptions {
  /** Learning rate. */
  lr?: number;
  /** Shares of the old in the running averages of the gradient and of its square. */
  betas?: readonly [number, number];
  /** Added to the denominator. */
  eps?: number;
  /** Share of the parameter added to the gradient; with `decoupledWeightDecay` subtracted from the parameter. */
  weightDecay?: number;
  /** Divide by the largest average of squares so far (Reddi et al. 2018). */
  amsgrad?: boolean;
  /** AdamW's decay of the parameter itself. */
  decoupledWeightDecay?: boolean;
  /** Step by libtorch's fused op, whose bits are not the for-loop's. */
  fused?: boolean | null;
}

/** Options of {@link AdamW}. */
export type AdamWOptions = Omit<AdamOptions, 'decoupledWeightDecay'>;

const common = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false } as const;
const implementation = { foreach: null, capturable: false, differentiable: false, fused: null } as const;

const adamDefaults: Required<AdamOptions> = { ...common, decoupledWeightDecay: false, ...implementation };
const adamWDefaults: Required<AdamWOptions> = { ...common, weightDecay: 1e-2, ...implementation };

/** Options of a group. */
export type AdamGroup = Required<AdamOptions>;

/** @inline */
interface AdamState {
  /** Steps done; a float32 in Python's state. */
  step: number;
  expAvg: Tensor;
  expAvgSq: Tensor;
  maxExpAvgSq?: Tensor;
}

/**
 * `torch.optim.Adam` (Kingma and Ba 2015), with the bits of Python's for-loop in one native pass; `foreach`, `fused` and
 * `differentiable` have the bits of theirs.
 *
 * @example
 * ```ts
 * const layer = new nn.Linear(1, 1);
 * const optimizer = new optim.Adam(layer.parameters(), { lr: 0.1 });
 * const before = layer.weight.item();
 * layer.forward(torch.ones([1, 1])).sum().backward();
 * optimizer.step();
 * console.log((before - layer.weight.item()).toFixed(3)); // 0.100
 * ```
 */
export class Adam extends Optimizer<AdamGroup, AdamState> {
  constructor(
    params: Params<AdamGroup>,
    ...rest: Tail<
      AdamOptions,
      [
        'lr',
        'betas',
        'eps',
        'weightDecay',
        'amsgrad',
        'maximize',
        'decoupledWeightDecay',
        'foreach',
        'capturable',
        'differentiable',
        'fused',
      ]
    >
  ) {
    super(params, readTail('Adam', adamDefaults, rest));
  }

  protected override validate(options: AdamGroup): void {
    const { lr, betas, eps, weightDecay } = options;
    const { name } = this.constructor;
    checkRates(name, { lr: ['learning rate', lr], eps: ['epsilon value', eps] });
    checkBetas(name, betas);
    checkRates(name, { weightDecay: ['weight_decay value', weightDecay] });
    const { foreach, fused, maximize, capturable, differentiable, amsgrad, decoupledWeightDecay } = options;
    checkImplementation(name, { foreach, fused, maximize, capturable, differentiable, amsgrad, decoupledWeightDecay });
  }

  protected override requiredState(): readonly (keyof AdamState)[] {
    return ['step', 'expAvg', 'expAvgSq'];
  }

  protected override updateGroup(group: ParamGroup<AdamGroup>): void {
    const params = group.params.filter(({ handle }) => binding.hasGrad(handle));
    if (params.length === 0) return;
    const states = params.map((param) => this.#stateOf(param, group.amsgrad));
    const members = params.map((param, index) => ({ param, state: states[index] as AdamState }));
    checkChoices(group, members);
    if (group.fused === true) updateFused(withGradients(members), group, this.gradientScaling);
    else if (group.differentiable) {
      for (const member of withGradients(members)) updateRecorded(member, group);
    } else updateNatively(members, group);
  }

  /** Averages begin at zero, laid out in memory as their parameter; they outlive the scope of the step that makes them. */
  #stateOf(param: Tensor, amsgrad: boolean): AdamState {
    let state = this.state.get(param);
    if (state === undefined) {
      state = { step: 0, expAvg: keptZeros(param), expAvgSq: keptZeros(param) };
      this.state.set(param, state);
    }
    if (amsgrad) state.maxExpAvgSq ??= keep(zerosLike(param));
    return state;
  }
}

type Stepping = Omit<Member<AdamState>, 'grad'>;

/** As one native call, by the way that PyTorch takes. */
function updateNatively(members: readonly Stepping[], group: ParamGroup<AdamGroup>): void {
  const steps = members.map(({ state }) => nextCount(state.step));
  binding.adamStep({
    params: members.map(({ param }) => param.handle),
    expAvgs: members.map(({ state }) => state.expAvg.handle),
    expAvgSqs: members.map(({ state }) => state.expAvgSq.handle),
    maxExpAvgSqs: group.amsgrad ? members.map(({ state }) => state.maxExpAvgSq?.handle ?? 0) : [],
    steps,
    lr: group.lr,
    beta1: group.betas[0],
    beta2: group.betas[1],
    eps: group.eps,
    weightDecay: group.weightDecay,
    decoupledWeightDecay: group.decoupledWeightDecay,
    amsgrad: group.amsgrad,
    maximize: group.maximize,
    foreach: usesForeach(group, members),
  });
  for (const [index, { state }] of members.entries()) state.step = steps[index] as number;
}

function withGradients(members: readonly Stepping[]): Member<AdamState>[] {
  return members.map((member) => {
    const grad = member.param.grad as Tensor;
    if (grad.isSparse) {
      throw new TorchError('Adam does not support sparse gradients, please consider SparseAdam instead');
    }
    return { ...member, grad };
  });
}

function updateFused(
  all: readonly Member<AdamState>[],
  group: ParamGroup<AdamGroup>,
  scaling: GradientScaling | null,
): void {
  checkFused(all);
  const [beta1, beta2] = group.betas;
  for (const members of byDeviceAndDtype(all)) {
    counted(members, scaling, () => {
      const lists = [
        members.map(({ param }) => param),
        members.map(({ grad }) => grad),
        members.map(({ state }) => state.expAvg),
        members.map(({ state }) => state.expAvgSq),
        group.amsgrad ? members.map(({ state }) => state.maxExpAvgSq as Tensor) : [],
        stepTensors(members),
      ];
      const { lr, weightDecay, eps, amsgrad, maximize } = group;
      const op = group.decoupledWeightDecay ? 'adamw' : 'adam';
      fused_(op, [...lists, lr, beta1, beta2, weightDecay, eps, amsgrad, maximize], scaling);
    });
  }
}

/** One parameter's step in the form that autograd can follow: what depends on the count is a tensor. */
function updateRecorded(member: Member<AdamState>, group: ParamGroup<AdamGroup>): void {
  const { lr, eps, amsgrad, weightDecay, decoupledWeightDecay, maximize } = group;
  const [beta1, beta2] = group.betas;
  const { state } = member;
  state.step = nextCount(state.step);
  if (weightDecay !== 0 && decoupledWeightDecay) member.param.mul_(1 - lr * weightDecay);
  const grad = asReal(directionOf(member, { maximize, weightDecay: decoupledWeightDecay ? 0 : weightDecay }));
  const [param, expAvg, expAvgSq] = [member.param, state.expAvg, state.expAvgSq].map(asReal) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  expAvg.lerp_(grad, 1 - beta1);
  expAvgSq.mul_(beta2).addcmul_(grad, grad, { value: 1 - beta2 });

  const step = countTensor(state.step);
  const minusRate = divideBy(lr, oneMinus(pow(beta1, step))).neg();
  const correction = oneMinus(pow(beta2, step)).sqrt();
  let secondMoment = expAvgSq;
  if (amsgrad && state.maxExpAvgSq !== undefined) {
    secondMoment = asReal(state.maxExpAvgSq);
    secondMoment.copy_(maximum(secondMoment.clone(), expAvgSq));
  }
  const denominator = secondMoment.sqrt().div(correction.mul(minusRate)).add_(divideBy(eps, minusRate));
  param.addcdiv_(expAvg.clone(), denominator);
}

/** `torch.optim.AdamW` (Loshchilov and Hutter 2019): {@link Adam} whose weight decay stays out of the averages. */
export class AdamW extends Adam {
  constructor(
    params: Params<AdamGroup>,
    ...rest: Tail<
      AdamWOptions,
      ['lr', 'betas', 'eps', 'weightDecay', 'amsgrad', 'maximize', 'foreach', 'capturable', 'differentiable', 'fused']
    >
  ) {
    super(params, { ...readTail('AdamW', adamWDefaults, rest), decoupledWeightDecay: true });
  }
}
