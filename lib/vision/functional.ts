/**
 * Image functions on tensors, with torchvision's arithmetic op for op (`torchvision.transforms.functional`).
 *
 * Images are `[…, C, H, W]`: floats in 0..1, or uint8 in 0..255. The order of the operations is torchvision's, because
 * another order gives other bits.
 */
import { ArgumentError, checkInteger, checkList, checkOptions, checkTensor, describe } from '../engine';
import {
  arange,
  callOp,
  type DType,
  float32,
  frombytes,
  isDType,
  isFloatingDType,
  isIntegerDType,
  onesLike,
  stack,
  type Tensor,
  tensor,
  where,
  zerosLike,
} from '../tensor';
import { checkImage, type DecodedImage } from './decoded-image';

/** How {@link resize} finds the values between pixels, under torchvision's names. */
export type InterpolationMode = 'nearest' | 'nearest-exact' | 'bilinear' | 'bicubic';

/** Options of {@link resize}. */
export interface ResizeOptions {
  /** The default is `bilinear`. */
  readonly interpolation?: InterpolationMode;
  /** Upper bound of the longer edge, where `size` gives the shorter one. */
  readonly maxSize?: number | null;
  /** Blur before shrinking, in the modes bilinear and bicubic. The default is true. */
  readonly antialias?: boolean;
}

/** One side for the shorter edge, or `[height, width]`. */
export type ResizeSize = number | readonly [height: number, width: number];

/**
 * Decoded pixels to floats: `[height, width, channels]` bytes to float32 `[C, H, W]` in 0..1, by a true division.
 */
export function toTensor(image: DecodedImage): Tensor {
  checkImage('toTensor', image);
  const { data, height, width, channels } = image;
  return frombytes(data, 'uint8', [height, width, channels]).permute([2, 0, 1]).contiguous().to(float32).div_(255);
}

/**
 * Resizes the last two dimensions. With both sizes given the aspect is not kept; an image that has the size already is
 * returned itself.
 */
