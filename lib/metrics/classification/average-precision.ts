import { type Tensor, where, zerosLike } from '../../tensor';
import { withDefaults } from '../options';
import { type AreaRule, MulticlassCurveArea, MultilabelCurveArea } from './curve-area';
import type { CurveSummary } from './curve-counts';
import { BinaryCurveMetric, curveDefaults, type CurveOptions } from './curve-metric';
import { precisionRecall } from './curve-points';
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

const precisionOverRecall: AreaRule = { curve: precisionRecall, area: areaOf, microArea: knownArea };

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
export class MulticlassAveragePrecision extends MulticlassCurveArea {
  /** @internal */
  protected override get rule(): AreaRule {
    return precisionOverRecall;
  }
}

/** The mean precision over the steps of recall, of each label, averaged: float32 [], or [L] with none. (`torchmetrics.classification.MultilabelAveragePrecision`) */
export class MultilabelAveragePrecision extends MultilabelCurveArea {
  /** @internal */
  protected override get rule(): AreaRule {
    return precisionOverRecall;
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
