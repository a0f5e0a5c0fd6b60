import { itemSize } from '../tensor';
import { FormatFault, quote } from './format-fault';
import { kindOf, type PickleValue, Tuple } from './pickle-values';
import { count, dtypeOf } from './tensor-globals';
import { StorageSource, type StoredStorage } from './tensor-sources';

/**
 * Storages by the ids under which a pickle refers to them: `('storage', class, key, location, elements)`, and in the legacy
 * format also the piece of the storage that is meant. All references to a key share its storage.
 */
export class PersistentStorages {
  readonly byKey = new Map<string, StoredStorage>();
  /** What stands for a whole storage, once for each: a storage that is a value occurs as one object. */
  private readonly whole = new Map<string, StorageSource>();

  resolve(id: PickleValue): StorageSource {
    const [kind, type, key, location, elements, view = null] = id instanceof Tuple ? id.items : [];
    if (kind !== 'storage') {
      const what = typeof kind === 'string' ? quote(kind) : kindOf(id);
      throw new FormatFault(`it refers to ${what} outside of its pickle, where only storages are safe to load`);
    }
    if (typeof key !== 'string' || typeof location !== 'string') {
      throw new FormatFault(`it has a storage with ${kindOf(key)} as its key and ${kindOf(location)} as its location`);
    }
    const dtype = dtypeOf(type);
    const bytes = count('the size of a storage', elements) * itemSize(dtype);
    const known = this.byKey.get(key);
    if (known !== undefined && known.bytes !== bytes) {
      throw new FormatFault(`its storage ${quote(key)} has ${known.bytes} bytes in one place and ${bytes} in another`);
    }
    const storage = known ?? { key, location, bytes };
    this.byKey.set(key, storage);
    if (view === null) {
      const same = this.whole.get(key);
      if (same?.dtype === dtype) return same;
      const source = new StorageSource(storage, dtype, 0, bytes);
      this.whole.set(key, source);
      return source;
    }
    const [, offset, length] = view instanceof Tuple ? view.items : [];
    const start = count('the offset of a view of a storage', offset) * itemSize(dtype);
    const size = count('the size of a view of a storage', length) * itemSize(dtype);
    if (start + size > bytes) throw new FormatFault(`a view of its storage ${quote(key)} reaches beyond it`);
    return new StorageSource(storage, dtype, start, size);
  }
}
