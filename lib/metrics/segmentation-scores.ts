import { ArgumentError, checkTensor, describe } from '../engine';
import type { Tensor } from '../tensor';

/** Scores from one confusion matrix, as numbers from 0 to 1; NaN where there is nothing to divide by. */
export interface SegmentationScores {
  /** Share of the pixels whose class was found. */
  readonly pixelAccuracy: number;
  /** Intersection over union of each class; NaN for a class that neither occurs nor is predicted. */
  readonly classIoU: readonly number[];
  /** Share of each class's pixels that were found; NaN for a class that does not occur. */
  readonly classAccuracy: readonly number[];
  /** Mean of {@link classIoU}, without the NaNs. */
  readonly mIoU: number;
  /** Mean of {@link classAccuracy}, without the NaNs. */
  readonly meanAccuracy: number;
}

/**
 * The scores of the `clean` protocol. Because they come from the counts of a whole split, and not from the mean of
 * batches, they do not depend on the batch size or the order.
 * @param confusion int64 `[C, C]`, rows the truth: `MulticlassConfusionMatrix.compute()`
 */
export function segmentationScores(confusion: Tensor): SegmentationScores {
  checkTensor('segmentationScores()', 'confusion', confusion);
  const [rows, columns, ...rest] = confusion.shape;
  if (rows === undefined || rows !== columns || rest.length > 0) {
    throw new ArgumentError(
      `expected a square matrix [C, C] for argument \`confusion\`, received ${describe(confusion)}`,
      'TORCH_VALUE',
    );
  }
  const matrix = confusion.tolist() as number[][];
  const found = matrix.map((row, label) => row[label] ?? 0);
  const truths = matrix.map((row) => sum(row));
  const predictions = matrix.map((_, label) => sum(matrix.map((row) => row[label] ?? 0)));
  const classIoU = found.map((hits, label) => hits / ((truths[label] ?? 0) + (predictions[label] ?? 0) - hits));
  const classAccuracy = found.map((hits, label) => hits / (truths[label] ?? 0));
  return {
    pixelAccuracy: sum(found) / sum(truths),
    classIoU,
    classAccuracy,
    mIoU: meanOfNumbers(classIoU),
    meanAccuracy: meanOfNumbers(classAccuracy),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function meanOfNumbers(values: readonly number[]): number {
  const numbers = values.filter((value) => !Number.isNaN(value));
  return sum(numbers) / numbers.length;
}
