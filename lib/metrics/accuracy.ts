import type { Tensor } from '../tensor';
import { type Average, checkedAverage, safeDivide } from './averaging';
import { ConfusionMetric, type ConfusionMetricOptions } from './confusion-metric';

/** Options of {@link MulticlassAccuracy}. */
export interface MulticlassAccuracyOptions extends ConfusionMetricOptions {
  /** Default macro, as in torchmetrics. */
  average?: Average;
}

/**
 * The share of pixels whose class was found, float32: with `average: 'micro'` the article's pixel accuracy. Has the bits of
 * `torchmetrics.classification.MulticlassAccuracy`.
 *
 * @example
 * ```ts
 * const accuracy = new torch.metrics.MulticlassAccuracy(3, { average: 'micro' });
 * accuracy.update(torch.tensor([0, 1, 2, 2]), torch.tensor([0, 1, 1, 2]));
 * console.log(accuracy.compute()); // tensor(0.7500)
 * ```
 */
export class MulticlassAccuracy extends ConfusionMetric {
  readonly average: Average;

  constructor(numClasses: number, options: MulticlassAccuracyOptions = {}) {
    super(numClasses, options);
    const { average = 'macro' } = options;
    this.average = checkedAverage(average);
  }

  protected override reduce(confusion: Tensor): Tensor {
    const found = confusion.diag();
    const truths = confusion.sum(1);
    if (this.average === 'micro') return safeDivide(found.sum(), truths.sum());
    const scores = safeDivide(found, truths);
    if (this.average === 'none') return scores;
    const predictions = confusion.sum(0);
    // A class that neither occurs nor is predicted has no accuracy and takes no part in the mean.
    const weights = this.average === 'weighted' ? truths : truths.add(predictions).ne(0).to('float32');
    return safeDivide(weights.mul(scores), weights.sum(-1, true)).sum(-1);
  }
}

/** {@link MulticlassAccuracy} of one batch. (`torchmetrics.functional.classification.multiclass_accuracy`) */
export function multiclassAccuracy(
  preds: Tensor,
  target: Tensor,
  numClasses: number,
  options?: MulticlassAccuracyOptions,
): Tensor {
  return new MulticlassAccuracy(numClasses, options).forward(preds, target);
}
