/** The functions behind the modules (`torch.nn.functional`): PyTorch's names, order of arguments and defaults. */
import { ArgumentError, checkBooleans, checkNumbers, checkTensor, describe } from '../engine';
import * as ops from '../tensor';
import type { DType, Tensor } from '../tensor';
import { readTail, type Tail } from '../tensor/tail';
import { type Reduction, reductionIndex } from './functional/reduction';

export {
  bilinear,
  channelShuffle,
  conv1d,
  conv2d,
  conv3d,
  convTbc,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  cosineSimilarity,
  linear,
  nativeChannelShuffle,
  pairwiseDistance,
  pdist,
} from '../tensor';
export * from './functional/activation';
export * from './functional/composed-losses';
export * from './functional/dropout';
export * from './functional/embedding';
export * from './functional/fractional-pooling';
export * from './functional/grouped-mm';
export * from './functional/loss';
export * from './functional/lp-pooling';
export * from './functional/normalization';
export * from './functional/pooling';
export * from './functional/unpooling';
export * from './functional/vision';
export type { Reduction } from './functional/reduction';
export { multiHeadAttentionForward, type AttentionArguments } from './multi-head-attention';

/** A size in two dimensions, height first; one number stands for both. */
export type Size2d = number | readonly [height: number, width: number];

/** `tanh`: 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))). */
export type GeluApproximation = 'none' | 'tanh';

/**
 * Zeroes elements with probability p and divides the others by 1 − p. Where there is nothing to do (no training, p = 0, no
 * elements) it returns the input itself, as Python does: attention tells self attention by the identity of its inputs.
 */
export function dropout(input: Tensor, p = 0.5, training = true, inplace = false): Tensor {
  checkTensor('dropout()', 'input', input);
  checkBooleans('dropout', { training, inplace });
  checkNumbers('dropout', { p });
  if (!(p >= 0 && p <= 1)) {
    throw new ArgumentError(`dropout probability has to be between 0 and 1, but got ${describe(p)}`, 'TORCH_VALUE');
  }
  if (!training || p === 0 || input.numel() === 0) return input;
  return inplace ? ops.dropout_(input, p, training) : ops.dropout(input, p, training);
}

/** max(0, x) */
export function relu(input: Tensor, inplace = false): Tensor {
  if (!inplace) return ops.relu(input);
  checkBooleans('relu', { inplace });
  return ops.relu_(input);
}

/** x·Φ(x) */
export function gelu(input: Tensor, approximate: GeluApproximation = 'none'): Tensor {
  // The usual one without an options object, which costs a third of a microsecond.
  return approximate === 'none' ? ops.gelu(input) : ops.gelu(input, { approximate });
}

/** exp(x) / Σ exp(x) along `dim`, computed in `dtype` if one is given. */
export function softmax(input: Tensor, dim: number, dtype: DType | null = null): Tensor {
  return ops.softmax(input, dim, dtype);
}

/** The logarithm of {@link softmax}, computed without leaving the range of the dtype. */
export function logSoftmax(input: Tensor, dim: number, dtype: DType | null = null): Tensor {
  return ops.logSoftmax(input, dim, dtype);
}

/** Normalises the last dimensions, which are `normalizedShape`, then scales by `weight` and shifts by `bias`. */
export function layerNorm(
  input: Tensor,
  normalizedShape: readonly number[],
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  eps = 1e-5,
): Tensor {
  return ops.layerNorm(input, normalizedShape, weight, bias, eps);
}

/**
 * Normalises each channel of [N, C, ...]. In training by the batch's statistics, which also move the running ones (in
 * place) by the share `momentum`; else by the running ones.
 */
export function batchNorm(
  input: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  training = false,
  momentum = 0.1,
  eps = 1e-5,
): Tensor {
  checkTensor('batchNorm()', 'input', input);
  checkBooleans('batchNorm', { training });
  const { shape } = input;
  const perChannel = shape.reduce((product, size, dim) => (dim === 1 ? product : product * size), 1);
  if (training && perChannel === 1) {
    throw new ArgumentError(
      `Expected more than 1 value per channel when training, got input size torch.Size([${shape.join(', ')}])`,
      'TORCH_VALUE',
    );
  }
  return ops.batchNorm(input, weight, bias, runningMean, runningVar, training, momentum, eps, true);
}

