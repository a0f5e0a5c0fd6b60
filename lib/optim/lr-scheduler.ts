import { ArgumentError, checkObject } from '../engine';
import { readTail, type Tail } from '../tensor/tail';
import { type AnyOptimizer, Optimizer } from './optimizer';
import { valueError } from './param-groups';
import type { OptionValue } from './state-dict';


/** A scheduler's state in Python's words; JSON. */
export type SchedulerStateDict = Record<string, OptionValue>;

/**
 * Base of the schedules of learning rates (`torch.optim.lr_scheduler.LRScheduler`).
 *
 * A schedule computes each rate from the one before (`getLr`), not from the number of epochs: the closed form of the same
 * schedule rounds differently in most epochs.
 *
 * A subclass calls {@link initialStep} at the end of its constructor, when its own fields are set: the constructor
 * performs the first step, which leaves `lastEpoch` at 0.
 */
export abstract class LRScheduler {
  /** The rate of each group before the first step of the schedule. */
  baseLrs: number[];

  #stepCount = 0;
  #lastLr: number[] = [];

  /** @param lastEpoch the epoch to go on from, −1 for a start; to go on, the groups must have their `initialLr` */
  protected constructor(
    readonly optimizer: AnyOptimizer,
    public lastEpoch = -1,
  ) {
    if (!(optimizer instanceof Optimizer)) throw new ArgumentError('expected an Optimizer for `optimizer`');
    this.baseLrs = optimizer.paramGroups.map((group, index) => {
      if (lastEpoch === -1) group.initialLr ??= group.lr;
      if (group.initialLr === undefined) {
        throw valueError(
          `param 'initial_lr' is not specified in param_groups[${index}] when resuming scheduler with last_epoch >= 0: ` +
            "load the optimizer's state first, or leave out lastEpoch for a fresh run",
        );
      }
      return group.initialLr;
    });
  }

  /** The rate of each group for `lastEpoch`, from its present rate. */
  protected abstract getLr(): number[];

  /** A subclass's own fields for the state dict, under Python's names and in the order of Python's assignments. */
  protected abstract packFields(): SchedulerStateDict;

  /** The way back. */
  protected abstract unpackFields(state: Readonly<SchedulerStateDict>): void;

  /** Sets the first rates; a subclass calls it at the end of its constructor. */
  protected initialStep(): void {
    this.#stepCount = 0;
    this.step();
  }

  /** Goes on to the next epoch; to be called after the optimizer's step. */
  step(): void {
    if (this.#stepCount === 1 && !this.optimizer.stepped) {
      process.emitWarning(
        'Detected call of `scheduler.step()` before `optimizer.step()`: call them in the opposite order, else the first ' +
          'value of the schedule is skipped.',
      );
    }
    this.#stepCount += 1;
    this.lastEpoch += 1;
    for (const [index, lr] of this.getLr().entries()) {
      const group = this.optimizer.paramGroups[index];
      if (group !== undefined) group.lr = lr;
    }
    this.#lastLr = this.optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** The rate of each group that the last step set. */
  getLastLr(): number[] {
    return [...this.#lastLr];
  }

  /** Everything but the optimizer, as Python's dict. */
  stateDict(): SchedulerStateDict {
    return {
      ...this.packFields(),
      base_lrs: [...this.baseLrs],
      last_epoch: this.lastEpoch,
      _step_count: this.#stepCount,
      _is_initial: false,
      _get_lr_called_within_step: false,
      _last_lr: [...this.#lastLr],
    };
  }

  /** Takes over what {@link stateDict} returned; the optimizer's rates come with the optimizer's own state. */
  loadStateDict(state: Readonly<SchedulerStateDict>): void {
    checkObject('loadStateDict', 'state', state, 'the state of a scheduler');
    const { base_lrs, last_epoch, _step_count, _last_lr } = state;
    if (
      !isNumbers(base_lrs) ||
      !isNumbers(_last_lr) ||
      typeof last_epoch !== 'number' ||
      typeof _step_count !== 'number'
    ) {
      throw valueError('expected base_lrs, last_epoch, _step_count and _last_lr in the state of a scheduler');
    }
    this.unpackFields(state);
    this.baseLrs = [...base_lrs];
    this.lastEpoch = last_epoch;
    this.#stepCount = _step_count;
    this.#lastLr = [..._last_lr];
  }
}

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
    super(optimizer, lastEpoch);
    if (!Number.isInteger(stepSize) || stepSize < 1) {
      throw valueError(`expected a whole number of epochs for \`stepSize\`, received ${stepSize}`);
    }
    this.stepSize = stepSize;
    this.gamma = gamma;
    this.initialStep();
  }

  protected override getLr(): number[] {
    const decays = this.lastEpoch !== 0 && this.lastEpoch % this.stepSize === 0;
    return this.optimizer.paramGroups.map(({ lr }) => (decays ? lr * this.gamma : lr));
  }

  protected override packFields(): SchedulerStateDict {
    return { step_size: this.stepSize, gamma: this.gamma };
  }

  protected override unpackFields({ step_size, gamma }: Readonly<SchedulerStateDict>): void {
    if (typeof step_size !== 'number' || typeof gamma !== 'number') {
      throw valueError('expected step_size and gamma in the state of a StepLR');
    }
    this.stepSize = step_size;
    this.gamma = gamma;
  }
}

function isNumbers(value: OptionValue | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'number');
}
