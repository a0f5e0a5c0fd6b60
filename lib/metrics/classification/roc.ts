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
import { curvesOfClasses, curvesOfLabels, meanCurve, rates } from './curve-points';
import { type OfClasses, type OfLabels, readClasses, readLabels, withDefaults } from '../options';
import { functionOf } from './summary-metric';
import { byTask, functionByTask } from './task';

/**
 * False positive rate, true positive rate and the thresholds, from the highest threshold down, float32, one value more than there are thresholds where these are the scores that occur.
 * (`torchmetrics.classification.BinaryROC`)
 */
export class BinaryROC extends BinaryCurveMetric<Curve> {
  constructor(options?: CurveOptions) {
    super(withDefaults<CurveOptions>(new.target.name, options, curveDefaults));
  }

  protected override score(summary: CurveSummary): Curve {
    return rates(summary, this.thresholds, 1);
  }
}

/**
 * The rates of each class against all others: lists, or with thresholds [C, T]; with `average` one, of all classes at once
 * (micro) or their mean (macro). (`torchmetrics.classification.MulticlassROC`)
 */
export class MulticlassROC extends MulticlassCurveMetric<CurveOfClasses> {
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
    if (this.average === 'micro') return rates(summary, this.thresholds, 1);
    const curves = curvesOfClasses(rates, summary, this.thresholds, this.numClasses);
    return this.average === 'macro' ? meanCurve(curves, this.numClasses, true) : curves;
  }
}

/** The rates of each label: lists, or with thresholds [L, T]. (`torchmetrics.classification.MultilabelROC`) */
export class MultilabelROC extends MultilabelCurveMetric<CurveOfClasses> {
  /** @param args - `numLabels`, 2 or more, and options */
  constructor(...args: OfLabels<CurveOptions>) {
    const { numLabels, options } = readLabels(args);
    super(numLabels, withDefaults<CurveOptions>(new.target.name, options, curveDefaults));
  }

  protected override score(summary: CurveSummary): CurveOfClasses {
    return curvesOfLabels(rates, summary, this.thresholds, this.numLabels, this.ignoreIndex);
  }
}

/** {@link BinaryROC} of one batch. (`torchmetrics.functional.classification.binary_roc`) */
export const binaryRoc = functionOf('binaryRoc', BinaryROC);
/** {@link MulticlassROC} of one batch. (`torchmetrics.functional.classification.multiclass_roc`) */
export const multiclassRoc = functionOf('multiclassRoc', MulticlassROC);
/** {@link MultilabelROC} of one batch. (`torchmetrics.functional.classification.multilabel_roc`) */
export const multilabelRoc = functionOf('multilabelRoc', MultilabelROC);

/** Makes the curve of a task. (`torchmetrics.ROC`) */
export const ROC = byTask('ROC', {}, BinaryROC, MulticlassROC, MultilabelROC);
/** {@link ROC} of one batch. (`torchmetrics.functional.roc`) */
export const roc = functionByTask<typeof ROC, CurveOfClasses>('roc', ROC);
