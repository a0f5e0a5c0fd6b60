/** Losses that Python composes of several ops. */
import { noGrad } from '../../autograd';
import { ArgumentError, checkFunction, checkTensors, describe } from '../../engine';
import * as ops from '../../tensor';
import type { Tensor } from '../../tensor';
import { type Arguments, readTail, required } from '../../tensor/tail';

import { type Reduction, reductionIndex } from './reduction';

const fail = (message: string): never => {
  throw new ArgumentError(message, 'TORCH_VALUE');
};

const shown = ({ shape }: Tensor): string => `[${shape.join(', ')}]`;

function reduce(losses: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return losses;
  return reduction === 'mean' ? losses.mean() : losses.sum();
}

/** `variance` in a shape that broadcasts to the input's: of that shape, one for each vector, or 1 in one dimension. */
function fitVariance(input: Tensor, variance: Tensor): Tensor {
  const [sizes, own] = [input.shape, variance.shape];
  if (own.join() === sizes.join()) return variance;
  if (own.join() === sizes.slice(0, -1).join()) return variance.unsqueeze(-1);
  const different = own.filter((size, dim) => size !== sizes[dim]);
  if (own.length === sizes.length && different.reduce((sum, size) => sum + size, 0) === 1) return variance;
  return fail(`gaussianNllLoss: expected variances for an input of ${shown(input)}, received ${shown(variance)}`);
}

/** Options of {@link gaussianNllLoss}. */
export interface GaussianNllLossOptions {
  /** Adds the constant ½·log 2π. */
  full?: boolean;
  /** The least variance. */
  eps?: number;
  reduction?: Reduction;
}

/**
 * ½·(log var + (input − target)² / var), the negative logarithm of a normal distribution's density at the target.
 *
 * @param variance - of the input's shape, or without its last dimension, or with 1 in one dimension; a number for all
 */
export function gaussianNllLoss(
  input: Tensor,
  ...rest: Arguments<
    [target: Tensor, variance: Tensor | number],
    { target: Tensor; variance: Tensor | number } & GaussianNllLossOptions,
    ['target', 'variance', 'full', 'eps', 'reduction']
  >
): Tensor {
  const { target, variance, full, eps, reduction } = readTail<
    Required<{ target: Tensor; variance: Tensor | number } & GaussianNllLossOptions>
  >('gaussianNllLoss', { target: required, variance: required, full: false, eps: 1e-6, reduction: 'mean' }, rest);
  checkTensors('gaussianNllLoss', typeof variance === 'number' ? { input, target } : { input, target, variance });
  if (typeof variance === 'number' ? variance < 0 : variance.lt(0).any().item() !== 0) {
    fail('gaussianNllLoss: expected variances of 0 or more');
  }
  const given = typeof variance === 'number' ? ops.onesLike(input).mul(variance) : variance;
  const fitted = fitVariance(input, given);
  reductionIndex(reduction);
  const clamped = fitted.clone();
  noGrad(() => clamped.clampMin_(eps));
  let losses = ops.log(clamped).add(input.sub(target).pow(2).div(clamped)).mul(0.5);
  if (full) losses = losses.add_(0.5 * Math.log(2 * Math.PI));
  return reduce(losses, reduction);
}

/** Options of {@link tripletMarginWithDistanceLoss}. */
export interface TripletMarginWithDistanceLossOptions {
  /** Distances of the vectors of two tensors; `pairwiseDistance` by default. */
  distanceFunction?: ((x1: Tensor, x2: Tensor) => Tensor) | null;
  margin?: number;
  /** Takes the distance of positive and negative where it is below the anchor's. */
  swap?: boolean;
  reduction?: Reduction;
}

/** @inline */
interface TripletArguments extends TripletMarginWithDistanceLossOptions {
  positive: Tensor;
  negative: Tensor;
}

