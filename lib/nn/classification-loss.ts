/** Losses of classes and of labels, and of sequences of classes. */
import { valueError } from '../engine';
import type { Tensor } from '../tensor';
import type { Tail } from '../tensor/tail';
import { optionalBuffer, readOptions } from './arguments';
import * as F from './functional';
import { Loss, mean, WeightedLoss } from './loss';
import type { Buffer } from './parameter';

/**
 * Cross entropy of logits against classes or class probabilities (`torch.nn.CrossEntropyLoss`).
 * Logits [C], [N, C] or [N, C, ...] against int64 classes [], [N] or [N, ...], or probabilities of the logits' shape.
 */
export class CrossEntropyLoss extends WeightedLoss {
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;

  constructor(...rest: Tail<F.CrossEntropyOptions, ['weight', 'ignoreIndex', 'reduction', 'labelSmoothing']>) {
    const options = readOptions<Required<F.CrossEntropyOptions>>('CrossEntropyLoss', F.crossEntropyDefaults, rest);
    super(options.weight, options.reduction);
    this.ignoreIndex = options.ignoreIndex;
    this.labelSmoothing = options.labelSmoothing;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.crossEntropy(input, target, this.weight, this.ignoreIndex, this.reduction, this.labelSmoothing);
  }
}

/**
 * −input at the target's class (`torch.nn.NLLLoss`): log-probabilities [C], [N, C] or [N, C, ...] against int64 classes [], [N]
 * or [N, ...].
 */
export class NLLLoss extends WeightedLoss {
  readonly ignoreIndex: number;

  constructor(...rest: Tail<F.NllLossOptions, ['weight', 'ignoreIndex', 'reduction']>) {
    const defaults = { weight: null, ignoreIndex: -100, ...mean };
    const { weight, ignoreIndex, reduction } = readOptions<Required<F.NllLossOptions>>('NLLLoss', defaults, rest);
    super(weight, reduction);
    this.ignoreIndex = ignoreIndex;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.nllLoss(input, target, this.weight, this.ignoreIndex, this.reduction);
  }
}

/** Options of {@link BCELoss} and {@link MultiLabelSoftMarginLoss}. */
export interface WeightedLossOptions extends F.LossOptions {
  /** Factors of the losses. */
  weight?: Tensor | null;
}

type WeightedTail = Tail<WeightedLossOptions, ['weight', 'reduction']>;

const readWeighted = (callee: string, rest: readonly unknown[]): Required<WeightedLossOptions> =>
  readOptions<Required<WeightedLossOptions>>(callee, { weight: null, ...mean }, rest);

/** Cross entropy of probabilities between 0 and 1 against such, of one shape (`torch.nn.BCELoss`); the weight broadcasts to it. */
export class BCELoss extends WeightedLoss {
  constructor(...rest: WeightedTail) {
    const { weight, reduction } = readWeighted('BCELoss', rest);
    super(weight, reduction);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.binaryCrossEntropy(input, target, this.weight, this.reduction);
  }
}

/** Options of {@link BCEWithLogitsLoss}. */
export interface BCEWithLogitsLossOptions extends WeightedLossOptions {
  /** Factors of the losses of positive targets. */
  posWeight?: Tensor | null;
}

/** {@link BCELoss} of σ(input), computed safely (`torch.nn.BCEWithLogitsLoss`). */
export class BCEWithLogitsLoss extends WeightedLoss {
  posWeight: Buffer | null;

  constructor(...rest: Tail<BCEWithLogitsLossOptions, ['weight', 'reduction', 'posWeight']>) {
    const { weight, reduction, posWeight } = readOptions<Required<BCEWithLogitsLossOptions>>(
      'BCEWithLogitsLoss',
      { weight: null, ...mean, posWeight: null },
      rest,
    );
    super(weight, reduction);
    this.posWeight = optionalBuffer('BCEWithLogitsLoss', 'posWeight', posWeight);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.binaryCrossEntropyWithLogits(input, target, this.weight, this.reduction, this.posWeight);
  }
}

