/** Schedules that are made of schedules. */

import { ArgumentError, checkList, checkObject, describe, valueError } from '../../engine';
import { type Arguments, readTail, required } from '../../tensor/tail';
import { type AnyOptimizer, Optimizer } from '../optimizer';
import { areRates, checkCount, checkOptimizer, isNumbers, LRScheduler, type SchedulerStateDict, setLr } from './base';
import { ReduceLROnPlateau } from './plateau';

abstract class Combined extends LRScheduler {
  /** Its parts. */
  readonly schedulers: readonly LRScheduler[];
  /** It was begun as a part of another one, which leaves two names in Python's state. */
  #isPart = false;

  constructor(optimizer: AnyOptimizer, schedulers: readonly LRScheduler[]) {
    super(optimizer);
    this.schedulers = [...schedulers];
  }

  /** As in Python, a combined schedule has no formula of its own. */
  override getLr(): number[] {
    throw valueError(`${this.constructor.name} has no rates of its own: call getLastLr(), or getLr() of its parts`);
  }

  protected override fields(): Record<string, string> {
    return {};
  }

  protected override undo(): void {
    for (const scheduler of this.schedulers) LRScheduler.undo(scheduler);
  }

  /** The state of the parts under `_schedulers`, with what is its own. */
  override stateDict(): SchedulerStateDict {
    return {
      ...this.own(),
      _last_lr: this.packLastLr(),
      ...(this.#isPart ? { _step_count: this.stepCount, _is_initial: false } : {}),
      _schedulers: this.schedulers.map((scheduler) => scheduler.stateDict()),
    };
  }

  /** What Python keeps of the combination itself. */
  protected abstract own(): SchedulerStateDict;

  /** Takes over what `stateDict` returned, its parts' states too. */
  override loadStateDict(state: Readonly<SchedulerStateDict>): void {
    checkObject('loadStateDict', 'state', state, 'the state of a scheduler');
    const { _schedulers: parts, _last_lr: rates } = state;
    if (!Array.isArray(parts) || parts.length !== this.schedulers.length || !areRates(rates)) {
      throw valueError(
        `expected _last_lr and ${this.schedulers.length} _schedulers in the state of a ${this.constructor.name}`,
      );
    }
    for (const [index, scheduler] of this.schedulers.entries()) {
      scheduler.loadStateDict(parts[index] as SchedulerStateDict);
    }
    this.noteLrs(rates);
  }

  /** Notes that this step is the first one of a part. */
  protected markAsPart(): void {
    if (this.isInitial) this.#isPart = true;
  }
}

/** The optimizer of schedules that belong together; refuses others. */
function commonOptimizer(
  name: string,
  schedulers: readonly LRScheduler[],
  optimizer: AnyOptimizer | null,
): AnyOptimizer {
  checkList(name, 'schedulers', schedulers);
  if (schedulers.length === 0) throw valueError(`${name} expects at least one scheduler, but got no scheduler.`);
  for (const [index, scheduler] of schedulers.entries()) {
    if (!((scheduler as unknown) instanceof LRScheduler)) {
      throw new ArgumentError(`${name}(): expected an LRScheduler at index ${index}, received ${describe(scheduler)}`);
    }
  }
  const wanted = optimizer ?? (schedulers[0] as LRScheduler).optimizer;
  for (const [index, scheduler] of schedulers.entries()) {
    if (scheduler instanceof ReduceLROnPlateau) {
      throw valueError(
        `${name} does not support \`ReduceLROnPlateau\` scheduler, whose \`step\` needs a metric, ` +
          `but got one at index ${index} in the given schedulers sequence.`,
      );
    }
    if (scheduler.optimizer !== wanted) {
      throw valueError(
        `${name} expects all schedulers to belong to the same optimizer, but got scheduler ` +
          `${scheduler.constructor.name} at index ${index} has another one.`,
      );
    }
  }
  return wanted;
}

/** @inline */
interface SequentialOptions {
  schedulers: readonly LRScheduler[];
  milestones: readonly number[];
  lastEpoch?: number;
}

/**
 * One schedule after the other (`torch.optim.lr_scheduler.SequentialLR`).
 *
 * @example
 * ```ts
 * const optimizer = new optim.SGD([torch.ones([1], { requiresGrad: true })], { lr: 1 });
 * const warmUp = new optim.lrScheduler.LinearLR(optimizer, { startFactor: 0.25, totalIters: 3 });
 * const decay = new optim.lrScheduler.ExponentialLR(optimizer, 0.5);
 * const schedule = new optim.lrScheduler.SequentialLR(optimizer, [warmUp, decay], [3]);
 * const rates = schedule.getLastLr();
 * for (let epoch = 0; epoch < 4; epoch++) {
 *   optimizer.step();
 *   schedule.step();
 *   rates.push(...schedule.getLastLr());
 * }
 * console.log(rates); // [ 0.25, 0.5, 0.75, 1, 0.5 ]
 * ```
 */
export class SequentialLR extends Combined {
  /** The epochs at which the next schedule takes over. */
  milestones: readonly number[];

