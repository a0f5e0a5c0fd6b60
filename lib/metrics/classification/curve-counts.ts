/** From scores and truth to what curves are made of: the scores themselves, or counts at given thresholds. */

import { valueError } from '../../engine';
import { arange, cat, isFloatingDType, oneHot, Tensor } from '../../tensor';
import { checkBinaryTarget, checkSameShape, probabilities, sizeOf } from './labels';

/** Scores and truth as they were seen, [N] or [N, C], in the place of counts. */
export interface Seen {
  readonly scores: Tensor;
  readonly truth: Tensor;
}

/** What was seen, or int64 [T, 2, 2] or [T, C, 2, 2]: at each threshold rows the truth, columns the prediction. */
export type CurveSummary = Seen | Tensor;

/** What a curve depends on. */
export interface CurveSettings {
  readonly thresholds: Tensor | null;
  readonly ignoreIndex: number | null;
  readonly validateArgs: boolean;
}

function checkDtypes(preds: Tensor, target: Tensor): void {
  if (isFloatingDType(target.dtype)) {
    throw valueError(
      'Expected argument `target` to be an int or long tensor with ground truth labels but got tensor with dtype ' +
        `torch.${target.dtype}`,
    );
  }
  if (isFloatingDType(preds.dtype)) return;
  throw valueError(
    'Expected argument `preds` to be an floating tensor with probability/logit scores, but got tensor with dtype ' +
      `torch.${preds.dtype}`,
  );
}

/** Scores and truth of the same shape, flat. */
export function seenBinary(preds: Tensor, target: Tensor, { ignoreIndex, validateArgs }: CurveSettings): Seen {
  if (validateArgs) {
    checkSameShape(preds, target);
    checkDtypes(preds, target);
    checkBinaryTarget(target, ignoreIndex);
  }
  const [scores, truth] = [preds.flatten(), target.flatten()];
  if (ignoreIndex === null) return { scores: probabilities(scores, 'sigmoid'), truth };
  const counted = truth.ne(ignoreIndex);
  return { scores: probabilities(scores.maskedSelect(counted), 'sigmoid'), truth: truth.maskedSelect(counted) };
}

/** Scores [N, C, …] and labels [N, …], as [N′, C] and [N′]; with `micro` each score and whether its class is true, flat. */
export function seenMulticlass(
  preds: Tensor,
  target: Tensor,
  { numClasses, ignoreIndex, validateArgs }: CurveSettings & { readonly numClasses: number },
  micro: boolean,
): Seen {
  if (validateArgs) checkMulticlassScores(preds, target, numClasses, ignoreIndex);
  let scores = preds.transpose(0, 1).reshape([numClasses, -1]).T;
  let truth = target.flatten();
  if (ignoreIndex !== null) {
    const counted = truth.ne(ignoreIndex);
    [scores, truth] = [scores.index([counted]), truth.maskedSelect(counted)];
  }
  const normal = probabilities(scores, 'softmax');
  if (!micro) return { scores: normal, truth };
  return { scores: normal.flatten(), truth: oneHot(truth.to('int64'), numClasses).flatten() };
}

function checkMulticlassScores(preds: Tensor, target: Tensor, numClasses: number, ignoreIndex: number | null): void {
  if (preds.dim() !== target.dim() + 1) {
    throw valueError(
      `Expected \`preds\` to have one more dimension than \`target\` but got ${preds.dim()} and ${target.dim()}`,
    );
  }
  if (isFloatingDType(target.dtype)) {
    throw valueError(
      `Expected argument \`target\` to be an int or long tensor, but got tensor with dtype torch.${target.dtype}`,
    );
  }
  if (!isFloatingDType(preds.dtype)) {
    throw valueError(`Expected \`preds\` to be a float tensor, but got torch.${preds.dtype}`);
  }
  if (preds.shape[1] !== numClasses) {
    throw valueError(
      'Expected `preds.shape[1]` to be equal to the number of classes but got ' +
        `${preds.shape[1]} and ${numClasses}.`,
    );
  }
  const [samples, , ...rest] = preds.shape;
  if ([samples, ...rest].join() !== target.shape.join()) {
    throw valueError(
      'Expected the shape of `preds` should be (N, C, ...) and the shape of `target` should be (N, ...) but got ' +
        `${sizeOf(preds)} and ${sizeOf(target)}`,
    );
  }
  const outside = target.lt(0).logicalOr(target.ge(numClasses));
  const wrong = ignoreIndex === null ? outside : outside.logicalAnd(target.ne(ignoreIndex));
  if (wrong.any().item() === 0) return;
  const label = target.maskedSelect(wrong).at(0).item();
  throw valueError(`expected labels from 0 to ${numClasses - 1} in argument \`target\`, received ${label}`);
}

