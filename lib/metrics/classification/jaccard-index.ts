import { onesLike, type Tensor } from '../../tensor';
import { floating, safeDivide } from '../arithmetic';
import {
  type Average,
  checkOneOf,
  checkZeroDivision,
  type OfClasses,
  type OfLabels,
  readClasses,
  readLabels,
  withDefaults,
} from '../options';
import {
  BinaryConfusionMetric,
  confusionDefaults,
  type ConfusionOptions,
  MulticlassConfusionMetric,
  MultilabelConfusionMetric,
  type ThresholdConfusionOptions,
} from './confusion-matrix';
import { averages } from './stat-scores';
import { functionOf } from './summary-metric';
import { byTask, functionByTask } from './task';

/** Options of {@link BinaryJaccardIndex}. */
export interface BinaryJaccardIndexOptions extends ThresholdConfusionOptions {
  /** The score where there is nothing to divide by, 0 (the default) or 1. */
  zeroDivision?: number;
}

/** Options of {@link MulticlassJaccardIndex}. */
export interface MulticlassJaccardIndexOptions extends ConfusionOptions {
  /** Default macro. */
  average?: Average | null;
  /** The score where there is nothing to divide by, 0 (the default) or 1. */
  zeroDivision?: number;
}

/** Options of {@link MultilabelJaccardIndex}. */
export type MultilabelJaccardIndexOptions = MulticlassJaccardIndexOptions & ThresholdConfusionOptions;

/** Intersection over union, float32 []. (`torchmetrics.classification.BinaryJaccardIndex`) */
export class BinaryJaccardIndex extends BinaryConfusionMetric {
  readonly zeroDivision: number;

  constructor(options?: BinaryJaccardIndexOptions) {
    const given = withDefaults(new.target.name, options, { threshold: 0.5, zeroDivision: 0, ...confusionDefaults });
    super(given);
    checkZeroDivision(given.zeroDivision);
    this.zeroDivision = given.zeroDivision;
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  protected override score(confusion: Tensor): Tensor {
    const counts = floating(confusion);
    const cell = (row: number, column: number): Tensor => counts.select(0, row).select(0, column);
    return safeDivide(cell(1, 1), cell(0, 1).add(cell(1, 0)).add(cell(1, 1)), this.zeroDivision);
  }
}

/**
 * Intersection over union of the classes, float32. With `average: 'micro'` and `ignoreIndex: 1` (background) the article's
 * "IoU", which is no mIoU: it leaves out the pixels whose *truth* is the ignored class, and sums intersections and unions of
 * the other classes before it divides. (`torchmetrics.classification.MulticlassJaccardIndex`)
 */
export class MulticlassJaccardIndex extends MulticlassConfusionMetric {
  readonly average: Average;
  readonly zeroDivision: number;

  /** @param args - `numClasses`, 2 or more, and options */
  constructor(...args: OfClasses<MulticlassJaccardIndexOptions>) {
    const { numClasses, options } = readClasses(args);
    const standard = { average: 'macro', zeroDivision: 0, ...confusionDefaults } as const;
    const given = withDefaults(new.target.name, options, standard);
    super(numClasses, given);
    checkOneOf('average', given.average, averages, '.');
    checkZeroDivision(given.zeroDivision);
    this.average = given.average ?? 'none';
    this.zeroDivision = given.zeroDivision;
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  protected override score(confusion: Tensor): Tensor {
    const counts = floating(confusion);
    const intersections = counts.diag();
    const [predictions, truths] = [counts.sum(0), counts.sum(1)];
    const unions = predictions.add(truths).sub(intersections);
    // An ignored label outside of the classes, such as 255, leaves no trace in the matrix.
    const { ignoreIndex, numClasses } = this;
    const ignored = ignoreIndex !== null && ignoreIndex >= 0 && ignoreIndex < numClasses ? ignoreIndex : null;
    if (this.average === 'micro') {
      const union = ignored === null ? unions.sum() : unions.sum().sub(unions.select(0, ignored));
      return safeDivide(intersections.sum(), union, this.zeroDivision);
    }
    const scores = safeDivide(intersections, unions, this.zeroDivision);
    const present = withoutClass(onesLike(scores), ignored).maskedFill(truths.add(predictions).eq(0), 0);
    return mean(scores, this.average, truths, present);
  }
}

/** Intersection over union of each label, float32. (`torchmetrics.classification.MultilabelJaccardIndex`) */
export class MultilabelJaccardIndex extends MultilabelConfusionMetric {
  readonly average: Average;
  readonly zeroDivision: number;

