import { noGrad } from '../../autograd';
import { ArgumentError, checkObject, describe, dispose, keep, scope, valueError } from '../../engine';
import { Tensor } from '../../tensor';
import { type AnyOptimizer, Optimizer } from '../optimizer';
import { type ScheduledOptions } from '../param-groups';
import { type Num, toScalar, valueOf } from '../python-number';

/** A value in a scheduler's state. */
export type SchedulerStateValue =
  | Tensor
  | number
  | boolean
  | string
  | null
  | readonly SchedulerStateValue[]
  | { readonly [name: string]: SchedulerStateValue };

/** A scheduler's state in Python's words; JSON, but for infinities and for rates that are tensors. */
export type SchedulerStateDict = Record<string, SchedulerStateValue>;

/** What schedules read and write of a group. */
export interface ScheduledGroup extends ScheduledOptions {
  lr: Tensor | number;
  momentum?: number;
  betas?: readonly (Tensor | number)[];
}

/**
 * Base of the schedules of learning rates (`torch.optim.lr_scheduler.LRScheduler`).
 *
 * A schedule computes each rate from the one before (`getLr`), not from the number of epochs: the closed form of the same
 * schedule rounds differently in most epochs. `step(epoch)` takes the closed form, where there is one.
 *
 * A group's rate may be a tensor: it stays that tensor, and is filled with what its own dtype makes of the rate.
 *
 * A subclass calls {@link LRScheduler.start} at the end of its constructor, when its own fields are set: that performs the
 * first step, which leaves `lastEpoch` at 0.
 *
 * @typeParam L what the rates are: a schedule for optimizers whose rates are numbers extends `LRScheduler<number>`
 */
export abstract class LRScheduler<L extends Tensor | number = Tensor | number> {
  /** The rate of each group before the first step of the schedule; a copy where that is a tensor. */
  baseLrs: L[] = [];
  /** The epoch that the rates are of. */
  lastEpoch = -1;
  /** Steps done, the one of the constructor included. */
  protected stepCount = 0;
  /** The step of the constructor is going on. */
  protected isInitial = false;
  #lastLr: Num[] = [];
  #isWithinStep = false;

  /** @param optimizer the optimizer whose rates are set */
  protected constructor(readonly optimizer: AnyOptimizer) {
    if (!(optimizer instanceof Optimizer)) {
      throw new ArgumentError(`expected an Optimizer for \`optimizer\`, received ${describe(optimizer)}`);
    }
  }

  /** The rate of each group for `lastEpoch`, from its present rate; `step` calls it. To read rates, call {@link LRScheduler.getLastLr}. */
  abstract getLr(): L[];

  /** The rate of each group for `lastEpoch`, from its first rate; null where there is no such formula. */
  protected closedForm(): L[] | null {
    return null;
  }

  /** A subclass's own properties for the state dict, by Python's names and in the order of Python's assignments. */
  protected abstract fields(): Readonly<Record<string, string>>;

  /**
   * Sets the first rates; a subclass calls it at the end of its constructor.
   * @param lastEpoch the epoch to go on from, −1 for a start; to go on, the groups must have their `initialLr`
   */
  protected start(lastEpoch: number): void {
    if (!Number.isInteger(lastEpoch) || lastEpoch < -1) {
      throw valueError(`expected a whole number, -1 or above, for \`lastEpoch\`, received ${describe(lastEpoch)}`);
    }
    this.baseLrs = this.groups.map((group, index) => {
      if (lastEpoch === -1) group.initialLr ??= copyOf(group.lr);
      if (group.initialLr === undefined) {
        throw valueError(
          `param 'initial_lr' is not specified in param_groups[${index}] when resuming scheduler with last_epoch >= 0: ` +
            "load the optimizer's state first, or leave out lastEpoch for a fresh run",
        );
      }
      return copyOf(group.initialLr) as L;
    });
    this.lastEpoch = lastEpoch;
    LRScheduler.begin(this);
  }

  /** The groups with what schedules put into them. */
  protected get groups(): ScheduledGroup[] {
    return this.optimizer.paramGroups;
  }

  /** The present rate of each group; tensors are copies. */
  protected currentLrs(): L[] {
    return this.groups.map(({ lr }) => (typeof lr === 'number' ? lr : lr.clone()) as L);
  }

