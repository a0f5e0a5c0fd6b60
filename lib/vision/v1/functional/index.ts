/**
 * Image functions on tensors, with torchvision's arithmetic op for op (`torchvision.transforms.functional`).
 *
 * Images are `[…, C, H, W]`: floats in 0..1, or uint8 in 0..255. The order of the operations is torchvision's, because
 * another order gives other bits.
 */
export { gaussianBlur } from './blur';
export {
  adjustBrightness,
  adjustContrast,
  adjustGamma,
  adjustHue,
  adjustSaturation,
  adjustSharpness,
  autocontrast,
  equalize,
  invert,
  posterize,
  rgbToGrayscale,
  solarize,
} from './color';
export { convertImageDtype, normalize, type NormalizeOptions, pilToTensor, toTensor } from './conversion';
export {
  affine,
  type AffineOptions,
  centerCrop,
  type Corners,
  elasticTransform,
  erase,
  fiveCrop,
  getDimensions,
  getImageNumChannels,
  getImageSize,
  hflip,
  pad,
  type PadOptions,
  perspective,
  type PerspectiveOptions,
  rotate,
  type RotateOptions,
  tenCrop,
  vflip,
} from './geometry';
export { crop, resize, resizedCrop, type ResizedCropOptions, type ResizeOptions } from './resize';
export type { FiveCrops } from '../../kernels/crop';
export type { Fill, Size } from '../../kernels/arguments';
export type { KernelSize } from '../../kernels/filter';
export type { GridMode } from '../../kernels/grid';
export type { Padding, PaddingMode } from '../../kernels/padding';
export type { InterpolationMode, ResizeSize } from '../../kernels/resize';
