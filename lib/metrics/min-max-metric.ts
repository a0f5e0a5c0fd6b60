import { describe, keep, valueError } from '../engine';
import { Buffer } from '../nn';
import { tensor, Tensor } from '../tensor';
import type { Metric, MetricLike } from './metric';
import { checkedMetric, WrapperMetric } from './wrapper-metric';

/** What {@link MinMaxMetric} computes, each []. */
export interface MinMax {
  readonly raw: Tensor;
  readonly max: Tensor;
  readonly min: Tensor;
}

/**
 * A metric's score with the largest and the smallest that was ever computed: `torchmetrics.wrappers.MinMaxMetric`. `reset`
 * leaves those as they are. As in torchmetrics, `forward` leaves the metric with this batch alone.
 */
export class MinMaxMetric<Inputs extends readonly unknown[] = [preds: Tensor, target: Tensor]> extends WrapperMetric<
  Inputs,
  MinMax
> {
  readonly baseMetric: Metric<Inputs>;
  private largest = new Buffer(tensor(-Infinity), { persistent: false });
  private smallest = new Buffer(tensor(Infinity), { persistent: false });

  /** @param baseMetric - one that gives a single number */
  constructor(baseMetric: MetricLike<Inputs>) {
    super();
    this.baseMetric = checkedMetric('baseMetric', baseMetric);
  }

  override get updateCount(): number {
    return this.baseMetric.updateCount;
  }

  override persistent(mode = false): void {
    this.baseMetric.persistent(mode);
  }

  override get fullStateUpdate(): boolean {
    return true;
  }

  override forward(...inputs: Inputs): MinMax {
    this.baseMetric.reset();
    this.baseMetric.update(...inputs);
    return this.compute();
  }

  override update(...inputs: Inputs): void {
    this.baseMetric.update(...inputs);
  }

  override compute(): MinMax {
    const raw: unknown = this.baseMetric.compute();
    if (!(raw instanceof Tensor) || raw.numel() !== 1) {
      throw valueError(`Returned value from base metric should be a float or scalar tensor, but got ${describe(raw)}.`);
    }
    const value = raw.item();
    if (this.largest.item() < value) this.largest = replaced(this.largest, raw);
    if (this.smallest.item() > value) this.smallest = replaced(this.smallest, raw);
    return { raw, max: this.largest.to(raw.device).clone(), min: this.smallest.to(raw.device).clone() };
  }

  override reset(): void {
    super.reset();
    this.baseMetric.reset();
  }
}

function replaced(before: Buffer, value: Tensor): Buffer {
  before.dispose();
  return keep(new Buffer(value.clone(), { persistent: false }));
}
