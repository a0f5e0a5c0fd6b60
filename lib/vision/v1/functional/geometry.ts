/** Where pixels go, by v1's arithmetic. */
import { checkNumbers, checkTensor, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { float32, type Tensor } from '../../../tensor';
import { type Arguments, required } from '../../../tensor/tail';
import { checkFill, type Fill, numbersOf, optionalPair, twoOf } from '../../kernels/arguments';
import {
  type CenterCropArguments,
  type EraseArguments,
  readCenterCrop,
  readErase,
  readSize,
  readTenCrop,
  type SizeArguments,
  type TenCropArguments,
} from '../../kernels/calls';
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

/** The arguments of {@link pad}. @inline */
export type PadArguments<F = number | null> = Arguments<
  [padding: Padding],
  { padding: Padding } & PadOptions<F>,
  ['padding', 'fill', 'paddingMode']
>;

/** Reads them, with 0 for a fill that is not given. */
export function readPad<F = number | null>(
  callee: string,
  args: readonly unknown[],
): Required<PadOptions<F | number>> & { readonly padding: Padding } {
  return readOptions<Required<PadOptions<F | number>> & { padding: Padding }>(
    callee,
    { padding: required, fill: 0, paddingMode: 'constant' },
    args,
    ['fill'],
  );
}

/** Puts a border around: see {@link Padding} for its widths. Negative ones cut off. */
export function pad(image: Tensor, ...rest: PadArguments): Tensor {
  const { padding, fill, paddingMode } = readPad('pad', rest);
  checkPaddingMode('pad', paddingMode);
  if (fill !== null) checkNumbers('pad', { fill });
  return padImage(image, bordersOf('pad', padding), fill ?? 0, paddingMode);
}

/** The middle of the image; where it is smaller than the crop, black is put around it first (`center_crop`). */
export function centerCrop(image: Tensor, ...rest: CenterCropArguments): Tensor {
  return centerCropImage(image, readCenterCrop(rest));
}

/** The four corners and the middle: top left, top right, bottom left, bottom right, centre. Views. */
export function fiveCrop(image: Tensor, ...rest: SizeArguments): FiveCrops {
  return fiveCropImage(image, readSize('fiveCrop', rest));
}

/** {@link fiveCrop} of the image and of its mirror image, left and right, or top and bottom. */
export function tenCrop(image: Tensor, ...rest: TenCropArguments): readonly Tensor[] {
  const { size, verticalFlip } = readTenCrop('tenCrop', rest);
  return tenCropImage(image, size, verticalFlip);
}

/**
 * Writes `v` over the rectangle at (i, j) of height h and width w, on a copy, or with `inplace` on the image itself.
 *
 * @param rest - `i`, `j`, `h`, `w`, and `v`: what can be broadcast to `[…, C, h, w]`
 */
export function erase(image: Tensor, ...rest: EraseArguments): Tensor {
  const { region, v, inplace } = readErase(rest);
  dimensions(image);
  return eraseImage(image, region, v, inplace);
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

/** What {@link affine} takes besides {@link AffineOptions}. @inline */
interface AffineNumbers {
  angle: number;
  translate: readonly [x: number, y: number];
  scale: number;
  /** Degrees along x, and along y. */
  shear: number | readonly number[];
}

/** The arguments of {@link affine}. @inline */
export type AffineArguments = Arguments<
  [angle: number, translate: readonly [x: number, y: number], scale: number, shear: number | readonly number[]],
  AffineNumbers & AffineOptions,
  ['angle', 'translate', 'scale', 'shear', 'interpolation', 'fill', 'center']
>;

/** Reads and checks them, but for the mode of interpolation. */
export function readAffine(args: AffineArguments): {
  readonly params: AffineParams;
  readonly interpolation: GridMode;
  readonly fill: Fill;
  readonly center: readonly [x: number, y: number] | null;
} {
  const { angle, translate, scale, shear, interpolation, fill, center } = readOptions<
    AffineNumbers & Required<AffineOptions>
  >(
    'affine',
    {
      angle: required,
      translate: required,
      scale: required,
      shear: required,
      interpolation: 'nearest',
      fill: null,
      center: null,
    },
    args,
  );
  checkNumbers('affine', { angle, scale });
  if (!(scale > 0)) throw valueError(`affine(): expected a number above 0 for argument \`scale\`, received ${scale}`);
  const [x, y] = numbersOf('affine', 'translate', translate, [2]) as [number, number];
  const sheared = typeof shear === 'number' ? ([shear, 0] as const) : twoOf('affine', 'shear', shear);
  checkFill('affine', fill);
  const params = { angle, translate: [x, y] as const, scale, shear: sheared };
  return { params, interpolation, fill, center: optionalPair('affine', 'center', center) };
}

/** Turns by `angle` degrees (clockwise), shears, scales and translates by pixels. */
export function affine(image: Tensor, ...rest: AffineArguments): Tensor {
  const { params, interpolation, fill, center } = readAffine(rest);
  const { height, width } = dimensions(image);
  const matrix = inverseAffineV1(fromMiddle(center, width, height), params);
  return sampleImage(image, affineGrid(matrix, image, { height, width }), interpolation, fill, sampling);
}

/** Options of {@link rotate}. */
export interface RotateOptions<F = Fill> extends AffineOptions<F> {
  /** The result is so large that nothing is cut off. For turns about the middle. */
  expand?: boolean;
}

/** The arguments of {@link rotate}. @inline */
export type RotateArguments = Arguments<
  [angle: number],
  { angle: number } & RotateOptions,
  ['angle', 'interpolation', 'expand', 'center', 'fill']
>;

/** Reads and checks them, but for the mode of interpolation. */
export function readRotate(args: RotateArguments): { readonly angle: number } & Readonly<Required<RotateOptions>> {
  const options = readOptions<Required<RotateOptions> & { angle: number }>(
    'rotate',
    { angle: required, interpolation: 'nearest', expand: false, center: null, fill: null },
    args,
  );
  checkNumbers('rotate', { angle: options.angle });
  checkFill('rotate', options.fill);
  return { ...options, center: optionalPair('rotate', 'center', options.center) };
}

/** Turns by `angle` degrees, against the clock. */
export function rotate(image: Tensor, ...rest: RotateArguments): Tensor {
  const { angle, interpolation, expand, center, fill } = readRotate(rest);
  const { height, width } = dimensions(image);
  const matrix = inverseAffineV1(fromMiddle(center, width, height), rotation(angle));
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
  ...rest: Arguments<
    [startpoints: Corners, endpoints: Corners],
    { startpoints: Corners; endpoints: Corners } & PerspectiveOptions,
    ['startpoints', 'endpoints', 'interpolation', 'fill']
  >
): Tensor {
  const { startpoints, endpoints, interpolation, fill } = readOptions<
    Required<PerspectiveOptions> & { startpoints: Corners; endpoints: Corners }
  >('perspective', { startpoints: required, endpoints: required, interpolation: 'bilinear', fill: null }, rest);
  checkFill('perspective', fill);
  dimensions(image);
  const coefficients = perspectiveCoefficients(
    cornersGiven('perspective', 'startpoints', startpoints),
    cornersGiven('perspective', 'endpoints', endpoints),
  );
  return sampleImage(image, perspectiveGrid(coefficients, image), interpolation, fill, sampling);
}

/** The arguments of {@link elasticTransform}. @inline */
export type ElasticArguments = Arguments<
  [displacement: Tensor],
  { displacement: Tensor } & PerspectiveOptions,
  ['displacement', 'interpolation', 'fill']
>;

/** Reads and checks them, but for the mode of interpolation. */
export function readElastic(
  callee: string,
  args: ElasticArguments,
): Required<PerspectiveOptions> & { readonly displacement: Tensor } {
  const options = readOptions<Required<PerspectiveOptions> & { displacement: Tensor }>(
    callee,
    { displacement: required, interpolation: 'bilinear', fill: null },
    args,
  );
  checkFill(callee, options.fill);
  checkTensor(`${callee}()`, 'displacement', options.displacement);
  return options;
}

/**
 * Takes each pixel from elsewhere (`elastic_transform`).
 *
 * @param rest - `displacement`: `[1, H, W, 2]`: how far from its place along x and y, where 2 is the image's side
 */
export function elasticTransform(image: Tensor, ...rest: ElasticArguments): Tensor {
  const { displacement, interpolation, fill } = readElastic('elasticTransform', rest);
  const size = dimensions(image);
  checkDisplacement(size, displacement);
  // In float32 whatever the image is, as v1 has it.
  const grid = identityGrid(size, float32, image.device).add(displacement.to(image.device));
  return sampleImage(image, grid, interpolation, fill, sampling);
}
