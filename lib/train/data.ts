import { createHash } from 'node:crypto';

import { DataLoader, randomSplit, subset, type TwoPhaseDataset, type TwoPhaseSubset } from '../data';
import { type Device, Generator, type Tensor } from '../tensor';
import { DataError, type LoadedPet, OxfordIIITPet, PetSegmentation } from '../vision';
import { UsageError } from './errors';
import type { TrainSettings } from './settings';

/** Images [N, 3, H, W] float32 in 0..1, and classes [N, 1, H, W] int64: 0 pet, 1 background, 2 border. */
export type Batch = [images: Tensor, targets: Tensor];

export type BatchLoader = DataLoader<Batch> & { readonly dataset: Samples };

type Samples = TwoPhaseDataset<LoadedPet, Batch>;

/** The loaders of a run. */
export interface Loaders {
  readonly train: BatchLoader;
  /** Held out of training to choose the best epoch; null under the protocol `article`. */
  readonly validation: BatchLoader | null;
  readonly test: BatchLoader;
}

/** Share of trainval that the protocol `clean` holds out. */
const validationShare = 0.1;

/**
 * Opens the data and makes the loaders; draws nothing from the default generator.
 *
 * `article`: both splits augmented and shuffled, as the notebook has it. `clean`: a seeded tenth of trainval is held out,
 * and what is scored is neither augmented nor shuffled.
 * @throws {DataError} where the folder is not the data set, or is incomplete
 */
export function makeLoaders(settings: TrainSettings): Loaders {
  const { batchSize, testBatchSize, protocol, seed, workers } = settings;
  const loader = (dataset: Samples, batchSize: number): BatchLoader =>
    new DataLoader(dataset, { batchSize, shuffle: true, numWorkers: workers }) as BatchLoader;
  // Draws its base seed from a generator of its own: scoring may be repeated or left out without moving a draw.
  const scoringLoader = (dataset: Samples, batchSize: number): BatchLoader =>
    new DataLoader(dataset, { batchSize, generator: new Generator(), numWorkers: workers }) as BatchLoader;
  const open = (split: 'trainval' | 'test', augment: boolean): PetSegmentation => {
    const limit = split === 'test' ? settings.testLimit : settings.limit;
    const pets = new OxfordIIITPet(settings.data.directory, { split, targetTypes: 'segmentation', limit });
    return new PetSegmentation(pets, { imageSize: settings.imageSize, augment });
  };
  if (protocol === 'article') {
    return {
      train: loader(open('trainval', true), batchSize),
      validation: null,
      test: loader(open('test', true), testBatchSize),
    };
  }
  const trainval = open('trainval', true);
  const held = Math.max(1, Math.round(trainval.length * validationShare));
  if (trainval.length <= held) {
    throw new UsageError(
      `--protocol clean holds samples out of training, but there is only ${trainval.length} to train on`,
    );
  }
  // A generator of its own: the split must not move the draws of the training.
  const generator = new Generator().manualSeed(seed);
  const [kept, validation] = randomSplit(trainval, [trainval.length - held, held], { generator }) as [Split, Split];
  return {
    train: loader(kept, batchSize),
    validation: scoringLoader(subset(open('trainval', false), validation.indices), testBatchSize),
    test: scoringLoader(open('test', false), testBatchSize),
  };
}

type Split = TwoPhaseSubset<LoadedPet, Batch>;

/** The first batch of an iteration of its own, with its draws. */
export async function firstBatch(loader: BatchLoader): Promise<Batch> {
  const batches = loader.iterate();
  const first = await batches.next();
  await batches.return();
  if (first.done === true) throw new DataError('expected at least one sample, the data has none');
  return first.value;
}

/** The batch on `device`; what is left behind is freed. */
export function toDevice(batch: Batch, device: Device): Batch {
  const [images, targets] = batch.map((tensor) => {
    const moved = tensor.to({ device });
    if (moved !== tensor) tensor.dispose();
    return moved;
  }) as Batch;
  return [images, targets];
}

/** SHA-256 of a tensor's contiguous little-endian bytes. */
export function sha256(tensor: Tensor): string {
  return createHash('sha256').update(tensor.toBytes()).digest('hex');
}