/** log(1 + exp(−target·input)), targets 1 and −1 (`torch.nn.SoftMarginLoss`). */
export class SoftMarginLoss extends Loss {
  forward(input: Tensor, target: Tensor): Tensor {
    return F.softMarginLoss(input, target, this.reduction);
  }
}

/**
 * Hinge losses of all pairs of a wanted and an unwanted class (`torch.nn.MultiLabelMarginLoss`): [N, C] or [C] against int64
 * of the same shape, which lists the wanted classes up to the first −1.
 */
export class MultiLabelMarginLoss extends Loss {
  forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabelMarginLoss(input, target, this.reduction);
  }
}

/** Mean over the classes of the binary cross entropies of logits [N, C] (`torch.nn.MultiLabelSoftMarginLoss`); weights [C]. */
export class MultiLabelSoftMarginLoss extends WeightedLoss {
  constructor(...rest: WeightedTail) {
    const { weight, reduction } = readWeighted('MultiLabelSoftMarginLoss', rest);
    super(weight, reduction);
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabelSoftMarginLoss(input, target, this.weight, this.reduction);
  }
}

/** Options of {@link MultiMarginLoss}. */
export interface MultiMarginLossOptions extends WeightedLossOptions {
  /** The power of the hinge losses, 1 or 2. */
  p?: number;
  margin?: number;
}

/** Hinge losses of all classes against the target's (`torch.nn.MultiMarginLoss`): [N, C] or [C] against int64 [N] or []. */
export class MultiMarginLoss extends WeightedLoss {
  readonly p: number;
  readonly margin: number;

  constructor(...rest: Tail<MultiMarginLossOptions, ['p', 'margin', 'weight', 'reduction']>) {
    const { p, margin, weight, reduction } = readOptions<Required<MultiMarginLossOptions>>(
      'MultiMarginLoss',
      { p: 1, margin: 1, weight: null, ...mean },
      rest,
    );
    super(weight, reduction);
    if (p !== 1 && p !== 2) throw valueError('only p == 1 and p == 2 supported');
    if (this.weight !== null && this.weight.dim() !== 1) {
      throw valueError(`MultiMarginLoss: expected weight to be None or 1D tensor, got ${this.weight.dim()}D instead`);
    }
    this.p = p;
    this.margin = margin;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.multiMarginLoss(input, target, this.p, this.margin, this.weight, this.reduction);
  }
}

/** Options of {@link CTCLoss}. */
export interface CTCLossOptions extends F.LossOptions {
  /** The class that stands for nothing. */
  blank?: number;
  /** Infinite losses, of targets that are too long for their inputs, count as zero. */
  zeroInfinity?: boolean;
}

/** What {@link CTCLoss} takes. @inline */
type CTCInputs = [logProbs: Tensor, targets: Tensor, inputLengths: F.Lengths, targetLengths: F.Lengths];

/**
 * Connectionist temporal classification (`torch.nn.CTCLoss`, Graves et al. 2006). `forward(logProbs, targets, inputLengths,
 * targetLengths)`: log-probabilities [T, N, C] or [T, C], targets [N, S] or all in one row, lengths as int64 tensors or lists.
 */
export class CTCLoss extends Loss<CTCInputs> {
  readonly blank: number;
  readonly zeroInfinity: boolean;

  constructor(...rest: Tail<CTCLossOptions, ['blank', 'reduction', 'zeroInfinity']>) {
    const defaults = { blank: 0, ...mean, zeroInfinity: false };
    const { blank, reduction, zeroInfinity } = readOptions('CTCLoss', defaults, rest);
    super(reduction);
    this.blank = blank;
    this.zeroInfinity = zeroInfinity;
  }

  forward(logProbs: Tensor, targets: Tensor, inputLengths: F.Lengths, targetLengths: F.Lengths): Tensor {
    const { blank, reduction, zeroInfinity } = this;
    return F.ctcLoss(logProbs, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity);
  }
}
