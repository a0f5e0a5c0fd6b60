import type { Tensor } from '../tensor';
import { ConfusionMetric, type ConfusionMetricOptions } from './confusion-metric';

/**
 * The confusion matrix itself, int64 `[C, C]`: row the truth, column the prediction. All scores of the `clean` protocol
 * come from one such matrix over the whole split, see `segmentationScores`. (`torchmetrics.classification.MulticlassConfusionMatrix`)
 */
export class MulticlassConfusionMatrix extends ConfusionMetric {
  protected override reduce(confusion: Tensor): Tensor {
    return confusion;
  }
}

/** {@link MulticlassConfusionMatrix} of one batch. (`torchmetrics.functional.classification.multiclass_confusion_matrix`) */
export function multiclassConfusionMatrix(
  preds: Tensor,
  target: Tensor,
  numClasses: number,
  options?: ConfusionMetricOptions,
): Tensor {
  return new MulticlassConfusionMatrix(numClasses, options).forward(preds, target);
}