  /**
   * @param schedulers of this optimizer, in their order
   * @param milestones one fewer than schedules
   * @param lastEpoch the epoch to go on from; −1 for a start
   */
  constructor(
    optimizer: AnyOptimizer,
    ...rest: Arguments<
      [schedulers: readonly LRScheduler[], milestones: readonly number[]],
      SequentialOptions,
      ['schedulers', 'milestones', 'lastEpoch']
    >
  ) {
    checkOptimizer(optimizer);
    const { schedulers, milestones, lastEpoch } = readTail<Required<SequentialOptions>>(
      'SequentialLR',
      { schedulers: required, milestones: required, lastEpoch: -1 },
      rest,
    );
    commonOptimizer('SequentialLR', schedulers, optimizer);
    checkList('SequentialLR', 'milestones', milestones);
    if (milestones.length !== schedulers.length - 1) {
      throw valueError(
        'Sequential Schedulers expects number of schedulers provided to be one more ' +
          `than the number of milestone points, but got number of schedulers ${schedulers.length} and the ` +
          `number of milestones to be equal to ${milestones.length}`,
      );
    }
    for (const [index, epoch] of milestones.entries()) checkCount('SequentialLR', `milestones[${index}]`, epoch, 0);
    checkCount('SequentialLR', 'lastEpoch', lastEpoch, -1);
    super(optimizer, schedulers);
    this.milestones = [...milestones];
    this.lastEpoch = lastEpoch + 1;
    // The parts have done their first step one after the other; only that of the first one counts.
    for (const group of this.groups) setLr(group, group.initialLr ?? group.lr);
    this.undo();
    const first = this.#partOf(0);
    LRScheduler.begin(first);
    this.noteLrs(LRScheduler.notedLrs(first));
  }

  #partOf(epoch: number): LRScheduler {
    return this.schedulers[this.milestones.filter((milestone) => milestone <= epoch).length] as LRScheduler;
  }

  override step(): void {
    this.markAsPart();
    this.lastEpoch += 1;
    const part = this.#partOf(this.lastEpoch);
    if (this.milestones.includes(this.lastEpoch)) LRScheduler.goTo(part, 0);
    else part.step();
    this.noteLrs(LRScheduler.notedLrs(part));
  }

  /** What Python keeps of the combination itself. */
  protected override own(): SchedulerStateDict {
    return { _milestones: [...this.milestones], last_epoch: this.lastEpoch };
  }

  /** Takes over what `stateDict` returned, its parts' states too. */
  override loadStateDict(state: Readonly<SchedulerStateDict>): void {
    checkObject('loadStateDict', 'state', state, 'the state of a scheduler');
    const { _milestones: milestones, last_epoch: epoch } = state;
    if (!isNumbers(milestones) || typeof epoch !== 'number') {
      throw valueError('expected _milestones and last_epoch in the state of a SequentialLR');
    }
    super.loadStateDict(state);
    this.milestones = [...milestones];
    this.lastEpoch = epoch;
  }
}

/** Several schedules at once, each on what the ones before have made (`torch.optim.lr_scheduler.ChainedScheduler`). */
export class ChainedScheduler extends Combined {
  /**
   * @param schedulers in the order in which they step
   * @param rest `optimizer`, theirs; null, the default, takes it from the first one
   */
  constructor(
    schedulers: readonly LRScheduler[],
    ...rest: [optimizer?: AnyOptimizer | null] | [options: { optimizer?: AnyOptimizer | null }]
  ) {
    const { optimizer } = readTail<{ optimizer: AnyOptimizer | null }>('ChainedScheduler', { optimizer: null }, rest);
    if (optimizer !== null && !((optimizer as unknown) instanceof Optimizer)) {
      throw new ArgumentError(`expected an Optimizer for \`optimizer\`, received ${describe(optimizer)}`);
    }
    super(commonOptimizer('ChainedScheduler', schedulers, optimizer), schedulers);
    this.noteLrs();
  }

  override step(): void {
    this.markAsPart();
    for (const scheduler of this.schedulers) scheduler.step();
    this.noteLrs();
  }

  /** What Python keeps of the combination itself. */
  protected override own(): SchedulerStateDict {
    return {};
  }
}
