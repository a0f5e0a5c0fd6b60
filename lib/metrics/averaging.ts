import { ArgumentError, describe } from '../engine';
import { where, type Tensor } from '../tensor';

/**
 * How scores of classes become one: over all pixels at once (micro), the mean of the classes (macro), their mean weighted
 * by how often each is true (weighted), or one score per class (none).
 */
export type Average = 'micro' | 'macro' | 'weighted' | 'none';

const averages: readonly string[] = ['micro', 'macro', 'weighted', 'none'];

export function checkedAverage(average: Average): Average {
  if (averages.includes(average)) return average;
  throw new ArgumentError(
    `expected one of ${averages.join(', ')} for argument \`average\`, received ${describe(average)}`,
    'TORCH_VALUE',
  );
}

/** Division in float32, with 0 where the denominator is 0. */
export function safeDivide(numerator: Tensor, denominator: Tensor): Tensor {
  const quotient = numerator.to('float32').div(denominator.to('float32'));
  return where(denominator.ne(0), quotient, 0);
}