/** Cuts [N, C, H, W] into blocks: [N, C·kernel, blocks]. */
export function unfold(
  input: Tensor,
  kernelSize: Size2d,
  dilation: Size2d = 1,
  padding: Size2d = 0,
  stride: Size2d = 1,
): Tensor {
  return ops.im2col(input, pair(kernelSize), pair(dilation), pair(padding), pair(stride));
}

/** Adds blocks [N, C·kernel, blocks] up to an image [N, C, ...outputSize]. */
export function fold(
  input: Tensor,
  outputSize: Size2d,
  kernelSize: Size2d,
  dilation: Size2d = 1,
  padding: Size2d = 0,
  stride: Size2d = 1,
): Tensor {
  return ops.col2im(input, pair(outputSize), pair(kernelSize), pair(dilation), pair(padding), pair(stride));
}

function pair(size: Size2d): readonly [number, number] {
  return typeof size === 'number' ? [size, size] : size;
}

/** int64 classes [*] as ones and zeros [*, numClasses]; −1 takes the largest class and one more. */
export function oneHot(tensor: Tensor, numClasses = -1): Tensor {
  return ops.oneHot(tensor, numClasses);
}

/** Options of {@link scaledDotProductAttention}. */
export interface ScaledDotProductAttentionOptions {
  /** Broadcasts to [*, L, S]: `false` hides a key, a float is added to the score. */
  attnMask?: Tensor | null;
  dropoutP?: number;
  /** A query sees only the keys up to its own place. */
  isCausal?: boolean;
  /** Factor of the scores; null is 1/√E. */
  scale?: number | null;
  /** Fewer heads of keys and values than of queries, each for several. */
  enableGqa?: boolean;
}

/** softmax(q kᵀ · scale + mask) v: query [*, L, E], key [*, S, E], value [*, S, V] to [*, L, V]. */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  ...rest: Tail<ScaledDotProductAttentionOptions, ['attnMask', 'dropoutP', 'isCausal', 'scale', 'enableGqa']>
): Tensor {
  const { attnMask, dropoutP, isCausal, scale, enableGqa } = readTail<Required<ScaledDotProductAttentionOptions>>(
    'scaledDotProductAttention',
    { attnMask: null, dropoutP: 0, isCausal: false, scale: null, enableGqa: false },
    rest,
  );
  return ops.scaledDotProductAttention(query, key, value, attnMask, dropoutP, isCausal, { scale, enableGqa });
}

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** Factor of each class, [C]. */
  weight?: Tensor | null;
  /** A class that does not count. */
  ignoreIndex?: number;
  reduction?: Reduction;
  /** Share of the truth that is spread over all classes, 0 to 1. */
  labelSmoothing?: number;
}

/** What {@link crossEntropy} takes where an option is left out. */
export const crossEntropyDefaults: Required<CrossEntropyOptions> = {
  weight: null,
  ignoreIndex: -100,
  reduction: 'mean',
  labelSmoothing: 0,
};

/**
 * Cross entropy of logits [C], [N, C] or [N, C, ...] against int64 classes [], [N] or [N, ...], or against probabilities of
 * the logits' shape. (Python's deprecated `size_average` and `reduce` are left out of the order of arguments.)
 *
 * @example
 * ```ts
 * const logits = torch.tensor([[2, 0, 0]], { dtype: 'float32' });
 * console.log(nn.functional.crossEntropy(logits, torch.tensor([0]))); // tensor(0.2395)
 * ```
 */
export function crossEntropy(
  input: Tensor,
  target: Tensor,
  ...rest: Tail<CrossEntropyOptions, ['weight', 'ignoreIndex', 'reduction', 'labelSmoothing']>
): Tensor {
  const options = readTail<Required<CrossEntropyOptions>>('crossEntropy', crossEntropyDefaults, rest);
  const { weight, ignoreIndex, reduction, labelSmoothing } = options;
  return ops.crossEntropyLoss(input, target, weight, reductionIndex(reduction), ignoreIndex, labelSmoothing);
}
