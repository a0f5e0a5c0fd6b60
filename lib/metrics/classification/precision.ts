import { safeDivide } from '../arithmetic';
import type { Ratio } from './stat-reduction';
import { BinaryStatScores, MulticlassStatScores, MultilabelStatScores } from './stat-scores';
import { functionOf } from './summary-metric';
import { byTask, functionByTask } from './task';

const precisionRatio: Ratio = {
  of: ({ tp, fp }, { zeroDivision }) => safeDivide(tp, tp.add(fp), zeroDivision),
  higherIsBetter: true,
  minds: 'topK',
};

/** The share of what was taken for positive that is, float32 [], or [N] with `samplewise`. (`torchmetrics.classification.BinaryPrecision`) */
export class BinaryPrecision extends BinaryStatScores {
  protected override readonly ratio = precisionRatio;
}

/** The share of what was taken for a class that is of it, averaged. (`torchmetrics.classification.MulticlassPrecision`) */
export class MulticlassPrecision extends MulticlassStatScores {
  protected override readonly ratio = precisionRatio;
}

/** The share of what was taken for a label that has it, averaged. (`torchmetrics.classification.MultilabelPrecision`) */
export class MultilabelPrecision extends MultilabelStatScores {
  protected override readonly ratio = precisionRatio;
}

/** {@link BinaryPrecision} of one batch. (`torchmetrics.functional.classification.binary_precision`) */
export const binaryPrecision = functionOf('binaryPrecision', BinaryPrecision);
/** {@link MulticlassPrecision} of one batch. (`torchmetrics.functional.classification.multiclass_precision`) */
export const multiclassPrecision = functionOf('multiclassPrecision', MulticlassPrecision);
/** {@link MultilabelPrecision} of one batch. (`torchmetrics.functional.classification.multilabel_precision`) */
export const multilabelPrecision = functionOf('multilabelPrecision', MultilabelPrecision);

/** Makes the precision of a task; `average` is micro by default. (`torchmetrics.Precision`) */
export const Precision = byTask(
  'Precision',
  { average: 'micro' },
  BinaryPrecision,
  MulticlassPrecision,
  MultilabelPrecision,
);
/** {@link Precision} of one batch. (`torchmetrics.functional.precision`) */
export const precision = functionByTask('precision', Precision);
