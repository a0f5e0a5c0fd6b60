/** Kinds and dtypes. */
import { ArgumentError, checkTensor, describe } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { type DType, float32, isDType, isFloatingDType, type Tensor } from '../../../tensor';
import type { Tail } from '../../../tensor/tail';
import type { DecodedImage } from '../../decoded-image';
import { isDecodedImage } from '../../decoded-image';
import { normalize as normalizeImage } from '../../v1/functional';
import { checkIsSafe, type DtypeArguments, type NormalizeArguments, readDtype } from '../../v1/functional/conversion';
import { maximum, valueBits } from '../../kernels/image';
import { Image } from '../../tv-tensors';
import { dispatch, isPureTensor } from './dispatch';

export { pilToTensor } from '../../v1/functional';

/** A tensor `[…, C, H, W]`, or decoded pixels, as an Image (`to_image`). */
export function toImage(input: Tensor | DecodedImage): Image {
  if (isPureTensor(input) || isDecodedImage(input)) return new Image(input);
  throw new ArgumentError(
    `toImage(): expected a plain tensor or decoded pixels for argument \`input\`, received ${describe(input)}`,
  );
}

/** Options of {@link toDtype}. */
export interface ToDtypeOptions {
  /** float32 by default. */
  dtype?: DType;
  /** From one range of light to the other, and not as numbers. */
  scale?: boolean;
}

/** The arguments of {@link toDtype} after the input. @inline */
export type ToDtypeTail = Tail<ToDtypeOptions, ['dtype', 'scale']>;

/**
 * Casts (`to_dtype`). With `scale`, an image's floats in 0..1 become integers over their whole range, and the other way
 * round; masks and boxes are never scaled.
 */
export function toDtype<T extends Tensor>(input: T, ...rest: ToDtypeTail): T {
  const { dtype, scale } = readOptions<Required<ToDtypeOptions>>('toDtype', { dtype: float32, scale: false }, rest);
  checkDtype('toDtype', dtype);
  return dispatch('toDtype', input, {
    image: (image) => (scale ? scaleTo(image, dtype) : image.to(dtype)),
    mask: (mask) => mask.to(dtype),
    boxes: (boxes) => boxes.to(dtype),
  });
}

/** Refuses what is no dtype. */
export function checkDtype(callee: string, dtype: unknown): asserts dtype is DType {
  if (isDType(dtype)) return;
  throw new ArgumentError(`${callee}(): expected a dtype for argument \`dtype\`, received ${describe(dtype)}`);
}

/** {@link toDtype} with `scale`, as v1 named it (`convert_image_dtype`). */
export function convertImageDtype(image: Tensor, ...rest: DtypeArguments): Tensor {
  checkTensor('convertImageDtype()', 'image', image);
  return scaleTo(image, readDtype('convertImageDtype', rest));
}

/** v2 multiplies by 1/255 where v1 divides by 255, and shifts integers. */
export function scaleTo(image: Tensor, dtype: DType): Tensor {
  const from = image.dtype;
  if (from === dtype) return image;
  if (isFloatingDType(from)) {
    if (isFloatingDType(dtype)) return image.to(dtype);
    checkIsSafe(from, dtype);
    return image.mul(maximum(dtype) + 1 - 1e-3).to(dtype);
  }
  if (isFloatingDType(dtype)) return image.to(dtype).mul_(1 / maximum(from));
  const shift = valueBits(dtype) - valueBits(from);
  return shift < 0 ? image.bitwiseRightShift(-shift).to(dtype) : image.to(dtype).bitwiseLeftShift(shift);
}

/**
 * `(image − mean) / std` by channel. Images only.
 *
 * @throws ArgumentError where a standard deviation is 0
 */
export function normalize<T extends Tensor>(input: T, ...rest: NormalizeArguments): T {
  return dispatch('normalize', input, { image: (image) => normalizeImage(image, ...rest) });
}
