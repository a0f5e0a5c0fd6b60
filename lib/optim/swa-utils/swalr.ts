import { describe, libm, valueError } from '../../engine';
import { readTail, type Tail } from '../../tensor/tail';
import { checkCount, checkOptimizer, LRScheduler, perGroup } from '../schedulers/base';
import type { AnyOptimizer } from '../optimizer';
import { add, div, mul, type Num, sub } from '../python-number';

/** Options of {@link SWALR}. */
export interface SWALROptions {
  /** The rate at the end, for all groups or for each. */
  swaLr: number | readonly number[];
  /** Epochs until then. */
  annealEpochs?: number;
  annealStrategy?: 'cos' | 'linear';
  /** The epoch to go on from; −1 for a start. */
  lastEpoch?: number;
}

/** Brings the rates to a fixed one and leaves them there (`torch.optim.swa_utils.SWALR`). */
export class SWALR extends LRScheduler {
  annealEpochs: number;
  annealStrategy: 'cos' | 'linear';

  constructor(
    optimizer: AnyOptimizer,
    ...rest:
      | [options: SWALROptions]
      | [
          swaLr: number | readonly number[],
          ...rest: Tail<SWALROptions, ['annealEpochs', 'annealStrategy', 'lastEpoch']>,
        ]
  ) {
    const defaults: Required<SWALROptions> = { swaLr: NaN, annealEpochs: 10, annealStrategy: 'cos', lastEpoch: -1 };
    const { swaLr, annealEpochs, annealStrategy, lastEpoch } = readTail('SWALR', defaults, rest);
    checkOptimizer(optimizer);
    const rates = perGroup('swaLr', optimizer, swaLr);
    if (!['cos', 'linear'].includes(annealStrategy)) {
      throw valueError(`anneal_strategy must be one of 'cos' or 'linear', instead got ${describe(annealStrategy)}`);
    }
    checkCount('SWALR', 'annealEpochs', annealEpochs, 0);
    super(optimizer);
    for (const [index, group] of this.groups.entries()) group.swaLr = rates[index];
    this.annealEpochs = annealEpochs;
    this.annealStrategy = annealStrategy;
    this.start(lastEpoch);
  }

  override getLr(): Num[] {
    this.warnOutsideStep();
    const count = this.stepCount - 1;
    const step = this.annealEpochs === 0 ? Math.max(1, count) : count;
    const before = this.#shareAt(step - 1);
    const share = this.#shareAt(step);
    return this.groups.map(({ lr, swaLr = NaN }) => {
      const first = before === 1 ? swaLr : div(sub(lr, before * swaLr), 1 - before);
      return add(swaLr * share, mul(first, 1 - share));
    });
  }

  /** How much of the way is behind. */
  #shareAt(step: number): number {
    const t = Math.max(0, Math.min(1, step / Math.max(1, this.annealEpochs)));
    return this.annealStrategy === 'linear' ? t : (1 - libm.cos(Math.PI * t)) / 2;
  }

  protected override fields(): Record<string, string> {
    return { anneal_epochs: 'annealEpochs', _anneal_strategy: 'annealStrategy' };
  }
}
