/** Arithmetic that metrics share, op by op as torchmetrics does it: its order decides the last bits. */

import { isFloatingDType, onesLike, where, type Tensor } from '../tensor';
import type { Average } from './options';

/** A floating tensor as it is, any other in float32. */
export function floating(value: Tensor): Tensor {
  return isFloatingDType(value.dtype) ? value : value.to('float32');
}

/** The quotient in floating point, with `zeroDivision` where the denominator is 0; NaN leaves what IEEE says. */
export function safeDivide(numerator: Tensor, denominator: Tensor, zeroDivision = 0): Tensor {
  const divisor = floating(denominator);
  const quotient = floating(numerator).div(divisor);
  return Number.isNaN(zeroDivision) ? quotient : where(divisor.ne(0), quotient, zeroDivision);
}

/** A float times counts is a float in Python, whole or not; here a whole number would leave the counts whole. */
export function times(counts: Tensor, factor: number): Tensor {
  return floating(counts).mul(factor);
}

/**
 * The mean of the scores of classes, along the last dimension.
 *
 * @param absent - true for a class that takes no part in an unweighted mean; null where all do
 */
export function averaged(score: Tensor, average: Average, support: Tensor, absent: Tensor | null): Tensor {
  if (average === 'none') return score;
  const ones = onesLike(score);
  const weights = average === 'weighted' ? support : absent === null ? ones : ones.maskedFill(absent, 0);
  return safeDivide(weights.mul(score), weights.sum(-1, true)).sum(-1);
}
