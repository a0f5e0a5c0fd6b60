/** Where pixels go, by v1's arithmetic. */
import { checkNumbers, checkTensor, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { float32, type Tensor } from '../../../tensor';
import type { Tail } from '../../../tensor/tail';
import { checkFill, type Fill, numbersOf, optionalPair, pairOf, type Size, twoOf } from '../../kernels/arguments';
import { centerCropImage, eraseImage, fiveCropImage, type FiveCrops, tenCropImage } from '../../kernels/crop';
import type { AffineParams } from '../../kernels/draws';
import {
  affineGrid,
  checkDisplacement,
  expandedSize,
  type GridMode,
  identityGrid,
  type Sampling,
  perspectiveGrid,
  sampleImage,
} from '../../kernels/grid';
import { backTo, dimensions } from '../../kernels/image';
import { fromMiddle, inverseAffineV1, perspectiveCoefficients, rotation } from '../../kernels/matrix';
import { bordersOf, checkPaddingMode, type Padding, type PaddingMode, padImage } from '../../kernels/padding';
import { checkRegion } from './resize';

/** Number of channels, height and width (`get_dimensions`). */
export function getDimensions(image: Tensor): [channels: number, height: number, width: number] {
  const { channels, height, width } = dimensions(image);
  return [channels, height, width];
}

/** Width and height, in this order (`get_image_size`). */
export function getImageSize(image: Tensor): [width: number, height: number] {
  const { height, width } = dimensions(image);
  return [width, height];
}

/** Number of channels; 1 of a tensor of two dimensions (`get_image_num_channels`). */
export function getImageNumChannels(image: Tensor): number {
  return dimensions(image).channels;
}

/** Mirrors left and right. */
export function hflip(image: Tensor): Tensor {
  dimensions(image);
  return image.flip([-1]);
}

/** Mirrors top and bottom. */
export function vflip(image: Tensor): Tensor {
  dimensions(image);
  return image.flip([-2]);
}

/** Options of {@link pad}. */
export interface PadOptions<F = number | null> {
  /** What comes into the border in the mode `constant`. */
  fill?: F;
  paddingMode?: PaddingMode;
}

/** Puts a border around: see {@link Padding} for its widths. Negative ones cut off. */
export function pad(image: Tensor, padding: Padding, ...rest: Tail<PadOptions, ['fill', 'paddingMode']>): Tensor {
  const defaults = { fill: 0 as number | null, paddingMode: 'constant' as PaddingMode };
  const { fill, paddingMode } = readOptions<Required<PadOptions>>('pad', defaults, rest, ['fill']);
  checkPaddingMode('pad', paddingMode);
  if (fill !== null) checkNumbers('pad', { fill });
  return padImage(image, bordersOf('pad', padding), fill ?? 0, paddingMode);
}

/** The middle of the image; where it is smaller than the crop, black is put around it first (`center_crop`). */
export function centerCrop(image: Tensor, outputSize: Size): Tensor {
  return centerCropImage(image, pairOf('centerCrop', 'outputSize', outputSize));
}

/** The four corners and the middle: top left, top right, bottom left, bottom right, centre. Views. */
export function fiveCrop(image: Tensor, size: Size): FiveCrops {
  return fiveCropImage(image, pairOf('fiveCrop', 'size', size));
}

/** The last argument of ten crops: the mirror image is top and bottom, not left and right. @inline */
export type TenCropTail = Tail<{ verticalFlip?: boolean }, ['verticalFlip']>;

/** Reads it. */
export function readTenCrop(callee: string, rest: TenCropTail): boolean {
  return readOptions(callee, { verticalFlip: false }, rest).verticalFlip;
}

/** {@link fiveCrop} of the image and of its mirror image, left and right, or top and bottom. */
export function tenCrop(image: Tensor, size: Size, ...rest: TenCropTail): readonly Tensor[] {
  return tenCropImage(image, pairOf('tenCrop', 'size', size), readTenCrop('tenCrop', rest));
}

/**
 * Writes `v` over the rectangle at (i, j) of height h and width w, on a copy, or with `inplace` on the image itself.
 *
 * @param v - what can be broadcast to `[…, C, h, w]`
 */
export function erase(
  image: Tensor,
  i: number,
  j: number,
  h: number,
  w: number,
  v: Tensor,
  ...rest: Tail<{ inplace?: boolean }, ['inplace']>
): Tensor {
  const { inplace } = readOptions('erase', { inplace: false }, rest);
  dimensions(image);
  checkTensor('erase()', 'v', v);
  return eraseImage(image, checkRegion('erase', { top: i, left: j, height: h, width: w }), v, inplace);
}

const sampling: Sampling = {
  mix: (sampled, mask, fill) => sampled.mul(mask).add(mask.rsub(1).mul(fill)),
  back: backTo,
};

/** Options of {@link affine}. */
export interface AffineOptions<F = Fill> {
  interpolation?: GridMode;
  /** What comes to places beyond the image: one number, or one for each channel. Null is 0. */
  fill?: F;
  /** (x, y) of what stays in its place; the middle by default. */
  center?: readonly [x: number, y: number] | null;
}

/** Checks the numbers of an affine map. */
export function affineParams(
  callee: string,
  angle: number,
  translate: readonly [x: number, y: number],
  scale: number,
  shear: number | readonly number[],
): AffineParams {
  checkNumbers(callee, { angle, scale });
  if (!(scale > 0))
    throw valueError(`${callee}(): expected a number above 0 for argument \`scale\`, received ${scale}`);
  const [x, y] = numbersOf(callee, 'translate', translate, [2]) as [number, number];
  const sheared = typeof shear === 'number' ? ([shear, 0] as const) : twoOf(callee, 'shear', shear);
  return { angle, translate: [x, y], scale, shear: sheared };
}

/**
 * Turns by `angle` degrees (clockwise), shears, scales and translates by pixels.
 *
 * @param shear - degrees along x, and along y
 */
export function affine(
  image: Tensor,
  angle: number,
  translate: readonly [x: number, y: number],
  scale: number,
  shear: number | readonly number[],
  ...rest: Tail<AffineOptions, ['interpolation', 'fill', 'center']>
): Tensor {
  const defaults = { interpolation: 'nearest' as GridMode, fill: null, center: null };
  const options = readOptions<Required<AffineOptions>>('affine', defaults, rest, ['interpolation']);
  const { interpolation, fill } = options;
  const params = affineParams('affine', angle, translate, scale, shear);
  checkFill('affine', fill);
  const { height, width } = dimensions(image);
  const matrix = inverseAffineV1(fromMiddle(optionalPair('affine', 'center', options.center), width, height), params);
  return sampleImage(image, affineGrid(matrix, image, { height, width }), interpolation, fill, sampling);
}

/** Options of {@link rotate}. */
export interface RotateOptions<F = Fill> extends AffineOptions<F> {
  /** The result is so large that nothing is cut off. For turns about the middle. */
  expand?: boolean;
}

/** Turns by `angle` degrees, against the clock. */
export function rotate(
  image: Tensor,
  angle: number,
  ...rest: Tail<RotateOptions, ['interpolation', 'expand', 'center', 'fill']>
): Tensor {
  const defaults = { interpolation: 'nearest' as GridMode, expand: false, center: null, fill: null };
  const options = readOptions<Required<RotateOptions>>('rotate', defaults, rest, ['interpolation']);
  const { interpolation, expand, fill } = options;
  checkNumbers('rotate', { angle });
  checkFill('rotate', fill);
  const { height, width } = dimensions(image);
  const center = fromMiddle(optionalPair('rotate', 'center', options.center), width, height);
  const matrix = inverseAffineV1(center, rotation(angle));
  const size = expand ? expandedSize(matrix, { height, width }, (x) => x.div(1e-4)) : { height, width };
  return sampleImage(image, affineGrid(matrix, image, size), interpolation, fill, sampling);
}

/** Four corners (x, y), clockwise from the top left. */
export type Corners = readonly (readonly [x: number, y: number])[];

/** Refuses other than four points. */
export function cornersGiven(callee: string, argument: string, corners: unknown): Corners {
  if (Array.isArray(corners) && corners.length === 4) {
    return corners.map((corner) => numbersOf(callee, argument, corner, [2]) as unknown as readonly [number, number]);
  }
  throw valueError(`${callee}(): expected four corners [x, y] for argument \`${argument}\``);
}

/** Options of {@link perspective}. */
export interface PerspectiveOptions<F = Fill> {
  /** The default is `bilinear`. */
  interpolation?: GridMode;
  /** What comes to places beyond the image: one number, or one for each channel. Null is 0. */
  fill?: F;
}

/** Moves four points of the image to others, and all else with them. */
export function perspective(
  image: Tensor,
  startpoints: Corners,
  endpoints: Corners,
  ...rest: Tail<PerspectiveOptions, ['interpolation', 'fill']>
): Tensor {
  const { interpolation, fill } = readSampling('perspective', rest);
  dimensions(image);
  const coefficients = perspectiveCoefficients(
    cornersGiven('perspective', 'startpoints', startpoints),
    cornersGiven('perspective', 'endpoints', endpoints),
  );
  return sampleImage(image, perspectiveGrid(coefficients, image), interpolation, fill, sampling);
}

function readSampling(
  callee: string,
  rest: Tail<PerspectiveOptions, ['interpolation', 'fill']>,
): Required<PerspectiveOptions> {
  const defaults = { interpolation: 'bilinear' as GridMode, fill: null };
  const options = readOptions<Required<PerspectiveOptions>>(callee, defaults, rest, ['interpolation']);
  checkFill(callee, options.fill);
  return options;
}

/**
 * Takes each pixel from elsewhere (`elastic_transform`).
 *
 * @param displacement - `[1, H, W, 2]`: how far from its place along x and y, where 2 is the image's side
 */
export function elasticTransform(
  image: Tensor,
  displacement: Tensor,
  ...rest: Tail<PerspectiveOptions, ['interpolation', 'fill']>
): Tensor {
  const { interpolation, fill } = readSampling('elasticTransform', rest);
  checkTensor('elasticTransform()', 'displacement', displacement);
  const size = dimensions(image);
  checkDisplacement(size, displacement);
  // In float32 whatever the image is, as v1 has it.
  const grid = identityGrid(size, float32, image.device).add(displacement.to(image.device));
  return sampleImage(image, grid, interpolation, fill, sampling);
}
