import { ArgumentError, checkInteger, checkList, checkObject, checkTensor, describe, TorchError } from '../engine';
import type { Generator, Tensor } from '../tensor';
import { permutation } from './draws';
import { forWorkers } from './for-workers';
import { subsetLengths } from './split-lengths';

/**
 * A map-style data set: a length, and a sample for each index below it. `getItem` may draw random numbers; the loader
 * calls it for one sample after the other, when its batch is asked for, so the draws fall in PyTorch's order. What it
 * returns stays the data set's: the loader copies it into the batch and does not dispose it.
 * (`torch.utils.data.Dataset`)
 */
export interface Dataset<S> {
  /** Number of samples. */
  readonly length: number;
  /** The sample of that index. */
  getItem(index: number): S | Promise<S>;
  /** The samples of these indices at once, where that is faster; a loader prefers it. (`__getitems__`) */
  getItems?(indices: readonly number[]): readonly S[] | Promise<readonly S[]>;
}

/**
 * A data set whose samples are made in two steps, so that the slow one can run ahead of the training without moving a
 * random draw: `load` (read and decode; draws nothing) is started early and side by side for many samples; `transform`
 * (draws) is called when the batch is asked for, in order. The loader disposes the tensors that `load` hands out once
 * `transform` has had them, and everything that `transform` makes but what ends in the batch: so a data set that keeps
 * tensors of its own gives views or copies of them, such as `images.at(index)`.
 */
export interface TwoPhaseDataset<D, S> {
  /** Number of samples. */
  readonly length: number;
  /** Reads and decodes a sample, without random draws. */
  load(index: number): D | Promise<D>;
  /** Makes the sample of what {@link load} gave; may draw. */
  transform(loaded: D): S;
  /**
   * Told by a loader, once, that it has no more use for what {@link load} gave: its memory can serve a later sample. Memory
   * that V8 has to account for and to give back for each sample costs a collection of the whole heap every few hundred.
   */
  release?(loaded: D): void;
}

/** A data set with indices. One that has both forms is loaded in two phases. */
export type MapDataset<S> = Dataset<S> | TwoPhaseDataset<unknown, S>;

/**
 * A data set without indices: samples come one after the other, as from a stream. Each iteration of a loader iterates over
 * it once, in every worker that it has: by {@link getWorkerInfo} the copies share the work. Anything that can be iterated
 * over, synchronously or not, and has neither `getItem` nor `load`; a list has indices. (`torch.utils.data.IterableDataset`)
 */
export type IterableDataset<S> = (Iterable<S> | AsyncIterable<S>) & {
  /** Number of samples, where it is known. */
  readonly length?: number;
};

/** What a DataLoader takes. */
export type AnyDataset<S> = MapDataset<S> | IterableDataset<S>;

/** A sample could not be made: `index` says which, `cause` why. */
export class SampleError extends TorchError {
  constructor(
    readonly index: number,
    cause: unknown,
  ) {
    super(`sample ${index}: ${messageOf(cause)}`, 'TORCH_SAMPLE', { cause });
  }
}

export function isTwoPhase<S>(dataset: AnyDataset<S>): dataset is TwoPhaseDataset<unknown, S> {
  checkObject('data', 'dataset', dataset, 'a data set');
  return 'load' in dataset && 'transform' in dataset;
}

export function isIterableDataset<S>(dataset: AnyDataset<S>): dataset is IterableDataset<S> {
  checkObject('data', 'dataset', dataset, 'a data set');
  if ('getItem' in dataset || 'load' in dataset) return false;
  return Symbol.iterator in dataset || Symbol.asyncIterator in dataset;
}

/**
 * Tensors of one length, cut along their first dimension: sample i is `[tensors[0].at(i), tensors[1].at(i), …]`, as views.
 * @throws {ArgumentError} no tensor, one without dimensions, or different lengths
 *
 * @example
 * ```ts
 * const set = new torch.data.TensorDataset(torch.arange(6).reshape(3, 2), torch.arange(3));
 * console.log(set.length, set.getItem(1)); // 3 [ tensor([2, 3]), tensor(1) ]
 * ```
 */
export class TensorDataset implements Dataset<Tensor[]>, TwoPhaseDataset<number, Tensor[]> {
  readonly tensors: readonly Tensor[];
  readonly length: number;

  constructor(...tensors: readonly Tensor[]) {
    for (const tensor of tensors) checkTensor('TensorDataset()', 'tensors', tensor);
    const length = tensors[0]?.shape[0];
    if (length === undefined || tensors.some(({ shape }) => shape[0] !== length)) {
      throw new ArgumentError(
        `expected tensors of one first dimension for argument \`tensors\`, received ${describe(tensors)}`,
        'TORCH_VALUE',
      );
    }
    this.tensors = tensors;
    this.length = length;
  }

  /** The part of each tensor at that index; views. */
  getItem(index: number): Tensor[] {
    return this.tensors.map((tensor) => tensor.at(index));
  }

  /** The index itself: there is nothing to read. */
  load(index: number): number {
    return index;
  }

  /** See {@link getItem}. */
  transform(index: number): Tensor[] {
    return this.getItem(index);
  }
}

/** The elements of a list as samples, where a list stands for a data set. */
export class ListDataset<S> implements Dataset<S> {
  constructor(readonly list: readonly S[]) {
    checkList('ListDataset', 'list', list);
  }

  /** Number of elements. */
  get length(): number {
    return this.list.length;
  }

  /** The element of that index. */
  getItem(index: number): S {
    return elementAt(this.list, index);
  }
}

/** What was given as a data set, which may be a list: it has a length and elements, as in Python. */
export function datasetOf<D>(dataset: D): D {
  return Array.isArray(dataset) ? (new ListDataset(dataset as readonly unknown[]) as unknown as D) : dataset;
}

