import { checkNumbers, describe, libm, valueError } from '../../engine';
import { readTail, type Tail } from '../../tensor/tail';
import type { AnyOptimizer } from '../optimizer';
import { valueOf } from '../python-number';
import { checkCount, checkOptimizer, LRScheduler, perGroup, type ScheduledGroup } from './base';
import { momentumIsBeta, setMomentum } from './momentum';

/** Options of {@link OneCycleLR}. */
export interface OneCycleLROptions {
  /** The highest rate, for all groups or for each. */
  maxLr: number | readonly number[];
  /** Steps of the cycle; null: `epochs` times `stepsPerEpoch`. */
  totalSteps?: number | null;
  epochs?: number | null;
  stepsPerEpoch?: number | null;
  /** The share of the steps that go up. */
  pctStart?: number;
  annealStrategy?: 'cos' | 'linear';
  /** Move the momentum, or the first of `betas`, the other way. */
  cycleMomentum?: boolean;
  baseMomentum?: number | readonly number[];
  maxMomentum?: number | readonly number[];
  /** The highest rate by the first one. */
  divFactor?: number;
  /** The first rate by the last one. */
  finalDivFactor?: number;
  /** Come down to the first rate as fast as up, and to the last one in a third phase. */
  threePhase?: boolean;
  /** The step to go on from; −1 for a start. */
  lastEpoch?: number;
}

const defaults: Required<OneCycleLROptions> = {
  maxLr: NaN,
  totalSteps: null,
  epochs: null,
  stepsPerEpoch: null,
  pctStart: 0.3,
  annealStrategy: 'cos',
  cycleMomentum: true,
  baseMomentum: 0.85,
  maxMomentum: 0.95,
  divFactor: 25,
  finalDivFactor: 1e4,
  threePhase: false,
  lastEpoch: -1,
};

/** @inline */
type RateName = 'initial_lr' | 'max_lr' | 'min_lr';
/** @inline */
type MomentumName = 'base_momentum' | 'max_momentum';

/** A phase of the cycle, as in Python's state: which values of a group it goes between. @inline */
interface Phase {
  readonly end_step: number;
  readonly start_lr: RateName;
  readonly end_lr: RateName;
  readonly start_momentum: MomentumName;
  readonly end_momentum: MomentumName;
}

/**
 * Moves the rates up to a maximum and down below where they began, batch by batch
 * (`torch.optim.lr_scheduler.OneCycleLR`, Smith and Topin 2018).
 */
export class OneCycleLR extends LRScheduler {
  totalSteps: number;
  cycleMomentum: boolean;
  useBeta1 = false;
  /** The phases in Python's words. */
  schedulePhases: readonly Phase[];
  annealStrategy: 'cos' | 'linear';

  constructor(
    optimizer: AnyOptimizer,
    ...rest:
      | [options: OneCycleLROptions]
      | [
          maxLr: number | readonly number[],
          ...rest: Tail<
            OneCycleLROptions,
            [
              'totalSteps',
              'epochs',
              'stepsPerEpoch',
              'pctStart',
              'annealStrategy',
              'cycleMomentum',
              'baseMomentum',
              'maxMomentum',
              'divFactor',
              'finalDivFactor',
              'threePhase',
              'lastEpoch',
            ]
          >,
        ]
  ) {
    const options = readTail('OneCycleLR', defaults, rest);
    const { pctStart, annealStrategy, cycleMomentum, divFactor, finalDivFactor, threePhase, lastEpoch } = options;
    checkOptimizer(optimizer);
    checkNumbers('OneCycleLR', { pctStart, divFactor, finalDivFactor });
    if (!(pctStart >= 0 && pctStart <= 1)) {
      throw valueError(`Expected float between 0 and 1 pct_start, but got ${pctStart}`);
    }
    if (!['cos', 'linear'].includes(annealStrategy)) {
      throw valueError(`anneal_strategy must be one of 'cos' or 'linear', instead got ${describe(annealStrategy)}`);
    }
    const highest = perGroup('maxLr', optimizer, options.maxLr);
    super(optimizer);
    this.totalSteps = stepsOf(options);
    this.schedulePhases = phasesOf(this.totalSteps, pctStart, threePhase);
    this.annealStrategy = annealStrategy;
    if (lastEpoch === -1) {
      for (const [index, group] of this.groups.entries()) {
        const most = highest[index] as number;
        const first = most / divFactor;
        group.initialLr = first;
        group.maxLr = most;
        group.minLr = first / finalDivFactor;
      }
    }
    this.cycleMomentum = cycleMomentum;
    if (cycleMomentum) this.#cycleMomentum(options);
    this.start(lastEpoch);
  }

