/**
 * Transforms under torchvision's names, with its draws (`torchvision.transforms`).
 *
 * A transform whose name does not begin with "Random", nor is {@link ColorJitter}, draws nothing. Those two draw the
 * same numbers for every image, whatever they do with them: that keeps the random state in step with Python's.
 */
import { ArgumentError, checkFunction, checkList, checkNumbers, checkObject, checkOptions, describe } from '../engine';
import { empty, rand, randperm, type Tensor } from '../tensor';
import * as functional from './functional';
import type { DecodedImage } from './decoded-image';

/** One step of a pipeline. */
export interface Transform<Input = Tensor, Output = Input> {
  /** Applies the step. */
  forward(input: Input): Output;
}

/** Decoded bytes to float32 `[C, H, W]` in 0..1. */
export class ToTensor implements Transform<DecodedImage, Tensor> {
  forward(image: DecodedImage): Tensor {
    return functional.toTensor(image);
  }
}

/** One transform after the other. */
export class Compose<Input = Tensor, Output = Tensor> implements Transform<Input, Output> {
  constructor(readonly transforms: readonly Transform<never, unknown>[]) {
    checkList('Compose', 'transforms', transforms);
    for (const transform of transforms) checkObject('Compose', 'transforms', transform, 'transforms', ['forward']);
  }

  forward(input: Input): Output {
    let value: unknown = input;
    for (const transform of this.transforms as readonly Transform<unknown, unknown>[]) value = transform.forward(value);
    return value as Output;
  }
}

/** Any function as a transform. */
export class Lambda<Input = Tensor, Output = Input> implements Transform<Input, Output> {
  constructor(
    /** What it applies. */
    readonly lambd: (input: Input) => Output,
  ) {
    checkFunction('Lambda', 'lambd', lambd);
  }

  forward(input: Input): Output {
    return this.lambd(input);
  }
}

/** Resizes to `[height, width]`, or the shorter edge to a number. See {@link functional.resize}. */
export class Resize implements Transform {
  constructor(
    readonly size: functional.ResizeSize,
    readonly options: functional.ResizeOptions = {},
  ) {
    if (typeof size !== 'number') checkList('Resize', 'size', size);
    checkOptions('Resize', options, ['interpolation', 'maxSize', 'antialias']);
  }

  forward(image: Tensor): Tensor {
    return functional.resize(image, this.size, this.options);
  }
}

/** `(image − mean) / std` by channel. */
export class Normalize implements Transform {
  constructor(
    readonly mean: readonly number[],
    readonly std: readonly number[],
  ) {
    checkList('Normalize', 'mean', mean);
    checkList('Normalize', 'std', std);
  }

  forward(image: Tensor): Tensor {
    return functional.normalize(image, this.mean, this.std);
  }
}

/** Mirrors left and right with probability `p`. Always draws one number. */
export class RandomHorizontalFlip implements Transform {
  constructor(readonly p = 0.5) {
    checkNumbers('RandomHorizontalFlip', { p });
    if (!(p >= 0 && p <= 1)) {
      throw new ArgumentError(
        `expected a probability from 0 to 1 for argument \`p\`, received ${describe(p)}`,
        'TORCH_VALUE',
      );
    }
  }

  forward(image: Tensor): Tensor {
    // Compared by the op, in float32: as a double, p = 0.1 would decide some draws otherwise.
    return rand([1]).lt(this.p).item() ? functional.hflip(image) : image;
  }
}

/** A number x for factors from max(0, 1 − x) to 1 + x (hue: −x to x), or the two bounds themselves. */
export type JitterRange = number | readonly [low: number, high: number];

/** Options of {@link ColorJitter}: how far each adjustment may go. */
export interface ColorJitterOptions {
  readonly brightness?: JitterRange;
  readonly contrast?: JitterRange;
  readonly saturation?: JitterRange;
  readonly hue?: JitterRange;
}

/** What one application of {@link ColorJitter} does: the order of the four adjustments, and their factors. */
export interface ColorJitterParams {
  /** 0 brightness, 1 contrast, 2 saturation, 3 hue. */
  readonly order: readonly number[];
  readonly brightness: number | null;
  readonly contrast: number | null;
  readonly saturation: number | null;
  readonly hue: number | null;
}

/** @inline */
type Bounds = readonly [low: number, high: number] | null;

/** Changes brightness, contrast, saturation and hue at random, in random order. */
export class ColorJitter implements Transform {
  readonly brightness: Bounds;
  readonly contrast: Bounds;
  readonly saturation: Bounds;
  readonly hue: Bounds;

  constructor(options: ColorJitterOptions = {}) {
    checkOptions('ColorJitter', options, ['brightness', 'contrast', 'saturation', 'hue']);
    const { brightness = 0, contrast = 0, saturation = 0, hue = 0 } = options;
    this.brightness = boundsOf('brightness', brightness, 1, 0, Number.POSITIVE_INFINITY);
    this.contrast = boundsOf('contrast', contrast, 1, 0, Number.POSITIVE_INFINITY);
    this.saturation = boundsOf('saturation', saturation, 1, 0, Number.POSITIVE_INFINITY);
    this.hue = boundsOf('hue', hue, 0, -0.5, 0.5);
  }

  /** Draws: a permutation of four, then a factor for each adjustment that is switched on. */
  getParams(): ColorJitterParams {
    const order = randperm(4).tolist() as number[];
    const factor = (bounds: Bounds): number | null =>
      bounds === null ? null : empty([1]).uniform_(bounds[0], bounds[1]).item();
    return {
      order,
      brightness: factor(this.brightness),
      contrast: factor(this.contrast),
      saturation: factor(this.saturation),
      hue: factor(this.hue),
    };
  }

  forward(image: Tensor): Tensor {
    const { order, brightness, contrast, saturation, hue } = this.getParams();
    const steps = [
      brightness === null ? null : (x: Tensor) => functional.adjustBrightness(x, brightness),
      contrast === null ? null : (x: Tensor) => functional.adjustContrast(x, contrast),
      saturation === null ? null : (x: Tensor) => functional.adjustSaturation(x, saturation),
      hue === null ? null : (x: Tensor) => functional.adjustHue(x, hue),
    ];
    return order.reduce((jittered, step) => steps[step]?.(jittered) ?? jittered, image);
  }
}

/** Bounds of a factor; null where it could only be the one that changes nothing. */
function boundsOf(argument: string, range: JitterRange, centre: number, lowest: number, highest: number): Bounds {
  const isNumber = typeof range === 'number';
  if (!isNumber) checkList('ColorJitter', argument, range);
  const [first, high] = isNumber ? [centre - range, centre + range] : range;
  const low = isNumber && centre === 1 ? Math.max(first, 0) : first;
  if ((isNumber && range < 0) || !(lowest <= low && low <= high && high <= highest)) {
    throw new ArgumentError(
      `expected a number of 0 or more, or bounds within ${lowest} to ${highest}, for argument \`${argument}\`, ` +
        `received ${describe(range)}`,
      'TORCH_VALUE',
    );
  }
  return low === centre && high === centre ? null : [low, high];
}
