import './for-workers';

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
export * as functional from './functional';
export type { InterpolationMode, ResizeOptions, ResizeSize } from './functional';
export {
  ColorJitter,
  type ColorJitterOptions,
  type ColorJitterParams,
  Compose,
  type JitterRange,
  Lambda,
  Normalize,
  RandomHorizontalFlip,
  Resize,
  ToTensor,
  type Transform,
} from './transforms';