  #cycleMomentum({ baseMomentum, maxMomentum, lastEpoch }: Required<OneCycleLROptions>): void {
    this.useBeta1 = momentumIsBeta(this.optimizer);
    const most = perGroup('maxMomentum', this.optimizer, maxMomentum);
    const least = perGroup('baseMomentum', this.optimizer, baseMomentum);
    if (lastEpoch !== -1) return;
    for (const [index, group] of this.groups.entries()) {
      setMomentum(group, most[index] as number, this.useBeta1);
      group.maxMomentum = most[index];
      group.baseMomentum = least[index];
    }
  }

  override getLr(): number[] {
    this.warnOutsideStep();
    const step = this.lastEpoch;
    if (step > this.totalSteps) {
      throw valueError(`Tried to step ${step} times. The specified number of total steps is ${this.totalSteps}`);
    }
    const last = this.schedulePhases.length - 1;
    const found = this.schedulePhases.findIndex(({ end_step }) => step <= end_step);
    const place = found === -1 ? last : found;
    const phase = this.schedulePhases[place] as Phase;
    const begin = place === 0 ? 0 : (this.schedulePhases[place - 1] as Phase).end_step;
    if (phase.end_step === begin) {
      throw valueError(
        `a phase of OneCycleLR has no steps: choose more of them than ${this.totalSteps}, or another pctStart`,
      );
    }
    const share = (step - begin) / (phase.end_step - begin);
    return this.groups.map((group) => {
      if (this.cycleMomentum) {
        const [from, to] = [boundOf(group, phase.start_momentum), boundOf(group, phase.end_momentum)];
        setMomentum(group, this.#anneal(from, to, share), this.useBeta1);
      }
      return this.#anneal(boundOf(group, phase.start_lr), boundOf(group, phase.end_lr), share);
    });
  }

  #anneal(start: number, end: number, share: number): number {
    if (this.annealStrategy === 'linear') return (end - start) * share + start;
    return end + ((start - end) / 2) * (libm.cos(Math.PI * share) + 1);
  }

  protected override fields(): Record<string, string> {
    const common = {
      total_steps: 'totalSteps',
      _schedule_phases: 'schedulePhases',
      _anneal_func_type: 'annealStrategy',
      cycle_momentum: 'cycleMomentum',
    };
    return this.cycleMomentum ? { ...common, use_beta1: 'useBeta1' } : common;
  }
}

function stepsOf({ totalSteps, epochs, stepsPerEpoch }: Required<OneCycleLROptions>): number {
  if (totalSteps !== null) {
    checkCount('OneCycleLR', 'totalSteps', totalSteps, 1);
    return totalSteps;
  }
  if (epochs === null || stepsPerEpoch === null) {
    throw valueError('You must define either total_steps OR (epochs AND steps_per_epoch)');
  }
  checkCount('OneCycleLR', 'epochs', epochs, 1);
  checkCount('OneCycleLR', 'stepsPerEpoch', stepsPerEpoch, 1);
  return epochs * stepsPerEpoch;
}

function phasesOf(totalSteps: number, pctStart: number, threePhase: boolean): Phase[] {
  const up: Phase = {
    end_step: pctStart * totalSteps - 1,
    start_lr: 'initial_lr',
    end_lr: 'max_lr',
    start_momentum: 'max_momentum',
    end_momentum: 'base_momentum',
  };
  const down = { start_lr: 'max_lr', start_momentum: 'base_momentum', end_momentum: 'max_momentum' } as const;
  if (!threePhase) return [up, { ...down, end_step: totalSteps - 1, end_lr: 'min_lr' }];
  return [
    up,
    { ...down, end_step: 2 * pctStart * totalSteps - 2, end_lr: 'initial_lr' },
    { ...down, end_step: totalSteps - 1, start_lr: 'initial_lr', end_lr: 'min_lr', start_momentum: 'max_momentum' },
  ];
}

const properties = {
  initial_lr: 'initialLr',
  max_lr: 'maxLr',
  min_lr: 'minLr',
  base_momentum: 'baseMomentum',
  max_momentum: 'maxMomentum',
} as const;

function boundOf(group: ScheduledGroup, name: RateName | MomentumName): number {
  const value = group[properties[name]];
  if (value !== undefined) return valueOf(value);
  throw valueError(`${name} is not specified in a parameter group: load the optimizer's state before going on`);
}
