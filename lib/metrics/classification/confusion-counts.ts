/** From predictions and truth to confusion matrices, int64, rows the truth. */

import { arange, isFloatingDType, type Tensor } from '../../tensor';
import {
  checkBinaryPreds,
  checkBinaryTarget,
  checkClasses,
  checkMulticlassShapes,
  checkSameShape,
  hasScores,
  probabilities,
} from './labels';
import { checkMultilabel, confusionOf } from './stat-counts';

/** What all of them depend on. */
export interface ConfusionSettings {
  readonly ignoreIndex: number | null;
  readonly validateArgs: boolean;
}

/** The two without the elements whose truth is ignored, flat. */
export function countedOnly(
  preds: Tensor,
  target: Tensor,
  ignoreIndex: number | null,
): [preds: Tensor, target: Tensor] {
  const [predicted, truth] = [preds.flatten(), target.flatten()];
  if (ignoreIndex === null) return [predicted, truth];
  const counted = truth.ne(ignoreIndex);
  return [predicted.maskedSelect(counted), truth.maskedSelect(counted)];
}

export function checkBinary(preds: Tensor, target: Tensor, ignoreIndex: number | null): void {
  checkSameShape(preds, target);
  checkBinaryTarget(target, ignoreIndex);
  checkBinaryPreds(preds, 'preds');
}

/** int64 [2, 2]. */
export function binaryConfusion(
  preds: Tensor,
  target: Tensor,
  { threshold, ignoreIndex, validateArgs }: ConfusionSettings & { readonly threshold: number },
): Tensor {
  if (validateArgs) checkBinary(preds, target, ignoreIndex);
  const [scores, truth] = countedOnly(preds, target, ignoreIndex);
  const labels = isFloatingDType(scores.dtype) ? probabilities(scores, 'sigmoid').gt(threshold) : scores;
  return confusionOf(labels, truth, 2);
}

/** int64 [C, C]. */
export function multiclassConfusion(
  preds: Tensor,
  target: Tensor,
  { numClasses, ignoreIndex, validateArgs }: ConfusionSettings & { readonly numClasses: number },
): Tensor {
  if (validateArgs) {
    checkMulticlassShapes(preds, target, numClasses);
    checkClasses(preds, target, numClasses, ignoreIndex, 'count');
  }
  const labels = hasScores(preds, target) ? preds.argmax(1) : preds;
  return confusionOf(...countedOnly(labels, target, ignoreIndex), numClasses);
}

/** int64 [L, 2, 2]. */
export function multilabelConfusion(
  preds: Tensor,
  target: Tensor,
  {
    numLabels,
    threshold,
    ignoreIndex,
    validateArgs,
  }: ConfusionSettings & { readonly numLabels: number; readonly threshold: number },
): Tensor {
  if (validateArgs) checkMultilabel(preds, target, numLabels, ignoreIndex);
  const labels = isFloatingDType(preds.dtype) ? probabilities(preds, 'sigmoid').gt(threshold) : preds;
  const last = (tensor: Tensor): Tensor => tensor.movedim(1, -1).reshape([-1, numLabels]).to('int64');
  const truth = last(target);
  const cells = truth
    .mul(2)
    .add(last(labels))
    .add(arange(numLabels, { device: preds.device }).mul(4));
  const [counted] = countedOnly(cells, truth, ignoreIndex);
  return counted.bincount(null, 4 * numLabels).reshape([numLabels, 2, 2]);
}
