import { checkTensors, scope, valueError } from '../../engine';
import { zeros, type Tensor } from '../../tensor';
import { safeDivide } from '../arithmetic';
import { Metric } from '../metric';
import { checkFlag, type OfAnyClasses, readAnyClasses, shown, withDefaults } from '../options';
import {
  checkSegmentation,
  countPlanes,
  type InputFormat,
  masksOf,
  pixelDims,
  type SegmentationOptions,
} from './inputs';

/** Options of {@link MeanIoU}. */
export interface MeanIoUOptions extends SegmentationOptions {
  /** A score of each class in the place of their mean. */
  perClass?: boolean;
}

/**
 * The mean over samples and classes of intersection over union, float32: [], or [C] with `perClass`. A class that is in
 * neither prediction nor truth of a sample takes no part; with `perClass` it has −1 where it is in none.
 * (`torchmetrics.segmentation.MeanIoU`)
 */
export class MeanIoU extends Metric {
  declare score: Tensor;
  declare numBatches: Tensor;

  numClasses: number | null;
  readonly includeBackground: boolean;
  readonly perClass: boolean;
  readonly inputFormat: InputFormat;

  /**
   * @param args - `numClasses`, null reads it from the first masks; and options
   * @throws ArgumentError for options that are none, in torchmetrics' words
   */
  constructor(...args: OfAnyClasses<MeanIoUOptions>) {
    super();
    const { numClasses, options } = readAnyClasses(args);
    this.numClasses = numClasses;
    const defaults = { includeBackground: true, perClass: false, inputFormat: 'one-hot' } as const;
    const { includeBackground, perClass, inputFormat } = withDefaults('MeanIoU', options, defaults);
    if (inputFormat === 'index' && numClasses === null) {
      throw valueError("Argument `numClasses` must be provided when `inputFormat` is 'index'.");
    }
    if (numClasses !== null && !(Number.isSafeInteger(numClasses) && numClasses > 0)) {
      throw valueError(
        `Expected argument \`numClasses\` must be \`None\` or a positive integer, but got ${shown(numClasses)}.`,
      );
    }
    checkSegmentation(includeBackground, 'one-hot');
    checkFlag('perClass', perClass);
    checkSegmentation(includeBackground, inputFormat);
    this.includeBackground = includeBackground;
    this.perClass = perClass;
    this.inputFormat = inputFormat;
    if (numClasses === null) this.addStates(1, 1);
    else this.addStates(perClass ? this.counted(numClasses) : 1, this.counted(numClasses));
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  override get fullStateUpdate(): boolean {
    return false;
  }

  private addStates(scores: number, counts: number): void {
    this.addState('score', () => zeros([scores]), 'sum');
    this.addState('numBatches', () => zeros([counts]), 'sum');
  }

  /** The number of classes from masks, from which the sizes of the states follow. */
  private learnClasses(preds: Tensor, target: Tensor): void {
    checkTensors('MeanIoU', { preds, target });
    this.numClasses = countPlanes(preds.dim() >= target.dim() ? preds : target);
    this.addStates(this.counted(this.numClasses), this.counted(this.numClasses));
  }

  private counted(numClasses: number): number {
    return this.includeBackground ? numClasses : numClasses - 1;
  }

  override update(preds: Tensor, target: Tensor): void {
    if (this.numClasses === null) this.learnClasses(preds, target);
    const [intersection, union] = this.areas(preds, target);
    const score = safeDivide(intersection, union);
    const valid = union.gt(0);
    const counted = score.mul(valid);
    this.score = this.score.add(this.perClass ? counted.sum(0) : counted.sum());
    this.numBatches = this.numBatches.add(this.perClass ? valid.sum(0) : valid.sum());
  }

  override compute(): Tensor {
    const scores = this.score.div(this.numBatches);
    return this.perClass ? scores.nanToNum(-1) : scores.nanmean();
  }

  /** @internal The scores of the samples of one batch; the state has no part in them. */
  evaluate(preds: Tensor, target: Tensor): Tensor {
    return scope(() => {
      const [intersection, union] = this.areas(preds, target);
      const scores = safeDivide(intersection, union, NaN);
      return this.perClass ? scores.nanToNum(-1) : scores.nansum(-1).div(union.gt(0).sum(-1));
    });
  }

  /** Intersections and unions, each [N, C]. */
  private areas(preds: Tensor, target: Tensor): [intersection: Tensor, union: Tensor] {
    checkTensors('MeanIoU', { preds, target });
    const { numClasses, includeBackground, inputFormat } = this;
    const batched = inputFormat === 'one-hot' ? (mask: Tensor): Tensor => mask : withBatch;
    const settings = { numClasses, includeBackground, inputFormat };
    const [predicted, truth] = masksOf('MeanIoU', batched(preds), batched(target), settings);
    const dims = pixelDims(predicted);
    const intersection = predicted.bitwiseAnd(truth).sum(dims);
    return [intersection, truth.sum(dims).add(predicted.sum(dims)).sub(intersection)];
  }
}

/** One image [H, W], or one row, as a batch of it. */
function withBatch(mask: Tensor): Tensor {
  if (mask.dim() === 1) return mask.unsqueeze(0).unsqueeze(0);
  return mask.dim() === 2 ? mask.unsqueeze(0) : mask;
}

/**
 * Intersection over union of the samples of one batch: their means [N], or [N, C] with `perClass`, see {@link MeanIoU}.
 * (`torchmetrics.functional.segmentation.mean_iou`)
 */
export function meanIou(preds: Tensor, target: Tensor, ...args: OfAnyClasses<MeanIoUOptions>): Tensor {
  return new MeanIoU(...args).evaluate(preds, target);
}
