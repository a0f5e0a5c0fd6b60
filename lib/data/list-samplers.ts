/** Samplers whose order is drawn at once. */

import { ArgumentError, checkInteger, checkList, checkObject, checkOptions, describe } from '../engine';
import { type Generator, multinomial, Tensor, tensor } from '../tensor';
import { indicesIn, permutation, seededGenerator } from './draws';
import {
  checkState,
  requirePositiveInteger,
  Sampler,
  type SamplerIterator,
  type SamplerState,
  type Sized,
} from './sampler';

/**
 * An iteration over a list that is drawn when its first element is asked for. From a generator that others use, too, it
 * cannot be drawn again: what is left of the list is its state.
 */
function drawnList(draw: () => readonly number[], state: SamplerState | undefined): SamplerIterator<number> {
  let list = state === undefined ? undefined : checkState(state).pending;
  let at = 0;
  const before = state?.taken ?? 0;
  return {
    get ready() {
      return list === undefined ? 0 : Infinity;
    },
    next() {
      list ??= draw();
      const value = list[at];
      if (value === undefined) return { done: true, value: undefined };
      at++;
      return { done: false, value };
    },
    state() {
      const [drawn, from] = [list, at];
      if (drawn === undefined) return { taken: before };
      return {
        taken: before + from,
        // Copied when it is read, for hardly any state is ever written.
        get pending() {
          return drawn.slice(from);
        },
      };
    },
  };
}

/** The given indices in random order, without replacement. (`torch.utils.data.SubsetRandomSampler`) */
export class SubsetRandomSampler extends Sampler {
  readonly generator: Generator | undefined;

  constructor(
    readonly indices: readonly number[],
    options: { generator?: Generator } = {},
  ) {
    super();
    checkList('SubsetRandomSampler', 'indices', indices);
    checkOptions('SubsetRandomSampler', options, ['generator']);
    this.generator = options.generator;
  }

  get length(): number {
    return this.indices.length;
  }

  iterate(state?: SamplerState): SamplerIterator<number> {
    const { indices, generator } = this;
    return drawnList(() => permutation(indices.length, generator).map((at) => indices[at] ?? 0), state);
  }
}

/** Options of {@link WeightedRandomSampler}. */
export interface WeightedRandomSamplerOptions {
  /** Draw each index anew, so that one may come twice; default true. */
  replacement?: boolean;
  generator?: Generator;
}

/**
 * Indices from 0 to the number of weights, drawn with these probabilities, which need not add up to 1.
 * (`torch.utils.data.WeightedRandomSampler`)
 *
 * @param weights - numbers, or a tensor of one dimension
 * @param numSamples - indices of one iteration
 */
export class WeightedRandomSampler extends Sampler {
  /** float64, one dimension. */
  readonly weights: Tensor;
  readonly replacement: boolean;
  readonly generator: Generator | undefined;

  constructor(
    weights: readonly number[] | Tensor,
    readonly numSamples: number,
    options: WeightedRandomSamplerOptions = {},
  ) {
    super();
    requirePositiveInteger('argument `numSamples`', numSamples);
    checkOptions('WeightedRandomSampler', options, ['replacement', 'generator']);
    const { replacement = true, generator } = options;
    if (typeof replacement !== 'boolean') {
      throw new ArgumentError(`expected true or false for option \`replacement\`, received ${describe(replacement)}`);
    }
    if (!(weights instanceof Tensor)) checkList('WeightedRandomSampler', 'weights', weights);
    this.weights = weights instanceof Tensor ? weights.to('float64') : tensor(weights, { dtype: 'float64' });
    if (this.weights.dim() !== 1) {
      throw new ArgumentError(
        `weights should be a 1d sequence but given weights have shape [${this.weights.shape.join(', ')}]`,
        'TORCH_VALUE',
      );
    }
    this.replacement = replacement;
    this.generator = generator;
  }

