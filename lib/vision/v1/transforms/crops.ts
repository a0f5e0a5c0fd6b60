/** Sizes: resizing, cropping, padding. */
import { describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import type { Tensor } from '../../../tensor';
import type { Tail } from '../../../tensor/tail';
import * as functional from '../functional';
import { readTenCrop, type TenCropTail } from '../functional/geometry';
import { readResizeOptions, type ResizeTail } from '../functional/resize';
import { boundsOf, pairOf, type Size } from '../../kernels/arguments';
import { cropImage, type FiveCrops } from '../../kernels/crop';
import { drawCrop, integer, type Region } from '../../kernels/draws';
import { dimensions } from '../../kernels/image';
import { bordersOf, checkPaddingMode, type Padding, type PaddingMode } from '../../kernels/padding';
import { checkMode, type InterpolationMode, MODES, type ResizeSize } from '../../kernels/resize';
import type { Transform } from './transform';

/** Resizes to `[height, width]`, or the shorter edge to a number. See {@link functional.resize}. */
export class Resize implements Transform {
  readonly interpolation: InterpolationMode;
  readonly maxSize: number | null;
  readonly antialias: boolean;

  constructor(
    readonly size: ResizeSize,
    ...rest: ResizeTail
  ) {
    pairOf('Resize', 'size', size);
    const { interpolation, maxSize, antialias } = readResizeOptions('Resize', rest);
    checkMode(interpolation, MODES);
    [this.interpolation, this.maxSize, this.antialias] = [interpolation, maxSize, antialias];
  }

  forward(image: Tensor): Tensor {
    return functional.resize(image, this.size, this.interpolation, this.maxSize, this.antialias);
  }
}

/** The middle of the image. See {@link functional.centerCrop}. */
export class CenterCrop implements Transform {
  readonly size: readonly [number, number];

  constructor(size: Size) {
    this.size = pairOf('CenterCrop', 'size', size);
  }

  forward(image: Tensor): Tensor {
    return functional.centerCrop(image, this.size);
  }
}

/** The four corners and the middle: one image gives five. */
export class FiveCrop implements Transform<Tensor, FiveCrops> {
  readonly size: readonly [number, number];

  constructor(size: Size) {
    this.size = pairOf('FiveCrop', 'size', size);
  }

  forward(image: Tensor): FiveCrops {
    return functional.fiveCrop(image, this.size);
  }
}

/** {@link FiveCrop} of the image and of its mirror image. */
export class TenCrop implements Transform<Tensor, readonly Tensor[]> {
  readonly size: readonly [number, number];
  readonly verticalFlip: boolean;

  constructor(size: Size, ...rest: TenCropTail) {
    this.size = pairOf('TenCrop', 'size', size);
    this.verticalFlip = readTenCrop('TenCrop', rest);
  }

  forward(image: Tensor): readonly Tensor[] {
    return functional.tenCrop(image, this.size, this.verticalFlip);
  }
}

/** Puts a border around. See {@link functional.pad}. */
export class Pad implements Transform {
  readonly fill: number | null;
  readonly paddingMode: PaddingMode;

  constructor(
    readonly padding: Padding,
    ...rest: Tail<functional.PadOptions, ['fill', 'paddingMode']>
  ) {
    bordersOf('Pad', padding);
    const defaults = { fill: 0 as number | null, paddingMode: 'constant' as PaddingMode };
    const { fill, paddingMode } = readOptions<Required<functional.PadOptions>>('Pad', defaults, rest);
    checkPaddingMode('Pad', paddingMode);
    [this.fill, this.paddingMode] = [fill, paddingMode];
  }

  forward(image: Tensor): Tensor {
    return functional.pad(image, this.padding, this.fill, this.paddingMode);
  }
}

/** Options of {@link RandomCrop}. */
export interface RandomCropOptions<F = number | null> extends functional.PadOptions<F> {
  /** Puts a border around before it crops. */
  padding?: Padding | null;
  /** Puts a border around an image that is smaller than the crop. */
  padIfNeeded?: boolean;
}

/** The arguments of a RandomCrop after its size. @inline */
export type RandomCropTail<F = number | null> = Tail<
  RandomCropOptions<F>,
  ['padding', 'padIfNeeded', 'fill', 'paddingMode']
>;

/** Crops at a random place. Draws two numbers, or none where the image has the crop's size. */
export class RandomCrop implements Transform {
  readonly size: readonly [number, number];
  readonly padding: Padding | null;
  readonly padIfNeeded: boolean;
  readonly fill: number | null;
  readonly paddingMode: PaddingMode;

  constructor(size: Size, ...rest: RandomCropTail) {
    this.size = pairOf('RandomCrop', 'size', size);
    const options = readOptions<Required<RandomCropOptions>>(
      'RandomCrop',
      { padding: null, padIfNeeded: false, fill: 0, paddingMode: 'constant' },
      rest,
    );
    if (options.padding !== null) bordersOf('RandomCrop', options.padding);
    checkPaddingMode('RandomCrop', options.paddingMode);
    this.padding = options.padding;
    this.padIfNeeded = options.padIfNeeded;
    this.fill = options.fill;
    this.paddingMode = options.paddingMode;
  }

  /** Draws the place. */
  getParams(image: Tensor): Region {
    const { height, width } = dimensions(image);
    const [h, w] = this.size;
    if (height < h || width < w) {
      throw valueError(`expected an image of at least ${h} x ${w} for RandomCrop, received ${describe(image)}`);
    }
    if (height === h && width === w) return { top: 0, left: 0, height, width };
    const top = integer(0, height - h + 1);
    return { top, left: integer(0, width - w + 1), height: h, width: w };
  }

  forward(image: Tensor): Tensor {
    const padded = this.padded(image);
    return cropImage(padded, this.getParams(padded));
  }

  private padded(image: Tensor): Tensor {
    const around = (inner: Tensor, padding: Padding): Tensor =>
      functional.pad(inner, padding, this.fill, this.paddingMode);
    let padded = this.padding === null ? image : around(image, this.padding);
    if (!this.padIfNeeded) return padded;
    const { height, width } = dimensions(padded);
    const [h, w] = this.size;
    if (width < w) padded = around(padded, [w - width, 0]);
    return height < h ? around(padded, [0, h - height]) : padded;
  }
}

/** Options of {@link RandomResizedCrop}. */
export interface RandomResizedCropOptions {
  /** Bounds of the crop's share of the area; the default is 0.08 to 1. */
  scale?: readonly [low: number, high: number];
  /** Bounds of width divided by height; the default is 3/4 to 4/3. */
  ratio?: readonly [low: number, high: number];
  /** The default is `bilinear`. */
  interpolation?: InterpolationMode;
  /** Blur before shrinking; the default is true. */
  antialias?: boolean | null;
}

/** The arguments of a RandomResizedCrop after its size. @inline */
export type RandomResizedCropTail = Tail<RandomResizedCropOptions, ['scale', 'ratio', 'interpolation', 'antialias']>;

/** Reads and checks them. */
export function readRandomResizedCrop(rest: RandomResizedCropTail): Required<RandomResizedCropOptions> {
  const name = 'RandomResizedCrop';
  const options = readOptions<Required<RandomResizedCropOptions>>(
    name,
    { scale: [0.08, 1], ratio: [3 / 4, 4 / 3], interpolation: 'bilinear', antialias: true },
    rest,
    ['antialias'],
  );
  const scale = boundsOf(name, 'scale', options.scale, 0);
  return { ...options, scale, ratio: boundsOf(name, 'ratio', options.ratio, Number.MIN_VALUE) };
}

/** Crops a random part of random aspect, and resizes it. Draws at least four numbers. */
export class RandomResizedCrop implements Transform {
  readonly size: readonly [number, number];
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];
  readonly interpolation: InterpolationMode;
  readonly antialias: boolean | null;

  constructor(size: Size, ...rest: RandomResizedCropTail) {
    this.size = pairOf('RandomResizedCrop', 'size', size);
    const options = readRandomResizedCrop(rest);
    checkMode(options.interpolation, MODES);
    this.scale = options.scale;
    this.ratio = options.ratio;
    this.interpolation = options.interpolation;
    this.antialias = options.antialias;
  }

  /** Draws the part. */
  getParams(image: Tensor): Region {
    return drawCrop(dimensions(image), this.scale, this.ratio);
  }

  forward(image: Tensor): Tensor {
    const part = cropImage(image, this.getParams(image));
    return functional.resize(part, this.size, this.interpolation, null, this.antialias);
  }
}
