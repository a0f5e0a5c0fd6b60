/** Data sets that are made of others. */

import { ArgumentError, checkList, checkObject, describe } from '../engine';
import {
  type AnyDataset,
  type Dataset,
  datasetOf,
  isIterableDataset,
  isTwoPhase,
  type IterableDataset,
  type MapDataset,
  SampleError,
  type TwoPhaseDataset,
} from './dataset';
import { forWorkers } from './for-workers';

function checkMapDataset(name: string, argument: string, dataset: unknown): void {
  checkObject(name, argument, dataset, 'a data set with a length', ['length']);
  const { getItem, load } = dataset as { getItem?: unknown; load?: unknown };
  if (typeof getItem === 'function' || typeof load === 'function') return;
  checkObject(name, argument, dataset, 'a data set with getItem(), or with load() and transform()', ['getItem']);
}

/** A sample of a data set of either form. */
function itemOf<S>(dataset: MapDataset<S>, index: number): S | Promise<S> {
  if ('getItem' in dataset) return dataset.getItem(index);
  return Promise.resolve(dataset.load(index)).then((loaded) => dataset.transform(loaded));
}

/** Which sample is whose, where data sets stand one after the other. */
abstract class Concatenation<D extends { readonly length: number }> {
  /** Number of samples up to the end of each data set. (`cumulative_sizes`) */
  readonly cumulativeSizes: readonly number[];

  protected constructor(
    name: string,
    readonly datasets: readonly D[],
  ) {
    checkList(name, 'datasets', datasets);
    if (datasets.length === 0) throw new ArgumentError('datasets should not be an empty iterable', 'TORCH_VALUE');
    let total = 0;
    this.cumulativeSizes = datasets.map((dataset, at) => {
      checkMapDataset(name, `datasets[${at}]`, dataset);
      return (total += dataset.length);
    });
  }

  /** Number of samples. */
  get length(): number {
    return this.cumulativeSizes.at(-1) ?? 0;
  }

  /** Negative indices count from the end, as in PyTorch. */
  protected locate(index: number): { readonly dataset: D; readonly index: number } {
    const position = typeof index === 'number' && index < 0 ? this.length + index : index;
    if (!Number.isInteger(position) || position < 0 || position >= this.length) {
      throw new ArgumentError(
        `expected an index from ${-this.length} to ${this.length - 1} for argument \`index\`, received ${describe(index)}`,
        'TORCH_VALUE',
      );
    }
    const which = this.cumulativeSizes.findIndex((end) => position < end);
    return { dataset: this.datasets[which] as D, index: position - (this.cumulativeSizes[which - 1] ?? 0) };
  }
}

/** Data sets one after the other. {@link concat} makes the right form. (`torch.utils.data.ConcatDataset`) */
export class ConcatDataset<S> extends Concatenation<MapDataset<S>> implements Dataset<S> {
  constructor(datasets: readonly (MapDataset<S> | readonly S[])[]) {
    const given: unknown = datasets;
    super('ConcatDataset', (Array.isArray(given) ? datasets.map(datasetOf) : datasets) as readonly MapDataset<S>[]);
  }

  getItem(index: number): S | Promise<S> {
    const { dataset, index: inner } = this.locate(index);
    return itemOf(dataset, inner);
  }
}

/** What one of several data sets has loaded, and which. */
export interface LoadedPart<S> {
  readonly dataset: TwoPhaseDataset<unknown, S>;
  readonly loaded: unknown;
}

/** {@link ConcatDataset} of data sets with two phases, which it keeps. */
export class TwoPhaseConcatDataset<S>
  extends Concatenation<TwoPhaseDataset<unknown, S>>
  implements TwoPhaseDataset<LoadedPart<S>, S>
{
  constructor(datasets: readonly TwoPhaseDataset<unknown, S>[]) {
    super('TwoPhaseConcatDataset', datasets);
    datasets.forEach((dataset, at) => {
      const members = ['load', 'transform'];
      checkObject('TwoPhaseConcatDataset', `datasets[${at}]`, dataset, 'a data set of two phases', members);
    });
  }

  async load(index: number): Promise<LoadedPart<S>> {
    const { dataset, index: inner } = this.locate(index);
    return { dataset, loaded: await dataset.load(inner) };
  }

  transform(part: LoadedPart<S>): S {
    checkObject('transform', 'part', part, 'what load() returned', ['dataset', 'loaded']);
    checkObject('transform', 'part.dataset', part.dataset, 'a data set of two phases', ['transform']);
    return part.dataset.transform(part.loaded);
  }

  /** Tells the data set that loaded it, where that wants to know. */
  release(part: LoadedPart<S>): void {
    checkObject('release', 'part', part, 'what load() returned', ['dataset', 'loaded']);
    checkObject('release', 'part.dataset', part.dataset, 'a data set of two phases', ['transform']);
    part.dataset.release?.(part.loaded);
  }
}

/**
 * Data sets one after the other; in two phases where all of them are. (`torch.utils.data.ConcatDataset`)
 *
 * @example
 * ```ts
 * const sets = [5, 7].map((length) => new torch.data.TensorDataset(torch.arange(length)));
 * const both = torch.data.concat(sets);
 * console.log(both.length, both.transform(await both.load(6))); // 12 [ tensor(1) ]
 * ```
 */
