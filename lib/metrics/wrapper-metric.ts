import { describe, valueError } from '../engine';
import { Metric, type MetricLike } from './metric';

/** A metric that has others do the work (`torchmetrics.wrappers.WrapperMetric`): it has no states of its own. */
export abstract class WrapperMetric<Inputs extends readonly unknown[], Output> extends Metric<Inputs, Output> {
  protected override aroundUpdate(update: () => void): void {
    update();
  }

  protected override aroundCompute(compute: () => Output): Output {
    return compute();
  }
}

/** The metric, where it is one. */
export function checkedMetric<Inputs extends readonly unknown[], Output>(
  argument: string,
  value: MetricLike<Inputs, Output>,
): Metric<Inputs, Output> {
  if (value instanceof Metric) return value as Metric<Inputs, Output>;
  throw valueError(
    `Expected argument \`${argument}\` to be an instance of \`torchmetrics.Metric\` but got ${describe(value)}`,
  );
}
