import { type Tensor, where, zerosLike } from '../../tensor';
import { type Average, checkOneOf, withDefaults } from '../options';
import { areasOf, type AreaAverageOption, type LabelAverageOption, meanArea } from './curve-average';
import { allLabels, type CurveSummary, supportOfClasses, supportOfLabels } from './curve-counts';
import {
  BinaryCurveMetric,
  curveDefaults,
  type CurveOptions,
  MulticlassCurveMetric,
  MultilabelCurveMetric,
} from './curve-metric';
import { curvesOfClasses, curvesOfLabels, precisionRecall } from './curve-points';
import { averages } from './stat-scores';
import { functionOf } from './summary-metric';
import { byTask, functionByTask } from './task';

/** Precisions times the steps of recall between them. */
function stepArea(precision: Tensor, recall: Tensor, dim: number): Tensor {
  const steps = precision.size(dim) - 1;
  const rise = recall.narrow(dim, 1, steps).sub(recall.narrow(dim, 0, steps));
  return rise
    .mul(precision.narrow(dim, 0, steps))
    .sum(dim)
    .neg();
}

/** The same where what is unknown counts as 0. `where` keeps the layout, and with it the order of the sum. */
function knownArea(precision: Tensor, recall: Tensor, dim: number): Tensor {
  const zeroed = (values: Tensor): Tensor => where(values.isnan(), zerosLike(values), values);
  return stepArea(zeroed(precision), zeroed(recall), dim);
}

/** As torchmetrics does it: only where there are thresholds, and so tensors, does what is unknown count as 0. */
function areaOf(precision: Tensor, recall: Tensor, dim: number): Tensor {
  return dim === 1 ? knownArea(precision, recall, dim) : stepArea(precision, recall, dim);
}

/** The mean precision over the steps of recall, float32 []. (`torchmetrics.classification.BinaryAveragePrecision`) */
export class BinaryAveragePrecision extends BinaryCurveMetric<Tensor> {
  constructor(options?: CurveOptions) {
    super(withDefaults<CurveOptions>(new.target.name, options, curveDefaults));
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  protected override score(summary: CurveSummary): Tensor {
    const [precision, recall] = precisionRecall(summary, this.thresholds, 1);
    return knownArea(precision, recall, 0);
  }
}

/** The mean precision over the steps of recall, of each class against all others, averaged: float32 [], or [C] with none. (`torchmetrics.classification.MulticlassAveragePrecision`) */
export class MulticlassAveragePrecision extends MulticlassCurveMetric<Tensor> {
  readonly average: Average;

  /** @param numClasses - 2 or more */
  constructor(numClasses: number, options?: CurveOptions & AreaAverageOption) {
    const standard = { average: 'macro', ...curveDefaults } as const;
    const given = withDefaults<CurveOptions & AreaAverageOption>(new.target.name, options, standard);
    super(numClasses, given);
    checkOneOf('average', given.average, ['macro', 'weighted', 'none', null], '', ' but');
    this.average = given.average ?? 'none';
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  protected override score(summary: CurveSummary): Tensor {
    const { thresholds, numClasses } = this;
    const [x, y] = curvesOfClasses(precisionRecall, summary, thresholds, numClasses);
    return meanArea(areasOf(x, y, areaOf), this.average, supportOfClasses(summary, numClasses));
  }
}

/** The mean precision over the steps of recall, of each label, averaged: float32 [], or [L] with none. (`torchmetrics.classification.MultilabelAveragePrecision`) */
export class MultilabelAveragePrecision extends MultilabelCurveMetric<Tensor> {
  readonly average: Average;

  /** @param numLabels - 2 or more */
  constructor(numLabels: number, options?: CurveOptions & LabelAverageOption) {
    const standard = { average: 'macro', ...curveDefaults } as const;
    const given = withDefaults<CurveOptions & LabelAverageOption>(new.target.name, options, standard);
    super(numLabels, given);
    checkOneOf('average', given.average, averages, '', ' but');
    this.average = given.average ?? 'none';
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  protected override score(summary: CurveSummary): Tensor {
    const { thresholds, numLabels, ignoreIndex } = this;
    if (this.average === 'micro') {
      const [x, y] = precisionRecall(allLabels(summary, ignoreIndex), thresholds, 1);
      return knownArea(x, y, 0);
    }
    const [x, y] = curvesOfLabels(precisionRecall, summary, thresholds, numLabels, ignoreIndex);
    return meanArea(areasOf(x, y, areaOf), this.average, supportOfLabels(summary));
  }
}

/** {@link BinaryAveragePrecision} of one batch. (`torchmetrics.functional.classification.binary_average_precision`) */
export const binaryAveragePrecision = functionOf('binaryAveragePrecision', BinaryAveragePrecision);
/** {@link MulticlassAveragePrecision} of one batch. (`torchmetrics.functional.classification.multiclass_average_precision`) */
export const multiclassAveragePrecision = functionOf('multiclassAveragePrecision', MulticlassAveragePrecision);
/** {@link MultilabelAveragePrecision} of one batch. (`torchmetrics.functional.classification.multilabel_average_precision`) */
export const multilabelAveragePrecision = functionOf('multilabelAveragePrecision', MultilabelAveragePrecision);

/** Makes the area of a task; `average` is macro by default. (`torchmetrics.AveragePrecision`) */
export const AveragePrecision = byTask(
  'AveragePrecision',
  {},
  BinaryAveragePrecision,
  MulticlassAveragePrecision,
  MultilabelAveragePrecision,
);
/** {@link AveragePrecision} of one batch. (`torchmetrics.functional.average_precision`) */
export const averagePrecision = functionByTask('averagePrecision', AveragePrecision);
