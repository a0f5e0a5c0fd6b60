/** Where pixels and boxes go, by v2's arithmetic. */
import { valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { float16, float32, rot90, type Tensor } from '../../../tensor';
import { type Arguments, required } from '../../../tensor/tail';
import type { Corners, PerspectiveOptions } from '../../v1/functional';
import {
  type AffineArguments,
  cornersGiven,
  type ElasticArguments,
  readAffine,
  readElastic,
  readRotate,
  type RotateArguments,
} from '../../v1/functional/geometry';
import { checkFill, numbersOf } from '../../kernels/arguments';
import { readSize, readTenCrop, type SizeArguments, type TenCropArguments } from '../../kernels/calls';
import { fiveCropImage, type FiveCrops, tenCropImage } from '../../kernels/crop';
import {
  affineGrid,
  checkDisplacement,
  expandedSize,
  gridDtype,
  type GridMode,
  identityGrid,
  type Sampling,
  perspectiveGrid,
  sampleImage,
} from '../../kernels/grid';
import { dimensions, roundedTo } from '../../kernels/image';
import { fromMiddle, inverseAffineV2, perspectiveCoefficients, rotation } from '../../kernels/matrix';
import { Image } from '../../tv-tensors';
import { affineBoxes, displacedBoxes, hflipBoxes, perspectiveBoxes, rotatedBoxes, vflipBoxes } from './box-maps';
import { dispatch } from './dispatch';

const mirror = (dim: -1 | -2) => (image: Tensor) => {
  dimensions(image);
  return image.flip([dim]);
};

/** Mirrors left and right. */
export function horizontalFlip<T extends Tensor>(input: T): T {
  return dispatch('horizontalFlip', input, { image: mirror(-1), mask: mirror(-1), boxes: hflipBoxes });
}

/** Mirrors top and bottom. */
export function verticalFlip<T extends Tensor>(input: T): T {
  return dispatch('verticalFlip', input, { image: mirror(-2), mask: mirror(-2), boxes: vflipBoxes });
}

/** {@link horizontalFlip} under v1's name. @function */
export const hflip = horizontalFlip;
/** {@link verticalFlip} under v1's name. @function */
export const vflip = verticalFlip;

const sampling: Sampling = {
  mix: (sampled, mask, fill) => sampled.sub(fill).mul_(mask).add_(fill),
  back: roundedTo,
};

/** Turns by `angle` degrees (clockwise), shears, scales and translates by pixels. Masks by nearest neighbours. */
export function affine<T extends Tensor>(input: T, ...rest: AffineArguments): T {
  const { params, interpolation, fill, center } = readAffine(rest);
  const by = (mode: GridMode) => (image: Tensor) => {
    const { height, width } = dimensions(image);
    const matrix = inverseAffineV2(fromMiddle(center, width, height), params);
    return sampleImage(image, affineGrid(matrix, image, { height, width }), mode, fill, sampling);
  };
  return dispatch('affine', input, {
    image: by(interpolation),
    mask: by('nearest'),
    boxes: (boxes) => affineBoxes(boxes, params, center),
  });
}

/** How often an image is turned by 90 degrees, where that fits into its size; null where it must be sampled. */
function quarterTurns(turn: number, isFree: boolean): number | null {
  const quarters = turn / 90;
  return quarters === 0 || quarters === 2 || (isFree && (quarters === 1 || quarters === 3)) ? quarters : null;
}

/** Turns by `angle` degrees, against the clock; by a quarter, pixels stay pixels. Masks by nearest neighbours. */
export function rotate<T extends Tensor>(input: T, ...rest: RotateArguments): T {
  const { angle, interpolation, expand, center, fill } = readRotate(rest);
  const by = (mode: GridMode) => (image: Tensor) => {
    const { height, width } = dimensions(image);
    const left = angle % 360;
    const turn = left < 0 ? left + 360 : left;
    const quarters = center === null ? quarterTurns(turn, expand || width === height) : null;
    if (quarters !== null) return quarters === 0 ? image.clone() : rot90(image, quarters, [-2, -1]);
    const matrix = inverseAffineV2(fromMiddle(center, width, height), rotation(turn));
    const size = expand ? expandedSize(matrix, { height, width }, (x) => x.mul(1 / 1e-4)) : { height, width };
    return sampleImage(image, affineGrid(matrix, image, size), mode, fill, sampling);
  };
  return dispatch('rotate', input, {
    image: by(interpolation),
    mask: by('nearest'),
    boxes: (boxes) => rotatedBoxes(boxes, angle, center, expand),
  });
}

/** Options of {@link perspective}. */
export interface CoefficientsOptions extends PerspectiveOptions {
  /** The eight numbers of the map, instead of points: both of those are null then. */
  coefficients?: readonly number[] | null;
}

/** What {@link perspective} takes besides {@link CoefficientsOptions}. @inline */
interface Ends {
  startpoints: Corners | null;
  endpoints: Corners | null;
}

/** Moves four points of the image to others, and all else with them. Masks by nearest neighbours. */
export function perspective<T extends Tensor>(
  input: T,
  ...rest: Arguments<
    [startpoints: Corners | null, endpoints: Corners | null],
    Ends & CoefficientsOptions,
    ['startpoints', 'endpoints', 'interpolation', 'fill', 'coefficients']
  >
): T {
  const { startpoints, endpoints, interpolation, fill, coefficients } = readOptions<
    Ends & Required<CoefficientsOptions>
  >(
    'perspective',
    { startpoints: required, endpoints: required, interpolation: 'bilinear', fill: null, coefficients: null },
    rest,
  );
  checkFill('perspective', fill);
  const map = coefficientsGiven(startpoints, endpoints, coefficients);
  const by = (mode: GridMode) => (image: Tensor) => {
    dimensions(image);
    return sampleImage(image, perspectiveGrid(map, image), mode, fill, sampling);
  };
  return dispatch('perspective', input, {
    image: by(interpolation),
    mask: by('nearest'),
    boxes: (boxes) => perspectiveBoxes(boxes, map),
  });
}

function coefficientsGiven(
  startpoints: Corners | null,
  endpoints: Corners | null,
  coefficients: readonly number[] | null,
): readonly number[] {
  if (coefficients === null) {
    return perspectiveCoefficients(
      cornersGiven('perspective', 'startpoints', startpoints),
      cornersGiven('perspective', 'endpoints', endpoints),
    );
  }
  if (startpoints === null || endpoints === null) return numbersOf('perspective', 'coefficients', coefficients, [8]);
  throw valueError('perspective(): expected either `startpoints` and `endpoints` or `coefficients`, received both');
}

/**
 * Takes each pixel from elsewhere. Masks by nearest neighbours.
 *
 * @param rest - `displacement`: `[1, H, W, 2]`: how far from its place along x and y, where 2 is the image's side
 */
export function elastic<T extends Tensor>(input: T, ...rest: ElasticArguments): T {
  const { displacement, interpolation, fill } = readElastic('elastic', rest);
  const by = (mode: GridMode) => (image: Tensor) => {
    const size = dimensions(image);
    checkDisplacement(size, displacement);
    const { device } = image;
    const isHalf = device === 'cpu' && image.dtype === float16;
    const dtype = isHalf ? float32 : gridDtype(image);
    const grid = identityGrid(size, dtype, device).add_(displacement.to({ dtype, device }));
    return sampleImage(image, grid, mode, fill, sampling);
  };
  return dispatch('elastic', input, {
    image: by(interpolation),
    mask: by('nearest'),
    boxes: (boxes) => displacedBoxes(boxes, displacement),
  });
}

/** {@link elastic} under v1's name. @function */
export const elasticTransform = elastic;

/** The four corners and the middle: top left, top right, bottom left, bottom right, centre. Views. Images only. */
export function fiveCrop(input: Tensor, ...rest: SizeArguments): FiveCrops {
  const size = readSize('fiveCrop', rest);
  return crops('fiveCrop', input, (image) => fiveCropImage(image, size)) as FiveCrops;
}

/** {@link fiveCrop} of the image and of its mirror image, left and right, or top and bottom. Images only. */
export function tenCrop(input: Tensor, ...rest: TenCropArguments): readonly Tensor[] {
  const { size, verticalFlip } = readTenCrop('tenCrop', rest);
  return crops('tenCrop', input, (image) => tenCropImage(image, size, verticalFlip));
}

function crops(callee: string, input: Tensor, kernel: (image: Tensor) => readonly Tensor[]): readonly Tensor[] {
  let parts: readonly Tensor[] = [];
  dispatch(callee, input, {
    image: (image) => {
      parts = kernel(image);
      return image;
    },
  });
  return input instanceof Image ? parts.map((part) => input.like(part)) : parts;
}
