import { foundShare, type Ratio } from './stat-reduction';
import { BinaryStatScores, MulticlassStatScores, MultilabelStatScores } from './stat-scores';
import { functionOf } from './summary-metric';
import { byTask, functionByTask } from './task';

/** The share of what was not found. */
const hammingRatio: Ratio = {
  of: (counts, { task }) => foundShare(counts, task === 'multiclass').rsub(1),
  higherIsBetter: false,
  minds: 'nothing',
};

/** The share of elements whose label was not found, float32 [], or [N] with `samplewise`. (`torchmetrics.classification.BinaryHammingDistance`) */
export class BinaryHammingDistance extends BinaryStatScores {
  protected override readonly ratio = hammingRatio;
}

/** The share of each class's elements that were not found, averaged. (`torchmetrics.classification.MulticlassHammingDistance`) */
export class MulticlassHammingDistance extends MulticlassStatScores {
  protected override readonly ratio = hammingRatio;
}

/** The share of elements whose label was not found, of each label, averaged. (`torchmetrics.classification.MultilabelHammingDistance`) */
export class MultilabelHammingDistance extends MultilabelStatScores {
  protected override readonly ratio = hammingRatio;
}

/** {@link BinaryHammingDistance} of one batch. (`torchmetrics.functional.classification.binary_hamming_distance`) */
export const binaryHammingDistance = functionOf('binaryHammingDistance', BinaryHammingDistance);
/** {@link MulticlassHammingDistance} of one batch. (`torchmetrics.functional.classification.multiclass_hamming_distance`) */
export const multiclassHammingDistance = functionOf('multiclassHammingDistance', MulticlassHammingDistance);
/** {@link MultilabelHammingDistance} of one batch. (`torchmetrics.functional.classification.multilabel_hamming_distance`) */
export const multilabelHammingDistance = functionOf('multilabelHammingDistance', MultilabelHammingDistance);

/** Makes the Hamming distance of a task; `average` is micro by default. (`torchmetrics.HammingDistance`) */
export const HammingDistance = byTask(
  'HammingDistance',
  { average: 'micro' },
  BinaryHammingDistance,
  MulticlassHammingDistance,
  MultilabelHammingDistance,
);
/** {@link HammingDistance} of one batch. (`torchmetrics.functional.hamming_distance`) */
export const hammingDistance = functionByTask('hammingDistance', HammingDistance);
