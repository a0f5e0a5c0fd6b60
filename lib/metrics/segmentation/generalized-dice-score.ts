import { scope, valueError } from '../../engine';
import { onesLike, where, zeros, type Tensor } from '../../tensor';
import { safeDivide, times } from '../arithmetic';
import { Metric } from '../metric';
import { checkFlag, type OfClasses, readClasses, shown, withDefaults } from '../options';
import {
  checkClassCount,
  checkSegmentation,
  type InputFormat,
  masksOf,
  pixelDims,
  type SegmentationOptions,
} from './inputs';

/** Options of {@link GeneralizedDiceScore}. */
export interface GeneralizedDiceScoreOptions extends SegmentationOptions {
  /** A score of each class in the place of one of all. */
  perClass?: boolean;
  /** A class counts by the inverse of its area squared (`square`, the default), of its area, or as any other. */
  weightType?: 'square' | 'simple' | 'linear';
}

const defaults = {
  includeBackground: true,
  perClass: false,
  weightType: 'square',
  inputFormat: 'one-hot',
} as const;

/**
 * Dice in which small classes count as much as large ones, mean of the samples, float32: [], or [C] with `perClass`.
 * (`torchmetrics.segmentation.GeneralizedDiceScore`)
 */
export class GeneralizedDiceScore extends Metric {
  readonly numClasses: number;

  declare score: Tensor;
  declare samples: Tensor;

  readonly includeBackground: boolean;
  readonly perClass: boolean;
  readonly weightType: 'square' | 'simple' | 'linear';
  readonly inputFormat: InputFormat;

  /**
   * @param args - `numClasses`, 1 or more, and options
   * @throws ArgumentError for options that are none, in torchmetrics' words
   */
  constructor(...args: OfClasses<GeneralizedDiceScoreOptions>) {
    const { numClasses, options } = readClasses(args);
    super();
    this.numClasses = numClasses;
    const given = withDefaults('GeneralizedDiceScore', options, defaults);
    checkClassCount(numClasses);
    checkSegmentation(given.includeBackground, 'one-hot');
    checkFlag('perClass', given.perClass);
    if (!['square', 'simple', 'linear'].includes(given.weightType)) {
      throw valueError(
        `Expected argument \`weightType\` to be one of 'square', 'simple', 'linear', but got ${shown(given.weightType)}.`,
      );
    }
    checkSegmentation(given.includeBackground, given.inputFormat);
    this.includeBackground = given.includeBackground;
    this.perClass = given.perClass;
    this.weightType = given.weightType;
    this.inputFormat = given.inputFormat;
    const counted = this.includeBackground ? numClasses : numClasses - 1;
    this.addState('score', () => zeros([this.perClass ? counted : 1]), 'sum');
    this.addState('samples', () => zeros([1]), 'sum');
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  override get fullStateUpdate(): boolean {
    return false;
  }

  override update(preds: Tensor, target: Tensor): void {
    const scores = this.scores(preds, target);
    this.score = this.score.add(scores.sum(0));
    this.samples = this.samples.add(preds.size(0));
  }

  override compute(): Tensor {
    return this.score.div(this.samples);
  }

  /** @internal The score of each sample, [N] or [N, C]. */
  scores(preds: Tensor, target: Tensor): Tensor {
    const [predicted, truth] = masksOf('GeneralizedDiceScore', preds, target, this);
    const dims = pixelDims(truth);
    const intersection = predicted.mul(truth).sum(dims);
    const area = truth.sum(dims);
    const weights = this.weightsOf(area);
    const numerator = times(intersection, 2).mul(weights);
    const denominator = area.add(predicted.sum(dims)).mul(weights);
    return this.perClass ? safeDivide(numerator, denominator) : safeDivide(numerator.sum(1), denominator.sum(1));
  }

  private weightsOf(area: Tensor): Tensor {
    if (this.weightType === 'linear') return onesLike(area);
    const inverse = (this.weightType === 'square' ? area.pow(2) : area).reciprocal();
    const weights = inverse.flatten();
    const absent = weights.isinf();
    const known = weights.maskedFill(absent, 0);
    // The largest weight of a class stands in for that of a sample in which it is absent; torchmetrics lays those weights out
    // class by class and takes them sample by sample, so that with several samples a class may get another's.
    const largest = known.reshape([...area.shape]).max(0)[0];
    const laidOut = largest.repeat([area.size(0), 1]).T.flatten();
    return where(absent, laidOut, known).reshape([...area.shape]);
  }
}

/**
 * The scores of the samples of one batch, [N], or [N, C] with `perClass`, see {@link GeneralizedDiceScore}.
 * (`torchmetrics.functional.segmentation.generalized_dice_score`)
 */
export function generalizedDiceScore(
  preds: Tensor,
  target: Tensor,
  ...args: OfClasses<GeneralizedDiceScoreOptions>
): Tensor {
  const metric = new GeneralizedDiceScore(...args);
  return scope(() => metric.scores(preds, target));
}
