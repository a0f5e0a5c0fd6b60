import { scope, valueError } from '../../engine';
import type { Tensor } from '../../tensor';
import { safeDivide } from '../arithmetic';
import { joined } from '../classification/stat-scores';
import { Metric } from '../metric';
import { type Average, type OfClasses, readClasses, shown, withDefaults } from '../options';
import {
  checkClassCount,
  checkSegmentation,
  type InputFormat,
  masksOf,
  pixelDims,
  type SegmentationOptions,
} from './inputs';

/** Options of {@link DiceScore}. */
export interface DiceScoreOptions extends SegmentationOptions {
  /** Default macro. */
  average?: Average | null;
  /** A score of each sample, then their mean (the default), or one of all samples together. */
  aggregationLevel?: 'samplewise' | 'global';
}

/** What the scores follow from, each [N, C]. */
interface Overlap {
  readonly numerator: Tensor;
  readonly denominator: Tensor;
  readonly support: Tensor;
}

const defaults = {
  includeBackground: true,
  average: 'macro',
  aggregationLevel: 'samplewise',
  inputFormat: 'one-hot',
} as const;

/**
 * Twice the intersection over the sum of the areas, float32: [] or [C] with `average: 'none'`; classes that are in neither
 * prediction nor truth take no part. (`torchmetrics.segmentation.DiceScore`)
 *
 * @example
 * ```ts
 * const dice = new torch.metrics.DiceScore(3, { inputFormat: 'index' });
 * dice.update(torch.tensor([[0, 1, 2, 2]]), torch.tensor([[0, 1, 1, 2]]));
 * console.log(dice.compute()); // tensor(0.7778)
 * ```
 */
export class DiceScore extends Metric {
  readonly numClasses: number;

  declare numerator: Tensor[];
  declare denominator: Tensor[];
  declare support: Tensor[];

  readonly includeBackground: boolean;
  readonly average: Average;
  readonly aggregationLevel: 'samplewise' | 'global';
  readonly inputFormat: InputFormat;

  /**
   * @param args - `numClasses`, 1 or more, and options
   * @throws ArgumentError for options that are none, in torchmetrics' words
   */
  constructor(...args: OfClasses<DiceScoreOptions>) {
    const { numClasses, options } = readClasses(args);
    super();
    this.numClasses = numClasses;
    const { includeBackground, average, aggregationLevel, inputFormat } = withDefaults('DiceScore', options, defaults);
    checkClassCount(numClasses);
    checkSegmentation(includeBackground, 'one-hot');
    if (average !== null && !['micro', 'macro', 'weighted', 'none'].includes(average)) {
      throw valueError(
        `Expected argument \`average\` to be one of ['micro', 'macro', 'weighted', 'none'] or None, but got ${shown(average)}.`,
      );
    }
    checkSegmentation(includeBackground, inputFormat);
    if (!['samplewise', 'global'].includes(aggregationLevel)) {
      throw valueError(
        `Expected argument \`aggregationLevel\` to be one of \`samplewise\`, \`global\`, but got ${shown(aggregationLevel)}`,
      );
    }
    this.includeBackground = includeBackground;
    this.average = average ?? 'none';
    this.aggregationLevel = aggregationLevel;
    this.inputFormat = inputFormat;
    this.addState('numerator', [], 'cat');
    this.addState('denominator', [], 'cat');
    this.addState('support', [], 'cat');
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  override get fullStateUpdate(): boolean {
    return false;
  }

  override update(preds: Tensor, target: Tensor): void {
    const { numerator, denominator, support } = this.overlap(preds, target);
    this.numerator.push(numerator);
    this.denominator.push(denominator);
    this.support.push(support);
  }

  override compute(): Tensor {
    const overlap = {
      numerator: joined(this.numerator),
      denominator: joined(this.denominator),
      support: joined(this.support),
    };
    return this.scores(overlap).nanmean(0);
  }

  /** @internal The scores of the samples of one batch; the state has no part in them. */
  evaluate(preds: Tensor, target: Tensor): Tensor {
    return scope(() => this.scores(this.overlap(preds, target)));
  }

  private overlap(preds: Tensor, target: Tensor): Overlap {
    const [predicted, truth] = masksOf('DiceScore', preds, target, this);
    const dims = pixelDims(truth);
    const support = truth.sum(dims);
    return {
      numerator: predicted.mul(truth).sum(dims).mul(2),
      denominator: predicted.sum(dims).add(support),
      support,
    };
  }

  /** The score of each sample, [N] or [N, C]. */
  private scores(given: Overlap): Tensor {
    const isGlobal = this.aggregationLevel === 'global';
    const numerator = isGlobal ? given.numerator.sum(0).unsqueeze(0) : given.numerator;
    const denominator = isGlobal ? given.denominator.sum(0).unsqueeze(0) : given.denominator;
    if (this.average === 'micro') return safeDivide(numerator.sum(-1), denominator.sum(-1), NaN);
    const dice = safeDivide(numerator, denominator, NaN);
    switch (this.average) {
      case 'macro':
        return dice.nanmean(-1);
      case 'weighted': {
        const support = isGlobal ? given.support.sum(0) : given.support;
        const weights = safeDivide(support, support.sum(-1, true), NaN);
        return dice.mul(weights).nansum(-1).maskedFill(dice.isnan().all(-1), NaN);
      }
      case 'none':
        return dice;
    }
  }
}

/** The scores of the samples of one batch, [N] or [N, C], see {@link DiceScore}. (`torchmetrics.functional.segmentation.dice_score`) */
export function diceScore(preds: Tensor, target: Tensor, ...args: OfClasses<DiceScoreOptions>): Tensor {
  return new DiceScore(...args).evaluate(preds, target);
}
