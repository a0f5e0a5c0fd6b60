/** How much two areas have in common, differentiable (`segmentation_models_pytorch.losses._functional`). */
import { checkTensors, describe, valueError } from '../engine';
import type { Tensor } from '../tensor';
import { checkAtLeast, withDefaults } from './options';

/** Options of {@link softDiceScore} and {@link softJaccardScore}. */
export interface SoftScoreOptions {
  /** Added to both sides of the fraction; default 0. */
  smooth?: number;
  /** The least that is divided by; default 1e-7. */
  eps?: number;
  /** Dimensions that are summed over; null, the default, is all of them. */
  dims?: readonly number[] | null;
}

const defaults: Required<SoftScoreOptions> = { smooth: 0, eps: 1e-7, dims: null };

/**
 * (2·Σ o·t + smooth) / (Σ (o + t) + smooth): the Dice score of probabilities and truth.
 *
 * @param output probabilities, floating
 * @param target truth, of the output's shape, 0 to 1
 * @throws ArgumentError for tensors of two shapes
 */
export function softDiceScore(output: Tensor, target: Tensor, options: SoftScoreOptions = {}): Tensor {
  const { smooth, eps, intersection, cardinality } = areas('softDiceScore', output, target, options);
  return intersection.mul(2).add(smooth).div(cardinality.add(smooth).clampMin(eps));
}

/**
 * (Σ o·t + smooth) / (Σ (o + t) − Σ o·t + smooth): the Jaccard score, or IoU, of probabilities and truth.
 *
 * @param output probabilities, floating
 * @param target truth, of the output's shape, 0 to 1
 * @throws ArgumentError for tensors of two shapes
 */
export function softJaccardScore(output: Tensor, target: Tensor, options: SoftScoreOptions = {}): Tensor {
  const { smooth, eps, intersection, cardinality } = areas('softJaccardScore', output, target, options);
  const union = cardinality.sub(intersection);
  return intersection.add(smooth).div(union.add(smooth).clampMin(eps));
}

function areas(name: string, output: Tensor, target: Tensor, options: SoftScoreOptions) {
  checkTensors(name, { output, target });
  const { smooth, eps, dims } = withDefaults(name, options, defaults);
  checkAtLeast(name, 'smooth', smooth, 0);
  checkAtLeast(name, 'eps', eps, 0);
  if (output.shape.join() !== target.shape.join()) {
    throw valueError(
      `${name}(): expected an output and a target of one shape, received ${describe(output)} and ${describe(target)}`,
    );
  }
  const sum = (values: Tensor): Tensor => (dims === null ? values.sum() : values.sum(dims));
  return { smooth, eps, intersection: sum(output.mul(target)), cardinality: sum(output.add(target)) };
}