export function resize(image: Tensor, size: ResizeSize, options: ResizeOptions = {}): Tensor {
  checkOptions('resize', options, ['interpolation', 'maxSize', 'antialias']);
  const { interpolation = 'bilinear', maxSize = null, antialias = true } = options;
  const { height, width } = dimensions(image);
  const output = outputSize(height, width, size, maxSize);
  if (output[0] === height && output[1] === width) return image;

  const { dtype } = image;
  const batch = image.dim() < 4 ? image.unsqueeze(0) : image;
  const floats = dtype === 'float32' || dtype === 'float64' ? batch : batch.to(float32);
  let resized = interpolate(floats, output, interpolation, antialias);
  if (interpolation === 'bicubic' && dtype === 'uint8') resized = resized.clamp(0, 255);
  if (image.dim() < 4) resized = resized.squeeze(0);
  if (floats === batch) return resized;
  return (isIntegerDType(dtype) ? resized.round() : resized).to(dtype);
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

/** Luma by the weights 0.2989, 0.587, 0.114; `[…, 1, H, W]`, or expanded to three equal channels. */
export function rgbToGrayscale(image: Tensor, numOutputChannels: 1 | 3 = 1): Tensor {
  const { channels } = colourDimensions(image);
  const grey = channels === 3 ? luma(image) : image.clone();
  return numOutputChannels === 3 ? grey.expand(image.shape) : grey;
}

function luma(image: Tensor): Tensor {
  const [r, g, b] = image.unbind(-3) as [Tensor, Tensor, Tensor];
  return r.mul(0.2989).add_(g.mul(0.587)).add_(b.mul(0.114)).to(image.dtype).unsqueeze(-3);
}

/** 0 gives black, 1 the image, 2 doubles the light. */
export function adjustBrightness(image: Tensor, brightnessFactor: number): Tensor {
  checkFactor('brightnessFactor', brightnessFactor);
  colourDimensions(image);
  return blend(image, zerosLike(image), brightnessFactor);
}

/** 0 gives the image's mean grey, 1 the image, 2 doubles the contrast. */
export function adjustContrast(image: Tensor, contrastFactor: number): Tensor {
  checkFactor('contrastFactor', contrastFactor);
  const { channels } = colourDimensions(image);
  const dtype = isFloatingDType(image.dtype) ? image.dtype : float32;
  const grey = channels === 3 ? rgbToGrayscale(image) : image;
  return blend(image, grey.to(dtype).mean([-3, -2, -1], true), contrastFactor);
}

/** 0 gives greys, 1 the image, 2 doubles the saturation. A grey image is returned itself. */
export function adjustSaturation(image: Tensor, saturationFactor: number): Tensor {
  checkFactor('saturationFactor', saturationFactor);
  if (colourDimensions(image).channels === 1) return image;
  return blend(image, rgbToGrayscale(image), saturationFactor);
}

/** Turns the hue by a share of the colour circle, −0.5 to 0.5. A grey image is returned itself. */
export function adjustHue(image: Tensor, hueFactor: number): Tensor {
  if (typeof hueFactor !== 'number' || !(hueFactor >= -0.5 && hueFactor <= 0.5)) {
    throw new ArgumentError(
      `expected -0.5 to 0.5 for argument \`hueFactor\`, received ${describe(hueFactor)}`,
      'TORCH_VALUE',
    );
  }
  if (colourDimensions(image).channels === 1) return image;
  const [h, s, v] = rgbToHsv(convertImageDtype(image, float32)).unbind(-3) as [Tensor, Tensor, Tensor];
  const turned = stack([h.add(hueFactor).remainder(1), s, v], -3);
  return convertImageDtype(hsvToRgb(turned), image.dtype);
}

/** `(image − mean) / std` by channel, on a copy. @throws ArgumentError where a standard deviation is 0 */
export function normalize(image: Tensor, mean: readonly number[], std: readonly number[]): Tensor {
  dimensions(image);
  if (!isFloatingDType(image.dtype) || image.dim() < 3) {
    throw new ArgumentError(`expected floats […, C, H, W] for argument \`image\`, received ${describe(image)}`);
  }
  checkList('normalize', 'mean', mean);
  checkList('normalize', 'std', std);
  if (std.includes(0)) {
    throw new ArgumentError(`expected no 0 for argument \`std\`, received ${describe(std)}`, 'TORCH_VALUE');
  }
  const byChannel = (values: readonly number[]): Tensor =>
    tensor(values, { dtype: image.dtype, device: image.device }).view([-1, 1, 1]);
  return image.clone().sub_(byChannel(mean)).div_(byChannel(std));
}

/**
 * Between floats in 0..1 and integers over their whole range. Floats to uint8 are scaled by 256 − 0.001 and cut off, so
 * that all 256 values are equally wide.
 */
export function convertImageDtype(image: Tensor, dtype: DType): Tensor {
  checkTensor('convertImageDtype()', 'image', image);
  if (!isDType(dtype)) {
    throw new ArgumentError(
      `convertImageDtype(): expected a dtype for argument \`dtype\`, received ${describe(dtype)}`,
    );
  }
  if (image.dtype === dtype) return image;
  const isFloat = isFloatingDType(dtype);
  if (isFloatingDType(image.dtype)) {
    return isFloat ? image.to(dtype) : image.mul(maximum(dtype) + 1 - 1e-3).to(dtype);
  }
  if (isFloat) return image.to(dtype).div(maximum(image.dtype));
  throw new ArgumentError(`expected a conversion from or to floats, received ${image.dtype} to ${dtype}`);
}

/** The value of full light: 1 for floats. */
function maximum(dtype: DType): number {
  if (isFloatingDType(dtype)) return 1;
  const found = { uint8: 255, int8: 127, int16: 32767 }[dtype as string];
  if (found === undefined)
    throw new ArgumentError(`expected an image of floats, uint8, int8 or int16, received ${dtype}`);
  return found;
}

/** ratio · a + (1 − ratio) · b, clamped to the range of `a`'s dtype. */
function blend(a: Tensor, b: Tensor, ratio: number): Tensor {
  const { dtype } = a;
  // A ratio of 2 would count as an integer and wrap around in uint8; Python's 2.0 makes floats.
  const float = (x: Tensor): Tensor => (isFloatingDType(x.dtype) ? x : x.to(float32));
  return float(a)
    .mul(ratio)
    .add_(float(b).mul(1 - ratio))
    .clamp_(0, maximum(dtype))
    .to(dtype);
}

function interpolate(
  image: Tensor,
  size: readonly [number, number],
  mode: InterpolationMode,
  antialias: boolean,
): Tensor {
  switch (mode) {
    case 'nearest':
      return callOp<Tensor>('aten::upsample_nearest2d', [image, size]);
    case 'nearest-exact':
      return callOp<Tensor>('aten::_upsample_nearest_exact2d', [image, size]);
    case 'bilinear':
      return callOp<Tensor>(antialias ? 'aten::_upsample_bilinear2d_aa' : 'aten::upsample_bilinear2d', [
        image,
        size,
        false,
      ]);
    case 'bicubic':
      return callOp<Tensor>(antialias ? 'aten::_upsample_bicubic2d_aa' : 'aten::upsample_bicubic2d', [
        image,
        size,
        false,
      ]);
    default:
      throw new ArgumentError(
        "expected 'nearest', 'nearest-exact', 'bilinear' or 'bicubic' for argument `interpolation`, " +
          `received ${describe(mode)}`,
        'TORCH_VALUE',
      );
  }
}

function outputSize(height: number, width: number, size: ResizeSize, maxSize: number | null): [number, number] {
  const sides = typeof size === 'number' ? [size] : size;
  checkList('resize', 'size', sides);
  if ((sides.length !== 1 && sides.length !== 2) || !sides.every((side) => Number.isInteger(side) && side > 0)) {
    throw new ArgumentError(
      `expected whole numbers above 0 for argument \`size\`, received ${describe(size)}`,
      'TORCH_VALUE',
    );
  }
  if (typeof size !== 'number') {
    if (maxSize === null && sides.length === 2) return [size[0], size[1]];
    if (sides.length === 1) return outputSize(height, width, size[0], maxSize);
    throw new ArgumentError('expected no argument `maxSize` where `size` gives both edges', 'TORCH_VALUE');
  }
  const [short, long] = width <= height ? [width, height] : [height, width];
  let newShort = size;
  let newLong = Math.trunc((size * long) / short);
  if (maxSize !== null) {
    checkInteger('resize', 'maxSize', maxSize);
    if (maxSize <= size) {
      throw new ArgumentError(
        `expected more than \`size\` ${size} for argument \`maxSize\`, received ${maxSize}`,
        'TORCH_VALUE',
      );
    }
    if (newLong > maxSize) [newShort, newLong] = [Math.trunc((maxSize * newShort) / newLong), maxSize];
  }
  return width <= height ? [newLong, newShort] : [newShort, newLong];
}

/** Hue, saturation and value in 0..1, by Pillow's formula. */
function rgbToHsv(image: Tensor): Tensor {
  const [r, g, b] = image.unbind(-3) as [Tensor, Tensor, Tensor];
  const highest = image.amax([-3]);
  const lowest = image.amin([-3]);
  // Where all channels are equal the divisors are 0; ones in their place keep NaN out, and give hue and saturation 0.
  const isGrey = highest.eq(lowest);
  const range = highest.sub(lowest);
  const ones = onesLike(highest);
  const saturation = range.div(where(isGrey, ones, highest));
  const divisor = where(isGrey, ones, range);
  const fromR = highest.sub(r).div(divisor);
  const fromG = highest.sub(g).div(divisor);
  const fromB = highest.sub(b).div(divisor);
  const isR = highest.eq(r);
  const isG = highest.eq(g).bitwiseAnd(highest.ne(r));
  const isB = highest.ne(g).bitwiseAnd(highest.ne(r));
  const hue = isR
    .mul(fromB.sub(fromG))
    .add(isG.mul(fromR.add(2).sub(fromB)))
    .add(isB.mul(fromG.add(4).sub(fromR)));
  return stack([hue.div(6).add(1).fmod(1), saturation, highest], -3);
}

function hsvToRgb(image: Tensor): Tensor {
  const [h, s, v] = image.unbind(-3) as [Tensor, Tensor, Tensor];
  const sector = h.mul(6).floor();
  const f = h.mul(6).sub(sector);
  const p = v.mul(s.rsub(1)).clamp(0, 1);
  const q = v.mul(s.mul(f).rsub(1)).clamp(0, 1);
  const t = v.mul(s.mul(f.rsub(1)).rsub(1)).clamp(0, 1);
  const index = sector.to('int32').remainder(6);
  const mask = index.unsqueeze(-3).eq(arange(6, { device: image.device }).view([-1, 1, 1]));
  const red = stack([v, q, p, p, t, v], -3);
  const green = stack([t, v, v, q, p, p], -3);
  const blue = stack([p, p, t, v, v, q], -3);
  const choices = stack([red, green, blue], -4);
  return callOp<Tensor>('aten::einsum', ['...ijk,...xijk->...xjk', [mask.to(image.dtype), choices]]);
}

function dimensions(image: Tensor): { channels: number; height: number; width: number } {
  checkTensor('vision.functional', 'image', image);
  const { shape } = image;
  if (shape.length < 2) {
    throw new ArgumentError(`expected an image […, C, H, W] for argument \`image\`, received ${describe(image)}`);
  }
  const [height, width] = shape.slice(-2) as [number, number];
  return { channels: shape.at(-3) ?? 1, height, width };
}

function colourDimensions(image: Tensor): { channels: number } {
  const found = dimensions(image);
  if (image.dim() >= 3 && (found.channels === 1 || found.channels === 3)) return found;
  throw new ArgumentError(`expected 1 or 3 channels […, C, H, W] for argument \`image\`, received ${describe(image)}`);
}

function checkFactor(argument: string, factor: number): void {
  if (typeof factor === 'number' && factor >= 0) return;
  throw new ArgumentError(
    `expected 0 or more for argument \`${argument}\`, received ${describe(factor)}`,
    'TORCH_VALUE',
  );
}
