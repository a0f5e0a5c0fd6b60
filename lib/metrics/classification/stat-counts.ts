/** The one path from predictions and truth to true and false positives and negatives, as integers. */

import { isFloatingDType, oneHot, where, type Tensor } from '../../tensor';
import { valueError } from '../../engine';
import type { Average, MultidimAverage } from '../options';
import {
  checkBinaryPreds,
  checkBinaryTarget,
  checkClasses,
  checkMulticlassShapes,
  checkSameShape,
  hasScores,
  probabilities,
} from './labels';

/** True positives, false positives, true negatives and false negatives: [], or of classes, labels or samples. */
export interface StatCounts {
  readonly tp: Tensor;
  readonly fp: Tensor;
  readonly tn: Tensor;
  readonly fn: Tensor;
}

/** What the counts of all tasks depend on. */
export interface CountSettings {
  readonly multidimAverage: MultidimAverage;
  readonly ignoreIndex: number | null;
  readonly validateArgs: boolean;
}

/** Counts where `positive` and `negative` say what is true; what is neither is ignored. */
function tally(preds: Tensor, target: Tensor, dim: number[]): StatCounts {
  const hit = target.eq(preds);
  const miss = hit.logicalNot();
  const [positive, negative] = [target.eq(1), target.eq(0)];
  const count = (where: Tensor, what: Tensor): Tensor => where.logicalAnd(what).sum(dim);
  return {
    tp: count(hit, positive),
    fp: count(miss, negative),
    tn: count(hit, negative),
    fn: count(miss, positive),
  };
}

function squeezed({ tp, fp, tn, fn }: StatCounts): StatCounts {
  return { tp: tp.squeeze(), fp: fp.squeeze(), tn: tn.squeeze(), fn: fn.squeeze() };
}

/** Scores as labels, and truth in which what is ignored is neither 0 nor 1. */
function binaryLabels(preds: Tensor, target: Tensor, threshold: number, ignoreIndex: number | null): [Tensor, Tensor] {
  const labels = isFloatingDType(preds.dtype) ? probabilities(preds, 'sigmoid').gt(threshold) : preds;
  return [labels, ignoreIndex === null ? target : target.maskedFill(target.eq(ignoreIndex), -1)];
}

/** Binary labels or scores, [N, …] both. */
export function countBinary(
  preds: Tensor,
  target: Tensor,
  settings: CountSettings & { readonly threshold: number },
): StatCounts {
  const { threshold, multidimAverage, ignoreIndex, validateArgs } = settings;
  if (validateArgs) {
    checkSameShape(preds, target);
    checkBinaryTarget(target, ignoreIndex);
    checkBinaryPreds(preds, '`preds`');
    if (multidimAverage === 'samplewise' && preds.dim() < 2) {
      throw valueError('Expected input to be at least 2D when multidimAverage is set to `samplewise`');
    }
  }
  const [labels, truth] = binaryLabels(preds, target, threshold, ignoreIndex);
  const flat = (tensor: Tensor): Tensor => tensor.reshape([tensor.size(0), -1]);
  return squeezed(tally(flat(labels), flat(truth), multidimAverage === 'global' ? [0, 1] : [1]));
}

/** Labels or scores of several questions at once, [N, L, …] both. */
export function countMultilabel(
  preds: Tensor,
  target: Tensor,
  settings: CountSettings & { readonly numLabels: number; readonly threshold: number },
): StatCounts {
  const { numLabels, threshold, multidimAverage, ignoreIndex, validateArgs } = settings;
  if (validateArgs) {
    checkMultilabel(preds, target, numLabels, ignoreIndex);
    if (multidimAverage === 'samplewise' && preds.dim() < 3) {
      throw valueError('Expected input to be at least 3D when multidimAverage is set to `samplewise`');
    }
  }
  const [labels, truth] = binaryLabels(preds, target, threshold, ignoreIndex);
  const flat = (tensor: Tensor): Tensor => tensor.reshape([tensor.size(0), tensor.size(1), -1]);
  return squeezed(tally(flat(labels), flat(truth), multidimAverage === 'global' ? [0, -1] : [-1]));
}

/** What every metric of labels asks of its inputs. */
export function checkMultilabel(preds: Tensor, target: Tensor, numLabels: number, ignoreIndex: number | null): void {
  checkSameShape(preds, target);
  if (preds.shape[1] !== numLabels) {
    throw valueError(
      'Expected both `target.shape[1]` and `preds.shape[1]` to be equal to the number of labels but got ' +
        `${preds.shape[1]} and expected ${numLabels}`,
    );
  }
  checkBinaryTarget(target, ignoreIndex);
  checkBinaryPreds(preds, 'preds');
}

/** What the counts of classes depend on. */
export interface MulticlassCountSettings extends CountSettings {
  readonly numClasses: number | null;
  readonly topK: number;
  readonly average: Average;
}

