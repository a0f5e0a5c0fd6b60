/**
 * Transforms of samples, images with their masks and boxes, by one draw: `torchvision.transforms.v2`.
 *
 * Draws and roundings are v2's, which are others than v1's.
 */
export * as functional from './functional';
export { AutoAugmentPolicy } from '../kernels/policies';
export { InterpolationMode } from '../kernels/resize';
export { RandomApplyTransform, Transform, type Transformed } from './transform';
export type { ByKind, FillByKind, Kind as TensorKind, LabelsGetter } from './inputs';
export { AugMix, AutoAugment, RandAugment, TrivialAugmentWide } from './transforms/auto-augment';
export {
  ClampBoundingBoxes,
  ConvertBoundingBoxFormat,
  type IoUCropParams,
  RandomIoUCrop,
  type RandomIoUCropOptions,
  SanitizeBoundingBoxes,
  type SanitizeBoundingBoxesOptions,
  SetClampingMode,
} from './transforms/boxes';
export {
  ColorJitter,
  Grayscale,
  ImageTransform,
  type PhotometricParams,
  RandomAdjustSharpness,
  RandomAutocontrast,
  RandomChannelPermutation,
  RandomEqualize,
  RandomGrayscale,
  RandomImageTransform,
  RandomInvert,
  RandomPhotometricDistort,
  type RandomPhotometricDistortOptions,
  RandomPosterize,
  RandomSolarize,
  RGB,
} from './transforms/color';
export { type Applicable, Compose, RandomApply, RandomChoice, RandomOrder } from './transforms/containers';
export {
  ConvertImageDtype,
  Identity,
  type Kind,
  Lambda,
  LinearTransformation,
  Normalize,
  PILToTensor,
  ToDtype,
  type ToDtypeOptions,
  ToImage,
  ToPureTensor,
} from './transforms/conversion';
export {
  CenterCrop,
  type CropParams,
  FiveCrop,
  Pad,
  type PadOptions,
  RandomCrop,
  RandomResize,
  RandomResizedCrop,
  RandomShortestSize,
  type RandomShortestSizeOptions,
  RandomZoomOut,
  type RandomZoomOutOptions,
  Resize,
  type Resizing,
  ScaleJitter,
  type ScaleJitterOptions,
  TenCrop,
} from './transforms/crops';
export { GaussianBlur, GaussianNoise, RandomErasing } from './transforms/filter';
export {
  ElasticTransform,
  RandomAffine,
  RandomHorizontalFlip,
  RandomPerspective,
  RandomRotation,
  RandomVerticalFlip,
} from './transforms/geometry';
export { CutMix, type CutMixParams, MixUp, type MixOptions } from './transforms/mix';
