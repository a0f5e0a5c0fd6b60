import { DataLoader, type DataLoaderIterator, randomSplit, subset, type LoaderState } from '../data';
import { stateSha256 } from '../serialize';
import { type Device, Generator, type Tensor } from '../tensor';
import { collatePlanes, DataError, OxfordIIITPet, PetPlanes, PetSegmentation } from '../vision';
import { UsageError } from './errors';
import type { TrainSettings } from './settings';

/** Images [N, 3, H, W] float32 in 0..1, and classes [N, 1, H, W] int64: 0 pet, 1 background, 2 border. */
export type Batch = [images: Tensor, targets: Tensor];

/** A loader of batches, whatever its samples are. */
export interface BatchLoader extends AsyncIterable<Batch> {
  /** Batches of an iteration. */
  readonly length: number;
  readonly dataset: { readonly length: number };
  iterate(options?: { resume?: LoaderState }): DataLoaderIterator<Batch>;
}

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
 * `article`: both splits shuffled, and augmented alike if the augmentation is the article's, as the notebook has it.
 * `clean`: a seeded tenth of trainval is held out, and what is scored is neither augmented nor shuffled.
 * @throws {DataError} where the folder is not the data set, or is incomplete
 */
export function makeLoaders(settings: TrainSettings): Loaders {
  const { batchSize, dataFraction, testBatchSize, protocol, seed } = settings;
  const augmented = settings.augment === 'article';
  if (protocol === 'article') {
    const pets = open(settings, 'trainval');
    const indices =
      dataFraction < 1
        ? shareOf(
            Array.from({ length: pets.length }, (_, index) => index),
            settings,
          )
        : undefined;
    return {
      train: loaderOf(pets, settings, { batchSize, augmented, shuffle: true, indices }),
      validation: null,
      test: loaderOf(open(settings, 'test'), settings, { batchSize: testBatchSize, augmented, shuffle: true }),
    };
  }
  const trainval = open(settings, 'trainval');
  const held = Math.max(1, Math.round(trainval.length * validationShare));
  if (trainval.length <= held) {
    throw new UsageError(
      `--protocol clean holds samples out of training, but there is only ${trainval.length} to train on`,
    );
  }
  // A generator of its own: the split must not move the draws of the training.
  const generator = new Generator().manualSeed(seed);
  const [kept, validation] = randomSplit(trainval, [trainval.length - held, held], { generator });
  // Draws its base seed from a generator of its own: scoring may be repeated or left out without moving a draw.
  const scoring = { batchSize: testBatchSize, augmented: false, shuffle: false };
  return {
    train: loaderOf(trainval, settings, {
      batchSize,
      augmented,
      shuffle: true,
      indices: shareOf(kept?.indices ?? [], settings),
    }),
    validation: loaderOf(trainval, settings, { ...scoring, indices: validation?.indices ?? [] }),
    test: loaderOf(open(settings, 'test'), settings, scoring),
  };
}

/** A share of the samples, in their order, drawn by a generator of its own; at least one. */
function shareOf(indices: readonly number[], { dataFraction, seed }: TrainSettings): readonly number[] {
  if (dataFraction === 1) return indices;
  const count = Math.max(1, Math.round(indices.length * dataFraction));
  const generator = new Generator().manualSeed(seed);
  const samples = { length: indices.length, getItem: (place: number): number => indices[place] ?? 0 };
  const [chosen] = randomSplit(samples, [count, indices.length - count], { generator });
  return (chosen?.indices ?? []).map(samples.getItem).sort((a, b) => a - b);
}

function open(settings: TrainSettings, split: 'trainval' | 'test'): OxfordIIITPet {
  const limit = split === 'test' ? settings.testLimit : settings.limit;
  return new OxfordIIITPet(settings.data.directory, { split, targetTypes: 'segmentation', limit });
}

interface Loading {
  readonly batchSize: number;
  /** Flipped and jittered, sample by sample. */
  readonly augmented: boolean;
  readonly shuffle: boolean;
  /** Only these samples. */
  readonly indices?: readonly number[] | undefined;
}

function loaderOf(pets: OxfordIIITPet, settings: TrainSettings, loading: Loading): BatchLoader {
  const { augmented, batchSize, indices, shuffle } = loading;
  const samples = new PetSegmentation(pets, { imageSize: settings.imageSize, augment: augmented });
  const options = {
    batchSize,
    numWorkers: settings.workers,
    ...(shuffle ? { shuffle } : { generator: new Generator() }),
  };
  if (augmented)
    return new DataLoader(indices === undefined ? samples : subset(samples, indices), options) as BatchLoader;
  const planes = new PetPlanes(samples);
  const dataset = indices === undefined ? planes : subset(planes, indices);
  return new DataLoader(dataset, { ...options, collateFn: collatePlanes }) as BatchLoader;
}

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

/** SHA-256 of a tensor's contiguous little-endian bytes: that of a state whose only name is empty. */
export function sha256(tensor: Tensor): string {
  return stateSha256({ '': tensor });
}
