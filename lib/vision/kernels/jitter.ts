/** What ColorJitter of v1 and of v2 share: their options and draws. */
import { checkList, describe, valueError } from '../../engine';
import { readOptions } from '../../nn/arguments';
import { randperm, type Tensor } from '../../tensor';
import type { Tail } from '../../tensor/tail';
import { uniform } from './draws';

/** A number x for factors from max(0, 1 − x) to 1 + x (hue: −x to x), or the two bounds themselves. */
export type JitterRange = number | readonly [low: number, high: number];

/** Options of a ColorJitter: how far each adjustment may go. */
export interface ColorJitterOptions {
  readonly brightness?: JitterRange | null;
  readonly contrast?: JitterRange | null;
  readonly saturation?: JitterRange | null;
  readonly hue?: JitterRange | null;
}

/** The arguments of a ColorJitter. @inline */
export type ColorJitterTail = Tail<ColorJitterOptions, ['brightness', 'contrast', 'saturation', 'hue']>;

/** What one application of a ColorJitter does: the order of the four adjustments, and their factors. */
export interface ColorJitterParams {
  /** 0 brightness, 1 contrast, 2 saturation, 3 hue. */
  readonly order: readonly number[];
  readonly brightness: number | null;
  readonly contrast: number | null;
  readonly saturation: number | null;
  readonly hue: number | null;
}

/** Bounds of a factor; null where it is not adjusted. @inline */
export type JitterBounds = readonly [low: number, high: number] | null;

/** The bounds of all four. */
export type Jitter = Readonly<Record<'brightness' | 'contrast' | 'saturation' | 'hue', JitterBounds>>;

/** Reads and checks them. */
export function readJitter(rest: ColorJitterTail): Jitter {
  const { brightness, contrast, saturation, hue } = readOptions<Required<ColorJitterOptions>>(
    'ColorJitter',
    { brightness: 0, contrast: 0, saturation: 0, hue: 0 },
    rest,
    ['brightness', 'contrast', 'saturation', 'hue'],
  );
  const { POSITIVE_INFINITY } = Number;
  return {
    brightness: jitterBounds('brightness', brightness, 1, 0, POSITIVE_INFINITY),
    contrast: jitterBounds('contrast', contrast, 1, 0, POSITIVE_INFINITY),
    saturation: jitterBounds('saturation', saturation, 1, 0, POSITIVE_INFINITY),
    hue: jitterBounds('hue', hue, 0, -0.5, 0.5),
  };
}

/** Bounds of a factor; null where it could only be the one that changes nothing. */
function jitterBounds(
  argument: string,
  range: JitterRange | null,
  centre: number,
  lowest: number,
  highest: number,
): JitterBounds {
  if (range === null) return null;
  const isNumber = typeof range === 'number';
  if (!isNumber) checkList('ColorJitter', argument, range);
  const [first, high] = isNumber ? [centre - range, centre + range] : range;
  const low = isNumber && centre === 1 ? Math.max(first, 0) : first;
  const areNumbers = typeof low === 'number' && typeof high === 'number';
  if (!areNumbers || (isNumber && range < 0) || !(lowest <= low && low <= high && high <= highest)) {
    throw valueError(
      `expected a number of 0 or more, or bounds within ${lowest} to ${highest}, for argument \`${argument}\`, ` +
        `received ${describe(range)}`,
    );
  }
  return low === centre && high === centre ? null : [low, high];
}

/** Draws a permutation of four, then a factor for each adjustment that is switched on. */
export function drawJitter({ brightness, contrast, saturation, hue }: Jitter): ColorJitterParams {
  const order = randperm(4).tolist() as number[];
  const factor = (bounds: JitterBounds): number | null => (bounds === null ? null : uniform(bounds[0], bounds[1]));
  return {
    order,
    brightness: factor(brightness),
    contrast: factor(contrast),
    saturation: factor(saturation),
    hue: factor(hue),
  };
}

/** The four adjustments of v1 or of v2. */
export interface Adjustments {
  readonly adjustBrightness: (image: Tensor, factor: number) => Tensor;
  readonly adjustContrast: (image: Tensor, factor: number) => Tensor;
  readonly adjustSaturation: (image: Tensor, factor: number) => Tensor;
  readonly adjustHue: (image: Tensor, factor: number) => Tensor;
}

/** Does what was drawn. */
export function jitterImage(image: Tensor, params: ColorJitterParams, adjust: Adjustments): Tensor {
  const { order, brightness, contrast, saturation, hue } = params;
  const steps = [
    brightness === null ? null : (x: Tensor) => adjust.adjustBrightness(x, brightness),
    contrast === null ? null : (x: Tensor) => adjust.adjustContrast(x, contrast),
    saturation === null ? null : (x: Tensor) => adjust.adjustSaturation(x, saturation),
    hue === null ? null : (x: Tensor) => adjust.adjustHue(x, hue),
  ];
  return order.reduce((jittered, step) => steps[step]?.(jittered) ?? jittered, image);
}
