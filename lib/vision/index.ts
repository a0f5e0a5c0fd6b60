import './for-workers';
import './v2/for-workers';

export { DataError } from './errors';
export type { DecodedImage } from './decoded-image';
export { decodeImage, decodeTrimap } from './image';
export { nearestIndices, resizeNearestToPlanes } from './nearest';
export {
  OxfordIIITPet,
  type OxfordIIITPetOptions,
  type PetSplit,
  type PetTarget,
  type PetTargetType,
} from './oxford-pets';
export { BatchAugmentation, type BatchAugmentationOptions } from './batch-augmentation';
export { collatePlanes, PetPlanes } from './pet-planes';
export type { SampleCache } from './sample-cache';
export { type LoadedPet, PetSegmentation, type PetSegmentationOptions } from './pet-segmentation';
export { fetchPets, type FetchPetsOptions, type FetchPetsProgress, type PetArchive } from './pet-archives';
export { downloadFile, type DownloadOptions } from './download';
export { type DrawnSample, drawSample } from './sample';
export type { Kind } from './sample-animal';
export { writeSample, type WriteSampleOptions } from './write-sample';
export { type Colour, drawSegmentationMasks, makeGrid, type MakeGridOptions, toPixels } from './grid';
export { pixelsOf, saveGif, type SaveGifOptions, saveImage, savePixels } from './picture-files';
/** Transforms as functions: `torchvision.transforms.functional`. */
export * as functional from './v1/functional';
export type { ResizeOptions, ResizeSize } from './v1/functional';
export type { AugMixOptions, RandAugmentOptions } from './kernels/augmentation';
export type { AffineParams, Region } from './kernels/draws';
export type { GrayscaleOptions } from './v1/functional/color';
export { AutoAugmentPolicy } from './kernels/policies';
export { InterpolationMode } from './kernels/resize';
export type { ColorJitterOptions, ColorJitterParams, JitterRange } from './kernels/jitter';
export { PythonRandom, pythonRandom } from './python-random';
export * from './v1/transforms';
/** Tensors that say what they are, for {@link v2}: `torchvision.tv_tensors`. */
export * as tvTensors from './tv-tensors';
/** Transforms of images with their masks and boxes, by one draw: `torchvision.transforms.v2`. */
export * as v2 from './v2';
