/** Schedules along a cosine. */

import { checkNumbers, libm } from '../../engine';
import { readTail, type Tail } from '../../tensor/tail';
import type { AnyOptimizer } from '../optimizer';
import { add, div, mul, type Num, sub } from '../python-number';
import { checkCount, checkEpoch, LRScheduler } from './base';

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions {
  /** Epochs until the rates are lowest. */
  tMax: number;
  /** The lowest rate. */
  etaMin?: number;
  /** The epoch to go on from; −1 for a start. */
  lastEpoch?: number;
}

/** Lets the rates fall along half a cosine (`torch.optim.lr_scheduler.CosineAnnealingLR`). */
export class CosineAnnealingLR extends LRScheduler {
  tMax: number;
  etaMin: number;

  constructor(
    optimizer: AnyOptimizer,
    ...rest:
      | [options: CosineAnnealingLROptions]
      | [tMax: number, ...rest: Tail<CosineAnnealingLROptions, ['etaMin', 'lastEpoch']>]
  ) {
    const defaults = { tMax: NaN, etaMin: 0, lastEpoch: -1 };
    const { tMax, etaMin, lastEpoch } = readTail('CosineAnnealingLR', defaults, rest);
    super(optimizer);
    checkCount('CosineAnnealingLR', 'tMax', tMax, 1);
    checkNumbers('CosineAnnealingLR', { etaMin });
    this.tMax = tMax;
    this.etaMin = etaMin;
    this.start(lastEpoch);
  }

  override getLr(): Num[] {
    this.warnOutsideStep();
    const { tMax, etaMin, lastEpoch, baseLrs } = this;
    const rates = this.currentLrs();
    if (this.isInitial) return rates;
    if (this.stepCount === 1 && lastEpoch > 0) return this.closedForm();
    // The quotient below would divide by zero here, one step after the cosine's end.
    if ((lastEpoch - 1 - tMax) % (2 * tMax) === 0) {
      const rise = 1 - libm.cos(Math.PI / tMax);
      return rates.map((lr, index) => add(lr, div(mul(sub(baseLrs[index] as Num, etaMin), rise), 2)));
    }
    const at = (epoch: number): number => 1 + libm.cos((Math.PI * epoch) / tMax);
    const factor = at(lastEpoch) / at(lastEpoch - 1);
    return rates.map((lr) => add(mul(factor, sub(lr, etaMin)), etaMin));
  }

  protected override closedForm(): Num[] {
    const height = 1 + libm.cos((Math.PI * this.lastEpoch) / this.tMax);
    return this.baseLrs.map((lr) => add(this.etaMin, div(mul(sub(lr, this.etaMin), height), 2)));
  }

  protected override fields(): Record<string, string> {
    return { T_max: 'tMax', eta_min: 'etaMin' };
  }
}

/** Options of {@link CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions {
  /** Epochs until the first restart. */
  t0: number;
  /** By which each time until a restart is longer than the one before. */
  tMult?: number;
  /** The lowest rate. */
  etaMin?: number;
  /** The epoch to go on from; −1 for a start. */
  lastEpoch?: number;
}

/**
 * Lets the rates fall along half a cosine and begin anew (`torch.optim.lr_scheduler.CosineAnnealingWarmRestarts`, Loshchilov
 * and Hutter 2017). `step` also takes fractions of an epoch.
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  /** Epochs until the first restart, and until the next one. */
  t0: number;
  tI: number;
  tMult: number;
  etaMin: number;
  /** Epochs since the last restart. */
  tCur: number;

  constructor(
    optimizer: AnyOptimizer,
    ...rest:
      | [options: CosineAnnealingWarmRestartsOptions]
      | [t0: number, ...rest: Tail<CosineAnnealingWarmRestartsOptions, ['tMult', 'etaMin', 'lastEpoch']>]
  ) {
    const name = 'CosineAnnealingWarmRestarts';
    const defaults = { t0: NaN, tMult: 1, etaMin: 0, lastEpoch: -1 };
    const { t0, tMult, etaMin, lastEpoch } = readTail(name, defaults, rest);
    super(optimizer);
    checkCount(name, 't0', t0, 1);
    checkCount(name, 'tMult', tMult, 1);
    checkNumbers(name, { etaMin });
    [this.t0, this.tI] = [t0, t0];
    this.tMult = tMult;
    this.etaMin = etaMin;
    this.tCur = lastEpoch;
    this.start(lastEpoch);
  }

  override getLr(): Num[] {
    this.warnOutsideStep();
    const height = 1 + libm.cos((Math.PI * this.tCur) / this.tI);
    return this.baseLrs.map((lr) => add(this.etaMin, div(mul(sub(lr, this.etaMin), height), 2)));
  }

  /**
   * Goes on to the next epoch.
   * @param epoch where to go instead; a fraction is a place within an epoch, as after some of its batches
   */
  override step(epoch?: number): void {
    const { t0, tMult } = this;
    const wanted = epoch ?? (this.lastEpoch < 0 ? 0 : null);
    if (wanted === null) {
      this.tCur += 1;
      if (this.tCur >= this.tI) {
        this.tCur %= this.tI;
        this.tI *= tMult;
      }
      this.lastEpoch += 1;
    } else {
      checkEpoch('CosineAnnealingWarmRestarts', wanted);
      if (wanted < t0) [this.tI, this.tCur] = [t0, wanted];
      else if (tMult === 1) this.tCur = wanted % t0;
      else {
        const restarts = Math.trunc(libm.log((wanted / t0) * (tMult - 1) + 1) / libm.log(tMult));
        this.tCur = wanted - (t0 * (tMult ** restarts - 1)) / (tMult - 1);
        this.tI = t0 * tMult ** restarts;
      }
      this.lastEpoch = Math.floor(wanted);
    }
    this.setLrs(() => this.getLr());
  }

  protected override fields(): Record<string, string> {
    return { T_0: 't0', T_i: 'tI', T_mult: 'tMult', eta_min: 'etaMin', T_cur: 'tCur' };
  }
}
