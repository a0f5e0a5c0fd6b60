/** Random configurations of the transforms of torchvision's v1. */
import * as torch from '../../../lib';
import { rand, randn } from '../../../lib/tensor';
import * as vision from '../../../lib/vision';
import { bounds, decimal, type Entries, image, images, maybe, size, type Value } from './configuration';

const bytes = { dtypes: ['uint8'] } as const;
const modes = ['nearest', 'bilinear'] as const;

export const v1: Entries = {
  Resize: (draws) => ({
    args: [size(draws)],
    options: {
      interpolation: draws.pick(['nearest', 'nearest-exact', 'bilinear', 'bicubic']),
      antialias: draws.flag(),
    },
  }),
  CenterCrop: (draws) => ({ args: [size(draws, 3, 45)] }),
  RandomCrop: (draws, round) => ({
    args: [size(draws, 5, round < 3 ? 9 : 45)],
    options: {
      padding: maybe(draws, () => draws.pick([3, [2, 1], [1, 2, 3, 4]])),
      padIfNeeded: round < 3 ? undefined : true,
      fill: maybe(draws, () => draws.int(0, 1)),
      paddingMode: round < 3 ? maybe(draws, () => draws.pick(['constant', 'edge', 'reflect'])) : undefined,
    },
  }),
  RandomResizedCrop: (draws) => ({
    args: [size(draws)],
    options: {
      scale: maybe(draws, () => bounds(draws, 0.05, 1)),
      ratio: maybe(draws, () => draws.pick([bounds(draws, 0.3, 3), [0.1, 0.2], [5, 7]])),
      interpolation: maybe(draws, () => draws.pick(['nearest', 'bicubic'])),
      antialias: maybe(draws, () => draws.flag()),
    },
  }),
  FiveCrop: (draws) => ({ args: [size(draws, 3, 9)] }),
  TenCrop: (draws) => ({ args: [size(draws, 3, 9)], options: { verticalFlip: draws.flag() } }),
  Pad: (draws, round) => ({
    args: [draws.pick([4, [2, 5], [1, 2, 3, 4], [0, 3, 8, 1], ...(round < 3 ? [[-2, 3, 1, -1]] : [])])],
    options: {
      fill: maybe(draws, () => draws.pick([1, 0.5])),
      paddingMode: draws.pick(['constant', 'edge', 'reflect', 'symmetric']),
    },
  }),
  RandomHorizontalFlip: (draws) => ({ args: draws.flag() ? [decimal(draws, 0, 1)] : [] }),
  RandomVerticalFlip: (draws) => ({ options: { p: maybe(draws, () => decimal(draws, 0, 1)) } }),
  RandomRotation: (draws, round) => ({
    args: [draws.pick([45, 180, [-20, 70]])],
    options: {
      interpolation: maybe(draws, () => draws.pick(modes)),
      expand: maybe(draws, () => draws.flag()),
      center: round % 2 ? [draws.int(0, 10), decimal(draws, 0, 9)] : undefined,
      fill: maybe(draws, () => draws.pick([0.5, [1], 7])),
    },
  }),
  RandomAffine: (draws) => ({
    args: [draws.pick([0, 30, [-60, 10]])],
    options: {
      translate: maybe(draws, () => [decimal(draws, 0, 1), decimal(draws, 0, 1)]),
      scale: maybe(draws, () => bounds(draws, 0.4, 2)),
      shear: maybe(draws, () => draws.pick([10, [-5, 20], [-10, 10, -30, 5]])),
      interpolation: maybe(draws, () => draws.pick(modes)),
      fill: maybe(draws, () => draws.pick([0.25, 3])),
      center: maybe(draws, () => [draws.int(0, 9), draws.int(0, 9)]),
    },
  }),
  RandomPerspective: (draws) => ({
    options: {
      distortionScale: maybe(draws, () => decimal(draws, 0, 1)),
      p: 0.7,
      interpolation: maybe(draws, () => draws.pick(modes)),
      fill: maybe(draws, () => draws.pick([0.25, 3])),
    },
  }),
  ElasticTransform: (draws) => ({
    options: {
      alpha: maybe(draws, () => draws.pick([20.5, [0.5, 90.25]])),
      sigma: draws.pick([1.5, [0.75, 1.25], 0.5]),
      interpolation: maybe(draws, () => draws.pick(modes)),
      fill: maybe(draws, () => draws.pick([0.25, 3])),
    },
  }),
  GaussianBlur: (draws) => ({
    args: [draws.pick([3, 5, [3, 7], [9, 1]])],
    options: { sigma: maybe(draws, () => draws.pick([0.7, [0.3, 3.5]])) },
  }),
  ColorJitter: (draws) => ({
    options: {
      brightness: maybe(draws, () => draws.pick([0.4, [0.5, 1.7]])),
      contrast: maybe(draws, () => draws.pick([0.4, [0.5, 1.7]])),
      saturation: maybe(draws, () => draws.pick([0.4, 1.5, [0.5, 1.7]])),
      hue: maybe(draws, () => draws.pick([0.5, 0.1, [-0.2, 0.4]])),
    },
  }),
  Grayscale: (draws) => ({
    args: draws.flag() ? [3] : [],
    images: images(draws, { channels: [3] }),
  }),
  RandomGrayscale: (draws) => ({ args: draws.flag() ? [0.6] : [] }),
  RandomInvert: (draws) => ({ args: draws.flag() ? [0.6] : [] }),
  RandomPosterize: (draws) => ({ args: [draws.int(0, 8)], images: images(draws, bytes) }),
  RandomSolarize: (draws, round) =>
    round % 2
      ? { args: [draws.int(0, 255)], images: images(draws, bytes) }
      : { args: [decimal(draws, 0, 1)], options: { p: 0.8 } },
  RandomAdjustSharpness: (draws) => ({ args: [decimal(draws, 0, 3)], options: { p: 0.8 } }),
  RandomAutocontrast: (draws) => ({
    images: [...images(draws), torch.zeros([3, 5, 5]), torch.full([1, 4, 6], 9, { dtype: 'uint8' })],
  }),
  RandomEqualize: (draws) => ({
    images: [
      ...images(draws, bytes),
      ...images(draws, { ...bytes, low: 60, high: 80 }),
      torch.full([1, 40, 60], 9, { dtype: 'uint8' }),
    ],
  }),
  RandomErasing: (draws, round) => ({
    options: {
      p: 0.8,
      scale: maybe(draws, () => draws.pick([bounds(draws, 0, 1), [0.9, 1]])),
      ratio: maybe(draws, () => bounds(draws, 0.1, 5)),
      value: round % 2 ? 'random' : maybe(draws, () => draws.pick([0.5, 7, [0.25]])),
      inplace: maybe(draws, () => draws.flag()),
    },
  }),
  AutoAugment: (draws, round) => ({
    options: {
      policy: (['imagenet', 'cifar10', 'svhn'] as const)[round % 3],
      interpolation: maybe(draws, () => 'bilinear'),
      fill: maybe(draws, () => draws.pick<Value>([7, [3]])),
    },
    images: Array.from({ length: 12 }, () => image(draws, bytes)),
  }),
  RandAugment: (draws) => ({
    options: {
      numOps: draws.int(1, 4),
      magnitude: maybe(draws, () => draws.int(0, 20)),
      numMagnitudeBins: maybe(draws, () => draws.int(21, 40)),
      interpolation: maybe(draws, () => 'bilinear'),
      fill: maybe(draws, () => draws.pick<Value>([7, [3]])),
    },
    images: Array.from({ length: 12 }, () => image(draws, bytes)),
  }),
  TrivialAugmentWide: (draws) => ({
    options: {
      numMagnitudeBins: maybe(draws, () => draws.int(5, 40)),
      interpolation: maybe(draws, () => 'bilinear'),
      fill: maybe(draws, () => draws.pick<Value>([7, [3]])),
    },
    images: Array.from({ length: 16 }, () => image(draws, bytes)),
  }),
  AugMix: (draws) => ({
    options: {
      severity: maybe(draws, () => draws.int(1, 10)),
      mixtureWidth: maybe(draws, () => draws.int(1, 4)),
      chainDepth: maybe(draws, () => draws.int(1, 3)),
      alpha: maybe(draws, () => decimal(draws, 0.3, 2)),
      allOps: maybe(draws, () => draws.flag()),
      interpolation: maybe(draws, () => 'nearest'),
      fill: maybe(draws, () => draws.pick<Value>([7, [3]])),
    },
    images: Array.from({ length: 8 }, () => image(draws, bytes)),
  }),
  Normalize: (draws) => ({
    args: [
      [0.485, 0.456, 0.4],
      [decimal(draws, 0.1, 1), 0.22, 0.1],
    ],
    options: { inplace: maybe(draws, () => draws.flag()) },
    images: images(draws, { dtypes: ['float32', 'float64'], channels: [3] }),
  }),
  ConvertImageDtype: (draws) => {
    const dtype = draws.pick(['uint8', 'float32', 'float64', 'int16', 'int8', 'float16'] as const);
    const from = [
      ...images(draws),
      image(draws, bytes).to('int16'),
      image(draws, bytes)
        .to('int32')
        .mul(1 << 20),
    ];
    return {
      make: () => new vision.ConvertImageDtype(dtype),
      python: `T.ConvertImageDtype(torch.${dtype})`,
      images: from,
    };
  },
  LinearTransformation: (draws) => ({
    args: [randn([48, 48]), rand([48])],
    images: [rand([3, 4, 4]), rand([2, 3, 4, 4]), rand([3, 2, 8]), rand([draws.int(1, 3), 3, 8, 2])],
  }),
  Compose: () => ({
    make: () => new vision.Compose([new vision.RandomHorizontalFlip(), new vision.Resize([8, 9])]),
    python: 'T.Compose([T.RandomHorizontalFlip(), T.Resize([8, 9])])',
  }),
  Lambda: () => ({ make: () => new vision.Lambda((x: torch.Tensor) => x.neg()), python: 'T.Lambda(lambda x: -x)' }),
  RandomApply: (draws) => {
    const p = decimal(draws, 0, 1);
    const parts = [new vision.RandomVerticalFlip(), new vision.RandomInvert()];
    return {
      make: () => new vision.RandomApply(parts, p),
      python: `T.RandomApply([T.RandomVerticalFlip(), T.RandomInvert()], p=${p})`,
    };
  },
  RandomChoice: (_, round) => {
    const p = round % 2 ? [0.2, 3, 1] : null;
    const parts = [new vision.RandomVerticalFlip(), new vision.RandomInvert(1), new vision.CenterCrop(5)];
    return {
      make: () => new vision.RandomChoice(parts, { p }),
      python: `T.RandomChoice([T.RandomVerticalFlip(), T.RandomInvert(1.0), T.CenterCrop(5)], p=${p ? JSON.stringify(p) : 'None'})`,
    };
  },
  RandomOrder: () => ({
    make: () =>
      new vision.RandomOrder([
        new vision.RandomAffine(10),
        new vision.RandomRotation(20),
        new vision.CenterCrop(5),
        new vision.Pad(2),
        new vision.GaussianBlur(3),
      ]),
    python: 'T.RandomOrder([T.RandomAffine(10), T.RandomRotation(20), T.CenterCrop(5), T.Pad(2), T.GaussianBlur(3)])',
  }),
};