export function concat<S>(datasets: readonly TwoPhaseDataset<unknown, S>[]): TwoPhaseConcatDataset<S>;
export function concat<S>(datasets: readonly (MapDataset<S> | readonly S[])[]): MapDataset<S>;
export function concat<S>(datasets: readonly (MapDataset<S> | readonly S[])[]): MapDataset<S> {
  checkList('concat', 'datasets', datasets);
  const areTwoPhase = datasets.length > 0 && datasets.every((dataset) => isTwoPhase<S>(dataset));
  return areTwoPhase ? new TwoPhaseConcatDataset(datasets) : new ConcatDataset(datasets);
}

/** The sample that a {@link StackDataset} makes of the samples of `Sets`. */
export type Stacked<Sets> = {
  -readonly [Key in keyof Sets]: Sets[Key] extends MapDataset<infer S> ? S : never;
};

/**
 * Data sets side by side: sample i is the list of their samples i, or where they have names, an object of them.
 * (`torch.utils.data.StackDataset`)
 *
 * @throws {ArgumentError} no data set, or different lengths
 *
 * @example
 * ```ts
 * const image = new torch.data.TensorDataset(torch.arange(3));
 * const stack = new torch.data.StackDataset({ image, label: { length: 3, getItem: (index: number) => -index } });
 * console.log(await stack.getItem(2)); // { image: [ tensor(2) ], label: -2 }
 * ```
 */
export class StackDataset<
  const Sets extends readonly MapDataset<unknown>[] | Readonly<Record<string, MapDataset<unknown>>>,
> implements Dataset<Stacked<Sets>> {
  /** Number of samples. */
  readonly length: number;

  constructor(readonly datasets: Sets) {
    checkObject('StackDataset', 'datasets', datasets, 'data sets, in a list or by their names');
    if (Array.isArray(datasets)) checkList('StackDataset', 'datasets', datasets);
    const [first, ...others] = Object.entries(datasets as Readonly<Record<string, MapDataset<unknown>>>).map(
      ([key, dataset]) => {
        checkMapDataset('StackDataset', `datasets.${key}`, dataset);
        return dataset;
      },
    );
    if (first === undefined) throw new ArgumentError('At least one dataset should be passed', 'TORCH_VALUE');
    if (others.some(({ length }) => length !== first.length)) {
      throw new ArgumentError('Size mismatch between datasets', 'TORCH_VALUE');
    }
    this.length = first.length;
  }

  async getItem(index: number): Promise<Stacked<Sets>> {
    const [sample] = await this.getItems([index]);
    return sample as Stacked<Sets>;
  }

  /** The data sets come one after the other, as in PyTorch, and each makes all of its samples: their draws fall in that order. */
  async getItems(indices: readonly number[]): Promise<readonly Stacked<Sets>[]> {
    checkList('getItems', 'indices', indices);
    const samples = indices.map((): Record<string, unknown> | unknown[] => (Array.isArray(this.datasets) ? [] : {}));
    for (const [key, dataset] of Object.entries(this.datasets as Readonly<Record<string, MapDataset<unknown>>>)) {
      const items = await itemsOf(dataset, indices);
      samples.forEach((sample, at) => ((sample as Record<string, unknown>)[key] = items[at]));
    }
    return samples as Stacked<Sets>[];
  }
}

async function itemsOf(dataset: MapDataset<unknown>, indices: readonly number[]): Promise<readonly unknown[]> {
  if ('getItem' in dataset && typeof dataset.getItems === 'function') {
    const items = await dataset.getItems(indices);
    if (items.length === indices.length) return items;
    throw new ArgumentError(
      `Nested dataset's output size mismatch. Expected ${indices.length}, got ${items.length}`,
      'TORCH_VALUE',
    );
  }
  const items: unknown[] = [];
  for (const index of indices) {
    try {
      items.push(await itemOf(dataset, index));
    } catch (error) {
      throw new SampleError(index, error);
    }
  }
  return items;
}

/** Iterable data sets one after the other. (`torch.utils.data.ChainDataset`) */
export class ChainDataset<S> implements AsyncIterable<S> {
  constructor(readonly datasets: readonly IterableDataset<S>[]) {
    checkList('ChainDataset', 'datasets', datasets);
    datasets.forEach((dataset, at) => {
      checkObject('ChainDataset', `datasets[${at}]`, dataset, 'an iterable data set');
      if (isIterableDataset(dataset as AnyDataset<S>)) return;
      throw new ArgumentError(`ChainDataset only supports iterable data sets, received ${describe(dataset)}`);
    });
  }

  /** Number of samples; undefined where one of the data sets does not know its own. */
  get length(): number | undefined {
    return this.datasets.reduce<number | undefined>(
      (total, { length }) => (total === undefined || length === undefined ? undefined : total + length),
      0,
    );
  }

  /** All samples of the first, then all of the next. */
  async *[Symbol.asyncIterator](): AsyncGenerator<S, undefined> {
    for (const dataset of this.datasets) yield* dataset;
    return undefined;
  }
}

forWorkers(__filename, { ConcatDataset, TwoPhaseConcatDataset, StackDataset, ChainDataset });
