/**
 * Functions on images, masks and boxes: `torchvision.transforms.v2.functional`.
 *
 * What a tensor is decides what is done: an Image or a plain tensor is an image, a Mask and BoundingBoxes are moved as the
 * image is. The output is of the input's kind.
 */
export {
  clampBoundingBoxes,
  type ClampOptions,
  convertBoundingBoxFormat,
  type ConvertOptions,
  type PlainBoxesOptions,
  sanitizeBoundingBoxes,
  type SanitizeOptions,
} from './boxes';
export {
  adjustBrightness,
  adjustContrast,
  adjustGamma,
  adjustHue,
  adjustSaturation,
  adjustSharpness,
  autocontrast,
  equalize,
  grayscaleToRgb,
  invert,
  permuteChannels,
  posterize,
  rgbToGrayscale,
  solarize,
} from './color';
export { convertImageDtype, normalize, pilToTensor, toDtype, type ToDtypeOptions, toImage } from './conversion';
export { isPureTensor } from './dispatch';
export { erase, gaussianBlur, gaussianNoise, type GaussianNoiseOptions } from './filter';
export {
  affine,
  type CoefficientsOptions,
  elastic,
  elasticTransform,
  fiveCrop,
  hflip,
  horizontalFlip,
  perspective,
  rotate,
  tenCrop,
  verticalFlip,
  vflip,
} from './geometry';
export { getDimensions, getNumChannels, getSize } from './meta';
export { centerCrop, crop, pad, type PadOptions, resize, resizedCrop } from './resize';
