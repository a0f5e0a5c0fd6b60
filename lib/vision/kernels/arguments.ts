/** Arguments that many transforms share, read as torchvision reads them. */
import { checkList, describe, valueError } from '../../engine';

/** `[height, width]`, or one number for both. */
export type Size = number | readonly [side: number] | readonly [height: number, width: number];

/** A number x for −x to x, or the two bounds. */
export type Range = number | readonly [low: number, high: number];

/** What fills places that no pixel comes to: one number for all channels, or one for each. */
export type Fill = number | readonly number[] | null;

const isWhole = (value: unknown, least: number): boolean => Number.isSafeInteger(value) && (value as number) >= least;

/** A size as `[height, width]`. */
export function pairOf(callee: string, argument: string, size: unknown, least = 1): [number, number] {
  const sides: readonly unknown[] = Array.isArray(size) ? (size as unknown[]) : [size];
  if ((sides.length === 1 || sides.length === 2) && sides.every((side) => isWhole(side, least))) {
    return [sides[0] as number, (sides[1] ?? sides[0]) as number];
  }
  throw valueError(
    `${callee}(): expected a whole number of ${least} or more, or [height, width], for argument \`${argument}\`, ` +
      `received ${describe(size)}`,
  );
}

/** Numbers in a list of one of these lengths. */
export function numbersOf(
  callee: string,
  argument: string,
  value: unknown,
  lengths: readonly number[],
  isAllowed: (x: number) => boolean = Number.isFinite,
): readonly number[] {
  checkList(callee, argument, value);
  const list = value as readonly unknown[];
  if (lengths.includes(list.length) && list.every((x) => typeof x === 'number' && isAllowed(x))) {
    return [...(list as readonly number[])];
  }
  throw valueError(
    `${callee}(): expected a list of ${lengths.join(' or ')} numbers for argument \`${argument}\`, received ${describe(value)}`,
  );
}

/** {@link numbersOf} two, or null. */
export function optionalPair(
  callee: string,
  argument: string,
  value: unknown,
  isAllowed?: (x: number) => boolean,
): readonly [number, number] | null {
  return value === null
    ? null
    : (numbersOf(callee, argument, value, [2], isAllowed) as unknown as readonly [number, number]);
}

/** Two numbers, the first no greater than the second. */
export function boundsOf(
  callee: string,
  argument: string,
  value: unknown,
  lowest = Number.NEGATIVE_INFINITY,
  highest = Number.POSITIVE_INFINITY,
): readonly [number, number] {
  const [low, high] = numbersOf(callee, argument, value, [2]) as [number, number];
  if (lowest <= low && low <= high && high <= highest) return [low, high];
  throw valueError(
    `${callee}(): expected [low, high] within ${lowest} to ${highest} for argument \`${argument}\`, received ${describe(value)}`,
  );
}

/** Angles: a number of 0 or more stands for its negative and itself. */
export function anglesOf(
  callee: string,
  argument: string,
  value: unknown,
  lengths: readonly number[] = [2],
): readonly number[] {
  if (typeof value !== 'number') return numbersOf(callee, argument, value, lengths);
  if (value >= 0 && value < Number.POSITIVE_INFINITY) return [0 - value, value]; // Not -0 for 0, which would print as one.
  throw valueError(
    `${callee}(): expected 0 or more for argument \`${argument}\`, if it is one number, received ${value}`,
  );
}

/** One or two numbers as two. */
export function twoOf(
  callee: string,
  argument: string,
  value: unknown,
  isAllowed?: (x: number) => boolean,
): readonly [number, number] {
  const list = numbersOf(callee, argument, Array.isArray(value) ? value : [value], [1, 2], isAllowed);
  return [list[0] as number, (list[1] ?? list[0]) as number];
}

/** Refuses what is no probability. */
export function checkProbability(callee: string, p: unknown): void {
  if (typeof p === 'number' && p >= 0 && p <= 1) return;
  throw valueError(`${callee}(): expected a probability from 0 to 1 for argument \`p\`, received ${describe(p)}`);
}

/** Refuses what can fill nothing. */
export function checkFill(callee: string, fill: unknown): asserts fill is Fill {
  if (fill === null || typeof fill === 'number') return;
  if (Array.isArray(fill) && fill.length > 0 && fill.every((x) => typeof x === 'number')) return;
  throw valueError(
    `${callee}(): expected a number, a list of one number for each channel, or null for argument \`fill\`, received ${describe(fill)}`,
  );
}
