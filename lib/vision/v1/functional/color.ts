/** Light and colour, by v1's arithmetic; v2/functional/color.ts has v2's, whose roundings are others. */
import { checkInteger, describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import {
  arange,
  callOp,
  conv2d,
  float32,
  isFloatingDType,
  onesLike,
  slice,
  stack,
  type Tensor,
  tensor,
  where,
  zerosLike,
} from '../../../tensor';
import type { Tail } from '../../../tensor/tail';
import {
  type BrightnessArguments,
  type ContrastArguments,
  type GammaArguments,
  type HueArguments,
  type PosterizeArguments,
  readGamma,
  readOne,
  type SaturationArguments,
  type SharpnessArguments,
  type SolarizeArguments,
} from '../../kernels/calls';
import {
  asBatch,
  asFloat,
  backTo,
  checkFactor,
  checkHue,
  colourDimensions,
  dimensions,
  maximum,
  promoted,
} from '../../kernels/image';
import { equalizeBytes, invertLevels, posterizeLevels, solarizeLevels } from '../../kernels/levels';
import { convertImageDtype } from './conversion';

/** Options of {@link rgbToGrayscale}. */
export interface GrayscaleOptions {
  /** 1 by default. */
  numOutputChannels?: 1 | 3;
}

/** The last argument of what makes images grey. @inline */
export type GrayscaleTail = Tail<GrayscaleOptions, ['numOutputChannels']>;

/** Reads and checks it. */
export function readGrayscale(callee: string, rest: GrayscaleTail): 1 | 3 {
  const { numOutputChannels } = readOptions<Required<GrayscaleOptions>>(callee, { numOutputChannels: 1 }, rest);
  checkOutputChannels(numOutputChannels);
  return numOutputChannels;
}

/** Luma by the weights 0.2989, 0.587, 0.114; `[…, 1, H, W]`, or expanded to three equal channels. */
export function rgbToGrayscale(image: Tensor, ...rest: GrayscaleTail): Tensor {
  const numOutputChannels = readGrayscale('rgbToGrayscale', rest);
  const { channels } = colourDimensions(image);
  const grey = channels === 3 ? luma(image) : image.clone();
  return numOutputChannels === 3 ? grey.expand(image.shape) : grey;
}

/** Refuses another number of channels than one or three. */
export function checkOutputChannels(count: number): void {
  if (count === 1 || count === 3) return;
  throw valueError(`expected 1 or 3 for argument \`numOutputChannels\`, received ${describe(count)}`);
}

function luma(image: Tensor): Tensor {
  const [r, g, b] = image.unbind(-3) as [Tensor, Tensor, Tensor];
  return r.mul(0.2989).add_(g.mul(0.587)).add_(b.mul(0.114)).to(image.dtype).unsqueeze(-3);
}

/** ratio · a + (1 − ratio) · b, clamped to the range of `a`'s dtype. */
function blend(a: Tensor, b: Tensor, ratio: number): Tensor {
  const { dtype } = a;
  return promoted(a)
    .mul(ratio)
    .add_(promoted(b).mul(1 - ratio))
    .clamp_(0, maximum(dtype))
    .to(dtype);
}

/** 0 gives black, 1 the image, 2 doubles the light. */
export function adjustBrightness(image: Tensor, ...rest: BrightnessArguments): Tensor {
  const brightnessFactor = readOne('adjustBrightness', 'brightnessFactor', rest);
  checkFactor('brightnessFactor', brightnessFactor);
  colourDimensions(image);
  return blend(image, zerosLike(image), brightnessFactor);
}

/** 0 gives the image's mean grey, 1 the image, 2 doubles the contrast. */
export function adjustContrast(image: Tensor, ...rest: ContrastArguments): Tensor {
  const contrastFactor = readOne('adjustContrast', 'contrastFactor', rest);
  checkFactor('contrastFactor', contrastFactor);
  const { channels } = colourDimensions(image);
  const grey = channels === 3 ? luma(image) : image;
  return blend(image, asFloat(grey).mean([-3, -2, -1], true), contrastFactor);
}

/** 0 gives greys, 1 the image, 2 doubles the saturation. A grey image is returned itself. */
export function adjustSaturation(image: Tensor, ...rest: SaturationArguments): Tensor {
  const saturationFactor = readOne('adjustSaturation', 'saturationFactor', rest);
  checkFactor('saturationFactor', saturationFactor);
  if (colourDimensions(image).channels === 1) return image;
  return blend(image, luma(image), saturationFactor);
}

/** Turns the hue by a share of the colour circle, −0.5 to 0.5. A grey image is returned itself. */
export function adjustHue(image: Tensor, ...rest: HueArguments): Tensor {
  const hueFactor = readOne('adjustHue', 'hueFactor', rest);
  checkHue(hueFactor);
  if (colourDimensions(image).channels === 1) return image;
  const [h, s, v] = rgbToHsv(convertImageDtype(image, float32)).unbind(-3) as [Tensor, Tensor, Tensor];
  const turned = stack([h.add(hueFactor).remainder(1), s, v], -3);
  return convertImageDtype(hsvToRgb(turned), image.dtype);
}

/** `gain · image^gamma`, clamped to 0..1: above 1 shadows get darker, below 1 lighter (`adjust_gamma`). */
export function adjustGamma(image: Tensor, ...rest: GammaArguments): Tensor {
  const { gamma, gain } = readGamma(rest);
  colourDimensions(image);
  checkFactor('gamma', gamma);
  const floats = isFloatingDType(image.dtype) ? image : convertImageDtype(image, float32);
  return convertImageDtype(floats.pow(gamma).mul(gain).clamp(0, 1), image.dtype);
}

/** 0 gives a blurred image, 1 the image, 2 doubles the sharpness. An image of two pixels or fewer is returned itself. */
export function adjustSharpness(image: Tensor, ...rest: SharpnessArguments): Tensor {
  const sharpnessFactor = readOne('adjustSharpness', 'sharpnessFactor', rest);
  checkFactor('sharpnessFactor', sharpnessFactor);
  const { height, width } = colourDimensions(image);
  if (height <= 2 || width <= 2) return image;
  return blend(image, smoothed(image), sharpnessFactor);
}

/** Light becomes dark: the maximum minus the image. */
export function invert(image: Tensor): Tensor {
  colourDimensions(image);
  return invertLevels(image);
}

/** Keeps the highest `bits` of each byte, 0 to 8. Bytes only. */
export function posterize(image: Tensor, ...rest: PosterizeArguments): Tensor {
  const bits = readOne('posterize', 'bits', rest);
  colourDimensions(image);
  checkInteger('posterize', 'bits', bits, 0, 8);
  checkBytes(image);
  return posterizeLevels(image, bits);
}

/** Inverts what is as light as `threshold` or lighter. */
export function solarize(image: Tensor, ...rest: SolarizeArguments): Tensor {
  const threshold = readOne('solarize', 'threshold', rest);
  colourDimensions(image);
  return solarizeLevels(image, threshold);
}

/** Spreads the light of each channel so that all levels are about as frequent. Bytes only. */
export function equalize(image: Tensor): Tensor {
  colourDimensions(image);
  checkBytes(image);
  return equalizeBytes(image);
}

/** Stretches each channel so that its darkest value is 0 and its lightest the maximum. */
export function autocontrast(image: Tensor): Tensor {
  colourDimensions(image);
  const bound = maximum(image.dtype);
  const lowest = asFloat(image.amin([-2, -1], true));
  const highest = asFloat(image.amax([-2, -1], true));
  const scale = highest.sub(lowest).reciprocal().mul(bound);
  const isFlat = scale.isfinite().logicalNot();
  const from = lowest.maskedFill(isFlat, 0);
  return image.sub(from).mul(scale.maskedFill(isFlat, 1)).clamp(0, bound).to(image.dtype);
}

/** The image blurred a little; the outermost pixels as they are. */
function smoothed(image: Tensor): Tensor {
  const { channels } = dimensions(image);
  const dtype = isFloatingDType(image.dtype) ? image.dtype : float32;
  const weights = tensor([1, 1, 1, 1, 5, 1, 1, 1, 1], { dtype, device: image.device }).view([3, 3]);
  const kernel = weights.div_(weights.sum()).expand([channels, 1, 3, 3]);
  const blurred = asBatch(image, (batch) => backTo(image.dtype, conv2d(batch.to(dtype), kernel, { groups: channels })));
  const result = image.clone();
  const inner = slice(1, -1);
  return result.setAt(['...', inner, inner], blurred);
}

function checkBytes(image: Tensor): void {
  if (image.dtype === 'uint8') return;
  throw valueError(`expected an image of uint8 for argument \`image\`, received ${describe(image)}`);
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
