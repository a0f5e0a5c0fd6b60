/** Random configurations of the transforms of torchvision's v2. */
import * as torch from '../../../lib';
import { rand, randint, randn } from '../../../lib/tensor';
import { tvTensors, v2 as T2 } from '../../../lib/vision';
import type { Draws } from '../../nn/draws';
import { bounds, type Configuration, decimal, image, images, maybe, size, type Value } from './configuration';

export interface SampleConfiguration extends Configuration {
  /** Names of the samples that it takes; by default all without boxes for what is of colours, and all for the rest. */
  samples?: readonly string[];
  /** A sample of one's own, of the image \`x\`: the arguments of forward. */
  sample?: { ours: (x: torch.Tensor) => unknown[]; python: string };
}

export type SampleEntries = Readonly<Record<string, (draws: Draws, round: number) => SampleConfiguration>>;

const bytes = { dtypes: ['uint8'] } as const;
const modes = ['nearest', 'bilinear'] as const;
const interpolations = ['nearest', 'nearest-exact', 'bilinear', 'bicubic'] as const;
const withoutMasks = ['plain', 'image', 'plainPair'];
const withBoxes = ['corners', 'sides', 'centres'];

/** For all kinds, or for each; of lists, for one channel only, because images have one or three. */
const fill = (draws: Draws): Value =>
  draws.pick<Value>([
    0.5,
    7,
    { Image: 3, Mask: 9, others: 1 },
    { Image: [0.25], Tensor: 2, others: null },
    { Mask: 4 },
  ]);

const drawnFill = (draws: Draws): Value | undefined => maybe(draws, () => fill(draws));

/** The share of MixUp and CutMix, with labels in one of their forms. */
function mixed(draws: Draws, round: number): SampleConfiguration {
  const labels = round % 2 ? randint(0, 5, [4]) : rand([4, 5]);
  return {
    options: { alpha: maybe(draws, () => decimal(draws, 0.2, 2)), numClasses: round % 2 ? 5 : undefined },
    images: [rand([4, 3, 9, 12]), rand([4, 1, 7, 7])],
    sample:
      round % 3
        ? {
            ours: (x) => [{ image: new tvTensors.Image(x), labels }],
            python: "{'image': tv_tensors.Image(x), 'labels': labels}",
          }
        : { ours: (x) => [x, labels], python: 'x, labels' },
  };
}