  get length(): number {
    return this.numSamples;
  }

  iterate(state?: SamplerState): SamplerIterator<number> {
    const { weights, numSamples, replacement, generator } = this;
    return drawnList(() => indicesIn(multinomial(weights, numSamples, replacement, { generator })), state);
  }
}

/** Options of {@link DistributedSampler}. */
export interface DistributedSamplerOptions {
  /** Processes that train together. */
  numReplicas: number;
  /** Which of them this is, from 0. */
  rank: number;
  /** A new random order in each epoch, the same in all processes; default true. */
  shuffle?: boolean;
  /** Of that order; the same in all processes. Default 0. */
  seed?: number;
  /** Leave out what cannot be shared out evenly; by default some samples come twice instead. */
  dropLast?: boolean;
}

/**
 * The share of one of several processes that train together; all shares are of one length. It draws from no generator but
 * its own. (`torch.utils.data.DistributedSampler`)
 *
 * There is no process group to ask here: `numReplicas` and `rank` must be given.
 *
 * @example
 * ```ts
 * const options = { numReplicas: 2, shuffle: false };
 * const shares = [0, 1].map((rank) => new torch.data.DistributedSampler({ length: 5 }, { ...options, rank }));
 * console.log(shares.map((share) => [...share])); // [ [ 0, 2, 4 ], [ 1, 3, 0 ] ]
 * ```
 */
export class DistributedSampler extends Sampler {
  readonly numReplicas: number;
  readonly rank: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly dropLast: boolean;
  private epoch = 0;

  constructor(
    readonly dataset: Sized,
    options: DistributedSamplerOptions,
  ) {
    super();
    checkObject('DistributedSampler', 'dataset', dataset, 'something with a length', ['length']);
    checkOptions('DistributedSampler', options, ['numReplicas', 'rank', 'shuffle', 'seed', 'dropLast']);
    const { numReplicas, rank, shuffle = true, seed = 0, dropLast = false } = options;
    checkInteger('DistributedSampler', 'numReplicas', numReplicas, 1);
    checkInteger('DistributedSampler', 'seed', seed);
    if (!(Number.isInteger(rank) && rank >= 0 && rank < numReplicas)) {
      throw new ArgumentError(
        `Invalid rank ${describe(rank)}, rank should be in the interval [0, ${numReplicas - 1}]`,
        'TORCH_VALUE',
      );
    }
    this.numReplicas = numReplicas;
    this.rank = rank;
    this.shuffle = shuffle;
    this.seed = seed;
    this.dropLast = dropLast;
  }

  /** Samples of each process. */
  get length(): number {
    const { dropLast, numReplicas } = this;
    const samples = this.dataset.length;
    const whole = dropLast && samples % numReplicas !== 0;
    return Math.ceil((whole ? samples - numReplicas : samples) / numReplicas);
  }

  /** To be called before each epoch, with its number: otherwise all have the same order. (`set_epoch`) */
  setEpoch(epoch: number): void {
    checkInteger('setEpoch', 'epoch', epoch);
    this.epoch = epoch;
  }

  iterate(state?: SamplerState): SamplerIterator<number> {
    const share = this.share();
    let at = state === undefined ? 0 : checkState(state).taken;
    return {
      ready: Infinity,
      next() {
        const value = share[at];
        if (value === undefined) return { done: true, value: undefined };
        at++;
        return { done: false, value };
      },
      state: () => ({ taken: at }),
    };
  }

  private share(): number[] {
    const { numReplicas, rank, seed, epoch } = this;
    const samples = this.dataset.length;
    const order = this.shuffle
      ? permutation(samples, seededGenerator(BigInt(seed) + BigInt(epoch)))
      : Array.from({ length: samples }, (_, index) => index);
    // Past the end the order begins anew, as often as it takes.
    return Array.from({ length: this.length }, (_, at) => order[(rank + at * numReplicas) % samples] ?? 0);
  }
}
