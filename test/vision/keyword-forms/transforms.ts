/** Required arguments of torchvision's transforms, v1 and v2, by Python's name. */
import { rand, tensor } from '../../../lib/tensor';
import { CenterCrop, RandomHorizontalFlip, v2 } from '../../../lib/vision';
import type { Sample } from '../../support/keyword-forms';

type Samples = Readonly<Record<string, Sample>>;

/** A sample for each of some transforms. */
const alike = (names: readonly string[], sample: Sample): Samples =>
  Object.fromEntries(names.map((name) => [name, sample]));

const both: Samples = {
  ...alike(['AugMix', 'AutoAugment', 'RandAugment', 'TrivialAugmentWide', 'ColorJitter', 'ElasticTransform'], () => []),
  ...alike(['Grayscale', 'PILToTensor', 'RandomErasing', 'RandomPerspective'], () => []),
  ...alike(['RandomAutocontrast', 'RandomEqualize', 'RandomGrayscale', 'RandomInvert'], () => []),
  ...alike(['RandomHorizontalFlip', 'RandomVerticalFlip'], () => []),
  ...alike(['CenterCrop', 'FiveCrop', 'TenCrop', 'RandomCrop', 'RandomResizedCrop', 'Resize'], () => [[5, 4]]),
  ...alike(['RandomAffine', 'RandomRotation'], () => [[-10, 30]]),
  ...alike(['GaussianBlur', 'RandomPosterize'], () => [3]),
  ...alike(['RandomAdjustSharpness', 'RandomSolarize'], () => [0.5]),
  Normalize: () => [
    [0.5, 0.4, 0.3],
    [0.2, 0.3, 0.4],
  ],
  LinearTransformation: () => [rand([4, 4]), tensor([0.5, 1.5, 2.5, 3.5])],
  Pad: () => [[1, 2, 3, 4]],
};

const parts = () => [new CenterCrop(3), new RandomHorizontalFlip()];

export const transforms: Samples = {
  ...both,
  ...alike(['Compose', 'RandomApply', 'RandomChoice', 'RandomOrder'], () => [parts()]),
  ConvertImageDtype: () => ['float64'],
  Lambda: () => [(x: unknown) => x],
  ToTensor: () => [],
};

const v2Parts = () => [new v2.CenterCrop(3), new v2.RandomHorizontalFlip()];

export const v2Transforms: Samples = {
  ...both,
  ...alike(['Compose', 'RandomApply', 'RandomChoice', 'RandomOrder'], () => [v2Parts()]),
  ...alike(['ClampBoundingBoxes', 'ConvertImageDtype', 'CutMix', 'GaussianNoise', 'Identity', 'MixUp'], () => []),
  ...alike(['RGB', 'RandomChannelPermutation', 'RandomIoUCrop', 'RandomPhotometricDistort'], () => []),
  ...alike(['RandomZoomOut', 'SanitizeBoundingBoxes', 'ToImage', 'ToPureTensor'], () => []),
  ConvertBoundingBoxFormat: () => ['XYWH'],
  RandomResize: () => [5, 9],
  RandomShortestSize: () => [[5, 9]],
  ScaleJitter: () => [[5, 9]],
  SetClampingMode: () => ['hard'],
  ToDtype: () => [{ Image: 'float32', others: null }],
};
