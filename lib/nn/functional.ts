/** The functions behind the modules (`torch.nn.functional`): PyTorch's names, order of arguments and defaults. */
import { ArgumentError, checkNumbers, checkTensor, describe } from '../engine';
import * as ops from '../tensor';
import type { Tensor } from '../tensor';
import { type Arguments, readTail, required, type Tail } from '../tensor/tail';
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
  logSoftmax,
  nativeChannelShuffle,
  pairwiseDistance,
  pdist,
  softmax,
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
export function dropout(
  input: Tensor,
  ...rest: Tail<{ p?: number; training?: boolean; inplace?: boolean }, ['p', 'training', 'inplace']>
): Tensor {
  checkTensor('dropout()', 'input', input);
  const { p, training, inplace } = readTail('dropout', { p: 0.5, training: true, inplace: false }, rest);
  checkNumbers('dropout', { p });
  if (!(p >= 0 && p <= 1)) {
    throw new ArgumentError(`dropout probability has to be between 0 and 1, but got ${describe(p)}`, 'TORCH_VALUE');
  }
  if (!training || p === 0 || input.numel() === 0) return input;
  return inplace ? ops.dropout_(input, p, training) : ops.dropout(input, p, training);
}

/** max(0, x) */
export function relu(input: Tensor, ...rest: Tail<{ inplace?: boolean }, ['inplace']>): Tensor {
  if (rest.length === 0) return ops.relu(input);
  return readTail('relu', { inplace: false }, rest).inplace ? ops.relu_(input) : ops.relu(input);
}

/** x·Φ(x) */
export function gelu(input: Tensor, ...rest: Tail<{ approximate?: GeluApproximation }, ['approximate']>): Tensor {
  const { approximate } = readTail<{ approximate: GeluApproximation }>('gelu', { approximate: 'none' }, rest);
  // The usual one without an options object, which costs a third of a microsecond.
  return approximate === 'none' ? ops.gelu(input) : ops.gelu(input, { approximate });
}

/** @inline */
interface LayerNormArguments {
  normalizedShape: readonly number[];
  weight?: Tensor | null;
  bias?: Tensor | null;
  eps?: number;
}

/** Normalises the last dimensions, which are `normalizedShape`, then scales by `weight` and shifts by `bias`. */
export function layerNorm(
  input: Tensor,
  ...rest: Arguments<
    [normalizedShape: readonly number[]],
    LayerNormArguments,
    ['normalizedShape', 'weight', 'bias', 'eps']
  >
): Tensor {
  const { normalizedShape, weight, bias, eps } = readTail<Required<LayerNormArguments>>(
    'layerNorm',
    { normalizedShape: required, weight: null, bias: null, eps: 1e-5 },
    rest,
  );
  return ops.layerNorm(input, normalizedShape, weight, bias, eps);
}

/** @inline */
interface BatchNormArguments {
  runningMean: Tensor | null;
  runningVar: Tensor | null;
  weight?: Tensor | null;
  bias?: Tensor | null;
  training?: boolean;
  momentum?: number;
  eps?: number;
}

/**
 * Normalises each channel of [N, C, ...]. In training by the batch's statistics, which also move the running ones (in
 * place) by the share `momentum`; else by the running ones.
 */
export function batchNorm(
  input: Tensor,
  ...rest: Arguments<
    [runningMean: Tensor | null, runningVar: Tensor | null],
    BatchNormArguments,
    ['runningMean', 'runningVar', 'weight', 'bias', 'training', 'momentum', 'eps']
  >
): Tensor {
  checkTensor('batchNorm()', 'input', input);
  const { runningMean, runningVar, weight, bias, training, momentum, eps } = readTail<Required<BatchNormArguments>>(
    'batchNorm',
    {
      runningMean: required,
      runningVar: required,
      weight: null,
      bias: null,
      training: false,
      momentum: 0.1,
      eps: 1e-5,
    },
    rest,
  );
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

/** @inline */
interface Blocks {
  kernelSize: Size2d;
  dilation?: Size2d;
  padding?: Size2d;
  stride?: Size2d;
}

const blocks: Required<Blocks> = { kernelSize: required, dilation: 1, padding: 0, stride: 1 };

/** Cuts [N, C, H, W] into blocks: [N, C·kernel, blocks]. */
export function unfold(
  input: Tensor,
  ...rest: Arguments<[kernelSize: Size2d], Blocks, ['kernelSize', 'dilation', 'padding', 'stride']>
): Tensor {
  const { kernelSize, dilation, padding, stride } = readTail<Required<Blocks>>('unfold', blocks, rest);
  return ops.im2col(input, pair(kernelSize), pair(dilation), pair(padding), pair(stride));
}

/** Adds blocks [N, C·kernel, blocks] up to an image [N, C, ...outputSize]. */
export function fold(
  input: Tensor,
  ...rest: Arguments<
    [outputSize: Size2d, kernelSize: Size2d],
    { outputSize: Size2d } & Blocks,
    ['outputSize', 'kernelSize', 'dilation', 'padding', 'stride']
  >
): Tensor {
  const { outputSize, kernelSize, dilation, padding, stride } = readTail<Required<{ outputSize: Size2d } & Blocks>>(
    'fold',
    { outputSize: required, ...blocks },
    rest,
  );
  return ops.col2im(input, pair(outputSize), pair(kernelSize), pair(dilation), pair(padding), pair(stride));
}

function pair(size: Size2d): readonly [number, number] {
  return typeof size === 'number' ? [size, size] : size;
}

/** int64 classes [*] as ones and zeros [*, numClasses]; −1 takes the largest class and one more. */
export function oneHot(tensor: Tensor, ...rest: Tail<{ numClasses?: number }, ['numClasses']>): Tensor {
  return ops.oneHot(tensor, readTail('oneHot', { numClasses: -1 }, rest).numClasses);
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
  ...rest: Arguments<
    [key: Tensor, value: Tensor],
    { key: Tensor; value: Tensor } & ScaledDotProductAttentionOptions,
    ['key', 'value', 'attnMask', 'dropoutP', 'isCausal', 'scale', 'enableGqa']
  >
): Tensor {
  const { key, value, attnMask, dropoutP, isCausal, scale, enableGqa } = readTail<
    Required<{ key: Tensor; value: Tensor } & ScaledDotProductAttentionOptions>
  >(
    'scaledDotProductAttention',
    { key: required, value: required, attnMask: null, dropoutP: 0, isCausal: false, scale: null, enableGqa: false },
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
  ...rest: Arguments<
    [target: Tensor],
    { target: Tensor } & CrossEntropyOptions,
    ['target', 'weight', 'ignoreIndex', 'reduction', 'labelSmoothing']
  >
): Tensor {
  const options = readTail<Required<{ target: Tensor } & CrossEntropyOptions>>(
    'crossEntropy',
    { target: required, ...crossEntropyDefaults },
    rest,
  );
  const { target } = options;
  const { weight, ignoreIndex, reduction, labelSmoothing } = options;
  return ops.crossEntropyLoss(input, target, weight, reductionIndex(reduction), ignoreIndex, labelSmoothing);
}
