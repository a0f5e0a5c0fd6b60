import { ArgumentError, checkFunction, checkInteger, checkObject, checkOptions, describe } from '../engine';
import type { Generator } from '../tensor';
import { defaultCollate, defaultConvert, type Collated } from './collate';
import type { DataLoaderIterator, LoaderParts, LoaderState } from './data-loader-iterator';
import { type AnyDataset, checkLength, datasetOf, isIterableDataset, type MapDataset } from './dataset';
import { drawSeed } from './draws';
import type { Drawn } from './fetcher';
import { InlineIterator } from './inline-iterator';
import { BatchSampler, InfiniteSampler, lengthOf, RandomSampler, SequentialSampler, type Sampler } from './sampler';
import { randomOf, WorkerIterator } from './worker-iterator';
import { WorkerPool } from './worker-pool';

/** Options of {@link DataLoader}: how its samples are put together, and all else. */
export type DataLoaderOptions<S, B> = (BatchingOptions<S, B> | SingleOptions<S, B>) & CommonOptions;

/** Samples in batches. */
export interface BatchingOptions<S, B> {
  /** Samples of a batch, default 1. */
  batchSize?: number;
  /** Makes a batch of samples, default {@link defaultCollate}; synchronous. */
  collateFn?: (samples: S[]) => B;
}

/** Samples one by one. */
export interface SingleOptions<S, B> {
  /** Hands samples out as they are. */
  batchSize: null;
  /** What is made of each, default {@link defaultConvert}; synchronous. */
  collateFn?: (sample: S) => B;
}

/** The options of a {@link DataLoader} that say nothing of the type of its batches. */
export interface CommonOptions {
  /** A new random order in each iteration; default: 0, 1, 2, … */
  shuffle?: boolean;
  /** The order of the samples. */
  sampler?: Sampler | Iterable<number>;
  /** The batches themselves, in place of batchSize, shuffle, sampler and dropLast. */
  batchSampler?: Sampler<readonly number[]> | Iterable<readonly number[]>;
  /** Leave out a last batch that is smaller than the others. */
  dropLast?: boolean;
  /** What the shuffling and the base seed are drawn from, default: the default generator. */
  generator?: Generator;
  /**
   * Samples of a {@link TwoPhaseDataset} that may be loaded ahead of the batch asked for, default: as many as a batch has,
   * at least 16. It bounds the memory that decoding takes, and changes no bit.
   */
  prefetch?: number;
  /** Threads that make the batches; default 0: the one that asks for them. See {@link forWorkers}. */
  numWorkers?: number;
  /** Batches that each worker may have in hand, default 2. */
  prefetchFactor?: number | null;
  /** Workers stay for the next iteration, with their data set as it is and random numbers that go on. */
  persistentWorkers?: boolean;
  /** Seconds to wait for a worker; default 0: for ever. */
  timeout?: number;
  /** Called in each worker with its number, after it was seeded and before its first batch. See {@link forWorkers}. */
  workerInitFn?: (id: number) => void | Promise<void>;
  /** False hands batches out as they come, so that a slow one holds up no other; default true: in the sampler's order. */
  inOrder?: boolean;
  /** Put the batches into page-locked memory, from which a GPU is fed faster. Does nothing where there is no GPU. */
  pinMemory?: boolean;
}

const OPTIONS = [
  'batchSize',
  'shuffle',
  'sampler',
  'batchSampler',
  'dropLast',
  'collateFn',
  'generator',
  'prefetch',
  'numWorkers',
  'prefetchFactor',
  'persistentWorkers',
  'timeout',
  'workerInitFn',
  'inOrder',
  'pinMemory',
] as const;

/** More threads than anybody has processors for would only take the machine's memory. */
const MOST_WORKERS = 1024;

/**
 * Batches of a data set, as an async iterable:
 *
 * ```ts
 * const dataset = new torch.data.TensorDataset(torch.arange(4), torch.arange(4).mul(10));
 * for await (const [x, y] of new torch.data.DataLoader(dataset, { batchSize: 4 })) {
 *   console.log(x, y); // tensor([0, 1, 2, 3]) tensor([ 0, 10, 20, 30])
 * }
 * ```
 *
 * Every random draw happens when and where it does in PyTorch. Without workers: one of a base seed when an iteration begins,
 * the shuffling's when the first batch is asked for, those of the transforms when their batch is asked for, sample by
 * sample. With `numWorkers`: the shuffling's when an iteration begins, and those of the transforms in the workers, each of
 * which has a generator of its own, seeded by the base seed plus its number. Batch i is made by worker i mod `numWorkers`.
 *
 * A batch's tensors belong to whoever asked for it, and may be disposed by them; what was made on the way is freed by the
 * loader. A sample that fails ends the iteration with a {@link SampleError}. (`torch.utils.data.DataLoader`)
 *
 * @throws {ArgumentError} impossible options, in PyTorch's words
 */
