import { safeDivide } from '../arithmetic';
import type { Ratio } from './stat-reduction';
import { BinaryStatScores, MulticlassStatScores, MultilabelStatScores } from './stat-scores';
import { functionOf } from './summary-metric';
import { byTask, functionByTask } from './task';

const recallRatio: Ratio = {
  of: ({ tp, fn }, { zeroDivision }) => safeDivide(tp, tp.add(fn), zeroDivision),
  higherIsBetter: true,
  minds: 'topK',
};

/** The share of what is positive that was found, float32 [], or [N] with `samplewise`. (`torchmetrics.classification.BinaryRecall`) */
export class BinaryRecall extends BinaryStatScores {
  protected override readonly ratio = recallRatio;
}

/** The share of each class's elements that were found, averaged. (`torchmetrics.classification.MulticlassRecall`) */
export class MulticlassRecall extends MulticlassStatScores {
  protected override readonly ratio = recallRatio;
}

/** The share of each label's elements that were found, averaged. (`torchmetrics.classification.MultilabelRecall`) */
export class MultilabelRecall extends MultilabelStatScores {
  protected override readonly ratio = recallRatio;
}

/** {@link BinaryRecall} of one batch. (`torchmetrics.functional.classification.binary_recall`) */
export const binaryRecall = functionOf('binaryRecall', BinaryRecall);
/** {@link MulticlassRecall} of one batch. (`torchmetrics.functional.classification.multiclass_recall`) */
export const multiclassRecall = functionOf('multiclassRecall', MulticlassRecall);
/** {@link MultilabelRecall} of one batch. (`torchmetrics.functional.classification.multilabel_recall`) */
export const multilabelRecall = functionOf('multilabelRecall', MultilabelRecall);

/** Makes the recall of a task; `average` is micro by default. (`torchmetrics.Recall`) */
export const Recall = byTask('Recall', { average: 'micro' }, BinaryRecall, MulticlassRecall, MultilabelRecall);
/** {@link Recall} of one batch. (`torchmetrics.functional.recall`) */
export const recall = functionByTask('recall', Recall);
