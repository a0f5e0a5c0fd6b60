/** Light and colour, by v2's arithmetic; v1/functional/color.ts has v1's, whose roundings are others. Images only. */
import { checkInteger, checkList, describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import {
  aminmax,
  conv2d,
  float32,
  isFloatingDType,
  onesLike,
  stack,
  type Tensor,
  tensor,
  where,
} from '../../../tensor';
import { type Arguments, required } from '../../../tensor/tail';
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
import { type GrayscaleTail, readGrayscale } from '../../v1/functional/color';
import {
  asBatch,
  asFloat,
  checkFactor,
  checkHue,
  colourDimensions,
  dimensions,
  maximum,
  promoted,
} from '../../kernels/image';
import { equalizeBytes, invertLevels, posterizeLevels, solarizeLevels } from '../../kernels/levels';
import { scaleTo } from './conversion';
import { dispatch } from './dispatch';

/** Luma as floats, `[…, 1, H, W]`. */
function luma(image: Tensor): Tensor {
  const [r, g, b] = image.unbind(-3) as [Tensor, Tensor, Tensor];
  return r.mul(0.2989).add_(g, { alpha: 0.587 }).add_(b, { alpha: 0.114 }).unsqueeze(-3);
}

/** {@link luma} of bytes and other integers is cut to whole numbers. */
function wholeLuma(image: Tensor): Tensor {
  return isFloatingDType(image.dtype) ? luma(image) : luma(image).floor_();
}

function grey(image: Tensor, numOutputChannels: 1 | 3): Tensor {
  const { channels } = colourDimensions(image);
  if (channels === 1) return numOutputChannels === 1 ? image.clone() : image.repeatInterleave(3, -3);
  const one = luma(image).to(image.dtype);
  return numOutputChannels === 3 ? one.expand(image.shape) : one;
}

/** Luma by the weights 0.2989, 0.587, 0.114; `[…, 1, H, W]`, or three equal channels. */
export function rgbToGrayscale<T extends Tensor>(input: T, ...rest: GrayscaleTail): T {
  const numOutputChannels = readGrayscale('rgbToGrayscale', rest);
  return dispatch('rgbToGrayscale', input, { image: (image) => grey(image, numOutputChannels) });
}

/** One channel to three equal ones; an image of three or more is returned itself. */
export function grayscaleToRgb<T extends Tensor>(input: T): T {
  return dispatch('grayscaleToRgb', input, {
    image: (image) => (dimensions(image, 3).channels >= 3 ? image : grey(image, 3)),
  });
}

/** ratio · a + (1 − ratio) · b, clamped to the range of `a`'s dtype. */
function blend(a: Tensor, b: Tensor, ratio: number): Tensor {
  return promoted(a)
    .mul(ratio)
    .add_(b, { alpha: 1 - ratio })
    .clamp_(0, maximum(a.dtype))
    .to(a.dtype);
}

/** 0 gives black, 1 the image, 2 doubles the light. */
export function adjustBrightness<T extends Tensor>(input: T, ...rest: BrightnessArguments): T {
  const brightnessFactor = readOne('adjustBrightness', 'brightnessFactor', rest);
  return dispatch('adjustBrightness', input, {
    image: (image) => {
      checkFactor('brightnessFactor', brightnessFactor);
      colourDimensions(image);
      return promoted(image).mul(brightnessFactor).clamp_(0, maximum(image.dtype)).to(image.dtype);
    },
  });
}

/** 0 gives greys, 1 the image, 2 doubles the saturation. A grey image is returned itself. */
export function adjustSaturation<T extends Tensor>(input: T, ...rest: SaturationArguments): T {
  const saturationFactor = readOne('adjustSaturation', 'saturationFactor', rest);
  return dispatch('adjustSaturation', input, {
    image: (image) => {
      checkFactor('saturationFactor', saturationFactor);
      return colourDimensions(image).channels === 1 ? image : blend(image, wholeLuma(image), saturationFactor);
    },
  });
}

/** 0 gives the image's mean grey, 1 the image, 2 doubles the contrast. */
export function adjustContrast<T extends Tensor>(input: T, ...rest: ContrastArguments): T {
  const contrastFactor = readOne('adjustContrast', 'contrastFactor', rest);
  return dispatch('adjustContrast', input, {
    image: (image) => {
      checkFactor('contrastFactor', contrastFactor);
      const light = colourDimensions(image).channels === 3 ? wholeLuma(image) : asFloat(image);
      return blend(image, light.mean([-3, -2, -1], true), contrastFactor);
    },
  });
}

/** 0 gives a blurred image, 1 the image, 2 doubles the sharpness. An image of two pixels or fewer is returned itself. */
export function adjustSharpness<T extends Tensor>(input: T, ...rest: SharpnessArguments): T {
  const sharpnessFactor = readOne('adjustSharpness', 'sharpnessFactor', rest);
  return dispatch('adjustSharpness', input, {
    image: (image) => {
      checkFactor('sharpnessFactor', sharpnessFactor);
      const { height, width } = colourDimensions(image);
      return image.numel() === 0 || height <= 2 || width <= 2 ? image : sharpened(image, sharpnessFactor);
    },
  });
}

function sharpened(image: Tensor, factor: number): Tensor {
  const { channels, height, width } = dimensions(image);
  const isFloat = isFloatingDType(image.dtype);
  const dtype = isFloat ? image.dtype : float32;
  const [a, b] = [1 / 13, 5 / 13];
  const kernel = tensor([a, a, a, a, b, a, a, a, a], { dtype, device: image.device }).view([3, 3]);
  return asBatch(image, (batch) => {
    const output = batch.to({ dtype, copy: true });
    const blurred = conv2d(output, kernel.expand([channels, 1, 3, 3]), { groups: channels });
    const inner = output.narrow(-2, 1, height - 2).narrow(-1, 1, width - 2);
    inner.add_((isFloat ? blurred : blurred.round_()).sub_(inner), { alpha: 1 - factor });
    return output.clamp_(0, maximum(image.dtype)).to(image.dtype);
  });
}

/** Turns the hue by a share of the colour circle, −0.5 to 0.5. A grey image is returned itself. */
export function adjustHue<T extends Tensor>(input: T, ...rest: HueArguments): T {
  const hueFactor = readOne('adjustHue', 'hueFactor', rest);
  return dispatch('adjustHue', input, {
    image: (image) => {
      checkHue(hueFactor);
      if (colourDimensions(image).channels === 1 || image.numel() === 0) return image;
      const [h, s, v] = rgbToHsv(scaleTo(image, float32));
      return scaleTo(hsvToRgb(h.add_(hueFactor).remainder(1), s, v), image.dtype);
    },
  });
}

type Hsv = readonly [h: Tensor, s: Tensor, v: Tensor];

function rgbToHsv(image: Tensor): Hsv {
  const [r, g] = image.unbind(-3) as [Tensor, Tensor];
  const [lowest, highest] = aminmax(image, { dim: -3 });
  const isGrey = highest.eq(lowest);
  const range = highest.sub(lowest);
  const ones = onesLike(highest);
  const saturation = range.div(where(isGrey, ones, highest));
  const divisor = where(isGrey, ones, range).unsqueeze(-3);
  const [rc, gc, bc] = highest.unsqueeze(-3).sub(image).div(divisor).unbind(-3) as [Tensor, Tensor, Tensor];
  const isNotR = highest.ne(r);
  const isG = highest.eq(g);
  const fromG = rc.add(2).sub_(bc).mul_(isG.bitwiseAnd(isNotR));
  const fromR = bc.sub(gc).mul_(isNotR.logicalNot());
  const fromB = gc.add(4).sub_(rc).mul_(isNotR.logicalAnd(isG.logicalNot()));
  const hue = fromR.add_(fromG).add_(fromB);
  return [
    hue
      .mul_(1 / 6)
      .add_(1)
      .fmod_(1),
    saturation,
    highest,
  ];
}

/** For each sixth of the circle, which of v, p, q and t is red, green and blue. */
const SECTORS = [
  [0, 2, 1, 1, 3, 0],
  [3, 0, 0, 2, 1, 1],
  [1, 1, 3, 0, 0, 2],
];

function hsvToRgb(h: Tensor, s: Tensor, v: Tensor): Tensor {
  const sixths = h.mul(6);
  const sector = sixths.floor();
  const part = sixths.sub_(sector);
  const sxf = s.mul(part);
  const rest = s.rsub(1);
  const q = sxf.rsub(1).mul_(v).clamp_(0, 1);
  const t = sxf.add_(rest).mul_(v).clamp_(0, 1);
  const p = rest.mul_(v).clamp_(0, 1);
  const index = sector.to('int64').remainder_(6);
  const values = stack([v, p, q, t], -3);
  const table = tensor(SECTORS, { dtype: 'int64', device: h.device });
  const places = stack(
    [0, 1, 2].map((channel) => table.select(0, channel).take(index)),
    -3,
  );
  return values.gather(-3, places);
}

/** `gain · image^gamma`, clamped to 0..1 where there is a gain: above 1 shadows get darker, below 1 lighter. */
export function adjustGamma<T extends Tensor>(input: T, ...rest: GammaArguments): T {
  const { gamma, gain } = readGamma(rest);
  return dispatch('adjustGamma', input, {
    image: (image) => {
      checkFactor('gamma', gamma);
      const floats = (isFloatingDType(image.dtype) ? image : scaleTo(image, float32)).pow(gamma);
      return scaleTo(gain === 1 ? floats : floats.mul_(gain).clamp_(0, 1), image.dtype);
    },
  });
}

/** Keeps the highest `bits` of each integer, 0 to 8; of floats as many levels. */
export function posterize<T extends Tensor>(input: T, ...rest: PosterizeArguments): T {
  const bits = readOne('posterize', 'bits', rest);
  return dispatch('posterize', input, {
    image: (image) => {
      checkInteger('posterize', 'bits', bits, 0, 8);
      return posterizeLevels(image, bits);
    },
  });
}

/** Inverts what is as light as `threshold` or lighter. */
export function solarize<T extends Tensor>(input: T, ...rest: SolarizeArguments): T {
  const threshold = readOne('solarize', 'threshold', rest);
  return dispatch('solarize', input, { image: (image) => solarizeLevels(image, threshold) });
}

/** Stretches each channel so that its darkest value is 0 and its lightest the maximum. */
export function autocontrast<T extends Tensor>(input: T): T {
  return dispatch('autocontrast', input, {
    image: (image) => {
      colourDimensions(image);
      if (image.numel() === 0) return image;
      const bound = maximum(image.dtype);
      const floats = asFloat(image);
      const lowest = floats.amin([-2, -1], true);
      const highest = floats.amax([-2, -1], true);
      const isFlat = highest.eq(lowest);
      const scale = highest.sub_(lowest).mul_(1 / bound);
      const from = floats.sub(lowest.maskedFill_(isFlat, 0));
      return from.div_(scale.maskedFill_(isFlat, 1)).clamp_(0, bound).to(image.dtype);
    },
  });
}

/** Spreads the light of each channel so that all levels are about as frequent; of floats, 256 levels. */
export function equalize<T extends Tensor>(input: T): T {
  return dispatch('equalize', input, {
    image: (image) => (image.numel() === 0 ? image : scaleTo(equalizeBytes(scaleTo(image, 'uint8')), image.dtype)),
  });
}

/** Light becomes dark: the maximum minus the image. */
export function invert<T extends Tensor>(input: T): T {
  return dispatch('invert', input, { image: invertLevels });
}

/** Channels in another order: `permutation` says for each channel of the result which one of the image it is. */
export function permuteChannels<T extends Tensor>(
  input: T,
  ...rest: Arguments<[permutation: readonly number[]], { permutation: readonly number[] }, ['permutation']>
): T {
  const { permutation } = readOptions<{ permutation: readonly number[] }>(
    'permuteChannels',
    { permutation: required },
    rest,
  );
  checkList('permuteChannels', 'permutation', permutation);
  return dispatch('permuteChannels', input, {
    image: (image) => {
      const { channels } = dimensions(image, 3);
      const areChannels = permutation.every(
        (channel) => Number.isInteger(channel) && channel >= -channels && channel < channels,
      );
      if (permutation.length === channels && areChannels) {
        return image.indexSelect(
          -3,
          tensor([...permutation], { dtype: 'int64', device: image.device }).remainder(channels),
        );
      }
      throw valueError(
        `expected one of ${channels} channels for each of them for argument \`permutation\`, received ${describe(permutation)}`,
      );
    },
  });
}
