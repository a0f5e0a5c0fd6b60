/** Losses besides cross entropy. Python's deprecated `size_average` and `reduce` are left out of the order of arguments. */
import { ArgumentError, checkTensors } from '../../engine';
import * as ops from '../../tensor';
import type { Tensor } from '../../tensor';
import { type Arguments, readTail, required } from '../../tensor/tail';
import { type Reduction, reductionIndex } from './reduction';

/** Options of most losses. */
export interface LossOptions {
  /** Mean over all elements by default. */
  reduction?: Reduction;
}

/** @inline */
interface Target {
  target: Tensor;
}

/** @inline */
interface PairTarget extends Target {
  input2: Tensor;
}

const mean = { reduction: 'mean' as Reduction };

/** Both broadcast to one shape, as Python does before the op. */
function broadcast(input: Tensor, target: Tensor): [Tensor, Tensor] {
  const [a, b] = ops.broadcastTensors(input, target) as [Tensor, Tensor];
  return [a, b];
}

/** @inline */
type Weighted = LossOptions & {
  /** A factor of each element's loss, of the input's shape; null averages over all alike. */
  weight?: Tensor | null;
};

function weighted(losses: Tensor, input: Tensor, weight: Tensor, reduction: Reduction): Tensor {
  reductionIndex(reduction);
  if (weight.shape.join() !== input.shape.join()) {
    throw new ArgumentError(
      `expected a weight of the input's shape [${input.shape.join(', ')}], received [${weight.shape.join(', ')}]`,
      'TORCH_VALUE',
    );
  }
  const products = losses.mul(weight);
  if (reduction === 'none') return products;
  return reduction === 'sum' ? products.sum() : products.sum().div(weight.sum());
}

function pairLoss(
  name: string,
  op: (input: Tensor, target: Tensor, reduction: number) => Tensor,
): (
  input: Tensor,
  ...rest: Arguments<[target: Tensor], Target & Weighted, ['target', 'reduction', 'weight']>
) => Tensor {
  return (input, ...rest) => {
    const defaults = { target: required, ...mean, weight: null };
    const { target, reduction, weight } = readTail<Required<Target & Weighted>>(name, defaults, rest);
    const [x, y] = broadcast(input, target);
    if (weight !== null) return weighted(op(x, y, 0), input, weight, reduction);
    return op(x, y, reductionIndex(reduction));
  };
}

/** (input − target)² @function */
export const mseLoss = pairLoss('mseLoss', (x, y, reduction) => ops.mseLoss(x, y, reduction));

/** |input − target| @function */
export const l1Loss = pairLoss('l1Loss', (x, y, reduction) => ops.l1Loss(x, y, reduction));

/** Squared below `beta`, linear above. */
export function smoothL1Loss(
  input: Tensor,
  ...rest: Arguments<[target: Tensor], Target & LossOptions & { beta?: number }, ['target', 'reduction', 'beta']>
): Tensor {
  const { target, reduction, beta } = readTail<Required<Target & LossOptions & { beta?: number }>>(
    'smoothL1Loss',
    { target: required, ...mean, beta: 1 },
    rest,
  );
  const [x, y] = broadcast(input, target);
  if (beta === 0) return ops.l1Loss(x, y, reductionIndex(reduction));
  return ops.smoothL1Loss(x, y, reductionIndex(reduction), beta);
}

/** Squared below `delta`, linear above, with the slope `delta`. */
export function huberLoss(
  input: Tensor,
  ...rest: Arguments<
    [target: Tensor],
    Target & Weighted & { delta?: number },
    ['target', 'reduction', 'delta', 'weight']
  >
): Tensor {
  const { target, reduction, delta, weight } = readTail<Required<Target & Weighted & { delta?: number }>>(
    'huberLoss',
    { target: required, ...mean, delta: 1, weight: null },
    rest,
  );
  const [x, y] = broadcast(input, target);
  if (weight !== null) return weighted(ops.huberLoss(x, y, 0, delta), input, weight, reduction);
  return ops.huberLoss(x, y, reductionIndex(reduction), delta);
}

/** log(1 + exp(−target·input)), targets 1 and −1. */
export function softMarginLoss(
  input: Tensor,
  ...rest: Arguments<[target: Tensor], Target & LossOptions, ['target', 'reduction']>
): Tensor {
  const defaults = { target: required, ...mean };
  const { target, reduction } = readTail<Required<Target & LossOptions>>('softMarginLoss', defaults, rest);
  return ops.softMarginLoss(input, target, reductionIndex(reduction));
}

/** Options of {@link nllLoss}. */
export interface NllLossOptions extends LossOptions {
  /** Factor of each class, [C]. */
  weight?: Tensor | null;
  /** A class that does not count. */
  ignoreIndex?: number;
}

/** −input at the target's class: log-probabilities [N, C] or [N, C, ...], int64 targets [N] or [N, ...]. */
export function nllLoss(
  input: Tensor,
  ...rest: Arguments<[target: Tensor], Target & NllLossOptions, ['target', 'weight', 'ignoreIndex', 'reduction']>
): Tensor {
  const { target, weight, ignoreIndex, reduction } = readTail<Required<Target & NllLossOptions>>(
    'nllLoss',
    { target: required, weight: null, ignoreIndex: -100, ...mean },
    rest,
  );
  return ops.nllLossNd(input, target, weight, reductionIndex(reduction), ignoreIndex);
}