export class DataLoader<S, B = Collated<S>> implements AsyncIterable<B> {
  /** Undefined with `batchSize: null`. */
  readonly batchSampler: Sampler<readonly number[]> | Iterable<readonly number[]> | undefined;
  readonly generator: Generator | undefined;
  readonly numWorkers: number;
  private readonly prefetchFactor: number;
  private readonly parts: Omit<LoaderParts, 'toldLength'>;
  private toldLength: number | undefined;
  /** Of persistent workers. */
  private pool: WorkerPool | undefined;

  /** What was given, where that was no list. */
  readonly dataset: AnyDataset<S>;

  /** @param given a data set, or a list of samples */
  constructor(
    given: AnyDataset<S>,
    private readonly options: DataLoaderOptions<S, B> = {},
  ) {
    checkOptions('DataLoader', options, OPTIONS);
    const dataset = datasetOf(given);
    this.dataset = dataset;
    checkDataset(dataset);
    checkWorkerOptions(options);
    refuseExclusive(dataset, options);
    const { batchSize = 1, dropLast = false, generator, numWorkers = 0, prefetchFactor, pinMemory = false } = options;
    const order = options.batchSampler === undefined ? samplerOf(dataset, options) : [];
    this.generator = generator;
    this.numWorkers = numWorkers;
    this.prefetchFactor = prefetchFactor ?? 2;
    this.batchSampler =
      options.batchSampler ?? (batchSize === null ? undefined : new BatchSampler(order, batchSize, dropLast));
    const batched = this.batchSampler !== undefined;
    const collate = options.collateFn ?? (batched ? defaultCollate : defaultConvert);
    const prefetch = options.prefetch ?? Math.max(batchSize ?? 1, 16);
    checkFunction('DataLoader', 'collateFn', collate);
    if (!(typeof prefetch === 'number' && prefetch >= 0)) {
      throw new ArgumentError(
        `expected a count for argument \`prefetch\`, received ${describe(options.prefetch)}`,
        'TORCH_VALUE',
      );
    }
    this.parts = {
      dataset,
      drawnFrom: (this.batchSampler ?? order) as Sampler<Drawn> | Iterable<Drawn>,
      collate: collate as (samples: unknown) => unknown,
      batched,
      dropLast,
      generator,
      prefetch,
      pinMemory,
    };
  }

  /** Batches of one iteration. Of an iterable data set it is what its own length leads one to expect. */
  get length(): number {
    const { dataset } = this;
    if (!isIterableDataset(dataset)) return lengthOf(this.parts.drawnFrom, 'batchSampler');
    const samples = lengthOf(dataset, 'dataset');
    const { batchSize = 1, dropLast = false } = this.options;
    const batches = samples / (batchSize ?? 1);
    return (this.toldLength = dropLast ? Math.floor(batches) : Math.ceil(batches));
  }

  /** A fresh iteration: `for await (const batch of loader)`. */
  [Symbol.asyncIterator](): DataLoaderIterator<B> {
    return this.iterate();
  }

  /**
   * An iteration of its own, as `iter(loader)` in Python. With `resume` it goes on where {@link DataLoaderIterator.state}
   * was taken: with the batch after, and without the draws made before. The default generator, and one given to the
   * loader, must have been set back to where they were then.
   *
   * Of persistent workers there is one iteration at a time: a new one ends the one before.
   *
   * @throws {ArgumentError} a data set that cannot be sent to workers, or the state of an iteration with other workers
   */
  iterate(options: { resume?: LoaderState } = {}): DataLoaderIterator<B> {
    checkObject('iterate', 'options', options);
    const { resume } = options;
    if (resume !== undefined) {
      checkObject('iterate', 'resume', resume, "an iteration's state", ['baseSeed', 'position', 'sampler']);
    }
    const parts = { ...this.parts, toldLength: this.toldLength };
    return this.numWorkers === 0 ? new InlineIterator<B>(parts, resume) : this.iterateInWorkers(parts, resume);
  }