export const v2: SampleEntries = {
  Resize: (draws, round) => ({
    args: [round === 5 ? null : size(draws)],
    options: {
      interpolation: draws.pick([...interpolations, 'lanczos']),
      maxSize: round === 5 ? 25 : undefined,
    },
  }),
  CenterCrop: (draws) => ({ args: [size(draws, 3, 45)] }),
  RandomCrop: (draws, round) => ({
    args: [size(draws, 5, round < 3 ? 9 : 45)],
    options: {
      padding: maybe(draws, () => draws.pick([3, [2, 1], [1, 2, 3, 4]])),
      padIfNeeded: round < 3 ? undefined : true,
      fill: maybe(draws, () => draws.pick<Value>([1, { Mask: 5, others: 2 }])),
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
  FiveCrop: (draws) => ({ args: [size(draws, 3, 9)], samples: withoutMasks }),
  TenCrop: (draws) => ({ args: [size(draws, 3, 9)], options: { verticalFlip: draws.flag() }, samples: withoutMasks }),
  Pad: (draws) => ({
    args: [draws.pick([4, [2, 5], [1, 2, 3, 4], [0, 3, 8, 1]])],
    options: { fill: maybe(draws, () => draws.pick<Value>([3, { Mask: 9, others: 1 }])) },
  }),
  RandomZoomOut: (draws) => ({
    options: {
      fill: maybe(draws, () => draws.pick<Value>([3, { Mask: 9, others: 1 }])),
      sideRange: maybe(draws, () => bounds(draws, 1, 5)),
      p: 0.8,
    },
  }),
  ScaleJitter: (draws) => ({
    args: [[draws.int(20, 40), draws.int(20, 40)]],
    options: { scaleRange: bounds(draws, 0.3, 2), interpolation: maybe(draws, () => draws.pick(interpolations)) },
  }),
  RandomShortestSize: (draws) => ({
    args: [draws.pick<Value>([12, [8, 10, 20]])],
    options: { maxSize: maybe(draws, () => draws.int(15, 30)), antialias: maybe(draws, () => draws.flag()) },
  }),
  RandomResize: (draws) => ({ args: [draws.int(5, 9), draws.int(12, 30)] }),
  RandomHorizontalFlip: (draws) => ({ args: draws.flag() ? [decimal(draws, 0, 1)] : [] }),
  RandomVerticalFlip: (draws) => ({ options: { p: maybe(draws, () => decimal(draws, 0, 1)) } }),
  RandomRotation: (draws, round) => ({
    args: [draws.pick([45, 180, [-20, 70], [90, 90], [-90, -90], [180, 180], [0, 0]])],
    options: {
      interpolation: maybe(draws, () => draws.pick(modes)),
      expand: maybe(draws, () => draws.flag()),
      center: round % 2 ? [draws.int(0, 10), decimal(draws, 0, 9)] : undefined,
      fill: drawnFill(draws),
    },
  }),
  RandomAffine: (draws) => ({
    args: [draws.pick([0, 30, [-60, 10]])],
    options: {
      translate: maybe(draws, () => [decimal(draws, 0, 1), decimal(draws, 0, 1)]),
      scale: maybe(draws, () => bounds(draws, 0.4, 2)),
      shear: maybe(draws, () => draws.pick([10, [-5, 20], [-10, 10, -30, 5]])),
      interpolation: maybe(draws, () => draws.pick(modes)),
      fill: drawnFill(draws),
      center: maybe(draws, () => [draws.int(0, 9), draws.int(0, 9)]),
    },
  }),
  RandomPerspective: (draws) => ({
    options: {
      distortionScale: maybe(draws, () => decimal(draws, 0, 0.8)),
      p: 0.7,
      interpolation: maybe(draws, () => draws.pick(modes)),
      fill: drawnFill(draws),
    },
  }),
  ElasticTransform: (draws) => ({
    options: {
      alpha: maybe(draws, () => draws.pick<Value>([20, [0.5, 90.25]])),
      sigma: draws.pick<Value>([1.5, [0.75, 1.25], 0.5]),
      interpolation: maybe(draws, () => draws.pick(modes)),
      fill: drawnFill(draws),
    },
  }),
  GaussianBlur: (draws) => ({
    args: [draws.pick([3, 5, [3, 7], [9, 1]])],
    options: { sigma: maybe(draws, () => draws.pick([0.7, [0.3, 3.5]])) },
  }),
  GaussianNoise: (draws) => ({
    options: {
      mean: maybe(draws, () => decimal(draws, -0.5, 0.5)),
      sigma: maybe(draws, () => decimal(draws, 0, 0.5)),
      clip: maybe(draws, () => draws.flag()),
    },
  }),
  ColorJitter: (draws) => ({
    options: {
      brightness: maybe(draws, () => draws.pick([0.4, [0.5, 1.7]])),
      contrast: maybe(draws, () => draws.pick([0.4, [0.5, 1.7]])),
      saturation: maybe(draws, () => draws.pick([0.4, 1.5, [0.5, 1.7]])),
      hue: maybe(draws, () => draws.pick([0.5, 0.1, [-0.2, 0.4]])),
    },
  }),
  Grayscale: (draws) => ({ args: draws.flag() ? [3] : [] }),
  RandomGrayscale: (draws) => ({ args: draws.flag() ? [0.6] : [] }),
  RGB: () => ({}),
  RandomChannelPermutation: () => ({}),
  RandomPhotometricDistort: (draws) => ({
    options: {
      brightness: maybe(draws, () => bounds(draws, 0.2, 2)),
      hue: maybe(draws, () => bounds(draws, -0.5, 0.5)),
    },
  }),
  RandomInvert: (draws) => ({ args: draws.flag() ? [0.6] : [] }),
  RandomPosterize: (draws) => ({ args: [draws.int(0, 8)] }),
  RandomSolarize: (draws, round) =>
    round % 2
      ? { args: [draws.int(0, 255)], images: images(draws, bytes) }
      : { args: [decimal(draws, 0, 1)], options: { p: 0.8 } },
  RandomAdjustSharpness: (draws) => ({ args: [decimal(draws, 0, 3)], options: { p: 0.8 } }),
  RandomAutocontrast: (draws) => ({
    images: [...images(draws), torch.zeros([3, 5, 5]), torch.full([1, 4, 6], 9, { dtype: 'uint8' })],
  }),
  RandomEqualize: (draws) => ({
    images: [...images(draws), ...images(draws, { low: 60, high: 80 }), torch.full([1, 40, 60], 9, { dtype: 'uint8' })],
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
      fill: maybe(draws, () => draws.pick<Value>([7, [3], { Image: 5, others: 9 }])),
    },
    images: Array.from({ length: 12 }, () => image(draws, { dtypes: ['uint8', 'float32'] })),
    samples: withoutMasks,
  }),
  RandAugment: (draws) => ({
    options: {
      numOps: draws.int(1, 4),
      magnitude: maybe(draws, () => draws.int(0, 20)),
      numMagnitudeBins: maybe(draws, () => draws.int(21, 40)),
      interpolation: maybe(draws, () => 'bilinear'),
      fill: maybe(draws, () => draws.pick<Value>([7, [3], { Image: 5, others: 9 }])),
    },
    images: Array.from({ length: 12 }, () => image(draws, { dtypes: ['uint8', 'float32'] })),
    samples: withoutMasks,
  }),
  TrivialAugmentWide: (draws) => ({
    options: {
      numMagnitudeBins: maybe(draws, () => draws.int(5, 40)),
      interpolation: maybe(draws, () => 'bilinear'),
      fill: maybe(draws, () => draws.pick<Value>([7, [3], { Image: 5, others: 9 }])),
    },
    images: Array.from({ length: 16 }, () => image(draws, { dtypes: ['uint8', 'float32'] })),
    samples: withoutMasks,
  }),
  AugMix: (draws) => ({
    options: {
      severity: maybe(draws, () => draws.int(1, 10)),
      mixtureWidth: maybe(draws, () => draws.int(1, 4)),
      chainDepth: maybe(draws, () => draws.int(1, 3)),
      alpha: maybe(draws, () => decimal(draws, 0.3, 2)),
      allOps: maybe(draws, () => draws.flag()),
      interpolation: maybe(draws, () => 'nearest'),
      fill: maybe(draws, () => draws.pick<Value>([7, [3], { Image: 5, others: 9 }])),
    },
    images: Array.from({ length: 8 }, () => image(draws, { dtypes: ['uint8', 'float32'] })),
    samples: withoutMasks,
  }),
  Normalize: (draws) => ({
    args: [
      [0.485, 0.456, 0.4],
      [decimal(draws, 0.1, 1), 0.22, 0.1],
    ],
    images: images(draws, { dtypes: ['float32', 'float64'], channels: [3] }),
    samples: ['plain', 'image', 'pair', 'plainPair', 'nested'],
  }),
  ConvertImageDtype: (draws) => {
    const dtype = draws.pick(['uint8', 'float32', 'float64', 'int16', 'int8'] as const);
    return {
      make: () => new T2.ConvertImageDtype(dtype),
      python: `T2.ConvertImageDtype(torch.${dtype})`,
      images: [...images(draws), image(draws, bytes).to('int16')],
    };
  },
  ToDtype: (draws, round) => {
    const dtype = draws.pick(['uint8', 'float32', 'float64', 'int16'] as const);
    const scale = draws.flag();
    const python = `scale=${scale ? 'True' : 'False'})`;
    return round % 2
      ? { make: () => new T2.ToDtype(dtype, { scale }), python: `T2.ToDtype(torch.${dtype}, ${python}` }
      : {
          make: () => new T2.ToDtype({ Image: dtype, Tensor: dtype, Mask: 'int64', others: null }, scale),
          python: `T2.ToDtype({tv_tensors.Image: torch.${dtype}, torch.Tensor: torch.${dtype}, tv_tensors.Mask: torch.int64, 'others': None}, ${python}`,
        };
  },
  LinearTransformation: (draws) => ({
    args: [randn([48, 48]), rand([48])],
    images: [rand([3, 4, 4]), rand([2, 3, 4, 4]), rand([3, 2, 8]), rand([draws.int(1, 3), 3, 8, 2])],
    samples: ['plain', 'image', 'pair', 'nested'],
  }),
  ToImage: () => ({}),
  ToPureTensor: () => ({}),
  Identity: () => ({}),
  Lambda: (_, round) =>
    round % 2
      ? {
          make: () => new T2.Lambda((x: torch.Tensor) => x.add(1), tvTensors.Image),
          python: 'T2.Lambda(lambda x: x + 1, tv_tensors.Image)',
        }
      : { make: () => new T2.Lambda((x: unknown) => x), python: 'T2.Lambda(lambda x: x)' },
  Compose: () => ({
    make: () => new T2.Compose([new T2.RandomHorizontalFlip(), new T2.Resize([8, 9]), new T2.RandomRotation(20)]),
    python: 'T2.Compose([T2.RandomHorizontalFlip(), T2.Resize([8, 9]), T2.RandomRotation(20)])',
  }),
  RandomApply: (draws) => {
    const p = decimal(draws, 0, 1);
    return {
      make: () => new T2.RandomApply([new T2.RandomVerticalFlip(), new T2.RandomInvert()], p),
      python: `T2.RandomApply([T2.RandomVerticalFlip(), T2.RandomInvert()], p=${p})`,
    };
  },
  RandomChoice: (_, round) => {
    const p = round % 2 ? [0.2, 3, 1] : null;
    return {
      make: () =>
        new T2.RandomChoice([new T2.RandomVerticalFlip(), new T2.RandomInvert(1), new T2.CenterCrop(5)], { p }),
      python: `T2.RandomChoice([T2.RandomVerticalFlip(), T2.RandomInvert(1.0), T2.CenterCrop(5)], p=${p ? JSON.stringify(p) : 'None'})`,
    };
  },
  RandomOrder: () => ({
    make: () =>
      new T2.RandomOrder([new T2.RandomAffine(10), new T2.RandomRotation(20), new T2.CenterCrop(5), new T2.Pad(2)]),
    python: 'T2.RandomOrder([T2.RandomAffine(10), T2.RandomRotation(20), T2.CenterCrop(5), T2.Pad(2)])',
  }),
  MixUp: mixed,
  CutMix: mixed,
  ConvertBoundingBoxFormat: (draws) => ({ args: [draws.pick(['XYXY', 'XYWH', 'cxcywh'])], samples: withBoxes }),
  ClampBoundingBoxes: (draws) => ({
    options: { clampingMode: maybe(draws, () => draws.pick([null, 'soft', 'hard'])) },
    samples: withBoxes,
  }),
  SetClampingMode: (draws) => ({ args: [draws.pick([null, 'soft', 'hard'])], samples: withBoxes }),
  SanitizeBoundingBoxes: (draws) => ({
    options: {
      minSize: maybe(draws, () => decimal(draws, 1, 6)),
      minArea: maybe(draws, () => decimal(draws, 1, 40)),
      labelsGetter: null,
    },
    samples: withBoxes,
  }),
  RandomIoUCrop: (draws) => ({
    options: { trials: 9, samplerOptions: maybe(draws, () => [0, 0.3, 1]) },
    renamed: {},
    samples: withBoxes,
  }),
};
