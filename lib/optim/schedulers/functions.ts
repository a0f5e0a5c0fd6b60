/** Schedules by a function of the user's. */

import { ArgumentError, describe, valueError } from '../../engine';
import { readTail, type Tail } from '../../tensor/tail';
import type { AnyOptimizer } from '../optimizer';
import { mul, type Num } from '../python-number';
import { LRScheduler, type SchedulerStateDict } from './base';

/** The factor of the rate in an epoch. */
export type LRLambda = (epoch: number) => number;

/** Options of {@link LambdaLR} and {@link MultiplicativeLR}. */
export interface LambdaLROptions {
  /** The factor by the epoch, for all groups or for each. */
  lrLambda: LRLambda | readonly LRLambda[];
  /** The epoch to go on from; −1 for a start. */
  lastEpoch?: number;
}

abstract class ByFunction extends LRScheduler {
  /** A function for each group. */
  readonly lrLambdas: readonly LRLambda[];

  constructor(optimizer: AnyOptimizer, name: string, rest: readonly unknown[]) {
    const defaults = { lrLambda: null as LambdaLROptions['lrLambda'] | null, lastEpoch: -1 };
    const { lrLambda, lastEpoch } = readTail(name, defaults, rest);
    super(optimizer);
    const { length } = optimizer.paramGroups;
    const given: readonly unknown[] = Array.isArray(lrLambda) ? lrLambda : Array.from({ length }, () => lrLambda);
    if (given.length !== length) throw valueError(`Expected ${length} lr_lambdas, but got ${given.length}`);
    for (const each of given) {
      if (typeof each === 'function') continue;
      throw new ArgumentError(
        `${name}(): lrLambda should be a function, or one for each group, received ${describe(each)}`,
      );
    }
    this.lrLambdas = given as readonly LRLambda[];
    this.start(lastEpoch);
  }

  /** The factor of each group for this epoch. */
  protected factors(): number[] {
    return this.lrLambdas.map((lambda) => {
      const factor: unknown = lambda(this.lastEpoch);
      if (typeof factor === 'number') return factor;
      throw new ArgumentError(`expected lrLambda to return a number, but it returned ${describe(factor)}`);
    });
  }

  protected override fields(): Record<string, string> {
    return {};
  }

  /** Functions are not saved, as in Python: their places hold null. */
  override stateDict(): SchedulerStateDict {
    return { ...super.stateDict(), lr_lambdas: this.lrLambdas.map(() => null) };
  }
}

/** Multiplies the first rates by a function of the epoch (`torch.optim.lr_scheduler.LambdaLR`). */
export class LambdaLR extends ByFunction {
  constructor(
    optimizer: AnyOptimizer,
    ...rest:
      | [options: LambdaLROptions]
      | [lrLambda: LRLambda | readonly LRLambda[], ...rest: Tail<LambdaLROptions, ['lastEpoch']>]
  ) {
    super(optimizer, 'LambdaLR', rest);
  }

  override getLr(): Num[] {
    this.warnOutsideStep();
    return this.factors().map((factor, index) => mul(this.baseLrs[index] as Num, factor));
  }
}

/** Multiplies the rates in every epoch by a function of it (`torch.optim.lr_scheduler.MultiplicativeLR`). */
export class MultiplicativeLR extends ByFunction {
  constructor(
    optimizer: AnyOptimizer,
    ...rest:
      | [options: LambdaLROptions]
      | [lrLambda: LRLambda | readonly LRLambda[], ...rest: Tail<LambdaLROptions, ['lastEpoch']>]
  ) {
    super(optimizer, 'MultiplicativeLR', rest);
  }

  override getLr(): Num[] {
    this.warnOutsideStep();
    const rates = this.currentLrs();
    if (this.isInitial) return rates;
    return this.factors().map((factor, index) => mul(rates[index] as Num, factor));
  }
}
