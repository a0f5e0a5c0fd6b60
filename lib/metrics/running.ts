import { checkInteger, describe, valueError } from '../engine';
import type { Buffer } from '../nn';
import type { Tensor } from '../tensor';
import { MeanMetric, type NanOptions, SumMetric } from './aggregation';
import type { Metric, MetricLike } from './metric';
import type { MetricState } from './metric-state';
import { checkedMetric, WrapperMetric } from './wrapper-metric';

/**
 * The score of the last `window` batches: `torchmetrics.wrappers.Running`. `forward` gives that of one batch.
 *
 * @example
 * ```ts
 * const running = new torch.metrics.RunningMean(2);
 * for (const loss of [4, 2, 1]) running.update(loss);
 * console.log(running.compute()); // tensor(1.5000)
 * ```
 */
export class Running<
  Inputs extends readonly unknown[] = [preds: Tensor, target: Tensor],
  Output = Tensor,
> extends WrapperMetric<Inputs, Output> {
  readonly baseMetric: Metric<Inputs, Output>;
  private seen = 0;
  private slots: MetricState[] = [];

  /**
   * @param baseMetric - one whose `fullStateUpdate` is false
   * @param window - 1 or more
   */
  constructor(
    baseMetric: MetricLike<Inputs, Output>,
    readonly window = 5,
  ) {
    super();
    this.baseMetric = checkedMetric('metric', baseMetric);
    if (!Number.isSafeInteger(window) || window <= 0) {
      throw valueError(`Expected argument \`window\` to be a positive integer but got ${describe(window)}`);
    }
    checkInteger('Running', 'window', window, 1, 2 ** 24);
    if (this.baseMetric.fullStateUpdate !== false) {
      throw valueError(
        `Expected attribute \`fullStateUpdate\` set to \`False\` but got ${describe(this.baseMetric.fullStateUpdate)}`,
      );
    }
  }

  override get updateCount(): number {
    return this.seen;
  }

  override update(...inputs: Inputs): void {
    this.baseMetric.update(...inputs);
    this.keepState();
  }

  override forward(...inputs: Inputs): Output {
    const score = this.baseMetric.forward(...inputs);
    this.keepState();
    return score;
  }

  private keepState(): void {
    const place = this.seen % this.window;
    this.slots[place]?.reset();
    this.slots[place] = this.baseMetric.takeState();
    this.seen += 1;
  }

  override compute(): Output {
    const { baseMetric } = this;
    let total = baseMetric.takeState();
    for (const slot of this.slots) {
      const merged = baseMetric.mergedState(slot, total);
      total.reset();
      total = merged;
    }
    return baseMetric.computeOf(total);
  }

  override reset(): void {
    for (const slot of this.slots) slot.reset();
    this.slots = [];
    this.seen = 0;
  }

  override clone(): this {
    const made = super.clone();
    made.slots = this.slots.map((slot) => made.baseMetric.mergedState(slot, slot.fresh()));
    return made;
  }

  override members(): ReturnType<Metric['members']> {
    const states = this.slots.flatMap((slot, place) =>
      slot.buffers().map(([name, buffer]): [string, Buffer] => [`${name}_${place}`, buffer]),
    );
    return [...super.members(), ...states];
  }
}

/** The mean of the values of the last `window` updates: `torchmetrics.aggregation.RunningMean`. */
export class RunningMean extends Running<[value: number | Tensor, weight?: number | Tensor]> {
  constructor(window = 5, options?: NanOptions) {
    super(new MeanMetric(options), window);
  }
}

/** The sum of the values of the last `window` updates: `torchmetrics.aggregation.RunningSum`. */
export class RunningSum extends Running<[value: number | Tensor]> {
  constructor(window = 5, options?: NanOptions) {
    super(new SumMetric(options), window);
  }
}
