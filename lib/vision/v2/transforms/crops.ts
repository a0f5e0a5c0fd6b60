/** Sizes: resizing, cropping, padding, of images, masks and boxes together. */
import { checkInteger, checkList, describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { rand, randint, type Tensor } from '../../../tensor';
import { type Arguments, required, type Tail } from '../../../tensor/tail';
import { type PadArguments, readPad } from '../../v1/functional/geometry';
import { readResize, type ResizeArguments } from '../../v1/functional/resize';
import { boundsOf, type Fill, pairOf, type Size } from '../../kernels/arguments';
import { readSize, readTenCrop, type SizeArguments, type TenCropArguments } from '../../kernels/calls';
import type { FiveCrops } from '../../kernels/crop';
import { drawCrop, type Region } from '../../kernels/draws';
import { bordersOf, checkPaddingMode, type Padding, type PaddingMode } from '../../kernels/padding';
import { checkMode, InterpolationMode, type ResizeSize } from '../../kernels/resize';
import {
  type RandomCropArguments,
  type RandomResizedCropArguments,
  readRandomCrop,
  readRandomResizedCrop,
} from '../../v1/transforms/crops';
import type { ChanceOptions } from '../../v1/transforms/transform';
import { BoundingBoxes, Mask } from '../../tv-tensors';
import * as functional from '../functional';
import { behindKinds, type ByKind, fillFor, type FillByKind, fillsOf, querySize } from '../inputs';
import { RandomApplyTransform, Transform } from '../transform';
import { ImageTransform } from './color';
import type { Shown } from '../../printing';

const MODES = Object.values(InterpolationMode);

/** Options of how something is resized. */
export interface Resizing {
  /** `nearest`, `nearest-exact`, `bilinear`, `bicubic` or `lanczos`; the default is `bilinear`. Masks by nearest neighbours. */
  interpolation?: InterpolationMode;
  /** Blur before shrinking; the default is true. */
  antialias?: boolean | null;
}

const RESIZING = { interpolation: 'bilinear' as InterpolationMode, antialias: true as boolean | null };

/** Resizes to `[height, width]`, the shorter edge to a number, or the longer one to `maxSize` where the size is null. */
export class Resize extends Transform {
  readonly size: ResizeSize | null;
  readonly interpolation: InterpolationMode;
  readonly maxSize: number | null;
  readonly antialias: boolean;

  constructor(...args: ResizeArguments<ResizeSize | null>) {
    super();
    const { size, interpolation, maxSize, antialias } = readResize('Resize', args);
    checkMode(interpolation, MODES);
    if (size !== null) pairOf('Resize', 'size', size);
    else if (maxSize === null) throw valueError('Resize(): expected `maxSize` where `size` is null, received null');
    this.size = size;
    [this.interpolation, this.maxSize, this.antialias] = [interpolation, maxSize, antialias];
  }

  protected override transform(input: Tensor): Tensor {
    return functional.resize(input, this.size, this.interpolation, this.maxSize, this.antialias);
  }

  protected override shown(): Shown {
    return { ...super.shown(), size: typeof this.size === 'number' ? [this.size] : this.size };
  }
}

/** The middle of the image. */
export class CenterCrop extends Transform {
  readonly size: readonly [number, number];

  constructor(...args: SizeArguments) {
    super();
    this.size = readSize('CenterCrop', args);
  }

  protected override transform(input: Tensor): Tensor {
    return functional.centerCrop(input, this.size);
  }
}

/** Crops a random part of random aspect, and resizes it. */
export class RandomResizedCrop extends Transform<Region> {
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

  protected override makeParams(inputs: readonly unknown[]): Region {
    return drawCrop(querySize(inputs), this.scale, this.ratio);
  }

  protected override transform(input: Tensor, { top, left, height, width }: Region): Tensor {
    const { size, interpolation, antialias } = this;
    return functional.resizedCrop(input, top, left, height, width, size, interpolation, antialias);
  }
}

/** Refuses masks and boxes, which cannot be several. */
function refuseTargets(callee: string, inputs: readonly unknown[]): void {
  const target = inputs.find((input) => input instanceof BoundingBoxes || input instanceof Mask);
  if (target !== undefined)
    throw valueError(`${callee}: expected neither masks nor boxes, received ${describe(target)}`);
}

/** The four corners and the middle: one image gives five. */
export class FiveCrop extends ImageTransform {
  readonly size: readonly [number, number];

  constructor(...args: SizeArguments) {
    super();
    this.size = readSize('FiveCrop', args);
  }

  protected override checkInputs(inputs: readonly unknown[]): void {
    refuseTargets('FiveCrop', inputs);
  }

  protected override transform(image: Tensor): FiveCrops {
    return functional.fiveCrop(image, this.size);
  }
}

/** {@link FiveCrop} of the image and of its mirror image. */
export class TenCrop extends ImageTransform {
  readonly size: readonly [number, number];
  readonly verticalFlip: boolean;

  constructor(...args: TenCropArguments) {
    super();
    const { size, verticalFlip } = readTenCrop('TenCrop', args);
    this.size = size;
    this.verticalFlip = verticalFlip;
  }

  protected override checkInputs(inputs: readonly unknown[]): void {
    refuseTargets('TenCrop', inputs);
  }

  protected override transform(image: Tensor): readonly Tensor[] {
    return functional.tenCrop(image, this.size, this.verticalFlip);
  }
}

/** Options of {@link Pad}. */
export interface PadOptions {
  /** What comes into the border: for all, or `{ Image: 127, Mask: 255, others: 0 }`. */
  fill?: FillByKind;
  paddingMode?: PaddingMode;
}

/** Puts a border around. */
export class Pad extends Transform {
  readonly padding: Padding;
  readonly fill: FillByKind;
  private readonly fills: ByKind<Fill>;
  readonly paddingMode: PaddingMode;

  constructor(...args: PadArguments<FillByKind>) {
    super();
    const { padding, fill, paddingMode } = readPad<FillByKind>('Pad', behindKinds(args));
    bordersOf('Pad', padding);
    checkPaddingMode('Pad', paddingMode);
    this.padding = padding;
    this.fill = fill;
    this.fills = fillsOf('Pad', fill);
    this.paddingMode = paddingMode;
  }

  protected override transform(input: Tensor): Tensor {
    return functional.pad(input, this.padding, fillFor(this.fills, input), this.paddingMode);
  }
}

/** Options of {@link RandomZoomOut}. */
export interface RandomZoomOutOptions extends ChanceOptions {
  /** What comes into the border: for all, or `{ Image: 127, Mask: 255, others: 0 }`. */
  fill?: FillByKind;
  /** Bounds of how many times larger the sides get, 1 or more; 1 to 4 by default. */
  sideRange?: readonly [low: number, high: number];
}

/** Puts the image somewhere on a larger canvas, with probability `p`. */
export class RandomZoomOut extends RandomApplyTransform<Padding> {
  readonly fill: FillByKind;
  private readonly fills: ByKind<Fill>;
  readonly sideRange: readonly [number, number];

  constructor(...rest: Tail<RandomZoomOutOptions, ['fill', 'sideRange', 'p']>) {
    const options = readOptions<Required<RandomZoomOutOptions>>(
      'RandomZoomOut',
      { fill: 0, sideRange: [1, 4], p: 0.5 },
      behindKinds(rest),
      ['fill'],
    );
    super(options.p);
    this.fill = options.fill;
    this.fills = fillsOf('RandomZoomOut', options.fill);
    this.sideRange = boundsOf('RandomZoomOut', 'sideRange', options.sideRange, 1);
  }

  protected override makeParams(inputs: readonly unknown[]): Padding {
    const { height, width } = querySize(inputs);
    const [low, high] = this.sideRange;
    // Products of float32 tensors, as Python's: as doubles they would be cut to other whole numbers.
    const times = (side: number, factor: Tensor): number => Math.trunc(factor.mul(side).item());
    const factor = rand([1])
      .mul(high - low)
      .add(low);
    const [canvasWidth, canvasHeight] = [times(width, factor), times(height, factor)];
    const [x, y] = rand([2]).unbind() as [Tensor, Tensor];
    const left = times(canvasWidth - width, x);
    const top = times(canvasHeight - height, y);
    return [left, top, canvasWidth - (left + width), canvasHeight - (top + height)];
  }

  protected override transform(input: Tensor, padding: Padding): Tensor {
    return functional.pad(input, padding, fillFor(this.fills, input));
  }
}

/** What {@link RandomCrop} does. */
export interface CropParams extends Region {
  readonly needsCrop: boolean;
  readonly needsPad: boolean;
  /** Left, top, right, bottom. */
  readonly padding: readonly [left: number, top: number, right: number, bottom: number];
}

/** Crops at a random place. Draws a number for each side that is cut. */
export class RandomCrop extends Transform<CropParams> {
  readonly size: readonly [number, number];
  readonly padding: Padding | null;
  readonly padIfNeeded: boolean;
  readonly fill: FillByKind;
  private readonly fills: ByKind<Fill>;
  readonly paddingMode: PaddingMode;

  constructor(...args: RandomCropArguments<FillByKind>) {
    super();
    const options = readRandomCrop<FillByKind>(behindKinds(args), ['fill']);
    this.size = options.size;
    this.padding = options.padding;
    this.padIfNeeded = options.padIfNeeded;
    this.fill = options.fill;
    this.fills = fillsOf('RandomCrop', options.fill);
    this.paddingMode = options.paddingMode;
  }

  protected override makeParams(inputs: readonly unknown[]): CropParams {
    const image = querySize(inputs);
    const [height, width] = this.size;
    const [left, right, top, bottom] = this.padding === null ? [0, 0, 0, 0] : bordersOf('RandomCrop', this.padding);
    const more = (side: number, wanted: number): number => (this.padIfNeeded ? Math.max(wanted - side, 0) : 0);
    const down = more(image.height + top + bottom, height);
    const across = more(image.width + left + right, width);
    const padding = [left + across, top + down, right + across, bottom + down] as const;
    const paddedHeight = image.height + padding[1] + padding[3];
    const paddedWidth = image.width + padding[0] + padding[2];
    if (paddedHeight < height || paddedWidth < width) {
      throw valueError(
        `expected an image of at least ${height} x ${width} for RandomCrop, received ${paddedHeight} x ${paddedWidth}` +
          (this.padding === null ? '' : ' with its padding'),
      );
    }
    const place = (side: number, wanted: number): number =>
      side > wanted ? randint(0, side - wanted + 1, []).item() : 0;
    const from = place(paddedHeight, height);
    return {
      top: from,
      left: place(paddedWidth, width),
      height,
      width,
      needsCrop: paddedHeight > height || paddedWidth > width,
      needsPad: padding.some((border) => border !== 0),
      padding,
    };
  }

  protected override transform(input: Tensor, params: CropParams): Tensor {
    const { top, left, height, width } = params;
    const padded = params.needsPad
      ? functional.pad(input, params.padding, fillFor(this.fills, input), this.paddingMode)
      : input;
    return params.needsCrop ? functional.crop(padded, top, left, height, width) : padded;
  }

  protected override shown(): Shown {
    return { ...super.shown(), padding: this.padding === null ? null : bordersOf('RandomCrop', this.padding) };
  }
}

/** A transform that draws a size and resizes to it. */
abstract class RandomlyResized extends Transform<ResizeSize> {
  readonly interpolation: InterpolationMode;
  readonly antialias: boolean | null;

  constructor({ interpolation, antialias }: Required<Resizing>) {
    super();
    checkMode(interpolation, MODES);
    this.interpolation = interpolation;
    this.antialias = antialias;
  }

  protected override transform(input: Tensor, size: ResizeSize): Tensor {
    const { interpolation, antialias } = this;
    return functional.resize(input, size, { interpolation, antialias });
  }

  protected override shown(): Shown {
    const { interpolation, antialias, ...own } = this;
    return { ...own, interpolation, antialias };
  }
}

/** Options of {@link ScaleJitter}. */
export interface ScaleJitterOptions extends Resizing {
  /** Bounds of the factor; 0.1 to 2 by default. */
  scaleRange?: readonly [low: number, high: number];
}

/** Resizes to a random share of the size that would fit into a target, with the aspect kept. */
export class ScaleJitter extends RandomlyResized {
  readonly targetSize: readonly [number, number];
  readonly scaleRange: readonly [number, number];

  constructor(
    ...args: Arguments<
      [targetSize: Size],
      { targetSize: Size } & ScaleJitterOptions,
      ['targetSize', 'scaleRange', 'interpolation', 'antialias']
    >
  ) {
    const name = 'ScaleJitter';
    const options = readOptions<Required<ScaleJitterOptions> & { targetSize: Size }>(
      name,
      { targetSize: required, scaleRange: [0.1, 2], ...RESIZING },
      args,
      ['antialias'],
    );
    super(options);
    this.targetSize = pairOf(name, 'targetSize', options.targetSize);
    this.scaleRange = boundsOf(name, 'scaleRange', options.scaleRange, 0);
  }

  protected override makeParams(inputs: readonly unknown[]): ResizeSize {
    const { height, width } = querySize(inputs);
    const [low, high] = this.scaleRange;
    const scale = rand([1])
      .mul(high - low)
      .add(low);
    const factor = scale.mul(Math.min(this.targetSize[1] / height, this.targetSize[0] / width));
    const across = Math.trunc(factor.mul(width).item());
    return [Math.trunc(factor.mul(height).item()), across];
  }
}

/** Options of {@link RandomShortestSize}. */
export interface RandomShortestSizeOptions extends Resizing {
  /** Upper bound of the longer edge. */
  maxSize?: number | null;
}

/** Resizes so that the shorter edge has one of the lengths `minSize`, drawn, or the one of them. */
export class RandomShortestSize extends RandomlyResized {
  readonly minSize: readonly number[];
  readonly maxSize: number | null;

  constructor(
    ...args: Arguments<
      [minSize: number | readonly number[]],
      { minSize: number | readonly number[] } & RandomShortestSizeOptions,
      ['minSize', 'maxSize', 'interpolation', 'antialias']
    >
  ) {
    const name = 'RandomShortestSize';
    const options = readOptions<Required<RandomShortestSizeOptions> & { minSize: number | readonly number[] }>(
      name,
      { minSize: required, maxSize: null, ...RESIZING },
      args,
      ['antialias'],
    );
    super(options);
    const { minSize } = options;
    this.minSize = typeof minSize === 'number' ? [minSize] : minSize;
    checkList(name, 'minSize', this.minSize);
    if (this.minSize.length === 0)
      throw valueError(`${name}(): expected at least one length for argument \`minSize\`, received []`);
    for (const length of this.minSize) checkInteger(name, 'minSize', length, 1);
    if (options.maxSize !== null) checkInteger(name, 'maxSize', options.maxSize, 1);
    this.maxSize = options.maxSize;
  }

  protected override makeParams(inputs: readonly unknown[]): ResizeSize {
    const { height, width } = querySize(inputs);
    const shortest = this.minSize[randint(this.minSize.length, []).item()] as number;
    const wanted = shortest / Math.min(height, width);
    const factor = this.maxSize === null ? wanted : Math.min(wanted, this.maxSize / Math.max(height, width));
    return [Math.trunc(height * factor), Math.trunc(width * factor)];
  }
}

/** Resizes the shorter edge to a length drawn from `minSize` to `maxSize` − 1. */
export class RandomResize extends RandomlyResized {
  readonly minSize: number;
  readonly maxSize: number;

  constructor(
    ...args: Arguments<
      [minSize: number, maxSize: number],
      { minSize: number; maxSize: number } & Resizing,
      ['minSize', 'maxSize', 'interpolation', 'antialias']
    >
  ) {
    const options = readOptions<Required<Resizing> & { minSize: number; maxSize: number }>(
      'RandomResize',
      { minSize: required, maxSize: required, ...RESIZING },
      args,
      ['antialias'],
    );
    super(options);
    const { minSize, maxSize } = options;
    checkInteger('RandomResize', 'minSize', minSize, 1);
    checkInteger('RandomResize', 'maxSize', maxSize, minSize + 1);
    this.minSize = minSize;
    this.maxSize = maxSize;
  }

  protected override makeParams(): ResizeSize {
    return [randint(this.minSize, this.maxSize, []).item()];
  }
}
