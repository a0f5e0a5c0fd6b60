import {
  ArgumentError,
  checkBooleans,
  checkInteger,
  checkIterable,
  checkList,
  checkObject,
  checkString,
  describe,
} from '../engine';
import type { Generator } from '../tensor';
import { drawSeed, integersBelow, permutation, seededGenerator } from './draws';

/** Where a sampler's iterator stands, as plain JSON. Only the sampler that wrote it knows what it means. */
export interface SamplerState {
  /** Items handed out so far. */
  readonly taken: number;
  /** Seed of the sampler's own generator, in decimals. */
  readonly seed?: string;
  /** Blocks drawn so far from a generator that others use too, and what is left of the last one. */
  readonly drawn?: number;
  readonly pending?: readonly number[];
}

/** A state may come from a file. */
export function checkState(state: SamplerState): SamplerState {
  checkObject('iterate', 'state', state, "a sampler's state", ['taken']);
  const { taken, seed, drawn, pending } = state;
  checkInteger('iterate', 'state.taken', taken, 0);
  if (seed !== undefined) {
    checkString('iterate', 'state.seed', seed);
    if (!/^-?\d{1,20}$/.test(seed)) {
      throw new ArgumentError(`expected decimals for \`seed\` of a sampler's state, received ${describe(seed)}`);
    }
  }
  if (drawn !== undefined) checkInteger('iterate', 'state.drawn', drawn, 0);
  if (pending !== undefined) checkList('iterate', 'state.pending', pending);
  return state;
}

/** One iteration of a {@link Sampler}, which can be written down and gone on with. */
export interface SamplerIterator<T> extends Iterator<T, undefined> {
  /**
   * How many items can be taken right now without a draw from a generator that anyone else can see. A loader looks no
   * further ahead, so that looking ahead never moves a draw.
   */
  readonly ready: number;
  /** From which {@link Sampler.iterate} continues after the last item taken, with the same items and no draw twice. */
  state(): SamplerState;
}

/** The order of a data set's indices, or of batches of them; each iteration is a new one. */
export abstract class Sampler<T = number> implements Iterable<T> {
  /** Items of one iteration. */
  abstract get length(): number;

  /** A fresh iteration, or one that continues where `state` was taken. */
  abstract iterate(state?: SamplerState): SamplerIterator<T>;

  /** A fresh iteration. */
  [Symbol.iterator](): Iterator<T, undefined> {
    return this.iterate();
  }
}

/** Anything with a length: a data set, an array. */
export interface Sized {
  readonly length: number;
}

/** 0, 1, 2, … (`torch.utils.data.SequentialSampler`) */
export class SequentialSampler extends Sampler {
  constructor(private readonly dataSource: Sized) {
    super();
    checkObject('SequentialSampler', 'dataSource', dataSource, 'something with a length', ['length']);
  }

  get length(): number {
    return this.dataSource.length;
  }

  iterate(state?: SamplerState): SamplerIterator<number> {
    let taken = state === undefined ? 0 : checkState(state).taken;
    return {
      ready: Infinity,
      next: () => (taken < this.dataSource.length ? { done: false, value: taken++ } : finished),
      state: () => ({ taken }),
    };
  }
}

/** The order of a data set that has none: a loader asks it for as many as it can get. */
export class InfiniteSampler extends Sampler {
  get length(): number {
    return Infinity;
  }

  iterate(): SamplerIterator<number> {
    return { ready: Infinity, next: () => ({ done: false, value: 0 }), state: () => ({ taken: 0 }) };
  }
}

/** Options of {@link RandomSampler}. */
export interface RandomSamplerOptions {
  /** Draw each index anew, so that one may come twice. */
  replacement?: boolean;
  /** Indices of one iteration; default: as many as the data source has. */
  numSamples?: number;
  /** Default: a generator of its own for each iteration, seeded by one draw from the default generator at the first index. */
  generator?: Generator;
}

/** Indices in random order, drawn as PyTorch draws them, and when. (`torch.utils.data.RandomSampler`) */
export class RandomSampler extends Sampler {
  readonly replacement: boolean;
  readonly generator: Generator | undefined;
  private readonly count: number | undefined;

  constructor(
    readonly dataSource: Sized,
    options: RandomSamplerOptions = {},
  ) {
    super();
    checkObject('RandomSampler', 'options', options);
    const { replacement = false, numSamples, generator } = options;
    this.replacement = replacement;
    this.generator = generator;
    this.count = numSamples;
    checkObject('RandomSampler', 'dataSource', dataSource, 'something with a length', ['length']);
    requirePositiveInteger('the length of `dataSource`', dataSource.length);
    requirePositiveInteger('argument `numSamples`', this.length);
  }

  get length(): number {
    return this.count ?? this.dataSource.length;
  }

  iterate(state?: SamplerState): SamplerIterator<number> {
    return new RandomIterator(this, state);
  }
}

const finished = { done: true, value: undefined } as const;

/**
 * Without replacement: whole permutations, then the beginning of one more; with it: blocks of 32. The last block is drawn
 * even where none of it is used, when the index after the last is asked for: with a generator that others use, that moves
 * their draws.
 */
