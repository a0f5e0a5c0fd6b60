/** Mean and spread over seeds, and what can be said of a difference. */
export interface Sample {
  readonly count: number;
  readonly mean: number;
  /** Standard deviation, with n − 1; null of fewer than two values. */
  readonly spread: number | null;
}

export function sampleOf(values: readonly number[]): Sample {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count, mean, spread: count < 2 ? null : Math.sqrt(squares / (count - 1)) };
}

/** The middle one of some numbers, the upper of two; NaN of none. What other programs did to one measurement does not show in it. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** The standard error of the difference of two means; null where a spread is not known. */
function errorOfDifference(a: Sample, b: Sample): number | null {
  if (a.spread === null || b.spread === null) return null;
  return Math.sqrt(a.spread ** 2 / a.count + b.spread ** 2 / b.count);
}

/** Student's t at 5 %, two-sided, by degrees of freedom from 1 (any table of statistics); the last is enough for more, too. */
const criticalT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/**
 * What the difference of two means must be above to be more than chance, in 19 of 20 cases; null where a spread is not known.
 * Few seeds need a large one.
 */
export function clearDifference(a: Sample, b: Sample): number | null {
  const error = errorOfDifference(a, b);
  const freedom = Math.min(a.count + b.count - 2, criticalT.length);
  return error === null ? null : error * (criticalT[freedom - 1] as number);
}

/** `0.7012 ± 0.0031` */
export function shownSample({ mean, spread }: Sample): string {
  return spread === null ? mean.toFixed(4) : `${mean.toFixed(4)} ± ${spread.toFixed(4)}`;
}
