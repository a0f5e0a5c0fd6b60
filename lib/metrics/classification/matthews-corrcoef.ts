import { finfo, tensor, type Tensor } from '../../tensor';
import { floating } from '../arithmetic';
import { type OfClasses, type OfLabels, readClasses, readLabels, withDefaults } from '../options';
import {
  BinaryConfusionMetric,
  confusionDefaults,
  type ConfusionOptions,
  MulticlassConfusionMetric,
  MultilabelConfusionMetric,
  type ThresholdConfusionOptions,
} from './confusion-matrix';
import { isTrue } from './labels';
import { functionOf } from './summary-metric';
import { byTask, functionByTask } from './task';

/** Elements added one by one from the left, as Python's `sum` does: `Tensor.sum` rounds otherwise. */
function leftSum(terms: Tensor): Tensor {
  return terms.unbind().reduce((total, term) => total.add(term));
}

/** The correlation of a confusion matrix [C, C], or of the sum of those of labels [L, 2, 2]. */
function correlation(confusion: Tensor): Tensor {
  const cells = confusion.dim() === 3 ? confusion.sum(0) : confusion;
  const isBinary = cells.numel() === 4;
  if (isBinary) {
    const [tn, fp, fn, tp] = numbersOf(cells);
    // Whole numbers, as in torchmetrics.
    if (tp + tn !== 0 && fp + fn === 0) return tensor(1, { dtype: cells.dtype, device: cells.device });
    if (tp + tn === 0 && fp + fn !== 0) return tensor(-1, { dtype: cells.dtype, device: cells.device });
  }
  const counts = floating(cells);
  const [truths, predictions] = [counts.sum(-1), counts.sum(-2)];
  const all = counts.sum();
  const shared = counts
    .trace()
    .mul(all)
    .sub(leftSum(truths.mul(predictions)));
  const spreadOfPredictions = all.pow(2).sub(leftSum(predictions.mul(predictions)));
  const spreadOfTruths = all.pow(2).sub(leftSum(truths.mul(truths)));
  const product = spreadOfPredictions.mul(spreadOfTruths);
  if (isTrue(product.ne(0))) return shared.div(product.sqrt());
  return (isBinary ? degenerate(cells) : null) ?? tensor(0, { dtype: counts.dtype, device: counts.device });
}

function numbersOf(cells: Tensor): [tn: number, fp: number, fn: number, tp: number] {
  return cells.flatten().tolist() as [number, number, number, number];
}

/** The limit where a row or a column of two classes is empty; null where there is none. */
function degenerate(cells: Tensor): Tensor | null {
  const epsilon = tensor(finfo('float32').eps, { dtype: 'float32', device: cells.device });
  const [tn, fp, fn, tp] = cells.flatten().unbind() as [Tensor, Tensor, Tensor, Tensor];
  const none = numbersOf(cells).map((count) => count === 0);
  const [noTn, noFp, noFn, noTp] = none;
  const little = epsilon.sqrt();
  const numerator = (): Tensor | null => {
    if (noFn && noTn) return little.mul(tp.sub(fp));
    if (noFp && noTn) return little.mul(tp.sub(fn));
    if (noTp && noFn) return little.mul(tn.sub(fp));
    if (noTp && noFp) return little.mul(tn.sub(fn));
    if (noTp) return tn.sub(fp.mul(fn));
    if (noTn) return tp.sub(fp.mul(fn));
    return noFp || noFn ? tp.mul(tn) : null;
  };
  const value = numerator();
  if (value === null) return null;
  const sides = [tp.add(fp), tp.add(fn), tn.add(fp), tn.add(fn)].map((side) => side.add(epsilon));
  return value.div(sides.reduce((product, side) => product.mul(side)).sqrt());
}

/**
 * The correlation of truth and prediction, −1 to 1: float32 [], int64 where all is right or all is wrong, as in
 * torchmetrics. (`torchmetrics.classification.BinaryMatthewsCorrCoef`)
 */
export class BinaryMatthewsCorrCoef extends BinaryConfusionMetric {
  constructor(options?: ThresholdConfusionOptions) {
    super(withDefaultsOf(new.target.name, options));
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  protected override score(confusion: Tensor): Tensor {
    return correlation(confusion);
  }
}

/** The correlation of truth and prediction, −1 to 1, float32 []. (`torchmetrics.classification.MulticlassMatthewsCorrCoef`) */
export class MulticlassMatthewsCorrCoef extends MulticlassConfusionMetric {
  /** @param args - `numClasses`, 2 or more, and options */
  constructor(...args: OfClasses<ConfusionOptions>) {
    const { numClasses, options } = readClasses(args);
    super(numClasses, withDefaults(new.target.name, options, confusionDefaults));
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  protected override score(confusion: Tensor): Tensor {
    return correlation(confusion);
  }
}

/** As {@link BinaryMatthewsCorrCoef}, of the answers to all labels together. (`torchmetrics.classification.MultilabelMatthewsCorrCoef`) */
export class MultilabelMatthewsCorrCoef extends MultilabelConfusionMetric {
  /** @param args - `numLabels`, 2 or more, and options */
  constructor(...args: OfLabels<ThresholdConfusionOptions>) {
    const { numLabels, options } = readLabels(args);
    super(numLabels, withDefaultsOf(new.target.name, options));
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  protected override score(confusion: Tensor): Tensor {
    return correlation(confusion);
  }
}

function withDefaultsOf(
  name: string,
  options: ThresholdConfusionOptions | undefined,
): Required<ThresholdConfusionOptions> {
  return withDefaults(name, options, { threshold: 0.5, ...confusionDefaults });
}

/** {@link BinaryMatthewsCorrCoef} of one batch. (`torchmetrics.functional.classification.binary_matthews_corrcoef`) */
export const binaryMatthewsCorrcoef = functionOf('binaryMatthewsCorrcoef', BinaryMatthewsCorrCoef);
/** {@link MulticlassMatthewsCorrCoef} of one batch. (`torchmetrics.functional.classification.multiclass_matthews_corrcoef`) */
export const multiclassMatthewsCorrcoef = functionOf('multiclassMatthewsCorrcoef', MulticlassMatthewsCorrCoef);
/** {@link MultilabelMatthewsCorrCoef} of one batch. (`torchmetrics.functional.classification.multilabel_matthews_corrcoef`) */
export const multilabelMatthewsCorrcoef = functionOf('multilabelMatthewsCorrcoef', MultilabelMatthewsCorrCoef);

/** Makes the Matthews correlation of a task. (`torchmetrics.MatthewsCorrCoef`) */
export const MatthewsCorrCoef = byTask(
  'MatthewsCorrCoef',
  {},
  BinaryMatthewsCorrCoef,
  MulticlassMatthewsCorrCoef,
  MultilabelMatthewsCorrCoef,
);
/** {@link MatthewsCorrCoef} of one batch. (`torchmetrics.functional.matthews_corrcoef`) */
export const matthewsCorrcoef = functionByTask('matthewsCorrcoef', MatthewsCorrCoef);
