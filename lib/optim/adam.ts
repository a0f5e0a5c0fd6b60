import { checkList, checkNumbers, keep } from '../engine';
import { binding } from '../engine/gate';
import { readTail, type Tail } from '../tensor/tail';
import { tensor, zerosLike, type Tensor } from '../tensor';
import { Optimizer, valueError, type ParamGroup, type Params } from './optimizer';

export interface AdamOptions {
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
  /** Climb, not descend. */
  maximize?: boolean;
  /** AdamW's decay of the parameter itself. */
  decoupledWeightDecay?: boolean;
}

type AdamOrder = ['lr', 'betas', 'eps', 'weightDecay', 'amsgrad', 'maximize', 'decoupledWeightDecay'];

export type AdamWOptions = Omit<AdamOptions, 'decoupledWeightDecay'>;

const defaults: Required<AdamWOptions> = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
};

/**
 * Options of a group. `foreach`, `capturable`, `differentiable` and `fused` choose between Python's implementations; here
 * there is one, with the bits of Python's for-loop, and they only travel through state dicts.
 */
export interface AdamGroup extends Required<AdamOptions> {
  foreach: boolean | null;
  capturable: boolean;
  differentiable: boolean;
  fused: boolean | null;
}

/** @inline */
interface AdamState {
  /** Steps done; a float32 in Python's state. */
  step: number;
  expAvg: Tensor;
  expAvgSq: Tensor;
  maxExpAvgSq: Tensor | null;
}

/**
 * `torch.optim.Adam` (Kingma and Ba 2015), with the bits of Python's for-loop.
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
  constructor(params: Params<AdamGroup>, ...rest: Tail<AdamOptions, AdamOrder>) {
    const { decoupledWeightDecay, ...options } = readTail('Adam', { ...defaults, decoupledWeightDecay: false }, rest);
    const fixed = { foreach: null, capturable: false, differentiable: false, fused: null };
    super(params, { ...options, ...fixed, decoupledWeightDecay });
  }

  protected override validate({ lr, betas, eps, weightDecay }: AdamGroup): void {
    checkNumbers(this.constructor.name, { lr, eps, weightDecay });
    checkList(this.constructor.name, 'betas', betas);
    checkNumbers(this.constructor.name, { 'betas[0]': betas[0], 'betas[1]': betas[1] });
    if (!(lr >= 0)) throw valueError(`Invalid learning rate: ${lr}`);
    if (!(eps >= 0)) throw valueError(`Invalid epsilon value: ${eps}`);
    for (const index of [0, 1] as const) {
      const beta = betas[index];
      if (!(beta >= 0 && beta < 1)) throw valueError(`Invalid beta parameter at index ${index}: ${beta}`);
    }
    if (!(weightDecay >= 0)) throw valueError(`Invalid weight_decay value: ${weightDecay}`);
  }

  protected override updateGroup(group: ParamGroup<AdamGroup>): void {
    const params = group.params.filter(({ handle }) => binding.hasGrad(handle));
    if (params.length === 0) return;
    const states = params.map((param) => this.#stateOf(param, group.amsgrad));
    // Python counts in a float32 tensor, which stops at 2^24.
    const steps = states.map(({ step }) => Math.fround(step + 1));
    binding.adamStep({
      params: params.map(({ handle }) => handle),
      expAvgs: states.map(({ expAvg }) => expAvg.handle),
      expAvgSqs: states.map(({ expAvgSq }) => expAvgSq.handle),
      maxExpAvgSqs: group.amsgrad ? states.map(({ maxExpAvgSq }) => maxExpAvgSq?.handle ?? 0) : [],
      steps,
      lr: group.lr,
      beta1: group.betas[0],
      beta2: group.betas[1],
      eps: group.eps,
      weightDecay: group.weightDecay,
      decoupledWeightDecay: group.decoupledWeightDecay,
      amsgrad: group.amsgrad,
      maximize: group.maximize,
    });
    for (const [index, state] of states.entries()) state.step = steps[index] as number;
  }

  /** Averages begin at zero, laid out in memory as their parameter; they outlive the scope of the step that makes them. */
  #stateOf(param: Tensor, amsgrad: boolean): AdamState {
    let state = this.state.get(param);
    if (state === undefined) {
      state = { step: 0, expAvg: keep(zerosLike(param)), expAvgSq: keep(zerosLike(param)), maxExpAvgSq: null };
      this.state.set(param, state);
    }
    if (amsgrad) state.maxExpAvgSq ??= keep(zerosLike(param));
    return state;
  }

  protected override packState({ step, expAvg, expAvgSq, maxExpAvgSq }: AdamState): Record<string, Tensor> {
    const packed = { step: tensor(step, { dtype: 'float32' }), exp_avg: expAvg, exp_avg_sq: expAvgSq };
    return maxExpAvgSq === null ? packed : { ...packed, max_exp_avg_sq: maxExpAvgSq };
  }

  protected override unpackState({
    step,
    exp_avg,
    exp_avg_sq,
    max_exp_avg_sq,
  }: Readonly<Record<string, Tensor>>): AdamState {
    if (step === undefined || exp_avg === undefined || exp_avg_sq === undefined) {
      throw valueError(`expected step, exp_avg and exp_avg_sq in the loaded state of ${this.constructor.name}`);
    }
    return {
      step: step.item(),
      expAvg: keep(exp_avg),
      expAvgSq: keep(exp_avg_sq),
      maxExpAvgSq: max_exp_avg_sq === undefined ? null : keep(max_exp_avg_sq),
    };
  }
}

/** `torch.optim.AdamW` (Loshchilov and Hutter 2019): {@link Adam} whose weight decay stays out of the averages. */
export class AdamW extends Adam {
  constructor(
    params: Params<AdamGroup>,
    ...rest: Tail<AdamWOptions, ['lr', 'betas', 'eps', 'weightDecay', 'amsgrad', 'maximize']>
  ) {
    super(params, { ...readTail('AdamW', { ...defaults, weightDecay: 1e-2 }, rest), decoupledWeightDecay: true });
  }
}
