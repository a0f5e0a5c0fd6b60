import { ArgumentError, describe } from '../../engine';

/** What becomes of the losses of single elements. */
export type Reduction = 'none' | 'mean' | 'sum';

const reductions: readonly Reduction[] = ['none', 'mean', 'sum'];

/** A reduction's number in the ops. */
export function reductionIndex(reduction: Reduction): number {
  const index = reductions.indexOf(reduction);
  if (index >= 0) return index;
  throw new ArgumentError(
    `${describe(reduction)} is not a valid value for reduction, expected one of ${reductions.join(', ')}`,
    'TORCH_VALUE',
  );
}
