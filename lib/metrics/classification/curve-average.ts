import { valueError } from '../../engine';
import { tellWarning } from '../../engine/warnings';
import { stack, type Tensor } from '../../tensor';
import { safeDivide } from '../arithmetic';
import { type Average, shown } from '../options';

/** One curve in the place of one for each class. */
export interface CurveAverageOption {
  /** Of all classes at once, or the mean; default null: one for each class. */
  average?: 'micro' | 'macro' | null;
}

/** How the areas of classes become one. */
export interface AreaAverageOption {
  /** Default macro. */
  average?: 'macro' | 'weighted' | 'none' | null;
}

/** How the areas of labels become one. */
export interface LabelAverageOption {
  /** Default macro; micro is the area of all labels at once. */
  average?: Average | null;
}

export function checkCurveAverage(average: unknown): void {
  if (average === null || average === 'micro' || average === 'macro') return;
  throw valueError(`Expected argument \`average\` to be one of None, 'micro' or 'macro', but got ${shown(average)}`);
}

/** Areas of curves that are rows of a tensor, or lists. */
export function areasOf(
  x: Tensor | Tensor[],
  y: Tensor | Tensor[],
  area: (x: Tensor, y: Tensor, dim: number) => Tensor,
): Tensor {
  if (Array.isArray(x) && Array.isArray(y)) return stack(x.map((row, at) => area(row, y[at] as Tensor, 0)));
  return area(x as Tensor, y as Tensor, 1);
}

/** The mean of the areas of classes, without those that have none. */
export function meanArea(areas: Tensor, average: Average, support: Tensor): Tensor {
  if (average === 'none') return areas;
  const known = areas.isnan().logicalNot();
  if (known.all().item() === 0) {
    tellWarning(
      `Average precision score for one or more classes was \`nan\`. Ignoring these classes in ${average}-average`,
    );
  }
  const values = areas.maskedSelect(known);
  if (average === 'macro') return values.mean();
  const weights = support.maskedSelect(known);
  return values.mul(safeDivide(weights, weights.sum())).sum();
}
