/** What an iteration of a data loader is to its user, and what it needs of the loader. */

import type { Generator } from '../tensor';
import type { AnyDataset } from './dataset';
import type { Drawn } from './fetcher';
import type { Sampler, SamplerState } from './sampler';

/** Where an iteration stands, as plain JSON. */
export interface LoaderState {
  /** The seed that was drawn when the iteration began, in decimals. */
  readonly baseSeed: string;
  /** Batches handed out so far. */
  readonly position: number;
  readonly sampler: SamplerState;
  /** Of an iteration with workers, where these stand. */
  readonly workers?: WorkersState;
}

/** Where the workers of an iteration stand. */
export interface WorkersState {
  /** What the workers have in hand: the indices of each batch that was drawn and not handed out yet. */
  readonly ahead: readonly Drawn[];
  /** Each worker's generator after its last batch that was handed out, base64; null where it is as it was seeded. */
  readonly random: readonly (string | null)[];
}

/** One iteration over a {@link DataLoader}. */
export interface DataLoaderIterator<B> extends AsyncIterableIterator<B, undefined> {
  /** Itself, so that `for await` can go on with it. */
  [Symbol.asyncIterator](): DataLoaderIterator<B>;
  /**
   * The next batch. A failure ends the iteration.
   *
   * @throws SampleError a sample of it could not be made; WorkerError a worker failed otherwise
   */
  next(): Promise<IteratorResult<B, undefined>>;
  /**
   * Ends the iteration: nothing more is loaded, what was loaded ahead is freed, and workers have ended when the promise is
   * settled, unless they persist.
   */
  return(): Promise<IteratorResult<B, undefined>>;
  /**
   * The state after the last batch that was handed out: `loader.iterate({ resume: state })` continues with the next one.
   * To be taken between two batches, together with the states of the generators.
   *
   * @throws TorchError of an iterable data set, whose place only itself knows, and of workers without order
   */
  state(): LoaderState;
}

/** What an iteration needs of its loader. */
export interface LoaderParts {
  readonly dataset: AnyDataset<unknown>;
  /** Of batches, or of indices where there are none. */
  readonly drawnFrom: Sampler<Drawn> | Iterable<Drawn>;
  readonly collate: (samples: unknown) => unknown;
  readonly batched: boolean;
  readonly dropLast: boolean;
  readonly generator: Generator | undefined;
  readonly prefetch: number;
  readonly pinMemory: boolean;
  /** Batches that the user was told an iterable data set has; undefined where nobody asked. */
  readonly toldLength: number | undefined;
}
