import { tensor, type Tensor } from '../tensor';
import { type Average, checkedAverage, safeDivide } from './averaging';
import { ConfusionMetric, type ConfusionMetricOptions } from './confusion-metric';

/** Options of {@link MulticlassJaccardIndex}. */
export interface MulticlassJaccardIndexOptions extends ConfusionMetricOptions {
  /** Default macro, as in torchmetrics. */
  average?: Average;
}

/**
 * Intersection over union, float32. With `average: 'micro'` and `ignoreIndex: 1` (background) the article's "IoU", which
 * is no mIoU: it leaves out the pixels whose *truth* is the ignored class, and sums intersections and unions of the other
 * classes before it divides. Has the bits of `torchmetrics.classification.MulticlassJaccardIndex`.
 */
export class MulticlassJaccardIndex extends ConfusionMetric {
  readonly average: Average;

  constructor(numClasses: number, options: MulticlassJaccardIndexOptions = {}) {
    super(numClasses, options);
    const { average = 'macro' } = options;
    this.average = checkedAverage(average);
  }

  protected override reduce(confusion: Tensor): Tensor {
    const counts = confusion.to('float32');
    const predictions = counts.sum(0);
    const truths = counts.sum(1);
    const intersections = counts.diag();
    const unions = predictions.add(truths).sub(intersections);
    if (this.average === 'micro') {
      const union = this.ignoresClass ? unions.sum().sub(unions.at(this.ignoreIndex ?? 0)) : unions.sum();
      return safeDivide(intersections.sum(), union);
    }
    const scores = safeDivide(intersections, unions);
    if (this.average === 'none') return scores;
    const weights = this.average === 'weighted' ? truths : this.presence(truths.add(predictions));
    return weights.mul(scores).div(weights.sum()).sum();
  }

  /** An ignored label outside of the classes, such as 255, leaves no trace in the matrix. */
  private get ignoresClass(): boolean {
    return this.ignoreIndex !== undefined && this.ignoreIndex >= 0 && this.ignoreIndex < this.numClasses;
  }

  /** 1 for each class that takes part in the mean: not the ignored one, and none that neither occurs nor is predicted. */
  private presence(occurrences: Tensor): Tensor {
    const taken = Array.from({ length: this.numClasses }, (_, label) => label !== this.ignoreIndex);
    return occurrences.ne(0).logicalAnd(tensor(taken)).to('float32');
  }
}

/** {@link MulticlassJaccardIndex} of one batch. (`torchmetrics.functional.classification.multiclass_jaccard_index`) */
export function multiclassJaccardIndex(
  preds: Tensor,
  target: Tensor,
  numClasses: number,
  options?: MulticlassJaccardIndexOptions,
): Tensor {
  return new MulticlassJaccardIndex(numClasses, options).forward(preds, target);
}
