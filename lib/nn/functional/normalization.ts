/** Normalisations besides batch and layer normalisation. */
import { ArgumentError, checkInteger, checkNumbers, checkTensor } from '../../engine';
import * as ops from '../../tensor';
import type { Tensor } from '../../tensor';
import { type Arguments, readTail, required, type Tail } from '../../tensor/tail';

/** @inline */
interface Affine {
  weight?: Tensor | null;
  bias?: Tensor | null;
  eps?: number;
}

/** Normalises groups of the channels of [N, C, *]. */
export function groupNorm(
  input: Tensor,
  ...rest: Arguments<[numGroups: number], { numGroups: number } & Affine, ['numGroups', 'weight', 'bias', 'eps']>
): Tensor {
  const { numGroups, weight, bias, eps } = readTail<Required<{ numGroups: number } & Affine>>(
    'groupNorm',
    { numGroups: required, weight: null, bias: null, eps: 1e-5 },
    rest,
  );
  checkTensor('groupNorm()', 'input', input);
  if (input.ndim < 2) throw new ArgumentError(`groupNorm: expected two dimensions or more, received ${input.ndim}`);
  checkNumbers('groupNorm', { numGroups });
  const count = input.numel() / numGroups;
  if (count === 1) {
    throw new ArgumentError(
      `groupNorm: expected more than one value for each group, received an input of shape [${input.shape.join(', ')}]`,
      'TORCH_VALUE',
    );
  }
  return ops.groupNorm(input, numGroups, weight, bias, eps);
}

/** Divides by the root of the mean of squares over the last dimensions, which are `normalizedShape`. */
export function rmsNorm(
  input: Tensor,
  ...rest: Arguments<
    [normalizedShape: readonly number[]],
    { normalizedShape: readonly number[] } & { weight?: Tensor | null; eps?: number | null },
    ['normalizedShape', 'weight', 'eps']
  >
): Tensor {
  const { normalizedShape, weight, eps } = readTail<
    Required<{ normalizedShape: readonly number[] } & { weight?: Tensor | null; eps?: number | null }>
  >('rmsNorm', { normalizedShape: required, weight: null, eps: null }, rest);
  return ops.rmsNorm(input, normalizedShape, weight, eps);
}

/** Options of {@link instanceNorm}. */
export interface InstanceNormOptions extends Affine {
  runningMean?: Tensor | null;
  runningVar?: Tensor | null;
  useInputStats?: boolean;
  momentum?: number;
}

/** Normalises each channel of each sample of [N, C, *]. */
export function instanceNorm(
  input: Tensor,
  ...rest: Tail<
    InstanceNormOptions,
    ['runningMean', 'runningVar', 'weight', 'bias', 'useInputStats', 'momentum', 'eps']
  >
): Tensor {
  const { runningMean, runningVar, weight, bias, useInputStats, momentum, eps } = readTail<
    Required<InstanceNormOptions>
  >(
    'instanceNorm',
    {
      runningMean: null,
      runningVar: null,
      weight: null,
      bias: null,
      useInputStats: true,
      momentum: 0.1,
      eps: 1e-5,
    },
    rest,
  );
  checkTensor('instanceNorm()', 'input', input);
  if (useInputStats && input.shape.slice(2).reduce((product, size) => product * size, 1) === 1) {
    throw new ArgumentError(
      `instanceNorm: expected more than one value for each channel, received an input of shape [${input.shape.join(', ')}]`,
      'TORCH_VALUE',
    );
  }
  return ops.instanceNorm(input, weight, bias, runningMean, runningVar, useInputStats, momentum, eps, true);
}

/** Options of {@link localResponseNorm}. */
export interface LocalResponseNormOptions {
  alpha?: number;
  beta?: number;
  k?: number;
}

/** Divides by a power of the mean of squares of `size` neighbouring channels of [N, C, *]. */
export function localResponseNorm(
  input: Tensor,
  ...rest: Arguments<[size: number], { size: number } & LocalResponseNormOptions, ['size', 'alpha', 'beta', 'k']>
): Tensor {
  const { size, alpha, beta, k } = readTail<Required<{ size: number } & LocalResponseNormOptions>>(
    'localResponseNorm',
    { size: required, alpha: 1e-4, beta: 0.75, k: 1 },
    rest,
  );
  checkTensor('localResponseNorm()', 'input', input);
  checkInteger('localResponseNorm', 'size', size, 1);
  const { shape, ndim } = input;
  if (ndim < 3) throw new ArgumentError(`localResponseNorm: expected three dimensions or more, received ${ndim}`);
  if (input.numel() === 0) return input;
  const [before, after] = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
  let squares = input.mul(input);
  if (ndim === 3) {
    squares = ops.pad(squares.unsqueeze(1), [0, 0, before, after]);
    squares = ops.avgPool2d(squares, [size, 1], 1).squeeze(1);
  } else {
    const [n = 1, c = 1, h = 1] = shape;
    squares = ops.pad(squares.view(n, 1, c, h, -1), [0, 0, 0, 0, before, after]);
    squares = ops
      .avgPool3d(squares, [size, 1, 1], 1)
      .squeeze(1)
      .view([...shape]);
  }
  return input.div(squares.mul(alpha).add(k).pow(beta));
}

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  p?: number;
  dim?: number;
  eps?: number;
  /** Where the result is written. */
  out?: Tensor | null;
}

/** Divides vectors along `dim` by their norm, or by `eps` where that is more. */
export function normalize(input: Tensor, ...rest: Tail<NormalizeOptions, ['p', 'dim', 'eps', 'out']>): Tensor {
  const { p, dim, eps, out } = readTail<Required<NormalizeOptions>>(
    'normalize',
    { p: 2, dim: 1, eps: 1e-12, out: null },
    rest,
  );
  checkTensor('normalize()', 'input', input);
  const norms = ops.norm(input, p, dim, true).clampMin(eps).expandAs(input);
  return out === null ? input.div(norms) : ops.div(input, norms, { out });
}
