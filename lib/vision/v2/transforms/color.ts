/** Light and colour: of images only, masks and boxes stay. */
import { readOptions } from '../../../nn/arguments';
import { rand, randperm, type Tensor } from '../../../tensor';
import type { Tail } from '../../../tensor/tail';
import { type GrayscaleTail, readGrayscale } from '../../v1/functional/color';
import { boundsOf, checkProbability } from '../../kernels/arguments';
import { happens, uniform } from '../../kernels/draws';
import {
  type ColorJitterParams,
  type ColorJitterTail,
  drawJitter,
  type JitterBounds,
  jitterImage,
  readJitter,
} from '../../kernels/jitter';
import {
  type RandomAdjustSharpnessArguments,
  type RandomPosterizeArguments,
  type RandomSolarizeArguments,
  readRandomAdjustSharpness,
  readRandomPosterize,
  readRandomSolarize,
} from '../../v1/transforms/color';
import { type ChanceTail, readChance } from '../../v1/transforms/transform';
import * as functional from '../functional';
import { isImage, queryChw } from '../inputs';
import { RandomApplyTransform, Transform } from '../transform';

/** A {@link Transform} of images only. */
export abstract class ImageTransform<P = unknown> extends Transform<P> {
  protected override takes(leaf: unknown): boolean {
    return isImage(leaf);
  }

  /** Does it to an image. */
  protected abstract override transform(image: Tensor, params: P): unknown;
}

/** A {@link RandomApplyTransform} of images only. */
export abstract class RandomImageTransform<P = unknown> extends RandomApplyTransform<P> {
  protected override takes(leaf: unknown): boolean {
    return isImage(leaf);
  }

  /** Does it to an image. */
  protected abstract override transform(image: Tensor, params: P): unknown;
}

/** To luma, in one channel or in three equal ones. */
export class Grayscale extends ImageTransform {
  readonly numOutputChannels: 1 | 3;

  constructor(...rest: GrayscaleTail) {
    super();
    this.numOutputChannels = readGrayscale('Grayscale', rest);
  }

  protected override transform(image: Tensor): Tensor {
    return functional.rgbToGrayscale(image, this.numOutputChannels);
  }
}

/** To luma with probability `p`, 0.1 by default, in as many channels as there were. */
export class RandomGrayscale extends RandomImageTransform<1 | 3> {
  constructor(...rest: ChanceTail) {
    super(readChance('RandomGrayscale', rest, 0.1));
  }

  protected override makeParams(inputs: readonly unknown[]): 1 | 3 {
    return queryChw(inputs).channels as 1 | 3;
  }

  protected override transform(image: Tensor, channels: 1 | 3): Tensor {
    return functional.rgbToGrayscale(image, channels);
  }
}

/** One channel to three equal ones. */
export class RGB extends ImageTransform {
  protected override transform(image: Tensor): Tensor {
    return functional.grayscaleToRgb(image);
  }
}

/** Changes brightness, contrast, saturation and hue at random, in random order. */
export class ColorJitter extends ImageTransform<ColorJitterParams> {
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

  protected override makeParams(): ColorJitterParams {
    return drawJitter(this);
  }

  protected override transform(image: Tensor, params: ColorJitterParams): Tensor {
    return jitterImage(image, params, functional);
  }
}

/** Channels in random order. */
export class RandomChannelPermutation extends ImageTransform<readonly number[]> {
  protected override makeParams(inputs: readonly unknown[]): readonly number[] {
    return randperm(queryChw(inputs).channels).tolist() as number[];
  }

  protected override transform(image: Tensor, permutation: readonly number[]): Tensor {
    return functional.permuteChannels(image, permutation);
  }
}

/** Bounds of what {@link RandomPhotometricDistort} changes. */
export interface RandomPhotometricDistortOptions {
  /** 0.875 to 1.125 by default. */
  brightness?: readonly [low: number, high: number];
  /** 0.5 to 1.5 by default. */
  contrast?: readonly [low: number, high: number];
  /** 0.5 to 1.5 by default. */
  saturation?: readonly [low: number, high: number];
  /** −0.05 to 0.05 by default. */
  hue?: readonly [low: number, high: number];
  /** With which probability each of them, and the order of channels, is changed; 0.5 by default. */
  p?: number;
}

/** What one application of {@link RandomPhotometricDistort} does. */
export interface PhotometricParams {
  readonly brightness: number | null;
  readonly contrast: number | null;
  readonly saturation: number | null;
  readonly hue: number | null;
  /** The contrast comes before saturation and hue. */
  readonly contrastBefore: boolean;
  readonly permutation: readonly number[] | null;
}

