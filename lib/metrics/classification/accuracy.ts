import { foundShare, type Ratio } from './stat-reduction';
import { BinaryStatScores, MulticlassStatScores, MultilabelStatScores } from './stat-scores';
import { functionOf } from './summary-metric';
import { byTask, functionByTask } from './task';

/** The share of what was found; of classes, of each class's elements. */
const accuracyRatio: Ratio = {
  of: (counts, { task }) => foundShare(counts, task === 'multiclass'),
  higherIsBetter: true,
  minds: 'topK',
};

/** The share of elements whose label was found, float32 [], or [N] with `samplewise`. (`torchmetrics.classification.BinaryAccuracy`) */
export class BinaryAccuracy extends BinaryStatScores {
  protected override readonly ratio = accuracyRatio;
}

/** The share of each class's elements that were found, averaged; with `average: 'micro'` the share of all elements. (`torchmetrics.classification.MulticlassAccuracy`) */
export class MulticlassAccuracy extends MulticlassStatScores {
  protected override readonly ratio = accuracyRatio;
}

/** The share of elements whose label was found, of each label, averaged. (`torchmetrics.classification.MultilabelAccuracy`) */
export class MultilabelAccuracy extends MultilabelStatScores {
  protected override readonly ratio = accuracyRatio;
}

/** {@link BinaryAccuracy} of one batch. (`torchmetrics.functional.classification.binary_accuracy`) */
export const binaryAccuracy = functionOf('binaryAccuracy', BinaryAccuracy);
/** {@link MulticlassAccuracy} of one batch. (`torchmetrics.functional.classification.multiclass_accuracy`) */
export const multiclassAccuracy = functionOf('multiclassAccuracy', MulticlassAccuracy);
/** {@link MultilabelAccuracy} of one batch. (`torchmetrics.functional.classification.multilabel_accuracy`) */
export const multilabelAccuracy = functionOf('multilabelAccuracy', MultilabelAccuracy);

/** Makes the accuracy of a task; `average` is micro by default. (`torchmetrics.Accuracy`) */
export const Accuracy = byTask(
  'Accuracy',
  { average: 'micro' },
  BinaryAccuracy,
  MulticlassAccuracy,
  MultilabelAccuracy,
);
/** {@link Accuracy} of one batch. (`torchmetrics.functional.accuracy`) */
export const accuracy = functionByTask('accuracy', Accuracy);
