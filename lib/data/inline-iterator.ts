/** An iteration on the thread that asks for the batches (`_SingleProcessDataLoaderIter`). */

import { ArgumentError } from '../engine';
import type { DataLoaderIterator, LoaderParts, LoaderState } from './data-loader-iterator';
import { drawSeed } from './draws';
import { type Drawn, exhausted, type Fetcher, makeFetcher } from './fetcher';
import { pinned, warnWithoutDevice } from './pin-memory';
import { refuseIterable, warnBeyondLength } from './iterable-length';
import { iterateSampler, type SamplerIterator, type SamplerState } from './sampler';

interface PlannedBatch {
  readonly drawn: Drawn;
  /** The sampler's state after it. */
  readonly state: SamplerState;
}

export class InlineIterator<B> implements DataLoaderIterator<B> {
  private readonly sampler: SamplerIterator<Drawn>;
  /** Batches whose indices were taken ahead, so that their samples can be loaded. */
  private readonly ahead: PlannedBatch[] = [];
  private readonly batches: AsyncGenerator<B, undefined>;
  private readonly baseSeed: string;
  private position: number;
  private samplerState: SamplerState;

  constructor(
    private readonly loader: LoaderParts,
    resume?: LoaderState,
  ) {
    if (resume?.workers !== undefined) {
      throw new ArgumentError(
        `iterate(): the state is of an iteration with ${resume.workers.random.length} workers, which drew other random numbers`,
        'TORCH_VALUE',
      );
    }
    this.sampler = iterateSampler(loader.drawnFrom, resume?.sampler);
    // Nothing here uses the seed (workers do), but its draw moves all later ones.
    this.baseSeed = resume?.baseSeed ?? drawSeed(loader.generator).toString();
    this.position = resume?.position ?? 0;
    this.samplerState = this.sampler.state();
    warnWithoutDevice(loader.pinMemory);
    this.batches = this.iterate();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<B, undefined>> {
    return this.batches.next();
  }

  return(): Promise<IteratorResult<B, undefined>> {
    return this.batches.return(undefined);
  }

  state(): LoaderState {
    refuseIterable(this.loader.dataset);
    return { baseSeed: this.baseSeed, position: this.position, sampler: this.samplerState };
  }

  private async *iterate(): AsyncGenerator<B, undefined> {
    const fetcher = makeFetcher(this.loader);
    try {
      for (let planned = this.takeBatch(); planned; planned = this.takeBatch()) {
        const fetching = fetcher.fetch(planned.drawn, (batch) => batch as B);
        this.lookAhead(fetcher);
        const batch = await fetching;
        if (batch === exhausted) break;
        this.position++;
        this.samplerState = planned.state;
        warnBeyondLength(this.loader, this.position, 0);
        yield this.loader.pinMemory ? pinned(batch) : batch;
      }
    } finally {
      // Not waited for: what still loads is freed when it ends.
      void fetcher.close();
    }
    return undefined;
  }

  private takeBatch(): PlannedBatch | undefined {
    return this.ahead.shift() ?? this.planBatch();
  }

  private planBatch(): PlannedBatch | undefined {
    const { done, value } = this.sampler.next();
    return done ? undefined : { drawn: value, state: this.sampler.state() };
  }

  private lookAhead(fetcher: Fetcher): void {
    while (fetcher.hungry && this.sampler.ready >= 1) {
      const batch = this.planBatch();
      if (!batch) break;
      this.ahead.push(batch);
      fetcher.plan(batch.drawn);
    }
    fetcher.fill();
  }
}
