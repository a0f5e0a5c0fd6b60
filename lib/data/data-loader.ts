import { ArgumentError, checkFunction, checkObject, describe } from '../engine';
import type { Generator } from '../tensor';
import { defaultCollate, type Collated } from './collate';
import type { AnyDataset } from './dataset';
import { DataLoaderIterator, type LoaderState } from './data-loader-iterator';
import { BatchSampler, lengthOf, RandomSampler, SequentialSampler, type Sampler } from './sampler';

/** Options of {@link DataLoader}. */
export interface DataLoaderOptions<S, B> {
  /** Samples of a batch, default 1. */
  batchSize?: number;
  /** A new random order in each iteration; default: 0, 1, 2, … */
  shuffle?: boolean;
  /** The order of the samples. */
  sampler?: Sampler | Iterable<number>;
  /** The batches themselves, in place of batchSize, shuffle, sampler and dropLast. */
  batchSampler?: Sampler<readonly number[]> | Iterable<readonly number[]>;
  /** Leave out a last batch that is smaller than the others. */
  dropLast?: boolean;
  /** Makes a batch of samples, default {@link defaultCollate}; synchronous. */
  collate?: (samples: S[]) => B;
  /** What the shuffling draws from, default: the default generator. */
  generator?: Generator;
  /**
   * Samples of a {@link TwoPhaseDataset} that may be loaded ahead of the batch asked for, default: as many as a batch has,
   * at least 16. It bounds the memory that decoding takes, and changes no bit.
   */
  prefetch?: number;
}

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
 * Every random draw happens when it does in PyTorch with `num_workers=0`: one of a base seed when an iteration begins,
 * the shuffling's when the first batch is asked for, those of the transforms when their batch is asked for, sample by
 * sample. A batch's tensors belong to whoever asked for it, and may be disposed by them; what was made on the way is
 * freed by the loader. A sample that fails ends the iteration with a {@link SampleError}. (`torch.utils.data.DataLoader`)
 *
 * @throws {ArgumentError} impossible options, in PyTorch's words
 */
export class DataLoader<S, B = Collated<S>> implements AsyncIterable<B> {
  readonly batchSampler: Sampler<readonly number[]> | Iterable<readonly number[]>;
  readonly generator: Generator | undefined;
  /** @internal */
  readonly collate: (samples: S[]) => B;
  /** @internal */
  readonly prefetch: number;

  constructor(
    readonly dataset: AnyDataset<S>,
    options: DataLoaderOptions<S, B> = {},
  ) {
    checkObject('DataLoader', 'dataset', dataset, 'a data set', ['length']);
    checkObject('DataLoader', 'options', options);
    const { batchSize = 1, generator } = options;
    this.generator = generator;
    this.batchSampler =
      options.batchSampler ?? new BatchSampler(sampler(dataset, options), batchSize, options.dropLast ?? false);
    refuseExclusive(options);
    // Without a collate of its own B is Collated<S>, by its default.
    this.collate = options.collate ?? (defaultCollate as unknown as (samples: S[]) => B);
    this.prefetch = options.prefetch ?? Math.max(batchSize, 16);
    checkFunction('DataLoader', 'collate', this.collate);
    if (!(typeof this.prefetch === 'number' && this.prefetch >= 0)) {
      throw new ArgumentError(
        `expected a count for argument \`prefetch\`, received ${describe(options.prefetch)}`,
        'TORCH_VALUE',
      );
    }
  }

  /** Batches of one iteration. */
  get length(): number {
    return lengthOf(this.batchSampler, 'batchSampler');
  }

  /** A fresh iteration: `for await (const batch of loader)`. */
  [Symbol.asyncIterator](): DataLoaderIterator<S, B> {
    return this.iterate();
  }

  /**
   * An iteration of its own, as `iter(loader)` in Python. With `resume` it goes on where {@link DataLoaderIterator.state}
   * was taken: with the batch after, and without the draws made before. The default generator, and one given to the
   * loader, must have been set back to where they were then.
   */
  iterate(options: { resume?: LoaderState } = {}): DataLoaderIterator<S, B> {
    checkObject('iterate', 'options', options);
    const { resume } = options;
    return new DataLoaderIterator(this, resume);
  }
}

function sampler<S, B>(
  dataset: AnyDataset<S>,
  { sampler, shuffle, generator }: DataLoaderOptions<S, B>,
): Sampler | Iterable<number> {
  if (sampler) return sampler;
  return shuffle ? new RandomSampler(dataset, { generator }) : new SequentialSampler(dataset);
}

function refuseExclusive<S, B>({ batchSize, shuffle, sampler, batchSampler, dropLast }: DataLoaderOptions<S, B>): void {
  if (sampler && shuffle) throw new ArgumentError('sampler option is mutually exclusive with shuffle', 'TORCH_VALUE');
  if (batchSampler && ((batchSize ?? 1) !== 1 || shuffle || sampler || dropLast)) {
    throw new ArgumentError(
      'batchSampler option is mutually exclusive with batchSize, shuffle, sampler, and dropLast',
      'TORCH_VALUE',
    );
  }
}
