/** How many samples each part of a split gets. */

import { ArgumentError, describe } from '../engine';
import { tellWarning } from '../engine/warnings';

/** Counts as they are, shares as counts. */
export function subsetLengths(lengths: readonly number[], samples: number): readonly number[] {
  const counts = isShares(lengths) ? countsOf(lengths, samples) : lengths;
  const areCounts = counts.every((count) => Number.isInteger(count) && count >= 0);
  const total = areCounts ? sum(counts) : -1;
  if (total === samples) return counts;
  throw new ArgumentError(
    `expected counts that add up to the ${samples} samples of the data set, or shares that add up to 1, for argument ` +
      `\`lengths\`, received ${describe(lengths)}`,
    'TORCH_VALUE',
  );
}

/** As near to 1 as Python's `math.isclose` takes it, but not above. */
function isShares(lengths: readonly number[]): boolean {
  if (!lengths.every((length) => typeof length === 'number')) return false;
  const total = sum(lengths);
  return total <= 1 && 1 - total <= 1e-9;
}

function countsOf(shares: readonly number[], samples: number): number[] {
  const counts = shares.map((share, index) => {
    if (share >= 0 && share <= 1) return Math.floor(samples * share);
    throw new ArgumentError(`Fraction at index ${index} is not between 0 and 1`, 'TORCH_VALUE');
  });
  const left = samples - sum(counts);
  for (let i = 0; i < left; i++) counts[i % counts.length] = (counts[i % counts.length] ?? 0) + 1;
  counts.forEach((count, index) => {
    if (count === 0) tellWarning(`Length of split at index ${index} is 0. This might result in an empty dataset.`);
  });
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