  /** Notes rates as those of the last step, the groups' unless others are given. */
  protected noteLrs(rates: readonly Num[] = this.groups.map(({ lr }) => lr)): void {
    const noted = rates.map(copyOf);
    freeRates(this.#lastLr);
    this.#lastLr = noted;
  }

  /** The rates of another scheduler's last step, as it noted them. */
  protected static notedLrs(scheduler: LRScheduler): readonly Num[] {
    return scheduler.#lastLr;
  }

  /** Tells those who call `getLr` for the rates, as Python does. */
  protected warnOutsideStep(): void {
    if (this.#isWithinStep) return;
    process.emitWarning('To get the last learning rate computed by the scheduler, please use `getLastLr()`.');
  }

  /**
   * Goes on to the next epoch; to be called after the optimizer's step.
   * @param epoch deprecated, as in Python: go to this epoch, by the closed form where there is one
   */
  step(epoch?: number): void {
    if (this.stepCount === 1 && !this.optimizer.mayHaveStepped) {
      process.emitWarning(
        'Detected call of `scheduler.step()` before `optimizer.step()`: call them in the opposite order, else the first ' +
          'value of the schedule is skipped.',
      );
    }
    this.stepCount += 1;
    if (epoch !== undefined) warnOfEpoch(this.constructor.name, epoch);
    this.updateLr(epoch);
  }

  /** Sets the rates of the next epoch, or of a certain one. */
  protected updateLr(epoch?: number): void {
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    this.setLrs(() => (epoch === undefined ? null : this.closedForm()) ?? this.getLr());
  }

  /** Gives each group its rate. */
  protected setLrs(compute: () => readonly Num[]): void {
    scope(() => this.#setLrs(compute));
    this.noteLrs();
  }

  #setLrs(compute: () => readonly Num[]): void {
    this.#isWithinStep = true;
    let rates: readonly Num[];
    try {
      rates = compute();
    } finally {
      this.#isWithinStep = false;
    }
    const { groups } = this;
    if (rates.length !== groups.length) {
      throw valueError(
        `${this.constructor.name} has rates of ${rates.length} parameter groups, the optimizer has ${groups.length}: ` +
          'add groups before the scheduler is made',
      );
    }
    for (const [index, group] of groups.entries()) setLr(group, rates[index] as Num);
  }

  /** The rate of each group that the last step set, as numbers: of a tensor its value. */
  getLastLr(): number[] {
    return this.#lastLr.map(valueOf);
  }

  /** Everything but the optimizer, as Python's dict. */
  stateDict(): SchedulerStateDict {
    return {
      ...this.packFields(),
      base_lrs: this.baseLrs.map(copyOf),
      last_epoch: this.lastEpoch,
      _step_count: this.stepCount,
      _is_initial: false,
      _get_lr_called_within_step: false,
      _last_lr: this.packLastLr(),
    };
  }

  /** Takes over what {@link LRScheduler.stateDict} returned; the optimizer's rates come with the optimizer's own state. */
  loadStateDict(state: Readonly<SchedulerStateDict>): void {
    checkObject('loadStateDict', 'state', state, 'the state of a scheduler');
    const { base_lrs, last_epoch, _step_count, _last_lr } = state;
    if (
      !areRates(base_lrs) ||
      !areRates(_last_lr) ||
      typeof last_epoch !== 'number' ||
      typeof _step_count !== 'number'
    ) {
      throw valueError('expected base_lrs, last_epoch, _step_count and _last_lr in the state of a scheduler');
    }
    this.unpackFields(state);
    freeRates(this.baseLrs);
    this.baseLrs = base_lrs.map((rate) => copyOf(rate) as L);
    this.lastEpoch = last_epoch;
    this.stepCount = _step_count;
    this.noteLrs(_last_lr);
  }

  /** The rates of the last step for a state dict. */
  protected packLastLr(): Num[] {
    return this.#lastLr.map(copyOf);
  }

  /** The properties named by {@link LRScheduler.fields}, as copies. */
  protected packFields(): SchedulerStateDict {
    return Object.fromEntries(
      Object.entries(this.fields()).map(([name, property]) => [
        name,
        structuredClone(Reflect.get(this, property) as SchedulerStateValue),
      ]),
    );
  }

  /** The way back; all of them must be there, each of its kind. */
  protected unpackFields(state: Readonly<SchedulerStateDict>): void {
    const fields = Object.entries(this.fields());
    for (const [name, property] of fields) {
      const value = state[name];
      const [kind, wanted] = [kindOf(value), kindOf(Reflect.get(this, property) as SchedulerStateValue)];
      if (value !== undefined && (kind === wanted || kind === 'null' || wanted === 'null')) continue;
      throw valueError(
        `expected ${fields.map(([each]) => each).join(' and ')} in the state of a ${this.constructor.name}; ` +
          `\`${name}\` should be a ${wanted}, received ${describe(value)}`,
      );
    }
    for (const [name, property] of fields) Reflect.set(this, property, structuredClone(state[name]));
  }

  // -- for schedulers of schedulers -------------------------------------------------------------------------------------

  /** Takes back the step of the constructor. */
  protected undo(): void {
    this.lastEpoch -= 1;
  }

  /** {@link LRScheduler.undo} of another one. */
  protected static undo(scheduler: LRScheduler): void {
    scheduler.undo();
  }

  /** The step of the constructor. */
  protected static begin(scheduler: LRScheduler): void {
    scheduler.stepCount = 0;
    scheduler.isInitial = true;
    try {
      scheduler.step();
    } finally {
      scheduler.isInitial = false;
    }
  }

  /** Sets the rates of an epoch without counting a step. */
  protected static goTo(scheduler: LRScheduler, epoch: number): void {
    scheduler.updateLr(epoch);
  }
}

/** Gives a group its rate; a tensor stays the one that it is, as others may have it. */
export function setLr(group: ScheduledGroup, rate: Num): void {
  const { lr } = group;
  if (typeof lr === 'number') group.lr = copyOf(rate);
  else if (typeof rate === 'number') lr.fill_(rate);
  else scope(() => lr.fill_(toScalar(rate) as Tensor));
}

/** A rate that lasts beyond a scope and does not change with the group's. */
function copyOf(rate: Num): Num {
  return typeof rate === 'number' ? rate : keep(noGrad(() => rate.clone()));
}

function freeRates(rates: readonly Num[]): void {
  dispose(...rates.filter((rate) => rate instanceof Tensor));
}

/** Refuses what cannot be an epoch. */
export function checkEpoch(name: string, epoch: unknown): void {
  if (typeof epoch === 'number' && epoch >= 0) return;
  throw valueError(`${name}.step(): expected a number, not negative, for \`epoch\`, received ${describe(epoch)}`);
}

/** Checks the argument of `step` that is deprecated in Python, and says so. */
export function warnOfEpoch(name: string, epoch: number): void {
  checkEpoch(name, epoch);
  process.emitWarning(
    'The epoch parameter in `scheduler.step()` is deprecated: call it without. With an epoch the closed form of the ' +
      'schedule is used where there is one, not the chainable form.',
  );
}

/** One value per group, from a list of them or from one for all. */
export function perGroup(name: string, optimizer: AnyOptimizer, value: number | readonly number[]): number[] {
  const count = optimizer.paramGroups.length;
  if (typeof value === 'number') return Array.from({ length: count }, () => value);
  if (!isNumbers(value)) {
    throw new ArgumentError(`expected a number, or one for each group, for \`${name}\`, received ${describe(value)}`);
  }
  if (value.length === count) return [...value];
  throw valueError(
    `${name} must have the same length as optimizer.param_groups. ` +
      `${name} has ${value.length} values, param_groups has ${count}.`,
  );
}

/** Whether a value is a list of numbers. */
export function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'number');
}

/** Whether a value is a list of rates. */
export function areRates(value: unknown): value is readonly Num[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'number' || each instanceof Tensor);
}

/** Refuses what is no optimizer; for constructors that need it before the base class has looked. */
export function checkOptimizer(optimizer: unknown): void {
  if (optimizer instanceof Optimizer) return;
  throw new ArgumentError(`expected an Optimizer for \`optimizer\`, received ${describe(optimizer)}`);
}

/** Refuses what is no whole number of at least `least`. */
export function checkCount(name: string, argument: string, value: unknown, least: number): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  const wanted = least > 0 ? `a whole number of at least ${least}` : 'a whole number';
  throw new ArgumentError(`${name}(): expected ${wanted} for argument \`${argument}\`, received ${describe(value)}`);
}

function kindOf(value: SchedulerStateValue | undefined): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' ? 'dict' : typeof value;
}
