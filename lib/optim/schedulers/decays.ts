/** Schedules that change the rate in every epoch. */

import { checkNumbers, libm, valueError } from '../../engine';
import { readTail, type Tail } from '../../tensor/tail';
import type { AnyOptimizer } from '../optimizer';
import { mul, type Num } from '../python-number';
import { LRScheduler } from './base';

/** Options of {@link LinearLR}. */
export interface LinearLROptions {
  /** Factor of the rates in the first epoch. */
  startFactor?: number;
  /** Factor of the rates at the end. */
  endFactor?: number;
  /** Epochs from one to the other. */
  totalIters?: number;
  /** The epoch to go on from; −1 for a start. */
  lastEpoch?: number;
}

/** Changes the factor of the rates in equal steps, as for a warm-up (`torch.optim.lr_scheduler.LinearLR`). */
export class LinearLR extends LRScheduler {
  startFactor: number;
  endFactor: number;
  totalIters: number;

  constructor(
    optimizer: AnyOptimizer,
    ...rest: Tail<LinearLROptions, ['startFactor', 'endFactor', 'totalIters', 'lastEpoch']>
  ) {
    const defaults = { startFactor: 1 / 3, endFactor: 1, totalIters: 5, lastEpoch: -1 };
    const { startFactor, endFactor, totalIters, lastEpoch } = readTail('LinearLR', defaults, rest);
    super(optimizer);
    checkNumbers('LinearLR', { startFactor, endFactor, totalIters });
    if (!(startFactor > 0 && startFactor <= 1)) {
      throw valueError('Starting multiplicative factor expected to be greater than 0 and less or equal to 1.');
    }
    if (!(endFactor >= 0 && endFactor <= 1)) {
      throw valueError('Ending multiplicative factor expected to be between 0 and 1.');
    }
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = totalIters;
    this.start(lastEpoch);
  }

  override getLr(): Num[] {
    this.warnOutsideStep();
    const { startFactor, totalIters, lastEpoch } = this;
    const rates = this.currentLrs();
    if (lastEpoch === 0) return rates.map((lr) => mul(lr, startFactor));
    if (this.isInitial || lastEpoch > totalIters) return rates;
    const rise = this.endFactor - startFactor;
    const factor = 1 + rise / (totalIters * startFactor + (lastEpoch - 1) * rise);
    return rates.map((lr) => mul(lr, factor));
  }

  protected override closedForm(): Num[] {
    const rise = this.endFactor - this.startFactor;
    const factor = this.startFactor + (rise * Math.min(this.totalIters, this.lastEpoch)) / this.totalIters;
    return this.baseLrs.map((lr) => mul(lr, factor));
  }

  protected override fields(): Record<string, string> {
    return { start_factor: 'startFactor', end_factor: 'endFactor', total_iters: 'totalIters' };
  }
}

/** Options of {@link ExponentialLR}. */
export interface ExponentialLROptions {
  /** Factor of the decay in each epoch. */
  gamma: number;
  /** The epoch to go on from; −1 for a start. */
  lastEpoch?: number;
}

/** Multiplies the rates by `gamma` in every epoch (`torch.optim.lr_scheduler.ExponentialLR`). */
export class ExponentialLR extends LRScheduler {
  gamma: number;

  constructor(
    optimizer: AnyOptimizer,
    ...rest: [options: ExponentialLROptions] | [gamma: number, ...rest: Tail<ExponentialLROptions, ['lastEpoch']>]
  ) {
    const { gamma, lastEpoch } = readTail('ExponentialLR', { gamma: null as number | null, lastEpoch: -1 }, rest);
    super(optimizer);
    checkNumbers('ExponentialLR', { gamma });
    this.gamma = gamma as number;
    this.start(lastEpoch);
  }

  override getLr(): Num[] {
    this.warnOutsideStep();
    const rates = this.currentLrs();
    return this.isInitial ? rates : rates.map((lr) => mul(lr, this.gamma));
  }

  protected override closedForm(): Num[] {
    const factor = libm.pow(this.gamma, this.lastEpoch);
    return this.baseLrs.map((lr) => mul(lr, factor));
  }

  protected override fields(): Record<string, string> {
    return { gamma: 'gamma' };
  }
}

/** Options of {@link PolynomialLR}. */
export interface PolynomialLROptions {
  /** Epochs until the rates are zero. */
  totalIters?: number;
  /** Power of the polynomial. */
  power?: number;
  /** The epoch to go on from; −1 for a start. */
  lastEpoch?: number;
}

/** Lets the rates fall to zero as a power of the epochs that are left (`torch.optim.lr_scheduler.PolynomialLR`). */
export class PolynomialLR extends LRScheduler {
  totalIters: number;
  power: number;

  constructor(optimizer: AnyOptimizer, ...rest: Tail<PolynomialLROptions, ['totalIters', 'power', 'lastEpoch']>) {
    const { totalIters, power, lastEpoch } = readTail('PolynomialLR', { totalIters: 5, power: 1, lastEpoch: -1 }, rest);
    super(optimizer);
    checkNumbers('PolynomialLR', { totalIters, power });
    this.totalIters = totalIters;
    this.power = power;
    this.start(lastEpoch);
  }

  override getLr(): Num[] {
    this.warnOutsideStep();
    const rates = this.currentLrs();
    const { totalIters, lastEpoch } = this;
    if (this.isInitial || lastEpoch > totalIters) return rates;
    const factor = libm.pow((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters), this.power);
    return rates.map((lr) => mul(lr, factor));
  }

  protected override closedForm(): Num[] {
    const left = 1 - Math.min(this.totalIters, this.lastEpoch) / this.totalIters;
    const factor = libm.pow(left, this.power);
    return this.baseLrs.map((lr) => mul(lr, factor));
  }

  protected override fields(): Record<string, string> {
    return { total_iters: 'totalIters', power: 'power' };
  }
}