/** Labels [N, …], or scores [N, C, …], against labels [N, …]. */
export function countMulticlass(preds: Tensor, target: Tensor, settings: MulticlassCountSettings): StatCounts {
  const { numClasses, topK, average, multidimAverage, ignoreIndex, validateArgs } = settings;
  if (validateArgs) checkMulticlass(preds, target, settings);
  const labels = hasScores(preds, target) && topK === 1 ? preds.argmax(1) : preds;
  const samples = labels.reshape([...labels.shape.slice(0, topK === 1 ? 1 : 2), -1]);
  const truths = target.reshape([target.size(0), -1]);
  if (multidimAverage === 'samplewise' || topK !== 1) return countOneHot(samples, truths, numClasses ?? 1, settings);
  let [predicted, truth] = [samples.flatten(), truths.flatten()];
  if (ignoreIndex !== null) {
    const counted = truth.ne(ignoreIndex);
    [predicted, truth] = [predicted.maskedSelect(counted), truth.maskedSelect(counted)];
  }
  return average === 'micro'
    ? countHits(predicted, truth, numClasses ?? 1)
    : countsOfConfusion(confusionOf(predicted, truth, numClasses ?? 1));
}

function checkMulticlass(preds: Tensor, target: Tensor, settings: MulticlassCountSettings): void {
  const { numClasses, multidimAverage, ignoreIndex } = settings;
  checkMulticlassShapes(preds, target, numClasses);
  if (multidimAverage === 'samplewise' && target.dim() < 2) {
    throw valueError(
      hasScores(preds, target)
        ? 'If `preds` have one dimension more than `target`, the shape of `preds` should be at least 3D when ' +
            'multidimAverage is set to `samplewise`'
        : 'When `preds` and `target` have the same shape, the shape of `preds` should be at least 2D when ' +
            'multidimAverage is set to `samplewise`',
    );
  }
  if (numClasses !== null) checkClasses(preds, target, numClasses, ignoreIndex, 'values');
}

/** All classes together: what is wrong is a false positive of one and a false negative of another. */
function countHits(predicted: Tensor, truth: Tensor, numClasses: number): StatCounts {
  const hit = predicted.eq(truth);
  const [tp, wrong] = [hit.sum(), hit.logicalNot().sum()];
  return {
    tp,
    fp: wrong,
    fn: wrong,
    tn: wrong
      .mul(2)
      .add(tp)
      .rsub(numClasses * predicted.numel()),
  };
}

/** How often each class was taken for each, int64 [C, C], rows the truth. */
export function confusionOf(predicted: Tensor, truth: Tensor, numClasses: number): Tensor {
  const cells = truth.to('int64').mul(numClasses).add(predicted.to('int64'));
  return cells.bincount(null, numClasses * numClasses).reshape([numClasses, numClasses]);
}

function countsOfConfusion(confusion: Tensor): StatCounts {
  const tp = confusion.diag();
  const fp = confusion.sum(0).sub(tp);
  const fn = confusion.sum(1).sub(tp);
  return { tp, fp, fn, tn: confusion.sum().sub(fp.add(fn).add(tp)) };
}

/**
 * Counts of samples, or of the best `topK` classes: a truth among those counts as found.
 *
 * @param preds - labels [N, X], or with `topK` scores [N, C, X]
 * @param target - labels [N, X]
 */
function countOneHot(
  preds: Tensor,
  target: Tensor,
  numClasses: number,
  { topK, multidimAverage, ignoreIndex }: MulticlassCountSettings,
): StatCounts {
  const ignored = ignoreIndex === null ? null : target.eq(ignoreIndex);
  const outside = ignoreIndex !== null && (ignoreIndex < 0 || ignoreIndex >= numClasses);
  // An ignored label that is no class takes a class of its own, which is cut off again.
  const spare = (labels: Tensor): Tensor =>
    outside && ignored !== null ? labels.maskedFill(ignored, numClasses) : labels;
  const oneHotOf = (labels: Tensor): Tensor =>
    oneHot(labels.to('int64'), outside ? numClasses + 1 : numClasses).narrow(-1, 0, numClasses);

  const truth = spare(target);
  const found = topK === 1 ? oneHotOf(spare(preds)) : oneHot(bestLabels(preds, truth, topK), numClasses);
  const expected = oneHotOf(truth);
  const counted = ignored === null ? expected : expected.maskedFill(ignored.unsqueeze(-1), -1);
  return tally(found, counted, multidimAverage === 'global' ? [0, 1] : [1]);
}

/** The truth where it is among the best `topK`, else the best. */
function bestLabels(scores: Tensor, truth: Tensor, topK: number): Tensor {
  const best = scores.topk(topK, 1)[1];
  const isAmong = best.eq(truth.unsqueeze(1)).any(1);
  return where(isAmong, truth.to('int64'), best.select(1, 0));
}