/** Refuses a data set whose length is no number of samples: `length()` would make an empty epoch of it. */
export function checkLength(callee: string, { length }: { readonly length: number }): void {
  checkInteger(callee, 'dataset.length', length, 0);
}

/** Some samples of a data set, by their indices there. {@link subset} makes the right form. */
export class Subset<S> implements Dataset<S> {
  readonly dataset: Dataset<S>;
  readonly indices: readonly number[];

  constructor(dataset: Dataset<S> | readonly S[], indices: readonly number[]) {
    this.dataset = datasetOf(dataset) as Dataset<S>;
    checkObject('Subset', 'dataset', this.dataset, 'a data set with getItem()', ['length', 'getItem']);
    this.indices = checkedIndices(indices, this.dataset.length);
  }

  /** Number of samples. */
  get length(): number {
    return this.indices.length;
  }

  getItem(index: number): S | Promise<S> {
    return this.dataset.getItem(elementAt(this.indices, index));
  }

  /** There where the data set has one. */
  get getItems(): Dataset<S>['getItems'] {
    const { dataset } = this;
    if (typeof dataset.getItems !== 'function') return undefined;
    return (indices) => {
      checkList('getItems', 'indices', indices);
      return dataset.getItems?.(indices.map((index) => elementAt(this.indices, index))) ?? [];
    };
  }
}

/** {@link Subset} of a data set with two phases, which it keeps. */
export class TwoPhaseSubset<D, S> implements TwoPhaseDataset<D, S> {
  readonly indices: readonly number[];

  constructor(
    readonly dataset: TwoPhaseDataset<D, S>,
    indices: readonly number[],
  ) {
    checkObject('TwoPhaseSubset', 'dataset', dataset, 'a data set with load() and transform()', [
      'length',
      'load',
      'transform',
    ]);
    this.indices = checkedIndices(indices, dataset.length);
  }

  /** Number of samples. */
  get length(): number {
    return this.indices.length;
  }

  load(index: number): D | Promise<D> {
    return this.dataset.load(elementAt(this.indices, index));
  }

  transform(loaded: D): S {
    return this.dataset.transform(loaded);
  }

  /** Tells the data set, where it wants to know. */
  release(loaded: D): void {
    this.dataset.release?.(loaded);
  }
}

/**
 * The samples of `dataset` at `indices`, in that order; an index may occur twice. (`torch.utils.data.Subset`)
 * @throws {ArgumentError} an index that `dataset` does not have
 */
export function subset<D, S>(dataset: TwoPhaseDataset<D, S>, indices: readonly number[]): TwoPhaseSubset<D, S>;
export function subset<S>(dataset: Dataset<S> | readonly S[], indices: readonly number[]): Subset<S>;
export function subset<S>(dataset: MapDataset<S>, indices: readonly number[]): MapDataset<S>;
export function subset<S>(given: MapDataset<S> | readonly S[], indices: readonly number[]): MapDataset<S> {
  const dataset = datasetOf(given) as MapDataset<S>;
  return isTwoPhase(dataset) ? new TwoPhaseSubset(dataset, indices) : new Subset(dataset, indices);
}

/**
 * Cuts a data set into parts of the given lengths at random, without overlap: one `randperm` of the generator. Lengths
 * that add up to 1 are shares; what rounding leaves over goes one by one to the first parts.
 * (`torch.utils.data.random_split`)
 * @throws {ArgumentError} where the lengths add up neither to that of the data set nor to 1
 */
export function randomSplit<D, S>(
  dataset: TwoPhaseDataset<D, S>,
  lengths: readonly number[],
  options?: { generator?: Generator },
): TwoPhaseSubset<D, S>[];
export function randomSplit<S>(
  dataset: Dataset<S> | readonly S[],
  lengths: readonly number[],
  options?: { generator?: Generator },
): Subset<S>[];
export function randomSplit<S>(
  given: MapDataset<S> | readonly S[],
  lengths: readonly number[],
  options: { generator?: Generator } = {},
): MapDataset<S>[] {
  checkObject('randomSplit', 'options', options);
  const dataset = datasetOf(given) as MapDataset<S>;
  const { generator } = options;
  checkObject('randomSplit', 'dataset', dataset, 'a data set', ['length']);
  checkList('randomSplit', 'lengths', lengths);
  const counts = subsetLengths(lengths, dataset.length);
  const order = permutation(dataset.length, generator);
  let end = 0;
  return counts.map((length) => subset(dataset, order.slice(end, (end += length))));
}

function checkedIndices(indices: readonly number[], length: number): readonly number[] {
  checkList('subset', 'indices', indices);
  const at = indices.findIndex((index) => !Number.isInteger(index) || index < 0 || index >= length);
  if (at < 0) return indices;
  throw new ArgumentError(
    `expected indices from 0 to ${length - 1} for argument \`indices\`, received ${describe(indices[at])}`,
    'TORCH_VALUE',
  );
}

/** The element, of an index that anybody may have given. */
export function elementAt<T>(list: readonly T[], index: number): T {
  // Not by the element, which may be undefined.
  if (Number.isInteger(index) && index >= 0 && index < list.length) return list[index] as T;
  throw new ArgumentError(
    `expected an index from 0 to ${list.length - 1} for argument \`index\`, received ${describe(index)}`,
    'TORCH_VALUE',
  );
}

/** Anything can be thrown, and under jest an Error may be of another realm. */
export function messageOf(cause: unknown): string {
  const message = (cause as { message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' ? message : String(cause);
}

forWorkers(__filename, { ListDataset, TensorDataset, Subset, TwoPhaseSubset });
