import { checkCurveAverage, type CurveAverageOption } from './curve-average';
import type { CurveSummary } from './curve-counts';
import {
  BinaryCurveMetric,
  type Curve,
  curveDefaults,
  type CurveOfClasses,
  type CurveOptions,
  MulticlassCurveMetric,
  MultilabelCurveMetric,
} from './curve-metric';
import { curvesOfClasses, curvesOfLabels, meanCurve, precisionRecall } from './curve-points';
import { type OfClasses, type OfLabels, readClasses, readLabels, withDefaults } from '../options';
import { functionOf } from './summary-metric';
import { byTask, functionByTask } from './task';

/**
 * Precision, recall and the thresholds, from the lowest threshold up, float32, one value more than there are thresholds where these are the scores that occur.
 * (`torchmetrics.classification.BinaryPrecisionRecallCurve`)
 */
export class BinaryPrecisionRecallCurve extends BinaryCurveMetric<Curve> {
  constructor(options?: CurveOptions) {
    super(withDefaults<CurveOptions>(new.target.name, options, curveDefaults));
  }

  protected override score(summary: CurveSummary): Curve {
    return precisionRecall(summary, this.thresholds, 1);
  }
}

/**
 * Precision and recall of each class against all others: lists, or with thresholds [C, T]; with `average` one, of all classes at once
 * (micro) or their mean (macro). (`torchmetrics.classification.MulticlassPrecisionRecallCurve`)
 */
export class MulticlassPrecisionRecallCurve extends MulticlassCurveMetric<CurveOfClasses> {
  readonly average: 'micro' | 'macro' | null;

  /** @param args - `numClasses`, 2 or more, and options */
  constructor(...args: OfClasses<CurveOptions & CurveAverageOption>) {
    const { numClasses, options } = readClasses(args);
    const given = withDefaults<CurveOptions & CurveAverageOption>(new.target.name, options, {
      average: null,
      ...curveDefaults,
    });
    checkCurveAverage(given.average);
    super(numClasses, given, given.average === 'micro');
    this.average = given.average;
  }

  protected override score(summary: CurveSummary): CurveOfClasses {
    if (this.average === 'micro') return precisionRecall(summary, this.thresholds, 1);
    const curves = curvesOfClasses(precisionRecall, summary, this.thresholds, this.numClasses);
    return this.average === 'macro' ? meanCurve(curves, this.numClasses, false) : curves;
  }
}

/** Precision and recall of each label: lists, or with thresholds [L, T]. (`torchmetrics.classification.MultilabelPrecisionRecallCurve`) */
export class MultilabelPrecisionRecallCurve extends MultilabelCurveMetric<CurveOfClasses> {
  /** @param args - `numLabels`, 2 or more, and options */
  constructor(...args: OfLabels<CurveOptions>) {
    const { numLabels, options } = readLabels(args);
    super(numLabels, withDefaults<CurveOptions>(new.target.name, options, curveDefaults));
  }

  protected override score(summary: CurveSummary): CurveOfClasses {
    return curvesOfLabels(precisionRecall, summary, this.thresholds, this.numLabels, this.ignoreIndex);
  }
}

/** {@link BinaryPrecisionRecallCurve} of one batch. (`torchmetrics.functional.classification.binary_precision_recall_curve`) */
export const binaryPrecisionRecallCurve = functionOf('binaryPrecisionRecallCurve', BinaryPrecisionRecallCurve);
/** {@link MulticlassPrecisionRecallCurve} of one batch. (`torchmetrics.functional.classification.multiclass_precision_recall_curve`) */
export const multiclassPrecisionRecallCurve = functionOf(
  'multiclassPrecisionRecallCurve',
  MulticlassPrecisionRecallCurve,
);
/** {@link MultilabelPrecisionRecallCurve} of one batch. (`torchmetrics.functional.classification.multilabel_precision_recall_curve`) */
export const multilabelPrecisionRecallCurve = functionOf(
  'multilabelPrecisionRecallCurve',
  MultilabelPrecisionRecallCurve,
);

/** Makes the curve of a task. (`torchmetrics.PrecisionRecallCurve`) */
export const PrecisionRecallCurve = byTask(
  'PrecisionRecallCurve',
  {},
  BinaryPrecisionRecallCurve,
  MulticlassPrecisionRecallCurve,
  MultilabelPrecisionRecallCurve,
);
/** {@link PrecisionRecallCurve} of one batch. (`torchmetrics.functional.precision_recall_curve`) */
export const precisionRecallCurve = functionByTask<typeof PrecisionRecallCurve, CurveOfClasses>(
  'precisionRecallCurve',
  PrecisionRecallCurve,
);
