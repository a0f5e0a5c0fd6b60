import { ArgumentError, checkTensors, describe, scope } from '../engine';
import type { Tensor } from '../tensor';

/** How often each class was taken for each: entry `[truth * C + prediction]`, exact as long as it is below 2^53. */
export type ConfusionCounts = readonly number[];

/**
 * Counts what was predicted against what is true.
 *
 * @param preds labels of the shape of `target`, or scores `[N, C, …]` (floating), of which the highest decides
 * @param target labels 0 … C−1, `[N, …]`, integers
 * @param ignoreIndex a label of `target` that is left out, wherever it stands
 * @throws {ArgumentError} shapes that do not fit, or a label that is none of the classes
 */
export function countConfusion(
  preds: Tensor,
  target: Tensor,
  numClasses: number,
  ignoreIndex?: number,
): ConfusionCounts {
  return scope(() => {
    const hasScores = checkShapes(preds, target, numClasses);
    let predicted = (hasScores ? preds.argmax(1) : preds).flatten().to('int64');
    let truth = target.flatten().to('int64');
    if (ignoreIndex !== undefined) {
      const counted = truth.ne(ignoreIndex);
      predicted = predicted.maskedSelect(counted);
      truth = truth.maskedSelect(counted);
    }
    checkLabels('target', truth, numClasses);
    if (!hasScores) checkLabels('preds', predicted, numClasses);
    const cells = truth.mul(numClasses).add(predicted);
    return Array.from(cells.bincount(null, numClasses * numClasses).toTypedArray() as BigInt64Array, Number);
  });
}

/** True where `preds` are scores of the classes, false where they are labels. */
function checkShapes(preds: Tensor, target: Tensor, numClasses: number): boolean {
  checkTensors('update', { preds, target });
  const [batch, classes, ...rest] = preds.shape;
  const isScores = preds.dim() === target.dim() + 1;
  if (!isScores && preds.shape.join() === target.shape.join()) return false;
  if (
    isScores &&
    preds.isFloatingPoint() &&
    classes === numClasses &&
    [batch, ...rest].join() === target.shape.join()
  ) {
    return true;
  }
  throw new ArgumentError(
    `expected argument \`preds\` to be labels of the shape of \`target\`, or floating scores [N, ${numClasses}, …] for ` +
      `a \`target\` [N, …], received preds ${describe(preds)} and target ${describe(target)}`,
    'TORCH_VALUE',
  );
}

function checkLabels(argument: string, labels: Tensor, numClasses: number): void {
  const foreign = labels.maskedSelect(labels.lt(0).logicalOr(labels.ge(numClasses)));
  if (foreign.numel() === 0) return;
  throw new ArgumentError(
    `expected labels from 0 to ${numClasses - 1} in argument \`${argument}\`, received ${foreign.at(0).item()}`,
    'TORCH_VALUE',
  );
}
