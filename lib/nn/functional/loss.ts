/** Losses besides cross entropy. Python's deprecated `size_average` and `reduce` are left out of the order of arguments. */
import { ArgumentError, checkTensors } from '../../engine';
import * as ops from '../../tensor';
import type { Tensor } from '../../tensor';
import { readTail, type Tail } from '../../tensor/tail';
import { type Reduction, reductionIndex } from './reduction';

/** Options of most losses. */
export interface LossOptions {
  /** Mean over all elements by default. */
  reduction?: Reduction;
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
): (input: Tensor, target: Tensor, ...rest: Tail<Weighted, ['reduction', 'weight']>) => Tensor {
  return (input, target, ...rest) => {
    const { reduction, weight } = readTail<Required<Weighted>>(name, { ...mean, weight: null }, rest);
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
  target: Tensor,
  ...rest: Tail<LossOptions & { beta?: number }, ['reduction', 'beta']>
): Tensor {
  const { reduction, beta } = readTail('smoothL1Loss', { ...mean, beta: 1 }, rest);
  const [x, y] = broadcast(input, target);
  if (beta === 0) return ops.l1Loss(x, y, reductionIndex(reduction));
  return ops.smoothL1Loss(x, y, reductionIndex(reduction), beta);
}

/** Squared below `delta`, linear above, with the slope `delta`. */
export function huberLoss(
  input: Tensor,
  target: Tensor,
  ...rest: Tail<Weighted & { delta?: number }, ['reduction', 'delta', 'weight']>
): Tensor {
  const { reduction, delta, weight } = readTail<Required<Weighted> & { delta: number }>(
    'huberLoss',
    { ...mean, delta: 1, weight: null },
    rest,
  );
  const [x, y] = broadcast(input, target);
  if (weight !== null) return weighted(ops.huberLoss(x, y, 0, delta), input, weight, reduction);
  return ops.huberLoss(x, y, reductionIndex(reduction), delta);
}

/** log(1 + exp(−target·input)), targets 1 and −1. */
export function softMarginLoss(input: Tensor, target: Tensor, ...rest: Tail<LossOptions, ['reduction']>): Tensor {
  return ops.softMarginLoss(input, target, reductionIndex(readTail('softMarginLoss', mean, rest).reduction));
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
  target: Tensor,
  ...rest: Tail<NllLossOptions, ['weight', 'ignoreIndex', 'reduction']>
): Tensor {
  const { weight, ignoreIndex, reduction } = readTail<Required<NllLossOptions>>(
    'nllLoss',
    { weight: null, ignoreIndex: -100, ...mean },
    rest,
  );
  return ops.nllLossNd(input, target, weight, reductionIndex(reduction), ignoreIndex);
}

/** @inline */
type Binary = LossOptions & { weight?: Tensor | null };

/** Cross entropy of probabilities between 0 and 1. */
export function binaryCrossEntropy(
  input: Tensor,
  target: Tensor,
  ...rest: Tail<Binary, ['weight', 'reduction']>
): Tensor {
  const { weight, reduction } = readTail<Required<Binary>>('binaryCrossEntropy', { weight: null, ...mean }, rest);
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
  target: Tensor,
  ...rest: Tail<Logits, ['weight', 'reduction', 'posWeight']>
): Tensor {
  const { weight, reduction, posWeight } = readTail<Required<Logits>>(
    'binaryCrossEntropyWithLogits',
    { weight: null, ...mean, posWeight: null },
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
  target: Tensor,
  ...rest: Tail<{ reduction?: Reduction | 'batchmean'; logTarget?: boolean }, ['reduction', 'logTarget']>
): Tensor {
  const { reduction, logTarget } = readTail<{ reduction: Reduction | 'batchmean'; logTarget: boolean }>(
    'klDiv',
    { reduction: 'mean', logTarget: false },
    rest,
  );
  const index = reductionIndex(reduction === 'batchmean' ? 'sum' : reduction);
  const loss = ops.klDiv(input, target, index, { logTarget });
  return reduction === 'batchmean' && input.ndim !== 0 ? loss.div(input.size(0)) : loss;
}

/** exp(input) − target·input, or without the exponential where `logInput` is false. */
export function poissonNllLoss(
  input: Tensor,
  target: Tensor,
  ...rest: Tail<
    LossOptions & { logInput?: boolean; full?: boolean; eps?: number },
    ['logInput', 'full', 'eps', 'reduction']
  >
): Tensor {
  const { logInput, full, eps, reduction } = readTail(
    'poissonNllLoss',
    { logInput: true, full: false, eps: 1e-8, ...mean },
    rest,
  );
  return ops.poissonNllLoss(input, target, logInput, full, eps, reductionIndex(reduction));
}

/** max(0, −target·(input1 − input2) + margin) */
export function marginRankingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  ...rest: Tail<LossOptions & { margin?: number }, ['margin', 'reduction']>
): Tensor {
  const { margin, reduction } = readTail('marginRankingLoss', { margin: 0, ...mean }, rest);
  return ops.marginRankingLoss(input1, input2, target, margin, reductionIndex(reduction));
}

/** input where the target is 1, max(0, margin − input) where it is −1. */
export function hingeEmbeddingLoss(
  input: Tensor,
  target: Tensor,
  ...rest: Tail<LossOptions & { margin?: number }, ['margin', 'reduction']>
): Tensor {
  const { margin, reduction } = readTail('hingeEmbeddingLoss', { margin: 1, ...mean }, rest);
  return ops.hingeEmbeddingLoss(input, target, margin, reductionIndex(reduction));
}

/** 1 − cos where the target is 1, max(0, cos − margin) where it is −1. */
export function cosineEmbeddingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  ...rest: Tail<LossOptions & { margin?: number }, ['margin', 'reduction']>
): Tensor {
  const { margin, reduction } = readTail('cosineEmbeddingLoss', { margin: 0, ...mean }, rest);
  return ops.cosineEmbeddingLoss(input1, input2, target, margin, reductionIndex(reduction));
}

