/** Light and colour. */
import { checkInteger, checkNumbers } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import type { Tensor } from '../../../tensor';
import { type Arguments, required } from '../../../tensor/tail';
import * as functional from '../functional';
import { type GrayscaleTail, readGrayscale } from '../functional/color';
import { happens } from '../../kernels/draws';
import { checkFactor, dimensions } from '../../kernels/image';
import {
  type ColorJitterParams,
  type ColorJitterTail,
  drawJitter,
  type JitterBounds,
  jitterImage,
  readJitter,
} from '../../kernels/jitter';
import { AtRandom, type ChanceOptions, type ChanceTail, readChance, type Transform } from './transform';
import { attributesRepr, Printed } from '../../printing';

/** Changes brightness, contrast, saturation and hue at random, in random order. */
export class ColorJitter extends Printed implements Transform {
  readonly brightness: JitterBounds;
  readonly contrast: JitterBounds;
  readonly saturation: JitterBounds;
  readonly hue: JitterBounds;

  constructor(...rest: ColorJitterTail) {
    super();
    const { brightness, contrast, saturation, hue } = readJitter(rest);
    this.brightness = brightness;
    this.contrast = contrast;
    this.saturation = saturation;
    this.hue = hue;
  }

  /** Draws: a permutation of four, then a factor for each adjustment that is switched on. */
  getParams(): ColorJitterParams {
    return drawJitter(this);
  }

  forward(image: Tensor): Tensor {
    return jitterImage(image, this.getParams(), functional);
  }
}

/** To luma, in one channel or in three equal ones. See {@link functional.rgbToGrayscale}. */
export class Grayscale extends Printed implements Transform {
  readonly numOutputChannels: 1 | 3;

  constructor(...rest: GrayscaleTail) {
    super();
    this.numOutputChannels = readGrayscale('Grayscale', rest);
  }

  forward(image: Tensor): Tensor {
    return functional.rgbToGrayscale(image, this.numOutputChannels);
  }
}

/** To luma with probability `p`, 0.1 by default, in as many channels as there were. Always draws one number. */
export class RandomGrayscale extends Printed implements Transform {
  readonly p: number;

  constructor(...rest: ChanceTail) {
    super();
    this.p = readChance('RandomGrayscale', rest, 0.1);
  }

  forward(image: Tensor): Tensor {
    const channels = dimensions(image).channels as 1 | 3;
    return happens(this.p) ? functional.rgbToGrayscale(image, channels) : image;
  }
}

/** Light becomes dark, with probability `p`. */
export class RandomInvert extends AtRandom {
  protected override apply(image: Tensor): Tensor {
    return functional.invert(image);
  }
}

/** The arguments of a RandomPosterize. @inline */
export type RandomPosterizeArguments = Arguments<[bits: number], { bits: number } & ChanceOptions, ['bits', 'p']>;

/** Reads them, and checks all but the probability. */
export function readRandomPosterize(args: RandomPosterizeArguments): { readonly bits: number; readonly p: number } {
  const name = 'RandomPosterize';
  const options = readOptions<{ bits: number; p: number }>(name, { bits: required, p: 0.5 }, args);
  checkInteger(name, 'bits', options.bits, 0, 8);
  return options;
}

/** Keeps the highest `bits` of each byte, with probability `p`. */
export class RandomPosterize extends AtRandom {
  readonly bits: number;

  constructor(...args: RandomPosterizeArguments) {
    const { bits, p } = readRandomPosterize(args);
    super(p);
    this.bits = bits;
  }

  protected override apply(image: Tensor): Tensor {
    return functional.posterize(image, this.bits);
  }

  override extraRepr(): string {
    const { bits, p } = this;
    return attributesRepr({ bits, p }, ',');
  }
}

/** The arguments of a RandomSolarize. @inline */
export type RandomSolarizeArguments = Arguments<
  [threshold: number],
  { threshold: number } & ChanceOptions,
  ['threshold', 'p']
>;

/** Reads them, and checks all but the probability. */
export function readRandomSolarize(args: RandomSolarizeArguments): { readonly threshold: number; readonly p: number } {
  const name = 'RandomSolarize';
  const options = readOptions<{ threshold: number; p: number }>(name, { threshold: required, p: 0.5 }, args);
  checkNumbers(name, { threshold: options.threshold });
  return options;
}

/** Inverts what is as light as `threshold` or lighter, with probability `p`. */
export class RandomSolarize extends AtRandom {
  readonly threshold: number;

  constructor(...args: RandomSolarizeArguments) {
    const { threshold, p } = readRandomSolarize(args);
    super(p);
    this.threshold = threshold;
  }

  protected override apply(image: Tensor): Tensor {
    return functional.solarize(image, this.threshold);
  }

  override extraRepr(): string {
    const { threshold, p } = this;
    return attributesRepr({ threshold, p }, ',');
  }
}

/** The arguments of a RandomAdjustSharpness. @inline */
export type RandomAdjustSharpnessArguments = Arguments<
  [sharpnessFactor: number],
  { sharpnessFactor: number } & ChanceOptions,
  ['sharpnessFactor', 'p']
>;

/** Reads them, and checks all but the probability. */
export function readRandomAdjustSharpness(args: RandomAdjustSharpnessArguments): {
  readonly sharpnessFactor: number;
  readonly p: number;
} {
  const options = readOptions<{ sharpnessFactor: number; p: number }>(
    'RandomAdjustSharpness',
    { sharpnessFactor: required, p: 0.5 },
    args,
  );
  checkFactor('sharpnessFactor', options.sharpnessFactor);
  return options;
}

/** Blurs (0) to sharpens (2), with probability `p`. See {@link functional.adjustSharpness}. */
export class RandomAdjustSharpness extends AtRandom {
  readonly sharpnessFactor: number;

  constructor(...args: RandomAdjustSharpnessArguments) {
    const { sharpnessFactor, p } = readRandomAdjustSharpness(args);
    super(p);
    this.sharpnessFactor = sharpnessFactor;
  }

  protected override apply(image: Tensor): Tensor {
    return functional.adjustSharpness(image, this.sharpnessFactor);
  }

  override extraRepr(): string {
    const { sharpnessFactor, p } = this;
    return attributesRepr({ sharpnessFactor, p }, ',');
  }
}

/** Stretches each channel over the whole range, with probability `p`. */
export class RandomAutocontrast extends AtRandom {
  protected override apply(image: Tensor): Tensor {
    return functional.autocontrast(image);
  }
}

/** Makes all levels about as frequent, with probability `p`. Bytes only. */
export class RandomEqualize extends AtRandom {
  protected override apply(image: Tensor): Tensor {
    return functional.equalize(image);
  }
}
