/** Random calls of the functions of torchvision's v1: the arguments after the image. */
import { rand } from '../../../lib/tensor';
import { bounds, decimal, type Entries, image, images, maybe, size } from './configuration';

const bytes = { dtypes: ['uint8'] } as const;
const modes = ['nearest', 'bilinear'] as const;

/** Four points, each near its corner of an image of 20 x 20. */
const corners = (at: (low: number, high: number) => number): number[][] => [
  [at(0, 7), at(0, 7)],
  [at(12, 19), at(0, 7)],
  [at(12, 19), at(12, 19)],
  [at(0, 7), at(12, 19)],
];

export const v1Functional: Entries = {
  getDimensions: () => ({}),
  getImageSize: () => ({}),
  getImageNumChannels: () => ({}),
  hflip: () => ({}),
  vflip: () => ({}),
  invert: () => ({}),
  autocontrast: () => ({}),
  equalize: (draws) => ({ images: images(draws, bytes) }),
  adjustBrightness: (draws) => ({ args: [decimal(draws, 0, 3)] }),
  adjustContrast: (draws) => ({ args: [decimal(draws, 0, 3)] }),
  adjustSaturation: (draws) => ({ args: [decimal(draws, 0, 3)] }),
  adjustSharpness: (draws) => ({ args: [decimal(draws, 0, 3)], images: [...images(draws), rand([3, 2, 9])] }),
  adjustHue: (draws) => ({ args: [decimal(draws, -0.5, 0.5)] }),
  adjustGamma: (draws) => ({
    args: [decimal(draws, 0, 3)],
    options: { gain: maybe(draws, () => decimal(draws, 0, 2)) },
  }),
  posterize: (draws) => ({ args: [draws.int(0, 8)], images: images(draws, bytes) }),
  solarize: (draws) => ({ args: [decimal(draws, 0, 1)] }),
  rgbToGrayscale: (draws) => ({
    options: { numOutputChannels: maybe(draws, () => draws.pick([1, 3])) },
    images: images(draws, { channels: [3] }),
  }),
  resize: (draws, round) => ({
    args: [round < 3 ? size(draws) : 10],
    options: {
      interpolation: maybe(draws, () => draws.pick(['nearest', 'nearest-exact', 'bilinear', 'bicubic'])),
      maxSize: round < 3 ? undefined : draws.int(11, 18),
      antialias: maybe(draws, () => draws.pick([true, false, null])),
    },
  }),
  pad: (draws) => ({
    args: [draws.pick([4, [3], [2, 5], [1, 2, 3, 4]])],
    options: {
      fill: maybe(draws, () => draws.pick([1, 0.5])),
      paddingMode: maybe(draws, () => draws.pick(['constant', 'edge', 'reflect', 'symmetric'])),
    },
  }),
  // Not wholly above the image or left of it: there Python takes the end for negative, and returns another size.
  crop: (draws) => ({ args: [draws.int(-9, 40), draws.int(-9, 40), draws.int(10, 30), draws.int(10, 30)] }),
  centerCrop: (draws) => ({ args: [size(draws, 3, 45)] }),
  resizedCrop: (draws) => ({
    args: [draws.int(-3, 7), draws.int(-3, 7), draws.int(4, 30), draws.int(4, 30), size(draws)],
    options: {
      interpolation: maybe(draws, () => draws.pick(['nearest', 'bicubic'])),
      antialias: maybe(draws, () => draws.flag()),
    },
  }),
  fiveCrop: (draws) => ({ args: [size(draws, 3, 9)] }),
  tenCrop: (draws) => ({ args: [size(draws, 3, 9)], options: { verticalFlip: draws.flag() } }),
  erase: (draws) => ({
    args: [
      draws.int(0, 4),
      draws.int(0, 4),
      5,
      4,
      rand(
        draws.pick([
          [1, 1, 1],
          [1, 5, 4],
        ]),
      ),
    ],
    options: { inplace: maybe(draws, () => draws.flag()) },
  }),
  affine: (draws) => ({
    args: [
      decimal(draws, -180, 180),
      [draws.int(-5, 5), draws.int(-5, 5)],
      decimal(draws, 0.4, 2),
      draws.pick([decimal(draws, -40, 40), [decimal(draws, -40, 40), decimal(draws, -40, 40)]]),
    ],
    options: {
      interpolation: maybe(draws, () => draws.pick(modes)),
      fill: maybe(draws, () => draws.pick([0.25, 3, [1]])),
      center: maybe(draws, () => [draws.int(0, 9), draws.int(0, 9)]),
    },
  }),
  rotate: (draws, round) => ({
    args: [draws.pick([90, 180, 45, decimal(draws, -180, 180)])],
    options: {
      interpolation: maybe(draws, () => draws.pick(modes)),
      expand: maybe(draws, () => draws.flag()),
      center: round % 2 ? [draws.int(0, 9), draws.int(0, 9)] : undefined,
      fill: maybe(draws, () => draws.pick([0.25, 3, [1]])),
    },
  }),
  perspective: (draws) => ({
    args: [corners((low, high) => draws.int(low, high)), corners((low, high) => draws.int(low, high))],
    options: {
      interpolation: maybe(draws, () => draws.pick(modes)),
      fill: maybe(draws, () => draws.pick([0.25, 3, [1]])),
    },
  }),
  elasticTransform: (draws) => ({
    args: [rand([1, 17, 21, 2]).sub(0.5).mul(0.2)],
    options: {
      interpolation: maybe(draws, () => draws.pick(modes)),
      fill: maybe(draws, () => draws.pick([0.25, 3, [1]])),
    },
    images: images(draws, { size: [17, 21] }),
  }),
  gaussianBlur: (draws) => ({
    args: [draws.pick([3, [3, 7], [9, 1]])],
    options: { sigma: maybe(draws, () => draws.pick([0.7, [0.3, 3.5], bounds(draws, 0.1, 4)])) },
  }),
  normalize: (draws) => ({
    args: [
      [0.485, 0.456, 0.4],
      [decimal(draws, 0.1, 1), 0.22, 0.1],
    ],
    options: { inplace: maybe(draws, () => draws.flag()) },
    images: images(draws, { dtypes: ['float32', 'float64'], channels: [3] }),
  }),
  convertImageDtype: (draws) => ({
    args: [draws.pick(['uint8', 'float32', 'float64', 'int16', 'float16'])],
    images: [...images(draws), image(draws, bytes).to('int16')],
  }),
};
