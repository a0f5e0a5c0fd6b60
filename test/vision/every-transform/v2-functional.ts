/** Random calls of the functions of torchvision's v2; where they take what v1's take, the calls are v1's. */
import { randperm } from '../../../lib/tensor';
import type { Draws } from '../../nn/draws';
import { type Arguments, decimal, image, images, maybe, size } from './configuration';
import { v1Functional } from './v1-functional';
import type { Tensor } from '../../../lib/tensor';

export type Subject = 'plain' | 'image' | 'mask' | 'boxes' | 'numbers';

export interface FunctionConfiguration extends Arguments {
  images?: readonly Tensor[];
  /** What it takes: plain tensors and images by default. */
  subjects?: readonly Subject[];
}

export type FunctionEntries = Readonly<Record<string, (draws: Draws, round: number) => FunctionConfiguration>>;

const everything = ['plain', 'image', 'mask', 'boxes'] as const;

/** v1's call, with other subjects or other images. */
const asV1 = (name: string, changes: Partial<FunctionConfiguration> = {}): FunctionEntries[string] => {
  return (draws, round) => ({ ...v1Functional[name]!(draws, round), ...changes });
};

/** Without a \`fill\` for each channel, which a mask cannot have, and padding modes that boxes cannot have. */
const plainPad: FunctionEntries[string] = (draws) => ({
  args: [draws.pick([4, [3], [2, 5], [1, 2, 3, 4]])],
  options: { fill: maybe(draws, () => draws.pick([1, 0.5, null])) },
  subjects: everything,
});

const placed = (draws: Draws): FunctionConfiguration => ({
  options: { format: draws.pick(['XYXY', 'XYWH', 'CXCYWH']), canvasSize: [draws.int(10, 20), draws.int(10, 20)] },
});

export const v2Functional: FunctionEntries = {
  getDimensions: asV1('getDimensions'),
  getNumChannels: () => ({}),
  getSize: () => ({ subjects: everything }),
  hflip: asV1('hflip', { subjects: everything }),
  vflip: asV1('vflip', { subjects: everything }),
  horizontalFlip: () => ({ subjects: everything }),
  verticalFlip: () => ({ subjects: everything }),
  invert: (draws) => ({
    images: [
      ...images(draws),
      image(draws, { dtypes: ['uint8'] }).to('int16'),
      image(draws, { dtypes: ['uint8'] }).to('int64'),
    ],
  }),
  autocontrast: asV1('autocontrast'),
  equalize: () => ({}),
  adjustBrightness: asV1('adjustBrightness'),
  adjustContrast: asV1('adjustContrast'),
  adjustSaturation: asV1('adjustSaturation'),
  adjustSharpness: asV1('adjustSharpness'),
  adjustHue: asV1('adjustHue'),
  adjustGamma: asV1('adjustGamma'),
  posterize: (draws) => ({
    args: [draws.int(0, 8)],
    images: [...images(draws), image(draws, { dtypes: ['uint8'] }).to('int16')],
  }),
  solarize: asV1('solarize'),
  rgbToGrayscale: (draws) => ({ options: { numOutputChannels: maybe(draws, () => draws.pick([1, 3])) } }),
  grayscaleToRgb: () => ({}),
  permuteChannels: (draws) => ({
    args: [randperm(3).tolist() as number[]],
    images: images(draws, { channels: [3] }),
  }),
  resize: (draws, round) => ({
    args: [round < 3 ? size(draws) : round < 5 ? 10 : null],
    options: {
      interpolation: maybe(draws, () => draws.pick(['nearest', 'nearest-exact', 'bilinear', 'bicubic'])),
      maxSize: round < 3 ? undefined : draws.int(11, 18),
      antialias: maybe(draws, () => draws.pick([true, false, null])),
    },
    images: [...images(draws), image(draws, { dtypes: ['uint8'] }).to('int16')],
    subjects: everything,
  }),
  pad: (draws, round) =>
    round % 2
      ? plainPad(draws, round)
      : {
          ...v1Functional['pad']!(draws, round),
          ...(round % 4 ? {} : { options: { fill: [0.5, 7, 3] }, images: images(draws, { channels: [3] }) }),
        },
  crop: asV1('crop', { subjects: everything }),
  centerCrop: asV1('centerCrop', { subjects: everything }),
  resizedCrop: asV1('resizedCrop', { subjects: everything }),
  fiveCrop: asV1('fiveCrop'),
  tenCrop: asV1('tenCrop'),
  erase: asV1('erase'),
  affine: asV1('affine', { subjects: everything }),
  rotate: asV1('rotate', { subjects: everything }),
  perspective: asV1('perspective', { subjects: everything }),
  elastic: asV1('elasticTransform', { subjects: everything }),
  elasticTransform: asV1('elasticTransform', { subjects: everything }),
  gaussianBlur: asV1('gaussianBlur'),
  gaussianNoise: (draws) => ({
    options: { mean: decimal(draws, -0.5, 0.5), sigma: decimal(draws, 0, 0.5), clip: draws.flag() },
  }),
  normalize: asV1('normalize'),
  convertImageDtype: (draws) => ({ ...v1Functional['convertImageDtype']!(draws, 0), subjects: ['plain'] }),
  toDtype: (draws) => ({
    args: [draws.pick(['uint8', 'float32', 'float64', 'int16', 'int32'])],
    options: { scale: false },
    subjects: everything,
  }),
  toImage: () => ({ subjects: ['plain'] }),
  isPureTensor: () => ({ subjects: everything }),
  convertBoundingBoxFormat: (draws, round) => ({
    options: {
      oldFormat: round % 2 ? draws.pick(['XYXY', 'XYWH', 'CXCYWH']) : undefined,
      newFormat: draws.pick(['XYXY', 'XYWH', 'CXCYWH']),
      inplace: maybe(draws, () => draws.flag()),
    },
    subjects: [round % 2 ? 'numbers' : 'boxes'],
  }),
  clampBoundingBoxes: (draws, round) => ({
    options: {
      ...(round % 2 ? placed(draws).options : {}),
      clampingMode: round % 2 ? draws.pick(['soft', 'hard', null]) : maybe(draws, () => draws.pick(['soft', null])),
    },
    subjects: [round % 2 ? 'numbers' : 'boxes'],
  }),
  sanitizeBoundingBoxes: (draws, round) => ({
    options: {
      ...(round % 2 ? placed(draws).options : {}),
      minSize: maybe(draws, () => decimal(draws, 1, 4)),
      minArea: maybe(draws, () => decimal(draws, 1, 20)),
    },
    subjects: [round % 2 ? 'numbers' : 'boxes'],
  }),
};
