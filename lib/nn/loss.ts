/**
 * Losses: the base, and those that compare numbers. Python's deprecated `size_average` and `reduce` are left out of the order
 * of arguments. Inputs and targets broadcast, and losses of single elements have their shape, where nothing else is said;
 * the reductions `mean` and `sum` make one number of them.
 */
import type { Tensor } from '../tensor';
import type { Tail } from '../tensor/tail';
import { optionalBuffer, readOptions } from './arguments';
import * as F from './functional';
import { Module } from './module';
import type { Buffer } from './parameter';

/** @internal What losses take where no reduction is given. */
export const mean = { reduction: 'mean' as F.Reduction };

/** The inputs of most losses. @inline */
export type LossInputs = [input: Tensor, target: Tensor];

/** What all losses share (`torch.nn.modules.loss._Loss`). */
export abstract class Loss<Inputs extends readonly unknown[] = LossInputs> extends Module<Inputs> {
  readonly reduction: F.Reduction;

  constructor(...rest: Tail<F.LossOptions, ['reduction']>) {
    super();
    this.reduction = readOptions(new.target.name, mean, rest).reduction;
  }
}

/** A loss with weights, of classes or of elements, which are a buffer (`torch.nn.modules.loss._WeightedLoss`). */
export abstract class WeightedLoss<Inputs extends readonly unknown[] = LossInputs> extends Loss<Inputs> {
  weight: Buffer | null;

  /** @internal */
  constructor(weight: Tensor | null, reduction: F.Reduction) {
    super(reduction);
    this.weight = optionalBuffer(new.target.name, 'weight', weight);
  }
}

/** |input − target| (`torch.nn.L1Loss`). */
export class L1Loss extends Loss {
  forward(input: Tensor, target: Tensor): Tensor {
    return F.l1Loss(input, target, this.reduction);
  }
}

/** (input − target)² (`torch.nn.MSELoss`). */
export class MSELoss extends Loss {
  forward(input: Tensor, target: Tensor): Tensor {
    return F.mseLoss(input, target, this.reduction);
  }
}

/** Options of {@link SmoothL1Loss}. */
export interface SmoothL1LossOptions extends F.LossOptions {
  /** Where the square ends and the line begins. */
  beta?: number;
}

/** Half the square over β below β, |input − target| − β/2 above (`torch.nn.SmoothL1Loss`). */
export class SmoothL1Loss extends Loss {
  readonly beta: number;

  constructor(...rest: Tail<SmoothL1LossOptions, ['reduction', 'beta']>) {
    const { reduction, beta } = readOptions('SmoothL1Loss', { ...mean, beta: 1 }, rest);
    super(reduction);
    this.beta = beta;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.smoothL1Loss(input, target, this.reduction, this.beta);
  }
}

/** Options of {@link HuberLoss}. */
export interface HuberLossOptions extends F.LossOptions {
  /** Where the square ends and the line begins. */
  delta?: number;
}

/** Half the square below δ, δ·(|input − target| − δ/2) above (`torch.nn.HuberLoss`). */
export class HuberLoss extends Loss {
  readonly delta: number;

  constructor(...rest: Tail<HuberLossOptions, ['reduction', 'delta']>) {
    const { reduction, delta } = readOptions('HuberLoss', { ...mean, delta: 1 }, rest);
    super(reduction);
    this.delta = delta;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.huberLoss(input, target, this.reduction, this.delta);
  }
}

/** Options of {@link PoissonNLLLoss}. */
export interface PoissonNLLLossOptions extends F.LossOptions {
  /** The input is the logarithm of the expected count. */
  logInput?: boolean;
  /** Add Stirling's approximation of log(target!). */
  full?: boolean;
  /** Added to the input before its logarithm is taken, where it is none. */
  eps?: number;
}

/** exp(input) − target·input, counts against the logarithms of what was expected (`torch.nn.PoissonNLLLoss`). */
export class PoissonNLLLoss extends Loss {
  readonly logInput: boolean;
  readonly full: boolean;
  readonly eps: number;

  constructor(...rest: Tail<PoissonNLLLossOptions, ['logInput', 'full', 'eps', 'reduction']>) {
    const defaults = { logInput: true, full: false, eps: 1e-8, ...mean };
    const { logInput, full, eps, reduction } = readOptions('PoissonNLLLoss', defaults, rest);
    super(reduction);
    this.logInput = logInput;
    this.full = full;
    this.eps = eps;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.poissonNllLoss(input, target, this.logInput, this.full, this.eps, this.reduction);
  }
}

/**
 * ½·(log var + (input − target)² / var) (`torch.nn.GaussianNLLLoss`). `forward(input, target, variance)`: the variance of the
 * input's shape, or without its last dimension, or with 1 in one dimension, or one number.
 */
export class GaussianNLLLoss extends Loss<[input: Tensor, target: Tensor, variance: Tensor | number]> {
  readonly full: boolean;
  readonly eps: number;

  constructor(...rest: Tail<F.GaussianNllLossOptions, ['full', 'eps', 'reduction']>) {
    const defaults = { full: false, eps: 1e-6, ...mean };
    const { full, eps, reduction } = readOptions('GaussianNLLLoss', defaults, rest);
    super(reduction);
    this.full = full;
    this.eps = eps;
  }

  forward(input: Tensor, target: Tensor, variance: Tensor | number): Tensor {
    return F.gaussianNllLoss(input, target, variance, this.full, this.eps, this.reduction);
  }
}

/** Options of {@link KLDivLoss}. */
export interface KLDivLossOptions {
  /** `batchmean` divides the sum by the batch size, as mathematics does; `mean` by the number of elements. */
  reduction?: F.Reduction | 'batchmean';
  /** The targets are logarithms too. */
  logTarget?: boolean;
}

/** target·(log target − input), the input being logarithms of probabilities (`torch.nn.KLDivLoss`). */
export class KLDivLoss extends Module<LossInputs> {
  readonly reduction: F.Reduction | 'batchmean';
  readonly logTarget: boolean;

  constructor(...rest: Tail<KLDivLossOptions, ['reduction', 'logTarget']>) {
    super();
    const defaults: Required<KLDivLossOptions> = { ...mean, logTarget: false };
    const { reduction, logTarget } = readOptions('KLDivLoss', defaults, rest);
    this.reduction = reduction;
    this.logTarget = logTarget;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.klDiv(input, target, this.reduction, this.logTarget);
  }
}
