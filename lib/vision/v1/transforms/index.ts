/**
 * Transforms under torchvision's names, with its draws (`torchvision.transforms`).
 *
 * What a transform draws, it draws whatever it does with it: that keeps the random state in step with Python's. Those that
 * draw nothing say nothing of draws.
 */
export {
  AugMix,
  type AugmentOptions,
  AutoAugment,
  type AutoAugmentOptions,
  RandAugment,
  TrivialAugmentWide,
  type TrivialAugmentWideOptions,
} from './auto-augment';
export {
  ColorJitter,
  Grayscale,
  RandomAdjustSharpness,
  RandomAutocontrast,
  RandomEqualize,
  RandomGrayscale,
  RandomInvert,
  RandomPosterize,
  RandomSolarize,
} from './color';
export { Compose, Lambda, RandomApply, RandomChoice, type RandomChoiceOptions, RandomOrder } from './containers';
export { ConvertImageDtype, LinearTransformation, Normalize, PILToTensor, ToTensor } from './conversion';
export {
  CenterCrop,
  FiveCrop,
  Pad,
  RandomCrop,
  type RandomCropOptions,
  RandomResizedCrop,
  type RandomResizedCropOptions,
  Resize,
  TenCrop,
} from './crops';
export {
  type Degrees,
  ElasticTransform,
  type ElasticTransformOptions,
  RandomAffine,
  type RandomAffineOptions,
  RandomHorizontalFlip,
  RandomPerspective,
  type RandomPerspectiveOptions,
  RandomRotation,
  type RandomRotationOptions,
  RandomVerticalFlip,
} from './geometry';
export { GaussianBlur, type GaussianBlurOptions, RandomErasing, type RandomErasingOptions } from './regions';
export { AtRandom, type ChanceOptions, type Transform } from './transform';