/** Scores and truth [N, L, …], as [N′, L] both. What is ignored is still there. */
export function seenMultilabel(
  preds: Tensor,
  target: Tensor,
  { numLabels, ignoreIndex, validateArgs }: CurveSettings & { readonly numLabels: number },
): Seen {
  if (validateArgs) {
    checkSameShape(preds, target);
    checkDtypes(preds, target);
    checkBinaryTarget(target, ignoreIndex);
    if (preds.shape[1] !== numLabels) {
      throw valueError(
        'Expected both `target.shape[1]` and `preds.shape[1]` to be equal to the number of labels but got ' +
          `${preds.shape[1]} and expected ${numLabels}`,
      );
    }
  }
  const rows = (tensor: Tensor): Tensor => tensor.transpose(0, 1).reshape([numLabels, -1]).T;
  return { scores: probabilities(rows(preds), 'sigmoid'), truth: rows(target) };
}

/** The elements whose truth is not ignored, of scores [N] and truth [N]. */
export function withoutIgnored({ scores, truth }: Seen, ignoreIndex: number | null): Seen {
  if (ignoreIndex === null) return { scores, truth };
  const counted = truth.ne(ignoreIndex);
  return { scores: scores.maskedSelect(counted), truth: truth.maskedSelect(counted) };
}

/** All labels as one question, without what is ignored. */
export function allLabels(summary: CurveSummary, ignoreIndex: number | null): CurveSummary {
  if (summary instanceof Tensor) return summary.sum(1);
  return withoutIgnored({ scores: summary.scores.flatten(), truth: summary.truth.flatten() }, ignoreIndex);
}

/** How often each class is true, [C]. */
export function supportOfClasses(summary: CurveSummary, numClasses: number): Tensor {
  if (summary instanceof Tensor) return summary.select(0, 0).select(1, 1).sum(-1);
  return summary.truth.bincount(null, numClasses).to('float32');
}

/** How often each label is true, [L]. */
export function supportOfLabels(summary: CurveSummary): Tensor {
  if (summary instanceof Tensor) return summary.select(0, 0).select(1, 1).sum(-1);
  return summary.truth.eq(1).sum(0).to('float32');
}

/** So many comparisons at once: enough to keep the machine busy, and a few megabytes. */
const AT_ONCE = 1_000_000;

/**
 * Counts at each threshold, int64 [T, C, 2, 2].
 *
 * @param scores - [N, C]
 * @param positive - 0 or 1, [N, C]
 * @param counted - where it is true, [N, C]; null counts all
 */
export function countAtThresholds(
  scores: Tensor,
  positive: Tensor,
  thresholds: Tensor,
  counted: Tensor | null = null,
): Tensor {
  const [classes, all] = [scores.size(1), thresholds.numel()];
  const step = Math.max(1, Math.floor(AT_ONCE / Math.max(1, scores.numel())));
  const cells = positive
    .to('int64')
    .mul(2)
    .add(arange(classes, { device: scores.device }).mul(4))
    .unsqueeze(-1);
  const parts: Tensor[] = [];
  for (let first = 0; first < all; first += step) {
    const some = thresholds.narrow(0, first, Math.min(step, all - first));
    const places = arange(some.numel(), { device: scores.device }).mul(4 * classes);
    const found = scores.unsqueeze(-1).ge(some).to('int64').add(cells).add(places);
    const flat = counted === null ? found.flatten() : found.index([counted]).flatten();
    parts.push(flat.bincount(null, 4 * classes * some.numel()).reshape([some.numel(), classes, 2, 2]));
  }
  return cat(parts);
}
