/** From what a checkpoint describes to values of JavaScript. */

import type { Device, Tensor } from '../tensor';
import { fitsObject } from './dict-keys';
import { FormatFault } from './format-fault';
import { ComplexValue, DEEPEST, Dict, kindOf, Opaque, PickleSet, type PickleValue, Tuple } from './pickle-values';
import { Global } from './tensor-globals';
import { type StoredStorage, type TensorHome, TensorSource } from './tensor-sources';

/**
 * Makes the values, and the tensors on the memory of their storages. What is one object in the file is one object again, also
 * where it contains itself.
 */
export class Revival implements TensorHome {
  private readonly made = new Map<object, unknown>();
  private depth = 0;

  constructor(
    private readonly memories: ReadonlyMap<StoredStorage, Tensor>,
    readonly device: (location: string) => Device,
  ) {}

  /** Tensors made so far. */
  *tensors(): Generator<Tensor> {
    for (const [source, value] of this.made) if (source instanceof TensorSource) yield value as Tensor;
  }

  memory(storage: StoredStorage): Tensor {
    const memory = this.memories.get(storage);
    if (memory === undefined) throw new FormatFault(`its storage ${storage.key} was not read`);
    return memory;
  }

  tensor(source: TensorSource): Tensor {
    return this.once(source, () => source.make(this));
  }

  value(value: PickleValue): unknown {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    if (value instanceof TensorSource) return this.tensor(value);
    if (value instanceof ComplexValue) return value.value;
    if (value instanceof Global) return value.dtype ?? this.refuse(value);
    if (value instanceof Opaque) return this.refuse(value);
    if (value instanceof Tuple) return this.once(value, () => this.tuple(value));
    if (value instanceof Dict) return this.once(value, () => this.dict(value));
    if (value instanceof PickleSet) return this.once(value, () => this.set(value));
    return this.once(value, () => this.list(value));
  }

  private refuse(value: Opaque): never {
    throw new FormatFault(`it has ${kindOf(value)} where a value is expected`);
  }

  private once<T>(source: object, make: () => T): T {
    const known = this.made.get(source);
    if (known !== undefined) return known as T;
    if (++this.depth > DEEPEST) throw new FormatFault(`its values are nested deeper than ${DEEPEST} levels`);
    const value = make();
    this.depth--;
    this.made.set(source, value);
    return value;
  }

  /** Frozen: that tells a tuple from a list, here and where it is saved again. */
  private tuple({ items }: Tuple): readonly unknown[] {
    return Object.freeze(items.map((item) => this.value(item)));
  }

  private list(source: readonly PickleValue[]): unknown[] {
    const list: unknown[] = [];
    // Before its items, which may contain it.
    this.made.set(source, list);
    for (const item of source) list.push(this.value(item));
    return list;
  }

  private set(source: PickleSet): Set<unknown> {
    const set = new Set<unknown>();
    this.made.set(source, set);
    for (const item of source.items) set.add(this.value(item));
    return set;
  }

  private dict(source: Dict): unknown {
    const { entries, isOrdered } = source;
    if (isOrdered || !fitsObject(entries.keys())) {
      const map = new Map<unknown, unknown>();
      this.made.set(source, map);
      for (const [key, value] of entries) map.set(this.value(key), this.value(value));
      return map;
    }
    const object: Record<string, unknown> = {};
    this.made.set(source, object);
    for (const [key, value] of entries) object[key as string | number] = this.value(value);
    return object;
  }
}
