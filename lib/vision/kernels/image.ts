/** What an image is, for every kernel: `[…, C, H, W]`, floats in 0..1 or integers over their whole range. */
import { ArgumentError, checkTensor, describe, valueError } from '../../engine';
import { type DType, float32, getDefaultDtype, isFloatingDType, type Tensor } from '../../tensor';

/** Sizes of an image; a tensor of two dimensions has one channel. */
export interface Dimensions {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Reads the sizes, and refuses what has fewer dimensions than `least`. */
export function dimensions(image: Tensor, least = 2): Dimensions {
  checkTensor('vision.functional', 'image', image);
  const { shape } = image;
  if (shape.length < least) {
    throw new ArgumentError(`expected an image […, C, H, W] for argument \`image\`, received ${describe(image)}`);
  }
  const [height, width] = shape.slice(-2) as [number, number];
  return { channels: shape.at(-3) ?? 1, height, width };
}

/** {@link dimensions} of an image of one or three channels: colour has no meaning for others. */
export function colourDimensions(image: Tensor): Dimensions {
  const found = dimensions(image);
  if (image.dim() >= 3 && (found.channels === 1 || found.channels === 3)) return found;
  throw new ArgumentError(`expected 1 or 3 channels […, C, H, W] for argument \`image\`, received ${describe(image)}`);
}

/** Value bits of the integer dtypes. */
const VALUE_BITS: Readonly<Partial<Record<DType, number>>> = {
  uint8: 8,
  int8: 7,
  int16: 15,
  uint16: 16,
  int32: 31,
  int64: 63,
};

/** Bits in which an integer dtype keeps light: 8 for uint8, 7 for int8. */
export function valueBits(dtype: DType): number {
  const bits = VALUE_BITS[dtype];
  if (bits !== undefined) return bits;
  throw new ArgumentError(`expected an image of ${Object.keys(VALUE_BITS).join(', ')} or floats, received ${dtype}`);
}

/** The value of full light: 1 for floats. Above 2^53 it is rounded, as by Python's `float()`. */
export function maximum(dtype: DType): number {
  return isFloatingDType(dtype) ? 1 : 2 ** valueBits(dtype) - 1;
}

/** The image as floats, its values as they are. */
export function asFloat(image: Tensor): Tensor {
  return isFloatingDType(image.dtype) ? image : image.to(float32);
}

/**
 * The image as floats of the default dtype, which is what PyTorch makes of integers times a Python float. The cast must
 * be said here: a factor of 2 counts as an integer in JavaScript, and would wrap around in uint8.
 */
export function promoted(image: Tensor): Tensor {
  return isFloatingDType(image.dtype) ? image : image.to(getDefaultDtype());
}

/** The dtypes whose values torchvision rounds when they come back from floats. */
const ROUNDED: readonly DType[] = ['uint8', 'int8', 'int16', 'int32', 'int64'];

/** Floats back to an image's dtype; integers are rounded first, but for uint16. */
export function backTo(dtype: DType, floats: Tensor): Tensor {
  if (floats.dtype === dtype) return floats;
  return (ROUNDED.includes(dtype) ? floats.round() : floats).to(dtype);
}

/** {@link backTo} where v2 rounds whatever is no float: a quarter of true is false. */
export function roundedTo(dtype: DType, floats: Tensor): Tensor {
  if (floats.dtype === dtype) return floats;
  return (isFloatingDType(dtype) ? floats : floats.round()).to(dtype);
}

/**
 * Calls `kernel` with the image as `[N, C, H, W]`, and gives its output the leading dimensions that the image had.
 */
export function asBatch(image: Tensor, kernel: (batch: Tensor) => Tensor): Tensor {
  const { shape } = image;
  if (shape.length === 4) return kernel(image);
  if (shape.length === 3) return kernel(image.unsqueeze(0)).squeeze(0);
  const { channels, height, width } = dimensions(image);
  const leading = shape.slice(0, -3);
  const count = leading.reduce((product, size) => product * size, 1);
  const output = kernel(image.reshape([count, channels, height, width]));
  return output.reshape([...(shape.length === 2 ? [] : [...leading, channels]), ...output.shape.slice(-2)]);
}

/** Refuses what is no number of 0 or more. */
export function checkFactor(argument: string, factor: number): void {
  if (typeof factor === 'number' && factor >= 0) return;
  throw valueError(`expected 0 or more for argument \`${argument}\`, received ${describe(factor)}`);
}

/** Refuses a turn of the hue that is not from -0.5 to 0.5. */
export function checkHue(hueFactor: number): void {
  if (typeof hueFactor === 'number' && hueFactor >= -0.5 && hueFactor <= 0.5) return;
  throw valueError(`expected -0.5 to 0.5 for argument \`hueFactor\`, received ${describe(hueFactor)}`);
}
