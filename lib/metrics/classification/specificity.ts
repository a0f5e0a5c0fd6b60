import { safeDivide } from '../arithmetic';
import type { Ratio } from './stat-reduction';
import { BinaryStatScores, MulticlassStatScores, MultilabelStatScores } from './stat-scores';
import { functionOf } from './summary-metric';
import { byTask, functionByTask } from './task';

const specificityRatio: Ratio = {
  of: ({ tn, fp }) => safeDivide(tn, tn.add(fp)),
  higherIsBetter: true,
  minds: 'nothing',
};

/** The share of what is negative that was taken for it, float32 [], or [N] with `samplewise`. (`torchmetrics.classification.BinarySpecificity`) */
export class BinarySpecificity extends BinaryStatScores {
  protected override readonly ratio = specificityRatio;
}

/** The share of what is not of a class that was not taken for it, averaged. (`torchmetrics.classification.MulticlassSpecificity`) */
export class MulticlassSpecificity extends MulticlassStatScores {
  protected override readonly ratio = specificityRatio;
}

/** The share of what lacks a label that was not given it, averaged. (`torchmetrics.classification.MultilabelSpecificity`) */
export class MultilabelSpecificity extends MultilabelStatScores {
  protected override readonly ratio = specificityRatio;
}

/** {@link BinarySpecificity} of one batch. (`torchmetrics.functional.classification.binary_specificity`) */
export const binarySpecificity = functionOf('binarySpecificity', BinarySpecificity);
/** {@link MulticlassSpecificity} of one batch. (`torchmetrics.functional.classification.multiclass_specificity`) */
export const multiclassSpecificity = functionOf('multiclassSpecificity', MulticlassSpecificity);
/** {@link MultilabelSpecificity} of one batch. (`torchmetrics.functional.classification.multilabel_specificity`) */
export const multilabelSpecificity = functionOf('multilabelSpecificity', MultilabelSpecificity);

/** Makes the specificity of a task; `average` is micro by default. (`torchmetrics.Specificity`) */
export const Specificity = byTask(
  'Specificity',
  { average: 'micro' },
  BinarySpecificity,
  MulticlassSpecificity,
  MultilabelSpecificity,
);
/** {@link Specificity} of one batch. (`torchmetrics.functional.specificity`) */
export const specificity = functionByTask('specificity', Specificity);
