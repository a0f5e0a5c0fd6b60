/** The part of a stored tensor that an index needs. */

import { type Index, Slice } from '../tensor';
import type { StoredBytes } from './stored-bytes';

/** From where to where in a dimension. */
type Range = readonly [start: number, stop: number];

/** A range in each dimension, and what is left to do within them. */
export interface Box {
  readonly ranges: readonly Range[];
  readonly rest: readonly Index[];
}

/**
 * The smallest box that holds what the index selects. Numbers and slices make it smaller, up to the first index of another
 * kind; behind an `'...'` those at the end do. The index must fit the shape.
 */
export function boxOf(shape: readonly number[], indices: readonly Index[]): Box {
  const ranges = shape.map((size): Range => [0, size]);
  const rest = [...indices];
  const narrow = (at: number, dim: number): boolean => {
    const [index, size = 0] = [indices[at], shape[dim]];
    if (typeof index === 'number') {
      const start = index < 0 ? index + size : index;
      ranges[dim] = [start, start + 1];
      rest[at] = 0;
    } else if (index instanceof Slice) {
      ranges[dim] = rangeOf(index, size);
      rest[at] = new Slice(null, null, index.step);
    } else return false;
    return true;
  };
  let [at, dim] = [0, 0];
  for (; at < indices.length; at++) {
    if (indices[at] === null) continue;
    if (!narrow(at, dim)) break;
    dim++;
  }
  if (indices[at] === '...') {
    for (let last = indices.length - 1, end = shape.length - 1; last > at; last--) {
      if (indices[last] === null) continue;
      if (!narrow(last, end)) break;
      end--;
    }
  }
  return { ranges, rest };
}

/** From the first element of the slice to behind its last one. */
function rangeOf({ start, stop, step }: Slice, size: number): Range {
  const within = (place: number): number => Math.min(Math.max(place < 0 ? place + size : place, 0), size);
  const [first, end] = [within(start ?? 0), within(stop ?? size)];
  const count = Math.max(Math.ceil((end - first) / step), 0);
  return [first, count === 0 ? first : first + (count - 1) * step + 1];
}

/** The indices before the first one that is a list, a tensor or a boolean: those that are known without its elements. */
export function plainOf(indices: readonly Index[]): readonly Index[] {
  const other = indices.findIndex(
    (index) => typeof index === 'boolean' || (typeof index === 'object' && index !== null && !(index instanceof Slice)),
  );
  return other < 0 ? indices : indices.slice(0, other);
}

/** The bytes of a box within those of its tensor, as if they lay one behind the other. */
export class BoxBytes implements StoredBytes {
  readonly size: number;
  /** Bytes that lie together, and where each lot of them is, by the dimensions before: how many, and how far apart. */
  private readonly run: number;
  private readonly outer: readonly { readonly count: number; readonly stride: number }[];
  private readonly start: number;

  /**
   * @param position of the tensor's first byte
   * @param itemBytes of an element
   */
  constructor(
    private readonly source: StoredBytes,
    position: number,
    itemBytes: number,
    shape: readonly number[],
    ranges: readonly Range[],
  ) {
    const isWhole = shape.map((size, dim) => ranges[dim]?.[0] === 0 && ranges[dim][1] === size);
    const split = Math.max(isWhole.lastIndexOf(false), 0);
    const lengths = ranges.map(([start, stop]) => stop - start);
    const strides = shape.map((_, dim) => shape.slice(dim + 1).reduce((product, size) => product * size, itemBytes));
    this.run = lengths.slice(split).reduce((product, length) => product * length, itemBytes);
    this.outer = lengths.slice(0, split).map((count, dim) => ({ count, stride: strides[dim] ?? 0 }));
    this.start = ranges.reduce((at, [start], dim) => at + start * (strides[dim] ?? 0), position);
    this.size = lengths.reduce((product, length) => product * length, itemBytes);
  }

  get name(): string {
    return this.source.name;
  }

  read(into: Uint8Array, position: number): void {
    for (let done = 0; done < into.byteLength;) {
      const lot = Math.floor((position + done) / this.run);
      const offset = position + done - lot * this.run;
      const length = Math.min(this.run - offset, into.byteLength - done);
      this.source.read(into.subarray(done, done + length), this.place(lot) + offset);
      done += length;
    }
  }

  private place(lot: number): number {
    let [at, left] = [this.start, lot];
    for (let dim = this.outer.length - 1; dim >= 0; dim--) {
      const { count = 1, stride = 0 } = this.outer[dim] ?? {};
      at += (left % count) * stride;
      left = Math.floor(left / count);
    }
    return at;
  }
}
