import { keep, scope, TorchError, valueError } from '../engine';
import { binding } from '../engine/gate';
import { readTail, type Tail } from '../tensor/tail';
import { Tensor, zerosLike } from '../tensor';
import { type AdamState, updateByTensors, updateRecorded } from './adam-loop';
import { checkChoices, type ImplementationOptions, keptZeros, usesForeach } from './composed';
import { byDeviceAndDtype, type Member } from './foreach';
import { checkFused, counted, fused_, type GradientScaling, stepTensors } from './fused';
import { Optimizer } from './optimizer';
import { checkImplementation, checkLr, checkRates, checkTensorBetas } from './options';
import type { ParamGroup, Params, RateOf } from './param-groups';
import { type Num, valueOf } from './python-number';
import { nextCount } from './state-dict';

/** Options of {@link Adam}. */
export interface AdamOptions<L extends Tensor | number = Tensor | number> extends ImplementationOptions {
  /** Learning rate. */
  lr?: L;
  /** Shares of the old in the running averages of the gradient and of its square: both numbers, or both tensors. */
  betas?: readonly [Tensor | number, Tensor | number];
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
export type AdamWOptions<L extends Tensor | number = Tensor | number> = Omit<AdamOptions<L>, 'decoupledWeightDecay'>;

const common = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false } as const;
const implementation = { foreach: null, capturable: false, differentiable: false, fused: null } as const;

const adamDefaults: Required<AdamOptions<number>> = { ...common, decoupledWeightDecay: false, ...implementation };
const adamWDefaults: Required<AdamWOptions<number>> = { ...common, weightDecay: 1e-2, ...implementation };

/** Options of a group. */
export type AdamGroup<L extends Tensor | number = Tensor | number> = Required<AdamOptions<RateOf<L>>>;

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
export class Adam<L extends Tensor | number = number> extends Optimizer<AdamGroup<L>, AdamState> {
  constructor(
    params: Params<AdamGroup<L>>,
    ...rest: Tail<
      AdamOptions<L>,
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
    super(params, withScalarBetas(readTail('Adam', adamDefaults, rest)));
  }

  protected override validate(options: AdamGroup<L>): void {
    const { lr, betas, eps, weightDecay } = options;
    const { name } = this.constructor;
    checkLr(name, lr);
    checkRates(name, { eps: ['epsilon value', eps] });
    checkTensorBetas(name, betas);
    checkRates(name, { weightDecay: ['weight_decay value', weightDecay] });
    const { foreach, fused, maximize, capturable, differentiable, amsgrad, decoupledWeightDecay } = options;
    checkImplementation(name, { foreach, fused, maximize, capturable, differentiable, amsgrad, decoupledWeightDecay });
    const tensor = firstTensor({ lr, 'betas[0]': betas[0], 'betas[1]': betas[1] });
    if (foreach === true && !capturable && tensor !== null) throw valueError(noForeach(tensor));
  }

  protected override requiredState(): readonly (keyof AdamState)[] {
    return ['step', 'expAvg', 'expAvgSq'];
  }

  protected override updateGroup(group: ParamGroup<AdamGroup<L>>): void {
    const params = group.params.filter(({ handle }) => binding.hasGrad(handle));
    if (params.length === 0) return;
    const states = params.map((param) => this.#stateOf(param, group.amsgrad));
    const members = params.map((param, index) => ({ param, state: states[index] as AdamState }));
    checkChoices(group, members);
    if (group.fused === true) updateFused(withGradients(members), group, this.gradientScaling);
    else if (group.differentiable) {
      for (const member of withGradients(members)) updateRecorded(member, group);
    } else if (hasTensors(group, members)) {
      for (const member of withGradients(members)) scope(() => updateByTensors(member, group));
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

/** Betas of one element without their dimensions, as Python's constructor leaves them. */
function withScalarBetas<G extends { betas: readonly Num[] }>(options: G): G {
  const { betas } = options;
  const fits = (beta: Num): boolean => typeof beta === 'number' || (beta instanceof Tensor && beta.numel() === 1);
  if (!Array.isArray(betas) || !betas.every((beta: Num) => fits(beta))) return options;
  const scalars = betas.map((beta: Num) => (typeof beta === 'number' || beta.ndim === 0 ? beta : keep(beta.squeeze())));
  return { ...options, betas: scalars };
}

/** The name of the first tensor among hyperparameters. */
function firstTensor(values: Readonly<Record<string, Num>>): string | null {
  return Object.entries(values).find(([, value]) => value instanceof Tensor)?.[0] ?? null;
}

function noForeach(name: string): string {
  return `${name} as a Tensor is not supported for capturable=False and foreach=True`;
}

/** True if the step's scalars are computed as tensors, which foreach ops do not take. */
function hasTensors(group: ParamGroup<AdamGroup>, members: readonly Stepping[]): boolean {
  const { lr, betas, foreach } = group;
  const tensor = firstTensor({ lr, beta1: betas[0], beta2: betas[1] });
  if (tensor === null) return false;
  // As PyTorch has it, its own choice of foreach on a GPU gives way to such a rate, and not to such betas.
  const isForeach = tensor === 'lr' ? foreach === true : usesForeach(group, members);
  if (isForeach) throw new TorchError(noForeach(tensor));
  return true;
}

/** As one native call, by the way that PyTorch takes. */
function updateNatively(members: readonly Stepping[], group: ParamGroup<AdamGroup>): void {
  const steps = members.map(({ state }) => nextCount(state.step));
  binding.adamStep({
    params: members.map(({ param }) => param.handle),
    expAvgs: members.map(({ state }) => state.expAvg.handle),
    expAvgSqs: members.map(({ state }) => state.expAvgSq.handle),
    maxExpAvgSqs: group.amsgrad ? members.map(({ state }) => state.maxExpAvgSq?.handle ?? 0) : [],
    steps,
    lr: valueOf(group.lr),
    beta1: valueOf(group.betas[0]),
    beta2: valueOf(group.betas[1]),
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
  const [beta1, beta2] = [valueOf(group.betas[0]), valueOf(group.betas[1])];
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

/** `torch.optim.AdamW` (Loshchilov and Hutter 2019): {@link Adam} whose weight decay stays out of the averages. */
export class AdamW<L extends Tensor | number = number> extends Adam<L> {
  constructor(
    params: Params<AdamGroup<L>>,
    ...rest: Tail<
      AdamWOptions<L>,
      ['lr', 'betas', 'eps', 'weightDecay', 'amsgrad', 'maximize', 'foreach', 'capturable', 'differentiable', 'fused']
    >
  ) {
    const options = readTail('AdamW', adamWDefaults, rest) as Required<AdamWOptions<L>>;
    super(params, { ...options, decoupledWeightDecay: true });
  }
}
