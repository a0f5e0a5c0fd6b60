/** The format of torch.save before 1.6, a row of pickles with the bytes of the storages behind them. */

import type { ByteSource } from './byte-source';
import type { CheckpointSource } from './checkpoint-source';
import { FormatFault, quote } from './format-fault';
import { PersistentStorages } from './persistent-storages';
import { readPickle } from './pickle-reader';
import { Dict, kindOf } from './pickle-values';
import { checkpointWorld, plainWorld } from './pickle-world';
import type { StoredStorage } from './tensor-sources';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;

/** Reads the description from the beginning of the file. */
export function readLegacy(source: ByteSource): CheckpointSource {
  if (readPickle(source, plainWorld) !== MAGIC) {
    throw new FormatFault('it is a pickle that torch.save did not write');
  }
  const version = readPickle(source, plainWorld);
  if (version !== VERSION) {
    throw new FormatFault(
      `its format has the version ${typeof version === 'number' ? version : kindOf(version)}, expected ${VERSION}`,
    );
  }
  const system = readPickle(source, plainWorld);
  if (system instanceof Dict && system.entries.get('little_endian') === false) {
    throw new FormatFault('it was written on a big-endian machine; save it anew on a little-endian one');
  }
  const storages = new PersistentStorages();
  const value = readPickle(source, checkpointWorld(storages));
  const keys = readPickle(source, plainWorld);
  if (!Array.isArray(keys)) throw new FormatFault(`it has ${kindOf(keys)} for the keys of its storages`);
  const places = new Map<StoredStorage, number>();
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.byKey.get(key) : undefined;
    if (storage === undefined || places.has(storage)) {
      throw new FormatFault(
        `it has a storage that it does not describe: ${typeof key === 'string' ? quote(key) : kindOf(key)}`,
      );
    }
    places.set(storage, placeOf(storage, source));
  }
  for (const storage of storages.byKey.values()) {
    if (!places.has(storage)) throw new FormatFault(`its storage ${quote(storage.key)} is missing`);
  }
  return { value, storages: places };
}

/** A storage begins with the number of its elements, which are of a size that its class says. */
function placeOf(storage: StoredStorage, source: ByteSource): number {
  const elements = Number(source.take(8).readBigInt64LE());
  const isWhole = elements === 0 ? storage.bytes === 0 : [1, 2, 4, 8, 16].includes(storage.bytes / elements);
  if (!isWhole) {
    throw new FormatFault(
      `its storage ${quote(storage.key)} of ${storage.bytes} bytes has ${elements} elements where it is stored`,
    );
  }
  const { position } = source;
  source.skip(storage.bytes);
  return position;
}