/** @inline */
type Binary = LossOptions & { weight?: Tensor | null };

/** Cross entropy of probabilities between 0 and 1. */
export function binaryCrossEntropy(
  input: Tensor,
  ...rest: Arguments<[target: Tensor], Target & Binary, ['target', 'weight', 'reduction']>
): Tensor {
  const { target, weight, reduction } = readTail<Required<Target & Binary>>(
    'binaryCrossEntropy',
    { target: required, weight: null, ...mean },
    rest,
  );
  checkTensors('binaryCrossEntropy', weight === null ? { input, target } : { input, target, weight });
  if (target.shape.join() !== input.shape.join()) {
    throw new ArgumentError(
      `binaryCrossEntropy: expected a target of the input's shape [${input.shape.join(', ')}], received [${target.shape.join(', ')}]`,
      'TORCH_VALUE',
    );
  }
  return ops.binaryCrossEntropy(input, target, weight?.expand(target.shape), reductionIndex(reduction));
}

/** @inline */
type Logits = Binary & {
  /** Factor of the losses of positive targets. */
  posWeight?: Tensor | null;
};

/** {@link binaryCrossEntropy} of σ(input), computed safely. */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  ...rest: Arguments<[target: Tensor], Target & Logits, ['target', 'weight', 'reduction', 'posWeight']>
): Tensor {
  const { target, weight, reduction, posWeight } = readTail<Required<Target & Logits>>(
    'binaryCrossEntropyWithLogits',
    { target: required, weight: null, ...mean, posWeight: null },
    rest,
  );
  checkTensors('binaryCrossEntropyWithLogits', { input, target });
  if (target.shape.join() !== input.shape.join()) {
    throw new ArgumentError(
      `binaryCrossEntropyWithLogits: expected a target of the input's shape [${input.shape.join(', ')}], received [${target.shape.join(', ')}]`,
      'TORCH_VALUE',
    );
  }
  return ops.binaryCrossEntropyWithLogits(input, target, weight, posWeight, reductionIndex(reduction));
}

/** target·(log target − input); `batchmean` divides the sum by the batch size, as mathematics does. */
export function klDiv(
  input: Tensor,
  ...rest: Arguments<
    [target: Tensor],
    Target & { reduction?: Reduction | 'batchmean'; logTarget?: boolean },
    ['target', 'reduction', 'logTarget']
  >
): Tensor {
  const { target, reduction, logTarget } = readTail<
    Required<Target & { reduction?: Reduction | 'batchmean'; logTarget?: boolean }>
  >('klDiv', { target: required, reduction: 'mean', logTarget: false }, rest);
  const index = reductionIndex(reduction === 'batchmean' ? 'sum' : reduction);
  const loss = ops.klDiv(input, target, index, { logTarget });
  return reduction === 'batchmean' && input.ndim !== 0 ? loss.div(input.size(0)) : loss;
}

/** exp(input) − target·input, or without the exponential where `logInput` is false. */
export function poissonNllLoss(
  input: Tensor,
  ...rest: Arguments<
    [target: Tensor],
    Target & LossOptions & { logInput?: boolean; full?: boolean; eps?: number },
    ['target', 'logInput', 'full', 'eps', 'reduction']
  >
): Tensor {
  const { target, logInput, full, eps, reduction } = readTail<
    Required<Target & LossOptions & { logInput?: boolean; full?: boolean; eps?: number }>
  >('poissonNllLoss', { target: required, logInput: true, full: false, eps: 1e-8, ...mean }, rest);
  return ops.poissonNllLoss(input, target, logInput, full, eps, reductionIndex(reduction));
}

/** max(0, −target·(input1 − input2) + margin) */
export function marginRankingLoss(
  input1: Tensor,
  ...rest: Arguments<
    [input2: Tensor, target: Tensor],
    PairTarget & LossOptions & { margin?: number },
    ['input2', 'target', 'margin', 'reduction']
  >
): Tensor {
  const { input2, target, margin, reduction } = readTail<Required<PairTarget & LossOptions & { margin?: number }>>(
    'marginRankingLoss',
    { input2: required, target: required, margin: 0, ...mean },
    rest,
  );
  return ops.marginRankingLoss(input1, input2, target, margin, reductionIndex(reduction));
}

/** input where the target is 1, max(0, margin − input) where it is −1. */
export function hingeEmbeddingLoss(
  input: Tensor,
  ...rest: Arguments<[target: Tensor], Target & LossOptions & { margin?: number }, ['target', 'margin', 'reduction']>
): Tensor {
  const { target, margin, reduction } = readTail<Required<Target & LossOptions & { margin?: number }>>(
    'hingeEmbeddingLoss',
    { target: required, margin: 1, ...mean },
    rest,
  );
  return ops.hingeEmbeddingLoss(input, target, margin, reductionIndex(reduction));
}