  /** @param args - `numLabels`, 2 or more, and options */
  constructor(...args: OfLabels<MultilabelJaccardIndexOptions>) {
    const { numLabels, options } = readLabels(args);
    const standard = { threshold: 0.5, average: 'macro', zeroDivision: 0, ...confusionDefaults } as const;
    const given = withDefaults(new.target.name, options, standard);
    super(numLabels, given);
    checkOneOf('average', given.average, averages, '.');
    checkZeroDivision(given.zeroDivision);
    this.average = given.average ?? 'none';
    this.zeroDivision = given.zeroDivision;
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  /** A label that takes no part in the mean. */
  protected get ignoredLabel(): number | null {
    return null;
  }

  protected override score(confusion: Tensor): Tensor {
    const counts = floating(confusion);
    const cell = (row: number, column: number): Tensor => counts.select(1, row).select(1, column);
    const intersections = cell(1, 1);
    const unions = intersections.add(cell(0, 1)).add(cell(1, 0));
    const { ignoredLabel: ignored, zeroDivision } = this;
    if (this.average === 'micro') {
      const union = ignored === null ? unions.sum() : unions.sum().sub(unions.select(0, ignored));
      return safeDivide(intersections.sum(), union, zeroDivision);
    }
    const scores = safeDivide(intersections, unions, zeroDivision);
    return mean(scores, this.average, intersections.add(cell(1, 0)), withoutClass(onesLike(scores), ignored));
  }
}

/** torchmetrics' function, unlike its class, takes an ignored value for the number of a label, too, where it can be one. */
class MultilabelJaccardOfOneBatch extends MultilabelJaccardIndex {
  protected override get ignoredLabel(): number | null {
    const { ignoreIndex, numLabels } = this;
    return ignoreIndex !== null && ignoreIndex >= 0 && ignoreIndex < numLabels ? ignoreIndex : null;
  }
}

function withoutClass(weights: Tensor, label: number | null): Tensor {
  if (label === null) return weights;
  weights.select(0, label).zero_();
  return weights;
}

function mean(scores: Tensor, average: Average, truths: Tensor, present: Tensor): Tensor {
  if (average === 'none') return scores;
  const weights = average === 'weighted' ? truths : present;
  return weights.mul(scores).div(weights.sum()).sum();
}

/** {@link BinaryJaccardIndex} of one batch. (`torchmetrics.functional.classification.binary_jaccard_index`) */
export const binaryJaccardIndex = functionOf('binaryJaccardIndex', BinaryJaccardIndex);
/** {@link MulticlassJaccardIndex} of one batch. (`torchmetrics.functional.classification.multiclass_jaccard_index`) */
export const multiclassJaccardIndex = functionOf('multiclassJaccardIndex', MulticlassJaccardIndex);
/**
 * {@link MultilabelJaccardIndex} of one batch. With an `ignoreIndex` that is the number of a label, that label takes no
 * part either, as in torchmetrics' function. (`torchmetrics.functional.classification.multilabel_jaccard_index`)
 */
export const multilabelJaccardIndex = functionOf('multilabelJaccardIndex', MultilabelJaccardOfOneBatch);

/** Makes the Jaccard index of a task; `average` is macro by default. (`torchmetrics.JaccardIndex`) */
export const JaccardIndex = byTask(
  'JaccardIndex',
  {},
  BinaryJaccardIndex,
  MulticlassJaccardIndex,
  MultilabelJaccardIndex,
);
/** {@link JaccardIndex} of one batch. (`torchmetrics.functional.jaccard_index`) */
export const jaccardIndex = functionByTask(
  'jaccardIndex',
  byTask('jaccardIndex', {}, BinaryJaccardIndex, MulticlassJaccardIndex, MultilabelJaccardOfOneBatch),
);
