/** Numbers gathered over batches, such as losses: `torchmetrics.aggregation`. */

import { ArgumentError, checkTensor, describe, valueError } from '../engine';
import { tellWarning } from '../engine/warnings';
import { cat, getDefaultDtype, maximum, minimum, onesLike, Tensor, tensor, zeros, type DType } from '../tensor';
import { Metric } from './metric';
import type { StateReduction } from './metric-state';
import { shown, withDefaults } from './options';

/**
 * What happens to a NaN: an error, it is left out with a warning or without one, it is counted as it is, or it is replaced by
 * a number.
 */
export type NanStrategy = 'error' | 'warn' | 'ignore' | 'disable' | number;

/** Options of the metrics that gather numbers. */
export interface NanOptions {
  /** Default warn. */
  nanStrategy?: NanStrategy;
}

const strategies: readonly unknown[] = ['error', 'warn', 'ignore', 'disable'];

/** Base of the metrics that gather numbers: `torchmetrics.aggregation.BaseAggregator`. */
export abstract class BaseAggregator<
  Inputs extends readonly unknown[] = [value: number | Tensor],
> extends Metric<Inputs> {
  readonly nanStrategy: NanStrategy;
  /** What values are gathered in. */
  protected readonly dtype: DType = getDefaultDtype();

  protected constructor(
    name: string,
    initial: (() => Tensor) | readonly Tensor[],
    reduction: StateReduction,
    options: NanOptions | undefined,
  ) {
    super();
    const { nanStrategy } = withDefaults<NanOptions>(new.target.name, options, { nanStrategy: 'warn' });
    if (typeof nanStrategy !== 'number' && !strategies.includes(nanStrategy)) {
      throw valueError(
        'Arg `nanStrategy` should either be a float or one of ' +
          `('error', 'warn', 'ignore', 'disable') but got ${shown(nanStrategy)}.`,
      );
    }
    this.nanStrategy = nanStrategy;
    this.addState(name, initial, reduction);
  }

  override get fullStateUpdate(): boolean {
    return false;
  }

  /** A number or a tensor as a tensor. */
  protected asValues(argument: string, value: number | Tensor): Tensor {
    if (typeof value === 'number') return tensor(value, { dtype: this.dtype, device: this.device });
    if (!(value instanceof Tensor)) {
      throw new ArgumentError(
        `${this.constructor.name}: expected a number or a Tensor for argument \`${argument}\`, received ${describe(value)}`,
      );
    }
    checkTensor(this.constructor.name, argument, value);
    return value;
  }

  /** Values and weights with what the strategy makes of NaNs, in the metric's dtype. */
  protected checked(values: Tensor, given?: Tensor): [values: Tensor, weights: Tensor] {
    const [kept, weights] = this.withoutNan(values, given ?? onesLike(values));
    return [kept.to(this.dtype), weights.to(this.dtype)];
  }

  private withoutNan(values: Tensor, weights: Tensor): [values: Tensor, weights: Tensor] {
    // Weights are passed over then, as in torchmetrics.
    if (this.nanStrategy === 'disable') return [values, onesLike(values)];
    const nans = values.isnan().logicalOr(weights.isnan());
    if (nans.any().item() === 0) return [values, weights];
    if (this.nanStrategy === 'error') throw valueError('Encountered `nan` values in tensor');
    if (typeof this.nanStrategy === 'number') {
      return [values.maskedFill(nans, this.nanStrategy), weights.maskedFill(nans, 1)];
    }
    if (this.nanStrategy === 'warn') tellWarning('Encountered `nan` values in tensor. Will be removed.');
    const numbers = nans.logicalNot();
    return [values.maskedSelect(numbers), weights.maskedSelect(numbers)];
  }
}

/** The largest value, float32 []: `torchmetrics.aggregation.MaxMetric`. */
export class MaxMetric extends BaseAggregator {
  declare maxValue: Tensor;

  constructor(options?: NanOptions) {
    super('maxValue', () => tensor(-Infinity, { dtype: getDefaultDtype() }), 'max', options);
  }

  override get fullStateUpdate(): boolean {
    return true;
  }

  override update(value: number | Tensor): void {
    const [values] = this.checked(this.asValues('value', value));
    if (values.numel() > 0) this.maxValue = maximum(this.maxValue, values.max());
  }

  override compute(): Tensor {
    return this.maxValue;
  }
}

/** The smallest value, float32 []: `torchmetrics.aggregation.MinMetric`. */
export class MinMetric extends BaseAggregator {
  declare minValue: Tensor;

  constructor(options?: NanOptions) {
    super('minValue', () => tensor(Infinity, { dtype: getDefaultDtype() }), 'min', options);
  }

  override get fullStateUpdate(): boolean {
    return true;
  }

  override update(value: number | Tensor): void {
    const [values] = this.checked(this.asValues('value', value));
    if (values.numel() > 0) this.minValue = minimum(this.minValue, values.min());
  }

  override compute(): Tensor {
    return this.minValue;
  }
}

/** The sum of all values, float32 []: `torchmetrics.aggregation.SumMetric`. */
export class SumMetric extends BaseAggregator {
  declare sumValue: Tensor;

  constructor(options?: NanOptions) {
    super('sumValue', () => zeros([]), 'sum', options);
  }

  override update(value: number | Tensor): void {
    const [values] = this.checked(this.asValues('value', value));
    if (values.numel() > 0) this.sumValue = this.sumValue.add(values.sum());
  }

  override compute(): Tensor {
    return this.sumValue;
  }
}

/** All values one after another, float32 [N]: `torchmetrics.aggregation.CatMetric`. Before the first there are none, [0]. */
export class CatMetric extends BaseAggregator {
  declare value: Tensor[];

  constructor(options?: NanOptions) {
    super('value', [], 'cat', options);
  }

  override update(value: number | Tensor): void {
    const [values] = this.checked(this.asValues('value', value));
    if (values.numel() > 0) this.value.push(values);
  }

  override compute(): Tensor {
    if (this.value.length === 0) return zeros([0], { dtype: this.dtype });
    return cat(this.value.map((values) => (values.dim() === 0 ? values.unsqueeze(0) : values)));
  }
}

/**
 * The mean of all values, or their weighted mean, float32 []: `torchmetrics.aggregation.MeanMetric`.
 *
 * @example
 * ```ts
 * const loss = new torch.metrics.MeanMetric();
 * loss.update(3, 16); // the mean of a batch of 16
 * loss.update(1, 8);
 * console.log(loss.compute()); // tensor(2.3333)
 * ```
 */
export class MeanMetric extends BaseAggregator<[value: number | Tensor, weight?: number | Tensor]> {
  declare meanValue: Tensor;
  declare weight: Tensor;

  constructor(options?: NanOptions) {
    super('meanValue', () => zeros([]), 'sum', options);
    this.addState('weight', () => zeros([]), 'sum');
  }

  override update(value: number | Tensor, weight?: number | Tensor): void {
    const given = this.asValues('value', value);
    const weighted = weight === undefined ? onesLike(given) : this.asValues('weight', weight);
    const [values, weights] = this.checked(given, weighted.broadcastTo([...given.shape]));
    if (values.numel() === 0) return;
    this.meanValue = this.meanValue.add(values.mul(weights).sum());
    this.weight = this.weight.add(weights.sum());
  }

  override compute(): Tensor {
    return this.meanValue.div(this.weight);
  }
}
