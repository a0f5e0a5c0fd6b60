/** Schedules that change the rate at certain epochs. */

import { ArgumentError, checkNumbers, Counter, describe, libm, valueError } from '../../engine';
import { readTail, type Tail } from '../../tensor/tail';
import type { AnyOptimizer } from '../optimizer';
import { mul, type Num } from '../python-number';
import { checkCount, LRScheduler, type SchedulerStateDict } from './base';

/** Options of {@link StepLR}. */
export interface StepLROptions {
  /** Epochs between two decays. */
  stepSize: number;
  /** Factor of a decay. */
  gamma?: number;
  /** The epoch to go on from; −1 for a start. */
  lastEpoch?: number;
}

/**
 * Multiplies the rates by `gamma` every `stepSize` epochs (`torch.optim.lr_scheduler.StepLR`).
 *
 * @example
 * ```ts
 * const optimizer = new optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 });
 * const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   optimizer.step();
 *   schedule.step();
 * }
 * console.log(schedule.getLastLr()); // [ 0.25 ]
 * ```
 */
export class StepLR extends LRScheduler {
  stepSize: number;
  gamma: number;

  constructor(
    optimizer: AnyOptimizer,
    ...rest: [options: StepLROptions] | [stepSize: number, ...rest: Tail<StepLROptions, ['gamma', 'lastEpoch']>]
  ) {
    const { stepSize, gamma, lastEpoch } = readTail('StepLR', { stepSize: NaN, gamma: 0.1, lastEpoch: -1 }, rest);
    super(optimizer);
    checkCount('StepLR', 'stepSize', stepSize, 1);
    checkNumbers('StepLR', { gamma });
    this.stepSize = stepSize;
    this.gamma = gamma;
    this.start(lastEpoch);
  }

  override getLr(): Num[] {
    this.warnOutsideStep();
    const decays = this.lastEpoch !== 0 && this.lastEpoch % this.stepSize === 0;
    return this.currentLrs().map((lr) => (decays ? mul(lr, this.gamma) : lr));
  }

  protected override closedForm(): Num[] {
    const factor = libm.pow(this.gamma, Math.floor(this.lastEpoch / this.stepSize));
    return this.baseLrs.map((lr) => mul(lr, factor));
  }

  protected override fields(): Record<string, string> {
    return { step_size: 'stepSize', gamma: 'gamma' };
  }
}

/** Options of {@link MultiStepLR}. */
export interface MultiStepLROptions {
  /** The epochs of the decays; one that is there twice decays twice. */
  milestones: readonly number[];
  /** Factor of a decay. */
  gamma?: number;
  /** The epoch to go on from; −1 for a start. */
  lastEpoch?: number;
}

/** Multiplies the rates by `gamma` at each milestone (`torch.optim.lr_scheduler.MultiStepLR`). */
export class MultiStepLR extends LRScheduler {
  /** How often each milestone was given, by its epoch. */
  milestones: Record<number, number> = {};
  gamma: number;

  constructor(
    optimizer: AnyOptimizer,
    ...rest:
      | [options: MultiStepLROptions]
      | [milestones: readonly number[], ...rest: Tail<MultiStepLROptions, ['gamma', 'lastEpoch']>]
  ) {
    const defaults = { milestones: null as readonly number[] | null, gamma: 0.1, lastEpoch: -1 };
    const { milestones, gamma, lastEpoch } = readTail('MultiStepLR', defaults, rest);
    super(optimizer);
    if (!Array.isArray(milestones)) {
      throw new ArgumentError(
        `MultiStepLR(): expected a list of epochs for \`milestones\`, received ${describe(milestones)}`,
      );
    }
    checkNumbers('MultiStepLR', { gamma });
    for (const [index, epoch] of (milestones as readonly number[]).entries()) {
      checkCount('MultiStepLR', `milestones[${index}]`, epoch, 0);
      this.milestones[epoch] = (this.milestones[epoch] ?? 0) + 1;
    }
    this.gamma = gamma;
    this.start(lastEpoch);
  }

  override getLr(): Num[] {
    this.warnOutsideStep();
    const times = this.milestones[this.lastEpoch];
    if (times === undefined) return this.currentLrs();
    const factor = libm.pow(this.gamma, times);
    return this.currentLrs().map((lr) => mul(lr, factor));
  }

  protected override closedForm(): Num[] {
    const passed = Object.entries(this.milestones).filter(([epoch]) => Number(epoch) <= this.lastEpoch);
    const factor = libm.pow(
      this.gamma,
      passed.reduce((sum, [, times]) => sum + times, 0),
    );
    return this.baseLrs.map((lr) => mul(lr, factor));
  }

  override stateDict(): SchedulerStateDict {
    return { ...super.stateDict(), milestones: new Counter(this.milestones) };
  }

  protected override fields(): Record<string, string> {
    return { milestones: 'milestones', gamma: 'gamma' };
  }
}

/** Options of {@link ConstantLR}. */
export interface ConstantLROptions {
  /** Factor of the rates until `totalIters`. */
  factor?: number;
  /** The epoch from which the rates are the full ones. */
  totalIters?: number;
  /** The epoch to go on from; −1 for a start. */
  lastEpoch?: number;
}

/** Multiplies the rates by `factor` until an epoch (`torch.optim.lr_scheduler.ConstantLR`). */
export class ConstantLR extends LRScheduler {
  factor: number;
  totalIters: number;

  constructor(optimizer: AnyOptimizer, ...rest: Tail<ConstantLROptions, ['factor', 'totalIters', 'lastEpoch']>) {
    const defaults = { factor: 1 / 3, totalIters: 5, lastEpoch: -1 };
    const { factor, totalIters, lastEpoch } = readTail('ConstantLR', defaults, rest);
    super(optimizer);
    checkNumbers('ConstantLR', { factor, totalIters });
    if (!(factor >= 0 && factor <= 1)) {
      throw valueError('Constant multiplicative factor expected to be between 0 and 1.');
    }
    this.factor = factor;
    this.totalIters = totalIters;
    this.start(lastEpoch);
  }

  override getLr(): Num[] {
    this.warnOutsideStep();
    if (this.lastEpoch === 0) return this.currentLrs().map((lr) => mul(lr, this.factor));
    if (this.lastEpoch !== this.totalIters) return this.currentLrs();
    return this.currentLrs().map((lr) => mul(lr, 1 / this.factor));
  }

  protected override closedForm(): Num[] {
    const isOver = this.lastEpoch >= this.totalIters ? 1 : 0;
    return this.baseLrs.map((lr) => mul(lr, this.factor + isOver * (1 - this.factor)));
  }

  protected override fields(): Record<string, string> {
    return { factor: 'factor', total_iters: 'totalIters' };
  }
}
