/** Resizing, by v1's arithmetic: bytes are resized as floats, and rounded. */
import { checkBooleans } from '../../../engine';
import { float32, type Tensor } from '../../../tensor';
import { type Arguments, required } from '../../../tensor/tail';
import { readOptions } from '../../../nn/arguments';
import { checkRegion, type CropArguments, readCrop } from '../../kernels/calls';
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

/** The arguments of {@link resize}. @inline */
export type ResizeArguments<S = ResizeSize> = Arguments<
  [size: S],
  { size: S } & ResizeOptions,
  ['size', 'interpolation', 'maxSize', 'antialias']
>;

/** Reads them; a null `antialias` is false, as in Python. */
export function readResize<S>(
  callee: string,
  args: ResizeArguments<S>,
): Required<ResizeOptions> & { readonly size: S; readonly antialias: boolean } {
  const defaults = {
    size: required,
    interpolation: 'bilinear' as InterpolationMode,
    maxSize: null,
    antialias: true as boolean | null,
  };
  const options = readOptions<Required<ResizeOptions> & { size: S }>(callee, defaults, args, [
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
export function resize(image: Tensor, ...rest: ResizeArguments): Tensor {
  const { size, interpolation, maxSize, antialias } = readResize('resize', rest);
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

/** The arguments of {@link resizedCrop}. @inline */
export type ResizedCropArguments = Arguments<
  [top: number, left: number, height: number, width: number, size: ResizeSize],
  Region & { size: ResizeSize } & ResizedCropOptions,
  ['top', 'left', 'height', 'width', 'size', 'interpolation', 'antialias']
>;

/** Reads them, and checks the part. */
export function readResizedCrop(args: ResizedCropArguments): {
  readonly region: Region;
  readonly size: ResizeSize;
  readonly options: Required<ResizedCropOptions>;
} {
  const { size, interpolation, antialias, ...region } = readOptions<
    Region & { size: ResizeSize } & Required<ResizedCropOptions>
  >(
    'resizedCrop',
    {
      top: required,
      left: required,
      height: required,
      width: required,
      size: required,
      interpolation: 'bilinear',
      antialias: true,
    },
    args,
    ['interpolation', 'antialias'],
  );
  checkRegion('resizedCrop', region);
  return { region, size, options: { interpolation, antialias } };
}

/** The part at (top, left) of height and width, resized (`resized_crop`). */
export function resizedCrop(image: Tensor, ...rest: ResizedCropArguments): Tensor {
  const { region, size, options } = readResizedCrop(rest);
  dimensions(image);
  return resize(cropImage(image, region), size, options);
}

/** The part at (top, left) of height and width; what of it is beyond the image is 0. A view where nothing is. */
export function crop(image: Tensor, ...rest: CropArguments): Tensor {
  const region = readCrop(rest);
  dimensions(image);
  return cropImage(image, region);
}
