/** From indices to batches: what the loader's own thread and its workers have in common. */

import { isThenable, scope, TorchError } from '../engine';
import {
  type AnyDataset,
  type Dataset,
  isIterableDataset,
  isTwoPhase,
  type IterableDataset,
  messageOf,
  SampleError,
  type TwoPhaseDataset,
} from './dataset';
import { tensorsIn } from './ownership';
import { disposeLoaded, type Loaded, Prefetch } from './prefetch';

/** What a loader's sampler hands out for one fetch: a batch's indices, or one index where there are no batches. */
export type Drawn = readonly number[] | number;

/** An iterable data set has no more. */
export const exhausted: unique symbol = Symbol('exhausted');

/** What batches are made of and by. */
export interface FetcherParts {
  readonly dataset: AnyDataset<unknown>;
  /** Of a list of samples, or where there are no batches of the sample. */
  readonly collate: (samples: unknown) => unknown;
  readonly batched: boolean;
  readonly dropLast: boolean;
  /** Samples that may be loaded ahead. */
  readonly prefetch: number;
}

/** Makes one batch after the other; to be asked for the next one when the last is there. */
export interface Fetcher {
  /** It stands somewhere: a new iteration needs a new one. */
  readonly restarts: boolean;
  /** True where more should be planned, for their samples can be loaded ahead. */
  readonly hungry: boolean;
  /** Says what will be fetched, after all that was planned before. */
  plan(drawn: Drawn): void;
  /** Starts what is planned. */
  fill(): void;
  /**
   * Makes the batch and returns what `use` makes of it. What was made on the way is freed, but tensors in that. What was
   * planned first is begun with at once, before this returns its promise.
   */
  fetch<R>(drawn: Drawn, use: (batch: unknown) => R): Promise<R | typeof exhausted>;
  /** Nothing more will be fetched; what was begun has ended when the promise is settled. */
  close(): Promise<void>;
}

export function makeFetcher(parts: FetcherParts): Fetcher {
  const { dataset } = parts;
  if (isIterableDataset(dataset)) return new IterableFetcher(dataset, parts);
  return isTwoPhase(dataset) ? new TwoPhaseFetcher(dataset, parts) : new MapFetcher(dataset, parts);
}

/** The samples of one fetch make a batch; where there are no batches, the one sample is converted. */
function collate({ collate, batched }: FetcherParts, samples: readonly unknown[], which: string): unknown {
  try {
    const batch = collate(batched ? samples : samples[0]);
    if (!(batch instanceof Promise)) return batch;
    // Nobody waits for it.
    batch.catch(() => {});
    throw new TypeError(
      'expected a synchronous `collateFn`, which returned a Promise: what must wait belongs into getItem()',
    );
  } catch (error) {
    const message = `${which} do not make a batch: ${messageOf(error)}`;
    throw new TorchError(message, 'TORCH_BATCH', { cause: error });
  }
}

function listed(drawn: readonly number[]): string {
  return `the samples ${drawn.length > 8 ? `${drawn.slice(0, 8).join(', ')}, …` : drawn.join(', ')}`;
}

function indicesOf(drawn: Drawn): readonly number[] {
  return typeof drawn === 'number' ? [drawn] : drawn;
}

class MapFetcher implements Fetcher {
  readonly restarts = false;
  readonly hungry = false;

  constructor(
    private readonly dataset: Dataset<unknown>,
    private readonly parts: FetcherParts,
  ) {}

  plan(): void {}
  fill(): void {}

  async fetch<R>(drawn: Drawn, use: (batch: unknown) => R): Promise<R> {
    const indices = indicesOf(drawn);
    const samples = await this.samples(indices);
    return scope(() => use(collate(this.parts, samples, listed(indices))));
  }

  async close(): Promise<void> {}

  private async samples(indices: readonly number[]): Promise<readonly unknown[]> {
    const { dataset } = this;
    if (this.parts.batched && typeof dataset.getItems === 'function') return getItems(dataset, indices);
    const samples: unknown[] = [];
    for (const index of indices) samples.push(await getItem(dataset, index));
    return samples;
  }
}

async function getItem(dataset: Dataset<unknown>, index: number): Promise<unknown> {
  try {
    const item = dataset.getItem(index);
    return isThenable(item) ? await item : item;
  } catch (error) {
    throw new SampleError(index, error);
  }
}