  /** Ends persistent workers, if there are any; settled when they are gone. A later iteration starts new ones. */
  async endWorkers(): Promise<void> {
    const { pool } = this;
    this.pool = undefined;
    await pool?.waitForEnd();
  }

  /** Ends persistent workers at the end of an `await using` declaration. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.endWorkers();
  }

  private iterateInWorkers(parts: LoaderParts, resume: LoaderState | undefined): DataLoaderIterator<B> {
    const { numWorkers, prefetchFactor } = this;
    const { persistentWorkers = false, inOrder = true } = this.options;
    const kept = resume === undefined && this.pool?.usable === true ? this.pool : undefined;
    if (kept === undefined) void this.pool?.end();
    const pool = kept ?? this.startWorkers(parts, resume);
    this.pool = persistentWorkers ? pool : undefined;
    const how = { numWorkers, prefetchFactor, persistentWorkers, inOrder };
    try {
      return new WorkerIterator<B>(parts, how, pool, kept === undefined, resume);
    } catch (error) {
      void pool.end();
      throw error;
    }
  }

  private startWorkers(parts: LoaderParts, resume: LoaderState | undefined): WorkerPool {
    const { numWorkers } = this;
    const { timeout = 0, workerInitFn } = this.options;
    const { dataset, collate, batched, dropLast, prefetch } = parts;
    const random = randomOf(resume, numWorkers);
    const baseSeed = resume === undefined ? drawSeed(this.generator) : BigInt(resume.baseSeed);
    return new WorkerPool({
      parts: { dataset, collateFn: collate, workerInitFn },
      numWorkers,
      baseSeed,
      batched,
      dropLast,
      prefetch,
      timeout,
      random,
    });
  }
}

function checkDataset(dataset: unknown): void {
  checkObject('DataLoader', 'dataset', dataset, 'a data set');
  if (isIterableDataset(dataset as AnyDataset<unknown>)) return;
  checkObject('DataLoader', 'dataset', dataset, 'a data set', ['length']);
  checkLength('DataLoader', dataset as MapDataset<unknown>);
}

function samplerOf<S, B>(
  dataset: AnyDataset<S>,
  { sampler, shuffle, generator }: DataLoaderOptions<S, B>,
): Sampler | Iterable<number> {
  if (sampler) return sampler;
  if (isIterableDataset(dataset)) return new InfiniteSampler();
  const map = dataset as MapDataset<S>;
  return shuffle ? new RandomSampler(map, { generator }) : new SequentialSampler(map);
}

function checkWorkerOptions<S, B>(options: DataLoaderOptions<S, B>): void {
  const { numWorkers = 0, prefetchFactor = null, persistentWorkers = false, timeout = 0, workerInitFn } = options;
  checkInteger('DataLoader', 'numWorkers', numWorkers, 0, MOST_WORKERS);
  if (!(typeof timeout === 'number' && timeout >= 0)) refuse('timeout option should be non-negative');
  if (workerInitFn !== undefined) checkFunction('DataLoader', 'workerInitFn', workerInitFn);
  if (numWorkers > 0) {
    if (prefetchFactor !== null) checkInteger('DataLoader', 'prefetchFactor', prefetchFactor, 1);
    return;
  }
  if (prefetchFactor !== null) {
    refuse(
      'prefetchFactor option could only be specified in multiprocessing. Let numWorkers > 0 to enable multiprocessing',
    );
  }
  if (persistentWorkers) refuse('persistentWorkers option needs numWorkers > 0');
  if (timeout > 0) refuse('timeout option needs numWorkers > 0');
}

function refuseExclusive<S, B>(dataset: AnyDataset<S>, options: DataLoaderOptions<S, B>): void {
  const { batchSize, shuffle, sampler, batchSampler, dropLast } = options;
  if (isIterableDataset(dataset)) {
    const given = Object.entries({ shuffle, sampler, batchSampler }).find(([, value]) => Boolean(value));
    if (given) refuse(`DataLoader with IterableDataset: expected unspecified ${given[0]} option`);
  }
  if (sampler && shuffle) refuse('sampler option is mutually exclusive with shuffle');
  if (batchSampler && ((batchSize ?? (batchSize === null ? 0 : 1)) !== 1 || shuffle || sampler || dropLast)) {
    refuse('batchSampler option is mutually exclusive with batchSize, shuffle, sampler, and dropLast');
  }
  if (batchSize === null && dropLast) {
    refuse('batchSize null disables auto-batching and is mutually exclusive with dropLast');
  }
}

function refuse(why: string): never {
  throw new ArgumentError(why, 'TORCH_VALUE');
}