/** max(0, margin + d(anchor, positive) − d(anchor, negative)) for any distance. */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  ...rest: Arguments<
    [positive: Tensor, negative: Tensor],
    TripletArguments,
    ['positive', 'negative', 'distanceFunction', 'margin', 'swap', 'reduction']
  >
): Tensor {
  const { positive, negative, distanceFunction, margin, swap, reduction } = readTail<Required<TripletArguments>>(
    'tripletMarginWithDistanceLoss',
    { positive: required, negative: required, distanceFunction: null, margin: 1, swap: false, reduction: 'mean' },
    rest,
  );
  reductionIndex(reduction);
  if (!(margin > 0)) fail(`tripletMarginWithDistanceLoss: expected a \`margin\` above 0, received ${describe(margin)}`);
  checkTensors('tripletMarginWithDistanceLoss', { anchor, positive, negative });
  if (distanceFunction !== null) checkFunction('tripletMarginWithDistanceLoss', 'distanceFunction', distanceFunction);
  if (anchor.ndim !== positive.ndim || positive.ndim !== negative.ndim) {
    fail(
      'tripletMarginWithDistanceLoss: expected tensors of equally many dimensions, received ' +
        `${shown(anchor)}, ${shown(positive)} and ${shown(negative)}`,
    );
  }
  const distance = distanceFunction ?? ((x1: Tensor, x2: Tensor) => ops.pairwiseDistance(x1, x2));
  const near = distance(anchor, positive);
  let far = distance(anchor, negative);
  if (swap) far = ops.minimum(far, distance(positive, negative));
  return reduce(near.add(margin).sub(far).clampMin(0), reduction);
}

/** Options of {@link linearCrossEntropy}. */
export interface LinearCrossEntropyOptions {
  /** [C] or [C, d1, …]. */
  linearBias?: Tensor | null;
  /** Factor of each class, [C]. */
  weight?: Tensor | null;
  reduction?: Reduction;
  /** A class that does not count, −100 by default; for classes only. */
  ignoreIndex?: number | null;
  /** Share of the truth that is spread over all classes, 0 to 1. */
  labelSmoothing?: number;
}

/** @inline */
interface LinearCrossEntropyArguments extends LinearCrossEntropyOptions {
  linearWeight: Tensor;
  target: Tensor;
}

/**
 * Cross entropy of `linear(input, linearWeight, linearBias)`: input [K] or [N, K], weights [C, K] or [C, d1, …, K].
 * (Python's `options`, which computes it in chunks, is left out: that is an op written in Python.)
 */
export function linearCrossEntropy(
  input: Tensor,
  ...rest: Arguments<
    [linearWeight: Tensor, target: Tensor],
    LinearCrossEntropyArguments,
    ['linearWeight', 'target', 'linearBias', 'weight', 'reduction', 'ignoreIndex', 'labelSmoothing']
  >
): Tensor {
  const { linearWeight, target, linearBias, weight, reduction, ignoreIndex, labelSmoothing } = readTail<
    Required<LinearCrossEntropyArguments>
  >(
    'linearCrossEntropy',
    {
      linearWeight: required,
      target: required,
      linearBias: null,
      weight: null,
      reduction: 'mean',
      ignoreIndex: null,
      labelSmoothing: 0,
    },
    rest,
  );
  checkTensors('linearCrossEntropy', { input, linearWeight, target });
  const batch = input.shape.slice(0, -1);
  const features = input.shape.at(-1);
  const classes = linearWeight.shape.slice(0, -1);
  const fits =
    (input.ndim === 1 || input.ndim === 2) && linearWeight.ndim >= 2 && linearWeight.shape.at(-1) === features;
  if (!fits || (classes.length > 1 && batch.length === 0)) {
    fail(
      'linearCrossEntropy: expected an input [K] with weights [C, K], or [N, K] with [C, …, K], ' +
        `received ${shown(input)} and ${shown(linearWeight)}`,
    );
  }
  if (linearBias !== null && linearBias.shape.join() !== classes.join()) {
    fail(`linearCrossEntropy: expected a bias of shape [${classes.join(', ')}], received ${shown(linearBias)}`);
  }
  const logitsShape = [...batch, ...classes];
  if (ignoreIndex !== null && target.shape.join() === logitsShape.join()) {
    fail('linearCrossEntropy: `ignoreIndex` has no meaning where the target has probabilities');
  }
  const flat = classes.length > 1 ? linearWeight.reshape([-1, features as number]) : linearWeight;
  const bias = classes.length > 1 ? linearBias?.reshape([-1]) : linearBias;
  const logits = ops.linear(input, flat, bias).reshape(logitsShape);
  return ops.crossEntropyLoss(logits, target, weight, reductionIndex(reduction), ignoreIndex ?? -100, labelSmoothing);
}
