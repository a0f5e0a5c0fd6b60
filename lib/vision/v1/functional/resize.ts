/** Resizing, by v1's arithmetic: bytes are resized as floats, and rounded. */
import { checkBooleans, checkInteger } from '../../../engine';
import { float32, type Tensor } from '../../../tensor';
import type { Tail } from '../../../tensor/tail';
import { readOptions } from '../../../nn/arguments';
import type { Region } from '../../kernels/draws';
import { asBatch, backTo, dimensions } from '../../kernels/image';
import { cropImage } from '../../kernels/crop';
import {
  checkMode,
  interpolate,
  type InterpolationMode,
  MODES,
  outputSize,
  type ResizeSize,
} from '../../kernels/resize';

/** Options of {@link resize}. */
export interface ResizeOptions {
  /** `nearest`, `nearest-exact`, `bilinear` or `bicubic`. The default is `bilinear`. */
  readonly interpolation?: InterpolationMode;
  /** Upper bound of the longer edge, where `size` gives the shorter one. */
  readonly maxSize?: number | null;
  /** Blur before shrinking, in the modes bilinear and bicubic. The default is true. */
  readonly antialias?: boolean | null;
}

/** The arguments of {@link resize} after the size. @inline */
export type ResizeTail = Tail<ResizeOptions, ['interpolation', 'maxSize', 'antialias']>;

/** Reads the arguments of a resize after the size; a null `antialias` is false, as in Python. */
export function readResizeOptions(callee: string, rest: ResizeTail): Required<ResizeOptions> & { antialias: boolean } {
  const defaults = { interpolation: 'bilinear' as InterpolationMode, maxSize: null, antialias: true as boolean | null };
  const options = readOptions<Required<ResizeOptions>>(callee, defaults, rest, [
    'interpolation',
    'maxSize',
    'antialias',
  ]);
  return { ...options, antialias: checkAntialias(callee, options.antialias) };
}

function checkAntialias(callee: string, antialias: unknown): boolean {
  if (antialias !== null) checkBooleans(callee, { antialias });
  return antialias === true;
}

/**
 * Resizes the last two dimensions. With both sizes given the aspect is not kept; an image that has the size already is
 * returned itself.
 */
export function resize(image: Tensor, size: ResizeSize, ...rest: ResizeTail): Tensor {
  const { interpolation, maxSize, antialias } = readResizeOptions('resize', rest);
  checkMode(interpolation, MODES);
  const { height, width } = dimensions(image);
  const output = outputSize(height, width, size, maxSize);
  if (output[0] === height && output[1] === width) return image;

  const { dtype } = image;
  return asBatch(image, (batch) => {
    const floats = dtype === 'float32' || dtype === 'float64' ? batch : batch.to(float32);
    const resized = interpolate(floats, output, interpolation, antialias);
    const bounded = interpolation === 'bicubic' && dtype === 'uint8' ? resized.clamp(0, 255) : resized;
    return backTo(dtype, bounded);
  });
}

/** Options of {@link resizedCrop}. */
export type ResizedCropOptions = Pick<ResizeOptions, 'interpolation' | 'antialias'>;

/** The part at (top, left) of height and width, resized (`resized_crop`). */
export function resizedCrop(
  image: Tensor,
  top: number,
  left: number,
  height: number,
  width: number,
  size: ResizeSize,
  ...rest: Tail<ResizedCropOptions, ['interpolation', 'antialias']>
): Tensor {
  const options = readOptions<ResizedCropOptions>('resizedCrop', { interpolation: 'bilinear', antialias: true }, rest, [
    'interpolation',
    'antialias',
  ]);
  return resize(crop(image, top, left, height, width), size, options);
}

/** The part at (top, left) of height and width; what of it is beyond the image is 0. A view where nothing is. */
export function crop(image: Tensor, top: number, left: number, height: number, width: number): Tensor {
  dimensions(image);
  return cropImage(image, checkRegion('crop', { top, left, height, width }));
}

/** Refuses a rectangle of other than whole numbers. */
export function checkRegion(callee: string, region: Region): Region {
  checkInteger(callee, 'top', region.top);
  checkInteger(callee, 'left', region.left);
  checkInteger(callee, 'height', region.height, 0);
  checkInteger(callee, 'width', region.width, 0);
  return region;
}
