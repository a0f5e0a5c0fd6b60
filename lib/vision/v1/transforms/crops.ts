/** Sizes: resizing, cropping, padding. */
import { checkNumbers, describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import type { Tensor } from '../../../tensor';
import { type Arguments, required } from '../../../tensor/tail';
import * as functional from '../functional';
import { type PadArguments, readPad } from '../functional/geometry';
import { readResize, type ResizeArguments } from '../functional/resize';
import { boundsOf, pairOf, type Size } from '../../kernels/arguments';
import { readSize, readTenCrop, type SizeArguments, type TenCropArguments } from '../../kernels/calls';
import { cropImage, type FiveCrops } from '../../kernels/crop';
import { drawCrop, integer, type Region } from '../../kernels/draws';
import { dimensions } from '../../kernels/image';
import { bordersOf, checkPaddingMode, type Padding, type PaddingMode } from '../../kernels/padding';
import { checkMode, type InterpolationMode, MODES, type ResizeSize } from '../../kernels/resize';
import type { Transform } from './transform';
import { Printed, type Shown } from '../../printing';

/** Resizes to `[height, width]`, or the shorter edge to a number. See {@link functional.resize}. */
export class Resize extends Printed implements Transform {
  readonly size: ResizeSize;
  readonly interpolation: InterpolationMode;
  readonly maxSize: number | null;
  readonly antialias: boolean;

  constructor(...args: ResizeArguments) {
    super();
    const { size, interpolation, maxSize, antialias } = readResize('Resize', args);
    pairOf('Resize', 'size', size);
    checkMode(interpolation, MODES);
    this.size = size;
    [this.interpolation, this.maxSize, this.antialias] = [interpolation, maxSize, antialias];
  }

  forward(image: Tensor): Tensor {
    return functional.resize(image, this.size, this.interpolation, this.maxSize, this.antialias);
  }
}

/** The middle of the image. See {@link functional.centerCrop}. */
export class CenterCrop extends Printed implements Transform {
  readonly size: readonly [number, number];

  constructor(...args: SizeArguments) {
    super();
    this.size = readSize('CenterCrop', args);
  }

  forward(image: Tensor): Tensor {
    return functional.centerCrop(image, this.size);
  }
}

/** The four corners and the middle: one image gives five. */
export class FiveCrop extends Printed implements Transform<Tensor, FiveCrops> {
  readonly size: readonly [number, number];

  constructor(...args: SizeArguments) {
    super();
    this.size = readSize('FiveCrop', args);
  }

  forward(image: Tensor): FiveCrops {
    return functional.fiveCrop(image, this.size);
  }
}

/** {@link FiveCrop} of the image and of its mirror image. */
export class TenCrop extends Printed implements Transform<Tensor, readonly Tensor[]> {
  readonly size: readonly [number, number];
  readonly verticalFlip: boolean;

  constructor(...args: TenCropArguments) {
    super();
    const { size, verticalFlip } = readTenCrop('TenCrop', args);
    this.size = size;
    this.verticalFlip = verticalFlip;
  }

  forward(image: Tensor): readonly Tensor[] {
    return functional.tenCrop(image, this.size, this.verticalFlip);
  }
}

/** Puts a border around. See {@link functional.pad}. */
export class Pad extends Printed implements Transform {
  readonly padding: Padding;
  readonly fill: number | null;
  readonly paddingMode: PaddingMode;

  constructor(...args: PadArguments) {
    super();
    const { padding, fill, paddingMode } = readPad('Pad', args);
    bordersOf('Pad', padding);
    if (fill !== null) checkNumbers('Pad', { fill });
    checkPaddingMode('Pad', paddingMode);
    [this.padding, this.fill, this.paddingMode] = [padding, fill, paddingMode];
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

/** The arguments of a RandomCrop. @inline */
export type RandomCropArguments<F = number | null> = Arguments<
  [size: Size],
  { size: Size } & RandomCropOptions<F>,
  ['size', 'padding', 'padIfNeeded', 'fill', 'paddingMode']
>;

/** Reads and checks them, but for the fill. */
export function readRandomCrop<F>(args: readonly unknown[], free: readonly 'fill'[] = []): RandomCropping<F | number> {
  const name = 'RandomCrop';
  const options = readOptions<Required<RandomCropOptions<F | number>> & { size: Size }>(
    name,
    { size: required, padding: null, padIfNeeded: false, fill: 0, paddingMode: 'constant' },
    args,
    free,
  );
  if (options.padding !== null) bordersOf(name, options.padding);
  checkPaddingMode(name, options.paddingMode);
  return { ...options, size: pairOf(name, 'size', options.size) };
}

/** What it keeps. */
interface RandomCropping<F> extends Required<RandomCropOptions<F>> {
  readonly size: readonly [height: number, width: number];
}

/** Crops at a random place. Draws two numbers, or none where the image has the crop's size. */
export class RandomCrop extends Printed implements Transform {
  readonly size: readonly [number, number];
  readonly padding: Padding | null;
  readonly padIfNeeded: boolean;
  readonly fill: number | null;
  readonly paddingMode: PaddingMode;

  constructor(...args: RandomCropArguments) {
    super();
    const options = readRandomCrop<number | null>(args);
    this.size = options.size;
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

  protected override shown(): Shown {
    const { size, padding } = this;
    return { size, padding };
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

/** The arguments of a RandomResizedCrop. @inline */
export type RandomResizedCropArguments = Arguments<
  [size: Size],
  { size: Size } & RandomResizedCropOptions,
  ['size', 'scale', 'ratio', 'interpolation', 'antialias']
>;

/** Reads and checks them, but for the mode of interpolation. */
export function readRandomResizedCrop(
  args: RandomResizedCropArguments,
): Required<RandomResizedCropOptions> & { readonly size: readonly [height: number, width: number] } {
  const name = 'RandomResizedCrop';
  const options = readOptions<Required<RandomResizedCropOptions> & { size: Size }>(
    name,
    { size: required, scale: [0.08, 1], ratio: [3 / 4, 4 / 3], interpolation: 'bilinear', antialias: true },
    args,
    ['antialias'],
  );
  const size = pairOf(name, 'size', options.size);
  const scale = boundsOf(name, 'scale', options.scale, 0);
  return { ...options, size, scale, ratio: boundsOf(name, 'ratio', options.ratio, Number.MIN_VALUE) };
}

/** Crops a random part of random aspect, and resizes it. Draws at least four numbers. */
export class RandomResizedCrop extends Printed implements Transform {
  readonly size: readonly [number, number];
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];
  readonly interpolation: InterpolationMode;
  readonly antialias: boolean | null;

  constructor(...args: RandomResizedCropArguments) {
    super();
    const options = readRandomResizedCrop(args);
    checkMode(options.interpolation, MODES);
    this.size = options.size;
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

  protected override shown(): Shown {
    const rounded = (bounds: readonly number[]): number[] => bounds.map((bound) => Number(bound.toFixed(4)));
    return { ...super.shown(), scale: rounded(this.scale), ratio: rounded(this.ratio) };
  }
}
