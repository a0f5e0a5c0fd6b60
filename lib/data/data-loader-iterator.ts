import { checkObject, isThenable, scope, TorchError } from '../engine';
import type { Generator } from '../tensor';
import { isTwoPhase, messageOf, SampleError, type AnyDataset, type Dataset, type TwoPhaseDataset } from './dataset';
import { drawSeed } from './draws';
import { tensorsIn } from './ownership';
import { disposeLoaded, Prefetch, type Loaded } from './prefetch';
import { iterateSampler, type Sampler, type SamplerIterator, type SamplerState } from './sampler';

/** Where an iteration stands, as plain JSON. */
export interface LoaderState {
  /** The seed that was drawn when the iteration began, in decimals. */
  readonly baseSeed: string;
  /** Batches handed out so far. */
  readonly position: number;
  readonly sampler: SamplerState;
}

/** What an iteration needs of its loader. */
export interface LoaderParts<S, B> {
  readonly dataset: AnyDataset<S>;
  readonly batchSampler: Sampler<readonly number[]> | Iterable<readonly number[]>;
  readonly collate: (samples: S[]) => B;
  readonly generator: Generator | undefined;
  readonly prefetch: number;
}

interface PlannedBatch {
  readonly indices: readonly number[];
  /** The sampler's state after these indices. */
  readonly state: SamplerState;
}

/** One iteration over a data loader. */
export class DataLoaderIterator<S, B> implements AsyncIterableIterator<B, undefined> {
  private readonly sampler: SamplerIterator<readonly number[]>;
  /** Batches whose indices were taken ahead, so that their samples can be loaded. */
  private readonly ahead: PlannedBatch[] = [];
  private readonly batches: AsyncGenerator<B, undefined>;
  private readonly baseSeed: string;
  private position: number;
  private samplerState: SamplerState;

  /** @internal Made by `DataLoader.iterate`. */
  constructor(
    private readonly loader: LoaderParts<S, B>,
    resume?: LoaderState,
  ) {
    checkObject('DataLoaderIterator', 'loader', loader, 'a DataLoader', ['dataset', 'batchSampler']);
    const { dataset, batchSampler, generator } = loader;
    if (resume !== undefined) {
      checkObject('iterate', 'resume', resume, "an iteration's state", ['baseSeed', 'position', 'sampler']);
    }
    this.sampler = iterateSampler(batchSampler, resume?.sampler);
    // Nothing here uses the seed (PyTorch's workers do), but its draw moves all later ones.
    this.baseSeed = resume?.baseSeed ?? drawSeed(generator).toString();
    this.position = resume?.position ?? 0;
    this.samplerState = this.sampler.state();
    this.batches = isTwoPhase(dataset) ? this.inTwoPhases(dataset) : this.inOnePhase(dataset);
  }

  /** Itself, so that `for await` can go on with it. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * The next batch.
   *
   * @throws SampleError a sample of it could not be made
   */
  next(): Promise<IteratorResult<B, undefined>> {
    return this.batches.next();
  }

  /** Ends the iteration: nothing more is loaded, and what was loaded ahead is freed. */
  return(): Promise<IteratorResult<B, undefined>> {
    return this.batches.return(undefined);
  }

  /**
   * The state after the last batch that was handed out: `loader.iterate({ resume: state })` continues with the next one.
   * To be taken between two batches, together with the states of the generators.
   */
  state(): LoaderState {
    return { baseSeed: this.baseSeed, position: this.position, sampler: this.samplerState };
  }

  private async *inOnePhase(dataset: Dataset<S>): AsyncGenerator<B, undefined> {
    for (let batch = this.takeBatch(); batch; batch = this.takeBatch()) {
      const { indices } = batch;
      const samples: S[] = [];
      for (const index of indices) samples.push(await getItem(dataset, index));
      yield this.handOut(
        batch,
        scope(() => this.collate(samples, indices)),
      );
    }
    return undefined;
  }

  private async *inTwoPhases<D>(dataset: TwoPhaseDataset<D, S>): AsyncGenerator<B, undefined> {
    const prefetch = new Prefetch(dataset, this.loader.prefetch);
    try {
      for (let batch = this.takeBatch(); batch; batch = this.takeBatch()) {
        const { indices } = batch;
        const loading = prefetch.take(indices);
        this.lookAhead(prefetch);
        const loaded = await Promise.all(loading);
        yield this.handOut(batch, this.finish(dataset, indices, loaded));
      }
    } finally {
      prefetch.close();
    }
    return undefined;
  }

  private takeBatch(): PlannedBatch | undefined {
    return this.ahead.shift() ?? this.planBatch();
  }

  private planBatch(): PlannedBatch | undefined {
    const { done, value } = this.sampler.next();
    return done ? undefined : { indices: value, state: this.sampler.state() };
  }

  private lookAhead(prefetch: Prefetch<unknown>): void {
    while (prefetch.hungry && this.sampler.ready >= 1) {
      const batch = this.planBatch();
      if (!batch) break;
      this.ahead.push(batch);
      prefetch.plan(batch.indices);
    }
    prefetch.fill();
  }

  /**
   * The second phase of a batch, in one piece, so that nothing else can draw between its samples. Everything made here is
   * freed but the batch, and so is what was loaded for it.
   */
  private finish<D>(dataset: TwoPhaseDataset<D, S>, indices: readonly number[], loaded: readonly Loaded<D>[]): B {
    let batch: B | undefined;
    try {
      batch = scope(() => {
        const samples = loaded.map((each, at) => transform(dataset, indices[at] ?? -1, each));
        return this.collate(samples, indices);
      });
      return batch;
    } finally {
      const handedOut = tensorsIn(batch);
      for (const each of loaded) disposeLoaded(each, handedOut);
    }
  }

  private collate(samples: S[], indices: readonly number[]): B {
    try {
      return this.loader.collate(samples);
    } catch (error) {
      const listed = indices.length > 8 ? `${indices.slice(0, 8).join(', ')}, …` : indices.join(', ');
      const message = `the samples ${listed} do not make a batch: ${messageOf(error)}`;
      throw new TorchError(message, 'TORCH_BATCH', { cause: error });
    }
  }

  private handOut({ state }: PlannedBatch, batch: B): B {
    this.position++;
    this.samplerState = state;
    return batch;
  }
}

async function getItem<S>(dataset: Dataset<S>, index: number): Promise<S> {
  try {
    const item = dataset.getItem(index);
    return isThenable(item) ? await item : item;
  } catch (error) {
    throw new SampleError(index, error);
  }
}

function transform<D, S>(dataset: TwoPhaseDataset<D, S>, index: number, loaded: Loaded<D>): S {
  if ('error' in loaded) throw new SampleError(index, loaded.error);
  try {
    return dataset.transform(loaded.value);
  } catch (error) {
    throw new SampleError(index, error);
  }
}