/** Hinge losses of all pairs of a wanted and an unwanted class. */
export function multilabelMarginLoss(input: Tensor, target: Tensor, ...rest: Tail<LossOptions, ['reduction']>): Tensor {
  return ops.multilabelMarginLoss(
    input,
    target,
    reductionIndex(readTail('multilabelMarginLoss', mean, rest).reduction),
  );
}

/** Mean over the classes of the binary cross entropies of logits. */
export function multilabelSoftMarginLoss(
  input: Tensor,
  target: Tensor,
  ...rest: Tail<Binary, ['weight', 'reduction']>
): Tensor {
  const { weight, reduction } = readTail<Required<Binary>>('multilabelSoftMarginLoss', { weight: null, ...mean }, rest);
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
  target: Tensor,
  ...rest: Tail<MultiMargin, ['p', 'margin', 'weight', 'reduction']>
): Tensor {
  const { p, margin, weight, reduction } = readTail<Required<MultiMargin>>(
    'multiMarginLoss',
    { p: 1, margin: 1, weight: null, ...mean },
    rest,
  );
  return ops.multiMarginLoss(input, target, p, margin, weight, reductionIndex(reduction));
}

/** @inline */
type Triplet = LossOptions & { margin?: number; p?: number; eps?: number; swap?: boolean };

/** max(0, d(anchor, positive) − d(anchor, negative) + margin) */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  ...rest: Tail<Triplet, ['margin', 'p', 'eps', 'swap', 'reduction']>
): Tensor {
  const { margin, p, eps, swap, reduction } = readTail(
    'tripletMarginLoss',
    { margin: 1, p: 2, eps: 1e-6, swap: false, ...mean },
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
  targets: Tensor,
  inputLengths: Lengths,
  targetLengths: Lengths,
  ...rest: Tail<Ctc, ['blank', 'reduction', 'zeroInfinity']>
): Tensor {
  const { blank, reduction, zeroInfinity } = readTail('ctcLoss', { blank: 0, ...mean, zeroInfinity: false }, rest);
  const index = reductionIndex(reduction);
  // The op has one form for tensors and one for lists.
  const lengths = [inputLengths, targetLengths] as [Tensor, Tensor];
  return ops.ctcLoss(logProbs, targets, ...lengths, blank, index, zeroInfinity);
}
