import { checkNumbers, checkObject, describe, TensorBase, valueError } from '../../engine';
import type { Tensor } from '../../tensor';
import { readTail, type Tail } from '../../tensor/tail';
import type { AnyOptimizer } from '../optimizer';
import { valueOf } from '../python-number';
import { areRates, checkOptimizer, LRScheduler, perGroup, type SchedulerStateDict, setLr, warnOfEpoch } from './base';

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Whether the metric should fall or rise. */
  mode?: 'min' | 'max';
  /** Factor of a reduction, below 1. */
  factor?: number;
  /** Epochs without an improvement that are borne. */
  patience?: number;
  /** By how much a metric must be better to count. */
  threshold?: number;
  /** Whether the threshold is a share of the best metric, or a difference. */
  thresholdMode?: 'rel' | 'abs';
  /** Epochs after a reduction in which nothing is counted. */
  cooldown?: number;
  /** The lowest rate, for all groups or for each. */
  minLr?: number | readonly number[];
  /** A reduction by less is left out. */
  eps?: number;
}

const defaults: Required<ReduceLROnPlateauOptions> = {
  mode: 'min',
  factor: 0.1,
  patience: 10,
  threshold: 1e-4,
  thresholdMode: 'rel',
  cooldown: 0,
  minLr: 0,
  eps: 1e-8,
};

/**
 * Reduces the rates when a metric has stopped improving (`torch.optim.lr_scheduler.ReduceLROnPlateau`).
 *
 * Its state holds infinities, which JSON does not know; where JSON has made them null, they are infinities again.
 *
 * @example
 * ```ts
 * const optimizer = new optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 });
 * const schedule = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { patience: 1 });
 * for (const loss of [3, 2, 2, 2]) schedule.step(loss);
 * console.log(schedule.getLastLr()); // [ 0.1 ]
 * ```
 */
export class ReduceLROnPlateau extends LRScheduler {
  factor: number;
  defaultMinLr: number | null;
  minLrs: number[];
  patience: number;
  cooldown: number;
  eps: number;
  mode: 'min' | 'max';
  threshold: number;
  thresholdMode: 'rel' | 'abs';
  /** The best metric so far. */
  best: number;
  cooldownCounter = 0;
  numBadEpochs = 0;

  constructor(
    optimizer: AnyOptimizer,
    ...rest: Tail<
      ReduceLROnPlateauOptions,
      ['mode', 'factor', 'patience', 'threshold', 'thresholdMode', 'cooldown', 'minLr', 'eps']
    >
  ) {
    const options = readTail('ReduceLROnPlateau', defaults, rest);
    const { mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps } = options;
    checkNumbers('ReduceLROnPlateau', { factor, patience, threshold, cooldown, eps });
    if (!(factor < 1)) throw valueError('Factor should be < 1.0.');
    checkOptimizer(optimizer);
    if (!['min', 'max'].includes(mode)) throw valueError(`mode ${describe(mode)} is unknown!`);
    if (!['rel', 'abs'].includes(thresholdMode))
      throw valueError(`threshold mode ${describe(thresholdMode)} is unknown!`);
    super(optimizer);
    this.factor = factor;
    this.defaultMinLr = typeof minLr === 'number' ? minLr : null;
    this.minLrs = perGroup('minLr', optimizer, minLr);
    this.patience = patience;
    this.cooldown = cooldown;
    this.eps = eps;
    this.mode = mode;
    this.threshold = threshold;
    this.thresholdMode = thresholdMode;
    this.best = this.#worst;
    this.lastEpoch = 0;
    this.noteLrs();
  }

  get #worst(): number {
    return this.mode === 'min' ? Infinity : -Infinity;
  }

  /** As in Python, there is no formula: the rates follow the metric. */
  override getLr(): number[] {
    throw valueError('ReduceLROnPlateau has no rates by the epoch: call getLastLr()');
  }

  /**
   * Looks at an epoch's metric, and reduces the rates if there was no better one for too long.
   * @param metrics a number, or a tensor of one element; it must be given
   * @param epoch deprecated, as in Python: the epoch that it is of
   */
  override step(metrics?: number | Tensor, epoch?: number): void {
    const current = metrics instanceof TensorBase ? metrics.item() : metrics;
    if (typeof current !== 'number') {
      throw valueError(`ReduceLROnPlateau.step(): expected a number for \`metrics\`, received ${describe(metrics)}`);
    }
    if (epoch !== undefined) warnOfEpoch('ReduceLROnPlateau', epoch);
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    if (this.#isBetter(current)) {
      this.best = current;
      this.numBadEpochs = 0;
    } else {
      this.numBadEpochs += 1;
    }
    if (this.inCooldown) {
      this.cooldownCounter -= 1;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > this.patience) {
      this.#reduce();
      this.cooldownCounter = this.cooldown;
      this.numBadEpochs = 0;
    }
    this.noteLrs();
  }

  /** Epochs are not counted at present. */
  get inCooldown(): boolean {
    return this.cooldownCounter > 0;
  }

  #isBetter(metric: number): boolean {
    const { threshold, best } = this;
    if (this.mode === 'min') {
      return this.thresholdMode === 'rel' ? metric < best * (1 - threshold) : metric < best - threshold;
    }
    return this.thresholdMode === 'rel' ? metric > best * (threshold + 1) : metric > best + threshold;
  }

  #reduce(): void {
    const { groups } = this;
    if (groups.length !== this.minLrs.length) {
      if (this.defaultMinLr === null) {
        throw valueError(
          `The number of param groups in the \`optimizer\` (${groups.length}) differs from when \`ReduceLROnPlateau\` ` +
            `was initialized (${this.minLrs.length}): set \`minLrs\` to one for each group.`,
        );
      }
      this.minLrs = perGroup('minLr', this.optimizer, this.defaultMinLr);
    }
    for (const [index, group] of groups.entries()) {
      const before = valueOf(group.lr);
      const reduced = Math.max(before * this.factor, this.minLrs[index] as number);
      if (before - reduced > this.eps) setLr(group, reduced);
    }
  }

  protected override fields(): Record<string, string> {
    return {
      factor: 'factor',
      default_min_lr: 'defaultMinLr',
      min_lrs: 'minLrs',
      patience: 'patience',
      cooldown: 'cooldown',
      eps: 'eps',
      last_epoch: 'lastEpoch',
      mode: 'mode',
      threshold: 'threshold',
      threshold_mode: 'thresholdMode',
      best: 'best',
      cooldown_counter: 'cooldownCounter',
      num_bad_epochs: 'numBadEpochs',
    };
  }

  override stateDict(): SchedulerStateDict {
    return { ...this.packFields(), _last_lr: this.packLastLr(), mode_worse: this.#worst };
  }

  override loadStateDict(state: Readonly<SchedulerStateDict>): void {
    checkObject('loadStateDict', 'state', state, 'the state of a scheduler');
    const { _last_lr: rates } = state;
    if (!areRates(rates)) throw valueError('expected _last_lr in the state of a ReduceLROnPlateau');
    this.unpackFields(state);
    this.noteLrs(rates);
    if ((this.best as number | null) === null) this.best = this.#worst;
  }
}
