/** What is done to a whole batch before its step: smaller images in the first epochs, and the strong augmentation. */
import { scope } from '../engine';
import { functional as F } from '../nn';
import { BatchAugmentation, type BatchAugmentationOptions } from '../vision';
import type { ProgressiveStage } from './choices';
import type { Batch } from './data';
import { UsageError } from './errors';
import type { TrainSettings } from './settings';

/** How strong the augmentation `strong` is. */
export const strong: Readonly<BatchAugmentationOptions> = {
  flip: 0.5,
  affine: 0.8,
  rotate: 15,
  zoom: 0.25,
  stretch: 0.15,
  translate: 0.08,
  brightness: 0.25,
  contrast: 0.25,
  saturation: 0.25,
  hue: 0.03,
};

/** The side of the images of an epoch, counted from 0. */
export function imageSizeOf(
  { imageSize, progressive, epochs }: Pick<TrainSettings, 'imageSize' | 'progressive' | 'epochs'>,
  epoch: number,
): number {
  const stage = progressive.find(({ untilEpochShare }) => epoch < untilEpochShare * epochs);
  return stage?.imageSize ?? imageSize;
}

/** Makes batches of what the loader gives; null where they stay as they are. Draws from the default generator. */
export type BatchTransform = (batch: Batch, epoch: number) => Batch;

export function makeBatchTransform(settings: TrainSettings): BatchTransform | null {
  if (settings.augment !== 'strong' && settings.progressive.length === 0) return null;
  const augmentation = settings.augment === 'strong' ? new BatchAugmentation(strong) : null;
  return (batch, epoch) => {
    const side = imageSizeOf(settings, epoch);
    const [images, masks] = batch;
    if (augmentation !== null) return replaced(batch, augmentation.forward(images, masks, [side, side]));
    return side === settings.imageSize ? batch : replaced(batch, resized(batch, side));
  };
}

/** @throws {UsageError} for stages that no epoch would see, that enlarge the images, or whose images the model cannot take */
export function checkProgressive(
  stages: readonly ProgressiveStage[],
  imageSize: number,
  takesAnySize: boolean,
  model: string,
): void {
  if (stages.length > 0 && !takesAnySize) {
    throw new UsageError(`--progressive: the model ${model} is made for images of one size`);
  }
  for (const [index, { untilEpochShare, imageSize: side }] of stages.entries()) {
    if (side > imageSize) {
      throw new UsageError(`--progressive: images of ${side} are larger than those of --image-size ${imageSize}`);
    }
    if (untilEpochShare > (stages[index - 1]?.untilEpochShare ?? 0)) continue;
    throw new UsageError(`--progressive: expected growing shares of the epochs, received ${untilEpochShare}`);
  }
}

/** The new batch; the old one is freed. */
function replaced(old: Batch, batch: Batch): Batch {
  for (const tensor of old) tensor.dispose();
  return batch;
}

/** Images are filtered, so that what is thrown away does not flicker; of masks the nearest pixel is taken. */
function resized([images, masks]: Batch, side: number): Batch {
  return scope(() => [
    F.interpolate(images, { size: [side, side], mode: 'bilinear', antialias: true }),
    // Nearest needs floats; small whole numbers stay exact in them.
    F.interpolate(masks.float(), { size: [side, side], mode: 'nearest-exact' }).to('int64'),
  ]);
}
