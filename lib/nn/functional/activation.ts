/** Activations that take `inplace`, and those that are made of several ops. */
import { ArgumentError, checkNumbers, checkTensor } from '../../engine';
import * as ops from '../../tensor';
import type { DType, Tensor } from '../../tensor';
import { type Arguments, readTail, required, type Tail } from '../../tensor/tail';

export {
  celu_,
  elu_,
  glu,
  hardshrink,
  hardtanh_,
  leakyRelu_,
  logSigmoid as logsigmoid,
  prelu,
  relu_,
  rrelu_,
  selu_,
  sigmoid,
  softplus,
  softshrink,
  tanh,
  threshold_,
} from '../../tensor';

/** @inline */
interface Inplace {
  /** Writes into the input. */
  inplace?: boolean;
}

/** @inline */
interface Alpha extends Inplace {
  alpha?: number;
}

/** x, or α·(exp(x) − 1) below 0. */
export function elu(input: Tensor, ...rest: Tail<Alpha, ['alpha', 'inplace']>): Tensor {
  const { alpha, inplace } = readTail('elu', { alpha: 1, inplace: false }, rest);
  return inplace ? ops.elu_(input, alpha) : ops.elu(input, alpha);
}

/** x, or α·(exp(x/α) − 1) below 0. */
export function celu(input: Tensor, ...rest: Tail<Alpha, ['alpha', 'inplace']>): Tensor {
  const { alpha, inplace } = readTail('celu', { alpha: 1, inplace: false }, rest);
  return inplace ? ops.celu_(input, alpha) : ops.celu(input, alpha);
}

/** Scaled ELU, which keeps mean 0 and variance 1. */
export function selu(input: Tensor, ...rest: Tail<Inplace, ['inplace']>): Tensor {
  return readTail('selu', { inplace: false }, rest).inplace ? ops.selu_(input) : ops.selu(input);
}

/** min(max(0, x), 6) */
export function relu6(input: Tensor, ...rest: Tail<Inplace, ['inplace']>): Tensor {
  return readTail('relu6', { inplace: false }, rest).inplace ? ops.relu6_(input) : ops.relu6(input);
}

/** x·σ(x) */
export function silu(input: Tensor, ...rest: Tail<Inplace, ['inplace']>): Tensor {
  return readTail('silu', { inplace: false }, rest).inplace ? ops.silu_(input) : ops.silu(input);
}

/** x·tanh(softplus(x)) */
export function mish(input: Tensor, ...rest: Tail<Inplace, ['inplace']>): Tensor {
  return readTail('mish', { inplace: false }, rest).inplace ? ops.mish_(input) : ops.mish(input);
}

/** relu6(x + 3) / 6 */
export function hardsigmoid(input: Tensor, ...rest: Tail<Inplace, ['inplace']>): Tensor {
  return readTail('hardsigmoid', { inplace: false }, rest).inplace ? ops.hardsigmoid_(input) : ops.hardsigmoid(input);
}

/** x·relu6(x + 3) / 6 */
export function hardswish(input: Tensor, ...rest: Tail<Inplace, ['inplace']>): Tensor {
  return readTail('hardswish', { inplace: false }, rest).inplace ? ops.hardswish_(input) : ops.hardswish(input);
}

/** x, or `negativeSlope`·x below 0. */
export function leakyRelu(
  input: Tensor,
  ...rest: Tail<Inplace & { negativeSlope?: number }, ['negativeSlope', 'inplace']>
): Tensor {
  const { negativeSlope, inplace } = readTail('leakyRelu', { negativeSlope: 0.01, inplace: false }, rest);
  return inplace ? ops.leakyRelu_(input, negativeSlope) : ops.leakyRelu(input, negativeSlope);
}

/** x, kept between `minVal` and `maxVal`. */
export function hardtanh(
  input: Tensor,
  ...rest: Tail<Inplace & { minVal?: number; maxVal?: number }, ['minVal', 'maxVal', 'inplace']>
): Tensor {
  const { minVal, maxVal, inplace } = readTail('hardtanh', { minVal: -1, maxVal: 1, inplace: false }, rest);
  checkNumbers('hardtanh', { minVal, maxVal });
  if (minVal > maxVal) throw new ArgumentError('hardtanh: minVal cannot be greater than maxVal', 'TORCH_VALUE');
  return inplace ? ops.hardtanh_(input, minVal, maxVal) : ops.hardtanh(input, minVal, maxVal);
}

/** x where it is above `threshold`, else `value`. */
export function threshold(
  input: Tensor,
  ...rest: Arguments<
    [threshold: number, value: number],
    Inplace & { threshold: number; value: number },
    ['threshold', 'value', 'inplace']
  >
): Tensor {
  const { threshold, value, inplace } = readTail<Required<Inplace> & { threshold: number; value: number }>(
    'threshold',
    { threshold: required, value: required, inplace: false },
    rest,
  );
  return inplace ? ops.threshold_(input, threshold, value) : ops.threshold(input, threshold, value);
}

/** Leaky ReLU with a slope drawn between `lower` and `upper` in training, else their mean. */
export function rrelu(
  input: Tensor,
  ...rest: Tail<
    Inplace & { lower?: number; upper?: number; training?: boolean },
    ['lower', 'upper', 'training', 'inplace']
  >
): Tensor {
  const defaults = { lower: 1 / 8, upper: 1 / 3, training: false, inplace: false };
  const { lower, upper, training, inplace } = readTail('rrelu', defaults, rest);
  return inplace ? ops.rrelu_(input, lower, upper, training) : ops.rrelu(input, lower, upper, training);
}

/** {@link softmax} of −x. */
export function softmin(
  input: Tensor,
  ...rest: Arguments<[dim: number], { dim: number; dtype?: DType | null }, ['dim', 'dtype']>
): Tensor {
  checkTensor('softmin()', 'input', input);
  const { dim, dtype } = readTail<{ dim: number; dtype: DType | null }>(
    'softmin',
    { dim: required, dtype: null },
    rest,
  );
  return ops.softmax(input.neg(), dim, dtype);
}

/** x / (1 + |x|) */
export function softsign(input: Tensor): Tensor {
  checkTensor('softsign()', 'input', input);
  return input.div(input.abs().add(1));
}

/** x − tanh(x) */
export function tanhshrink(input: Tensor): Tensor {
  checkTensor('tanhshrink()', 'input', input);
  return input.sub(input.tanh());
}

/** Options of {@link gumbelSoftmax}. */
export interface GumbelSoftmaxOptions {
  tau?: number;
  /** One-hot, with the gradient of the soft sample. */
  hard?: boolean;
  dim?: number;
}

/** A sample of the Gumbel-softmax distribution of `logits`. (Python's `eps` has no effect and is left out.) */
export function gumbelSoftmax(logits: Tensor, ...rest: Tail<GumbelSoftmaxOptions, ['tau', 'hard', 'dim']>): Tensor {
  const { tau, hard, dim } = readTail('gumbelSoftmax', { tau: 1, hard: false, dim: -1 }, rest);
  const gumbels = ops.emptyLike(logits, { memoryFormat: 'contiguous_format' }).exponential_().log().neg();
  const soft = logits.add(gumbels).div(tau).softmax(dim);
  if (!hard) return soft;
  const [, index] = soft.max(dim, true);
  const sample = ops.zerosLike(logits, { memoryFormat: 'contiguous_format' }).scatter_(dim, index, 1);
  return sample.sub(soft.detach()).add(soft);
}