async function getItems(dataset: Dataset<unknown>, indices: readonly number[]): Promise<readonly unknown[]> {
  let samples: unknown;
  try {
    samples = await dataset.getItems?.([...indices]);
  } catch (error) {
    if (error instanceof SampleError) throw error;
    throw new TorchError(`${listed(indices)}: ${messageOf(error)}`, 'TORCH_SAMPLE', { cause: error });
  }
  if (Array.isArray(samples) && samples.length === indices.length) return samples as unknown[];
  const found = Array.isArray(samples) ? `${samples.length} samples` : typeof samples;
  throw new TorchError(
    `getItems() must return a list of ${indices.length} samples, it returned ${found}`,
    'TORCH_SAMPLE',
  );
}

class TwoPhaseFetcher<D> implements Fetcher {
  readonly restarts = false;
  private readonly prefetch: Prefetch<D>;

  constructor(
    private readonly dataset: TwoPhaseDataset<D, unknown>,
    private readonly parts: FetcherParts,
  ) {
    this.prefetch = new Prefetch(dataset, parts.prefetch);
  }

  get hungry(): boolean {
    return this.prefetch.hungry;
  }

  plan(drawn: Drawn): void {
    this.prefetch.plan(indicesOf(drawn));
  }

  fill(): void {
    this.prefetch.fill();
  }

  async fetch<R>(drawn: Drawn, use: (batch: unknown) => R): Promise<R> {
    const indices = indicesOf(drawn);
    const loaded = await Promise.all(this.prefetch.take(indices));
    return this.finish(indices, loaded, use);
  }

  close(): Promise<void> {
    return this.prefetch.close();
  }

  /**
   * The second phase of a batch, in one piece, so that nothing else can draw between its samples. Everything made here is
   * freed but the batch, and so is what was loaded for it.
   */
  private finish<R>(indices: readonly number[], loaded: readonly Loaded<D>[], use: (batch: unknown) => R): R {
    let result: R | undefined;
    try {
      result = scope(() => {
        const samples = loaded.map((each, at) => transform(this.dataset, indices[at] ?? -1, each));
        return use(collate(this.parts, samples, listed(indices)));
      });
      return result;
    } finally {
      const handedOut = tensorsIn(result);
      for (const each of loaded) disposeLoaded(this.dataset, each, handedOut);
    }
  }
}

function transform<D>(dataset: TwoPhaseDataset<D, unknown>, index: number, loaded: Loaded<D>): unknown {
  if ('error' in loaded) throw new SampleError(index, loaded.error);
  try {
    return dataset.transform(loaded.value);
  } catch (error) {
    throw new SampleError(index, error);
  }
}

/** Where a batch's indices say nothing but how many samples it is to have. */
class IterableFetcher implements Fetcher {
  readonly restarts = true;
  readonly hungry = false;
  private readonly samples: Iterator<unknown> | AsyncIterator<unknown>;
  private taken = 0;
  private ended = false;

  constructor(
    dataset: IterableDataset<unknown>,
    private readonly parts: FetcherParts,
  ) {
    this.samples =
      Symbol.asyncIterator in dataset
        ? dataset[Symbol.asyncIterator]()
        : (dataset as Iterable<unknown>)[Symbol.iterator]();
  }

  plan(): void {}
  fill(): void {}

  async fetch<R>(drawn: Drawn, use: (batch: unknown) => R): Promise<R | typeof exhausted> {
    const wanted = indicesOf(drawn).length;
    const first = this.taken;
    const samples: unknown[] = [];
    while (!this.ended && samples.length < wanted) {
      const next = await this.next();
      if (next.done === true) this.ended = true;
      else samples.push(next.value);
    }
    if (samples.length === 0 || (this.parts.dropLast && samples.length < wanted)) return exhausted;
    const which = `the samples ${first} to ${first + samples.length - 1} of the iteration`;
    return scope(() => use(collate(this.parts, samples, which)));
  }

  async close(): Promise<void> {
    if (!this.ended) await this.samples.return?.();
    this.ended = true;
  }

  private async next(): Promise<IteratorResult<unknown>> {
    try {
      const next = await this.samples.next();
      this.taken++;
      return next;
    } catch (error) {
      this.ended = true;
      throw new SampleError(this.taken, error);
    }
  }
}
