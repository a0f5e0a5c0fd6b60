import { ArgumentError, checkNumbers, describe, libm, valueError } from '../../engine';
import { readTail, type Tail } from '../../tensor/tail';
import type { AnyOptimizer } from '../optimizer';
import { add, mul, type Num, sub } from '../python-number';
import { checkOptimizer, LRScheduler, perGroup, type SchedulerStateDict, setLr } from './base';
import { momentumIsBeta, setMomentum } from './momentum';

/** How the height of the cycles changes: not at all, halved each time, or by `gamma` to the power of the iterations. */
export type CyclicMode = 'triangular' | 'triangular2' | 'exp_range';

/** Options of {@link CyclicLR}. */
export interface CyclicLROptions {
  /** The lowest rate, for all groups or for each. */
  baseLr: number | readonly number[];
  /** The highest rate. */
  maxLr: number | readonly number[];
  /** Iterations up. */
  stepSizeUp?: number;
  /** Iterations down; null: as many as up. */
  stepSizeDown?: number | null;
  mode?: CyclicMode;
  /** Of the mode `exp_range`. */
  gamma?: number;
  /** The height of a cycle; `mode` is ignored then. */
  scaleFn?: ((x: number) => number) | null;
  /** Whether `scaleFn` is given the number of the cycle or of the iteration. */
  scaleMode?: 'cycle' | 'iterations';
  /** Move the momentum, or the first of `betas`, the other way. */
  cycleMomentum?: boolean;
  baseMomentum?: number | readonly number[];
  maxMomentum?: number | readonly number[];
  /** The iteration to go on from; −1 for a start. */
  lastEpoch?: number;
}

const defaults: Required<CyclicLROptions> = {
  baseLr: NaN,
  maxLr: NaN,
  stepSizeUp: 2000,
  stepSizeDown: null,
  mode: 'triangular',
  gamma: 1,
  scaleFn: null,
  scaleMode: 'cycle',
  cycleMomentum: true,
  baseMomentum: 0.8,
  maxMomentum: 0.9,
  lastEpoch: -1,
};

/** Moves the rates up and down between two bounds, batch by batch (`torch.optim.lr_scheduler.CyclicLR`, Smith 2017). */
export class CyclicLR extends LRScheduler {
  maxLrs: number[];
  /** Iterations of a cycle, and the share of those that go up. */
  totalSize: number;
  stepRatio: number;
  mode: CyclicMode;
  gamma: number;
  scaleMode: 'cycle' | 'iterations';
  cycleMomentum: boolean;
  useBeta1 = false;
  baseMomentums: number[] = [];
  maxMomentums: number[] = [];
  readonly #scaleFn: ((x: number) => number) | null;

  constructor(
    optimizer: AnyOptimizer,
    ...rest:
      | [options: CyclicLROptions]
      | [
          baseLr: number | readonly number[],
          maxLr: number | readonly number[],
          ...rest: Tail<
            CyclicLROptions,
            [
              'stepSizeUp',
              'stepSizeDown',
              'mode',
              'gamma',
              'scaleFn',
              'scaleMode',
              'cycleMomentum',
              'baseMomentum',
              'maxMomentum',
              'lastEpoch',
            ]
          >,
        ]
  ) {
    const options = readTail('CyclicLR', defaults, rest);
    const { stepSizeUp, stepSizeDown, mode, gamma, scaleFn, scaleMode, cycleMomentum, lastEpoch } = options;
    checkOptimizer(optimizer);
    checkNumbers('CyclicLR', { stepSizeUp, stepSizeDown: stepSizeDown ?? stepSizeUp, gamma });
    if (scaleFn !== null && typeof scaleFn !== 'function') {
      throw new ArgumentError(`CyclicLR(): expected a function for \`scaleFn\`, received ${describe(scaleFn)}`);
    }
    if (scaleFn === null && !['triangular', 'triangular2', 'exp_range'].includes(mode)) {
      throw valueError(`mode is invalid and scaleFn is null: ${describe(mode)}`);
    }
    const baseLrs = perGroup('baseLr', optimizer, options.baseLr);
    super(optimizer);
    if (lastEpoch === -1) for (const [index, group] of this.groups.entries()) setLr(group, baseLrs[index] as number);
    this.maxLrs = perGroup('maxLr', optimizer, options.maxLr);
    this.totalSize = stepSizeUp + (stepSizeDown ?? stepSizeUp);
    this.stepRatio = stepSizeUp / this.totalSize;
    this.mode = mode;
    this.gamma = gamma;
    this.#scaleFn = scaleFn;
    this.scaleMode = scaleFn !== null ? scaleMode : mode === 'exp_range' ? 'iterations' : 'cycle';
    this.cycleMomentum = cycleMomentum;
    if (cycleMomentum) this.#cycleMomentum(options);
    this.start(lastEpoch);
    this.baseLrs = baseLrs;
  }

  #cycleMomentum({ baseMomentum, maxMomentum, lastEpoch }: Required<CyclicLROptions>): void {
    this.useBeta1 = momentumIsBeta(this.optimizer);
    this.baseMomentums = perGroup('baseMomentum', this.optimizer, baseMomentum);
    this.maxMomentums = perGroup('maxMomentum', this.optimizer, maxMomentum);
    if (lastEpoch !== -1) return;
    for (const [index, group] of this.groups.entries()) {
      const most = this.maxMomentums[index] as number;
      setMomentum(group, most, this.useBeta1);
      group.maxMomentum = most;
      group.baseMomentum = this.baseMomentums[index];
    }
  }

  /** The height of a cycle: of its number, or of the iteration. */
  scaleFn(x: number): number {
    if (this.#scaleFn !== null) return this.#scaleFn(x);
    if (this.mode === 'triangular') return 1;
    return this.mode === 'triangular2' ? 1 / libm.pow(2, x - 1) : libm.pow(this.gamma, x);
  }

  override getLr(): Num[] {
    this.warnOutsideStep();
    const { lastEpoch, totalSize, stepRatio } = this;
    const cycle = Math.floor(1 + lastEpoch / totalSize);
    const x = 1 + lastEpoch / totalSize - cycle;
    const height = x <= stepRatio ? x / stepRatio : (x - 1) / (stepRatio - 1);
    const at = this.scaleMode === 'cycle' ? cycle : lastEpoch;
    if (this.cycleMomentum) {
      for (const [index, group] of this.groups.entries()) {
        const [least, most] = [this.baseMomentums[index] as number, this.maxMomentums[index] as number];
        setMomentum(group, most - (most - least) * height * this.scaleFn(at), this.useBeta1);
      }
    }
    return this.baseLrs.map((lr, index) => {
      const rise = mul(sub(this.maxLrs[index] as number, lr), height);
      return add(lr, mul(rise, this.scaleFn(at)));
    });
  }

  protected override fields(): Record<string, string> {
    const common = {
      max_lrs: 'maxLrs',
      total_size: 'totalSize',
      step_ratio: 'stepRatio',
      mode: 'mode',
      gamma: 'gamma',
      scale_mode: 'scaleMode',
      cycle_momentum: 'cycleMomentum',
    };
    if (!this.cycleMomentum) return common;
    return { ...common, use_beta1: 'useBeta1', base_momentums: 'baseMomentums', max_momentums: 'maxMomentums' };
  }

  /** A function of the user's is not saved, as in Python: its place holds null. */
  override stateDict(): SchedulerStateDict {
    return { ...super.stateDict(), _scale_fn_custom: null };
  }
}
