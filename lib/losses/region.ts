/** Losses that compare areas: what Dice and Jaccard share. */
import { ArgumentError, describe } from '../engine';
import { Module } from '../nn';
import { tensor, type Tensor } from '../tensor';
import { checkAtLeast, checkIgnoreIndex, checkMode, type LossMode, withDefaults } from './options';
import { flatten, masked, probabilitiesOf } from './pixels';

/** Options of the losses of areas, with segmentation_models_pytorch's names. */
export interface RegionLossOptions {
  /** Only these classes make the loss; null, the default, is all of them. */
  classes?: readonly number[] | null;
  /** −log(score) in place of 1 − score; default false. */
  logLoss?: boolean;
  /** Inputs are logits, the default; else probabilities. */
  fromLogits?: boolean;
  /** Added to both sides of the fraction; default 0. */
  smooth?: number;
  /** Pixels of this label do not count; null, the default: all count. */
  ignoreIndex?: number | null;
  /** The least that is divided by, and whose logarithm is taken; default 1e-7. */
  eps?: number;
}

const defaults: Required<RegionLossOptions> = {
  classes: null,
  logLoss: false,
  fromLogits: true,
  smooth: 0,
  ignoreIndex: null,
  eps: 1e-7,
};

/** A score of predictions and truth, both [N, C, pixels]: one for each class, [C]. */
export type RegionScore = (input: Tensor, truth: Tensor) => Tensor;

/**
 * Predicts areas: the score of each class over the whole batch, then the mean of the classes' losses. A class that the truth
 * of the batch does not hold has loss 0.
 */
export abstract class RegionLoss extends Module<[input: Tensor, target: Tensor]> {
  readonly mode: LossMode;
  readonly classes: readonly number[] | null;
  readonly logLoss: boolean;
  readonly fromLogits: boolean;
  readonly smooth: number;
  readonly ignoreIndex: number | null;
  readonly eps: number;

  constructor(mode: LossMode, options: RegionLossOptions = {}) {
    super();
    const name = new.target.name;
    checkMode(name, mode);
    const { classes, logLoss, fromLogits, smooth, ignoreIndex, eps } = withDefaults(name, options, defaults);
    checkIgnoreIndex(name, ignoreIndex);
    checkAtLeast(name, 'smooth', smooth, 0);
    checkAtLeast(name, 'eps', eps, 0);
    checkClasses(name, mode, classes);
    this.mode = mode;
    this.classes = classes === null ? null : [...classes];
    this.logLoss = logLoss;
    this.fromLogits = fromLogits;
    this.smooth = smooth;
    this.ignoreIndex = ignoreIndex;
    this.eps = eps;
  }

  /** The score of each class, [C]. */
  protected abstract score(input: Tensor, truth: Tensor): Tensor;

  /** The loss, []. */
  forward(input: Tensor, target: Tensor): Tensor {
    const pixels = flatten(this.constructor.name, this.mode, input, target, this.ignoreIndex);
    const { logits, counted } = pixels;
    const predicted = masked(this.fromLogits ? probabilitiesOf(this.mode, logits) : logits, counted);
    const truth = masked(pixels.truth, counted);
    const scores = this.score(predicted, truth);
    const losses = this.logLoss ? scores.clampMin(this.eps).log().neg() : scores.rsub(1);
    const present = truth.sum([0, 2]).gt(0);
    const counting = losses.mul(present.to(losses.dtype));
    if (this.classes === null) return counting.mean();
    const [highest, count] = [Math.max(...this.classes), scores.numel()];
    if (highest >= count) {
      throw new ArgumentError(
        `${this.constructor.name}(): option \`classes\` names class ${highest}, the input has ${count}`,
        'TORCH_VALUE',
      );
    }
    return counting.indexSelect(0, tensor(this.classes, { dtype: 'int64', device: losses.device })).mean();
  }
}

function checkClasses(name: string, mode: LossMode, classes: unknown): void {
  if (classes === null) return;
  const isList = Array.isArray(classes) && classes.length > 0;
  if (isList && mode !== 'binary' && classes.every((label) => Number.isSafeInteger(label) && label >= 0)) return;
  const expected = mode === 'binary' ? 'no classes in mode binary' : 'a list of classes or null';
  throw new ArgumentError(
    `${name}(): expected ${expected} for option \`classes\`, received ${describe(classes)}`,
    'TORCH_VALUE',
  );
}