/** 1 − cos where the target is 1, max(0, cos − margin) where it is −1. */
export function cosineEmbeddingLoss(
  input1: Tensor,
  ...rest: Arguments<
    [input2: Tensor, target: Tensor],
    PairTarget & LossOptions & { margin?: number },
    ['input2', 'target', 'margin', 'reduction']
  >
): Tensor {
  const { input2, target, margin, reduction } = readTail<Required<PairTarget & LossOptions & { margin?: number }>>(
    'cosineEmbeddingLoss',
    { input2: required, target: required, margin: 0, ...mean },
    rest,
  );
  return ops.cosineEmbeddingLoss(input1, input2, target, margin, reductionIndex(reduction));
}

/** Hinge losses of all pairs of a wanted and an unwanted class. */
export function multilabelMarginLoss(
  input: Tensor,
  ...rest: Arguments<[target: Tensor], Target & LossOptions, ['target', 'reduction']>
): Tensor {
  const defaults = { target: required, ...mean };
  const { target, reduction } = readTail<Required<Target & LossOptions>>('multilabelMarginLoss', defaults, rest);
  return ops.multilabelMarginLoss(input, target, reductionIndex(reduction));
}

/** Mean over the classes of the binary cross entropies of logits. */
export function multilabelSoftMarginLoss(
  input: Tensor,
  ...rest: Arguments<[target: Tensor], Target & Binary, ['target', 'weight', 'reduction']>
): Tensor {
  const { target, weight, reduction } = readTail<Required<Target & Binary>>(
    'multilabelSoftMarginLoss',
    { target: required, weight: null, ...mean },
    rest,
  );
  reductionIndex(reduction);
  checkTensors('multilabelSoftMarginLoss', { input, target });
  const one = target.mul(ops.logSigmoid(input));
  let loss = one.add(target.rsub(1).mul(ops.logSigmoid(input.neg()))).neg();
  if (weight !== null) loss = loss.mul(weight);
  loss = loss.sum(-1).div(input.size(-1));
  if (reduction === 'none') return loss;
  return reduction === 'mean' ? loss.mean() : loss.sum();
}

/** @inline */
type MultiMargin = Binary & { p?: number; margin?: number };

/** Hinge losses of all classes against the target's. */
export function multiMarginLoss(
  input: Tensor,
  ...rest: Arguments<[target: Tensor], Target & MultiMargin, ['target', 'p', 'margin', 'weight', 'reduction']>
): Tensor {
  const { target, p, margin, weight, reduction } = readTail<Required<Target & MultiMargin>>(
    'multiMarginLoss',
    { target: required, p: 1, margin: 1, weight: null, ...mean },
    rest,
  );
  return ops.multiMarginLoss(input, target, p, margin, weight, reductionIndex(reduction));
}

/** @inline */
type Triplet = LossOptions & { margin?: number; p?: number; eps?: number; swap?: boolean };

/** max(0, d(anchor, positive) − d(anchor, negative) + margin) */
export function tripletMarginLoss(
  anchor: Tensor,
  ...rest: Arguments<
    [positive: Tensor, negative: Tensor],
    { positive: Tensor; negative: Tensor } & Triplet,
    ['positive', 'negative', 'margin', 'p', 'eps', 'swap', 'reduction']
  >
): Tensor {
  const { positive, negative, margin, p, eps, swap, reduction } = readTail<
    Required<{ positive: Tensor; negative: Tensor } & Triplet>
  >(
    'tripletMarginLoss',
    { positive: required, negative: required, margin: 1, p: 2, eps: 1e-6, swap: false, ...mean },
    rest,
  );
  return ops.tripletMarginLoss(anchor, positive, negative, margin, p, eps, swap, reductionIndex(reduction));
}

/** @inline */
type Ctc = LossOptions & { blank?: number; zeroInfinity?: boolean };

/** Lengths of sequences: an integer tensor or a list. */
export type Lengths = Tensor | readonly number[];

/**
 * Connectionist temporal classification: log-probabilities [T, N, C] or [T, C], targets [N, S] or in one row. Lengths are two
 * tensors or two lists.
 */
export function ctcLoss(
  logProbs: Tensor,
  ...rest: Arguments<
    [targets: Tensor, inputLengths: Lengths, targetLengths: Lengths],
    { targets: Tensor; inputLengths: Lengths; targetLengths: Lengths } & Ctc,
    ['targets', 'inputLengths', 'targetLengths', 'blank', 'reduction', 'zeroInfinity']
  >
): Tensor {
  const { targets, inputLengths, targetLengths, blank, reduction, zeroInfinity } = readTail<
    Required<{ targets: Tensor; inputLengths: Lengths; targetLengths: Lengths } & Ctc>
  >(
    'ctcLoss',
    { targets: required, inputLengths: required, targetLengths: required, blank: 0, ...mean, zeroInfinity: false },
    rest,
  );
  const index = reductionIndex(reduction);
  // The op has one form for tensors and one for lists.
  const lengths = [inputLengths, targetLengths] as [Tensor, Tensor];
  return ops.ctcLoss(logProbs, targets, ...lengths, blank, index, zeroInfinity);
}