/** Changes brightness, contrast, saturation, hue and the order of channels, each with probability `p`, as for SSD. */
export class RandomPhotometricDistort extends ImageTransform<PhotometricParams> {
  readonly brightness: readonly [number, number];
  readonly contrast: readonly [number, number];
  readonly hue: readonly [number, number];
  readonly saturation: readonly [number, number];
  readonly p: number;

  constructor(...rest: Tail<RandomPhotometricDistortOptions, ['brightness', 'contrast', 'saturation', 'hue', 'p']>) {
    super();
    const name = 'RandomPhotometricDistort';
    const options = readOptions<Required<RandomPhotometricDistortOptions>>(
      name,
      { brightness: [0.875, 1.125], contrast: [0.5, 1.5], saturation: [0.5, 1.5], hue: [-0.05, 0.05], p: 0.5 },
      rest,
    );
    checkProbability(name, options.p);
    this.brightness = boundsOf(name, 'brightness', options.brightness, 0);
    this.contrast = boundsOf(name, 'contrast', options.contrast, 0);
    this.saturation = boundsOf(name, 'saturation', options.saturation, 0);
    this.hue = boundsOf(name, 'hue', options.hue, -0.5, 0.5);
    this.p = options.p;
  }

  protected override makeParams(inputs: readonly unknown[]): PhotometricParams {
    const { channels } = queryChw(inputs);
    const factor = ([low, high]: readonly [number, number]): number | null =>
      happens(this.p) ? uniform(low, high) : null;
    return {
      brightness: factor(this.brightness),
      contrast: factor(this.contrast),
      saturation: factor(this.saturation),
      hue: factor(this.hue),
      contrastBefore: rand([]).lt(0.5).item() !== 0,
      permutation: happens(this.p) ? (randperm(channels).tolist() as number[]) : null,
    };
  }

  protected override transform(image: Tensor, params: PhotometricParams): Tensor {
    const { brightness, contrast, saturation, hue, contrastBefore, permutation } = params;
    let changed = image;
    if (brightness !== null) changed = functional.adjustBrightness(changed, brightness);
    if (contrast !== null && contrastBefore) changed = functional.adjustContrast(changed, contrast);
    if (saturation !== null) changed = functional.adjustSaturation(changed, saturation);
    if (hue !== null) changed = functional.adjustHue(changed, hue);
    if (contrast !== null && !contrastBefore) changed = functional.adjustContrast(changed, contrast);
    return permutation === null ? changed : functional.permuteChannels(changed, permutation);
  }
}

/** Makes all levels about as frequent, with probability `p`. */
export class RandomEqualize extends RandomImageTransform {
  protected override transform(image: Tensor): Tensor {
    return functional.equalize(image);
  }
}

/** Light becomes dark, with probability `p`. */
export class RandomInvert extends RandomImageTransform {
  protected override transform(image: Tensor): Tensor {
    return functional.invert(image);
  }
}

/** Keeps the highest `bits` of each integer, with probability `p`. */
export class RandomPosterize extends RandomImageTransform {
  readonly bits: number;

  constructor(...args: RandomPosterizeArguments) {
    const { bits, p } = readRandomPosterize(args);
    super(p);
    this.bits = bits;
  }

  protected override transform(image: Tensor): Tensor {
    return functional.posterize(image, this.bits);
  }
}

/** Inverts what is as light as `threshold` or lighter, with probability `p`. */
export class RandomSolarize extends RandomImageTransform {
  readonly threshold: number;

  constructor(...args: RandomSolarizeArguments) {
    const { threshold, p } = readRandomSolarize(args);
    super(p);
    this.threshold = threshold;
  }

  protected override transform(image: Tensor): Tensor {
    return functional.solarize(image, this.threshold);
  }
}

/** Stretches each channel over the whole range, with probability `p`. */
export class RandomAutocontrast extends RandomImageTransform {
  protected override transform(image: Tensor): Tensor {
    return functional.autocontrast(image);
  }
}

/** Blurs (0) to sharpens (2), with probability `p`. */
export class RandomAdjustSharpness extends RandomImageTransform {
  readonly sharpnessFactor: number;

  constructor(...args: RandomAdjustSharpnessArguments) {
    const { sharpnessFactor, p } = readRandomAdjustSharpness(args);
    super(p);
    this.sharpnessFactor = sharpnessFactor;
  }

  protected override transform(image: Tensor): Tensor {
    return functional.adjustSharpness(image, this.sharpnessFactor);
  }
}