class RandomIterator implements SamplerIterator<number> {
  private readonly high: number;
  private readonly blockSize: number;
  private readonly fullBlocks: number;
  private readonly lastBlock: number;
  private block: readonly number[] = [];
  private at = 0;
  private drawn = 0;
  private taken = 0;
  private seed: bigint | undefined;
  private own: Generator | undefined;

  constructor(
    private readonly sampler: RandomSampler,
    state: SamplerState | undefined,
  ) {
    this.high = sampler.dataSource.length;
    requirePositiveInteger('the length of `dataSource`', this.high);
    this.blockSize = sampler.replacement ? 32 : this.high;
    this.fullBlocks = Math.floor(sampler.length / this.blockSize);
    this.lastBlock = sampler.length % this.blockSize;
    if (state !== undefined) this.resume(checkState(state));
  }

  get ready(): number {
    return this.own ? Infinity : this.block.length - this.at;
  }

  next(): IteratorResult<number, undefined> {
    while (this.at === this.block.length) {
      if (this.drawn > this.fullBlocks) return finished;
      this.drawBlock();
    }
    this.taken++;
    return { done: false, value: this.block[this.at++] ?? 0 };
  }

  state(): SamplerState {
    if (this.sampler.generator === undefined) return { taken: this.taken, seed: this.seed?.toString() };
    const { taken, drawn, block, at } = this;
    // Copied when it is read: a loader asks for a state with every batch, and hardly any is ever written.
    return {
      taken,
      drawn,
      get pending() {
        return block.slice(at);
      },
    };
  }

  /** With a generator of its own, the iteration is repeated up to where it stood; a shared one has moved on for good. */
  private resume({ taken, seed, drawn, pending }: SamplerState): void {
    if (this.sampler.generator !== undefined) {
      this.drawn = drawn ?? 0;
      this.block = pending ?? [];
      this.taken = taken;
    } else if (seed !== undefined) {
      this.begin(BigInt(seed));
      while (this.taken < taken && !this.next().done);
    }
  }

  private begin(seed: bigint): Generator {
    this.seed = seed;
    return (this.own = seededGenerator(seed));
  }

  private drawBlock(): void {
    const generator = this.sampler.generator ?? this.own ?? this.begin(drawSeed());
    const size = this.drawn < this.fullBlocks ? this.blockSize : this.lastBlock;
    this.block = this.sampler.replacement
      ? integersBelow(this.high, size, generator)
      : permutation(this.high, generator).slice(0, size);
    this.at = 0;
    this.drawn++;
  }
}

/**
 * Groups another sampler's indices. (`torch.utils.data.BatchSampler`)
 * @param dropLast leave out the last batch where it is smaller than `batchSize`
 */
export class BatchSampler extends Sampler<number[]> {
  constructor(
    readonly sampler: Sampler | Iterable<number>,
    readonly batchSize: number,
    readonly dropLast: boolean,
  ) {
    super();
    checkIterable('BatchSampler', 'sampler', sampler);
    requirePositiveInteger('argument `batchSize`', batchSize);
    checkBooleans('BatchSampler', { dropLast });
  }

  get length(): number {
    const indices = lengthOf(this.sampler, 'sampler');
    return this.dropLast ? Math.floor(indices / this.batchSize) : Math.ceil(indices / this.batchSize);
  }

  iterate(state?: SamplerState): SamplerIterator<number[]> {
    const { batchSize, dropLast } = this;
    const indices = iterateSampler(this.sampler, state);
    return {
      get ready() {
        return Math.floor(indices.ready / batchSize);
      },
      next() {
        const batch: number[] = [];
        while (batch.length < batchSize) {
          const index = indices.next();
          if (index.done) break;
          batch.push(index.value);
        }
        const whole = batch.length === batchSize || (batch.length > 0 && !dropLast);
        return whole ? { done: false, value: batch } : finished;
      },
      state: () => indices.state(),
    };
  }
}

/**
 * Iterates a sampler, or any iterable in its place. Of the latter nothing is known, so nothing is taken ahead unless it
 * is an array, and continuing means iterating again past what was taken.
 */
export function iterateSampler<T>(sampler: Sampler<T> | Iterable<T>, state?: SamplerState): SamplerIterator<T> {
  if (sampler instanceof Sampler) return sampler.iterate(state);
  checkIterable('DataLoader', 'sampler', sampler);
  const items = sampler[Symbol.iterator]();
  const past = state === undefined ? 0 : checkState(state).taken;
  let taken = 0;
  const next = (): IteratorResult<T, undefined> => {
    const item = items.next();
    if (item.done) return finished;
    taken++;
    return { done: false, value: item.value };
  };
  while (taken < past && !next().done);
  return { ready: Array.isArray(sampler) ? Infinity : 0, next, state: () => ({ taken }) };
}

/** The length of a sampler, or of an iterable that has one. */
export function lengthOf(sampler: object, argument: string): number {
  const { length, size } = sampler as { length?: unknown; size?: unknown };
  const count = length ?? size;
  if (typeof count === 'number') return count;
  throw new ArgumentError(
    `expected something with a length for argument \`${argument}\`, received ${describe(sampler)}`,
  );
}

export function requirePositiveInteger(what: string, value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) > 0) return;
  throw new ArgumentError(`expected a positive integer for ${what}, received ${describe(value)}`, 'TORCH_VALUE');
}
