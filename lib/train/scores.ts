import { inferenceMode } from '../autograd';
import { scope } from '../engine';
import {
  multiclassAccuracy,
  MulticlassConfusionMatrix,
  MulticlassJaccardIndex,
  segmentationScores,
  softIoU,
} from '../metrics';
import { floatHex } from '../serialize';
import type { Tensor } from '../tensor';
import { classNames } from './classes';
import type { Batch } from './data';
import type { MatrixScores, ReferenceLines, Scores } from './events';
import { inPrecision, laidOut } from './precision';
import type { SegmentationModel } from '../models';
import type { TrainSettings } from './settings';

const background = 1;
const border = 2;

/** The article's three scores of one batch. */
export interface BatchScores {
  readonly pixelAccuracy: number;
  readonly iou: number;
  readonly customIou: number;
}

/** What was counted over a split. */
export class SplitCounts {
  readonly confusion = new MulticlassConfusionMatrix(classNames.length);
  readonly iou = new MulticlassJaccardIndex(classNames.length, { average: 'micro', ignoreIndex: background });
}

/**
 * Scores a batch in evaluation and inference mode, and adds its pixels to `counts`; draws nothing.
 * @returns the scores and the predicted classes [N, 1, H, W], which the caller disposes
 */
export function scoreBatch(
  { model, settings }: { readonly model: SegmentationModel; readonly settings: TrainSettings },
  [images, targets]: Batch,
  counts: SplitCounts,
): { scores: BatchScores; predicted: Tensor } {
  model.eval();
  return scope(() =>
    inferenceMode(() => {
      const logits = inPrecision(settings, () => model.forward(laidOut(settings, images))); // [N, 3, H, W]
      const probabilities = logits.float().softmax(1);
      const predicted = probabilities.argmax(1, true); // [N, 1, H, W]
      counts.confusion.update(predicted, targets);
      const scores = {
        pixelAccuracy: multiclassAccuracy(predicted, targets, classNames.length, { average: 'micro' }).item(),
        iou: counts.iou.forward(predicted, targets).item(),
        customIou: softIoU(probabilities, targets).item(),
      };
      return { scores, predicted };
    }),
  );
}

/** From left to right in float64, as the notebook adds up. */
export function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

/** The article's way to score a split: the mean of the batches' scores, whatever their sizes. */
export function meanScores(batches: readonly BatchScores[]): Scores {
  return withHex({
    pixelAccuracy: mean(batches.map((batch) => batch.pixelAccuracy)),
    iou: mean(batches.map((batch) => batch.iou)),
    customIou: mean(batches.map((batch) => batch.customIou)),
  });
}

/** The clean way: everything from counts of the whole split, which do not know of batches. */
export function splitScores(counts: SplitCounts): Scores & MatrixScores {
  return scope(() => {
    const { pixelAccuracy, classIoU, classAccuracy, mIoU } = segmentationScores(counts.confusion.compute());
    return {
      ...withHex({ pixelAccuracy, iou: counts.iou.compute().item(), customIou: null }),
      mIoU,
      perClassIou: classIoU.map(orNull),
      perClassAccuracy: classAccuracy.map(orNull),
    };
  });
}

function withHex(scores: { pixelAccuracy: number; iou: number; customIou: number | null }): Scores {
  const { pixelAccuracy, iou, customIou } = scores;
  return {
    pixelAccuracy,
    iou,
    customIou,
    pixelAccuracyHex: floatHex(pixelAccuracy),
    iouHex: floatHex(iou),
    customIouHex: customIou === null ? null : floatHex(customIou),
  };
}

/** JSON has no NaN. */
function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/**
 * What dull predictions would reach on these classes [N, 1, H, W]; see {@link ReferenceLines}.
 * @param patchSize null for a model without patches
 */
export function referenceLines(targets: Tensor, patchSize: number | null): ReferenceLines {
  return scope(() => {
    const [images = 0, , height = 0, width = 0] = targets.shape;
    const pixels = images * height * width;
    const share = (value: number): number => targets.eq(value).sum().item() / pixels;
    const lines = { allBackground: share(background), noBorder: 1 - share(border) };
    if (patchSize === null) return { ...lines, oneClassPerPatch: null };
    const down = Math.floor(height / patchSize);
    const across = Math.floor(width / patchSize);
    const patches = targets.reshape([images, down, patchSize, across, patchSize]);
    const counts = classNames.map((_, index) => patches.eq(index).sum([2, 4])); // each [N, down, across]
    const most = counts.reduce((best, count) => best.maximum(count));
    return { ...lines, oneClassPerPatch: most.sum().item() / pixels };
  });
}
