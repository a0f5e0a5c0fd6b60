/** Focal losses: what is predicted well already counts less. */
import { ArgumentError, checkTensors, describe, valueError } from '../engine';
import { functional as F, Module } from '../nn';
import { tensor, type Tensor } from '../tensor';
import { checkAtLeast, checkIgnoreIndex, checkMode, type LossMode, withDefaults } from './options';
import { flatten, masked } from './pixels';

/** How the losses of single pixels become one: their mean, their sum, or not at all. */
export type FocalReduction = 'mean' | 'sum' | 'none';

/** Options of {@link sigmoidFocalLoss}. */
export interface SigmoidFocalLossOptions {
  /** The weight of positives, 0 to 1; negatives have 1 − alpha. A negative number weighs nothing. The default is 0.25. */
  alpha?: number;
  /** Power of 1 − p; the default is 2. */
  gamma?: number;
  /** The default is `none`. */
  reduction?: FocalReduction;
}

/**
 * Focal loss of yes or no (`torchvision.ops.sigmoid_focal_loss`; "Focal Loss for Dense Object Detection", Lin et al. 2017).
 *
 * @param inputs logits of any shape, floating
 * @param targets 0 and 1, floating, of the inputs' shape
 * @returns a loss for each element, or one
 * @throws ArgumentError for tensors of two shapes, and an unknown reduction
 */
export function sigmoidFocalLoss(inputs: Tensor, targets: Tensor, options: SigmoidFocalLossOptions = {}): Tensor {
  checkTensors('sigmoidFocalLoss', { inputs, targets });
  const defaults = { alpha: 0.25, gamma: 2, reduction: 'none' as FocalReduction };
  const { alpha, gamma, reduction } = withDefaults('sigmoidFocalLoss', options, defaults);
  checkReduction('sigmoidFocalLoss', reduction);
  checkAtLeast('sigmoidFocalLoss', 'gamma', gamma, 0);
  if (!(alpha <= 1)) {
    throw valueError(`sigmoidFocalLoss(): expected at most 1 for option \`alpha\`, received ${describe(alpha)}`);
  }
  const p = inputs.sigmoid();
  const crossEntropy = F.binaryCrossEntropyWithLogits(inputs, targets, { reduction: 'none' });
  const right = p.mul(targets).add(p.rsub(1).mul(targets.rsub(1)));
  const loss = crossEntropy.mul(right.rsub(1).pow(gamma));
  return reduced(
    alpha < 0
      ? loss
      : targets
          .mul(alpha)
          .add(targets.rsub(1).mul(1 - alpha))
          .mul(loss),
    reduction,
  );
}

/** Options of {@link FocalLoss}. */
export interface FocalLossOptions {
  /**
   * Weights: in mode `multiclass` one for each class, in the other modes that of positives (negatives have 1 − alpha). null,
   * the default, weighs nothing.
   */
  alpha?: number | readonly number[] | null;
  /** Power of 1 − p; the default is 2. */
  gamma?: number;
  /** Pixels of this label do not count; null, the default: all count. */
  ignoreIndex?: number | null;
  /** `mean`, the default, is over the pixels that count. */
  reduction?: FocalReduction;
}

/**
 * Focal loss ("Focal Loss for Dense Object Detection", Lin et al. 2017). Mode `multiclass` is its softmax form,
 * −α_t (1 − p_t)^γ log p_t: logits [N, C, ...] against labels [N, ...] or [N, 1, ...]; `binary` and `multilabel` are
 * {@link sigmoidFocalLoss} of logits and 0 or 1 of one shape. Computed in float32 for smaller dtypes. Unreduced losses are
 * [N, 1, pixels], or [N, C, pixels] in mode `multilabel`.
 */
export class FocalLoss extends Module<[input: Tensor, target: Tensor]> {
  readonly mode: LossMode;
  readonly alpha: number | readonly number[] | null;
  readonly gamma: number;
  readonly ignoreIndex: number | null;
  readonly reduction: FocalReduction;

  constructor(mode: LossMode, options: FocalLossOptions = {}) {
    super();
    checkMode('FocalLoss', mode);
    const defaults: Required<FocalLossOptions> = { alpha: null, gamma: 2, ignoreIndex: null, reduction: 'mean' };
    const { alpha, gamma, ignoreIndex, reduction } = withDefaults('FocalLoss', options, defaults);
    checkAtLeast('FocalLoss', 'gamma', gamma, 0);
    checkIgnoreIndex('FocalLoss', ignoreIndex);
    checkReduction('FocalLoss', reduction);
    checkAlpha(mode, alpha);
    this.mode = mode;
    this.alpha = Array.isArray(alpha) ? [...(alpha as readonly number[])] : alpha;
    this.gamma = gamma;
    this.ignoreIndex = ignoreIndex;
    this.reduction = reduction;
  }

  /** The loss, [], or unreduced that of each pixel. */
  forward(input: Tensor, target: Tensor): Tensor {
    const { mode, ignoreIndex, reduction } = this;
    const { logits, truth, counted } = flatten('FocalLoss', mode, input, target, ignoreIndex);
    const each =
      mode === 'multiclass'
        ? this.multiclass(logits, truth, counted)
        : sigmoidFocalLoss(logits, masked(truth, counted), { alpha: this.binaryAlpha(), gamma: this.gamma });
    if (counted === null) return reduced(each, reduction);
    const counting = masked(each, counted);
    return reduction === 'mean' ? counting.sum().div(counted.sum()) : reduced(counting, reduction);
  }

  private multiclass(logits: Tensor, truth: Tensor, counted: Tensor | null): Tensor {
    const { alpha, gamma } = this;
    const classes = logits.shape[1] ?? 0;
    if (typeof alpha === 'object' && alpha !== null && alpha.length !== classes) {
      throw valueError(`FocalLoss(): option \`alpha\` has ${alpha.length} weights, the input has ${classes} classes`);
    }
    // The class of a pixel that does not count is any.
    const labels = masked(truth, counted).argmax(1, true); // [N, 1, pixels]
    const logP = logits.logSoftmax(1).gather(1, labels);
    const loss = logP.exp().rsub(1).pow(gamma).mul(logP.neg());
    if (alpha === null) return loss;
    const weights = tensor(alpha, { dtype: logits.dtype, device: logits.device });
    return weights.indexSelect(0, labels.flatten()).reshape(labels.shape).mul(loss);
  }

  private binaryAlpha(): number {
    return typeof this.alpha === 'number' ? this.alpha : -1;
  }
}

function reduced(losses: Tensor, reduction: FocalReduction): Tensor {
  if (reduction === 'none') return losses;
  return reduction === 'mean' ? losses.mean() : losses.sum();
}

function checkReduction(name: string, reduction: unknown): void {
  if (reduction === 'mean' || reduction === 'sum' || reduction === 'none') return;
  throw valueError(`${name}(): expected mean, sum or none for option \`reduction\`, received ${describe(reduction)}`);
}

function checkAlpha(mode: LossMode, alpha: unknown): void {
  if (alpha === null) return;
  const isShare = typeof alpha === 'number' && alpha >= 0 && alpha <= 1;
  const areWeights =
    Array.isArray(alpha) && alpha.length > 0 && alpha.every((weight) => typeof weight === 'number' && weight >= 0);
  if (mode === 'multiclass' ? areWeights : isShare) return;
  const expected = mode === 'multiclass' ? 'a list of weights' : 'a number from 0 to 1';
  throw new ArgumentError(
    `FocalLoss(): expected ${expected} or null for option \`alpha\` in mode ${mode}, received ${describe(alpha)}`,
    'TORCH_VALUE',
  );
}
