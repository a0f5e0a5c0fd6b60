/** The zip format of torch.save: a pickle, and each storage as an entry of its own. */

import { ByteSource } from './byte-source';
import type { CheckpointSource } from './checkpoint-source';
import { FormatFault, quote } from './format-fault';
import { PersistentStorages } from './persistent-storages';
import { readPickle } from './pickle-reader';
import { checkpointWorld } from './pickle-world';
import type { StoredBytes } from './stored-bytes';
import type { StoredStorage } from './tensor-sources';
import { dataStart, readDirectory, type ZipDirectory, type ZipEntry } from './zip-reader';

/** A word, such as `little`. */
const LONGEST_WORD = 64;

/** The zip file, and the pickle in it. */
interface Archive {
  readonly directory: ZipDirectory;
  readonly pickle: ByteSource;
  readonly find: (name: string) => ZipEntry | undefined;
}

/** Finds the pickle in the zip file. */
export function openArchive(bytes: StoredBytes): Archive {
  const directory = readDirectory(bytes);
  // The folder has the name that the file had when it was written.
  const folder = /^[^/]*\//.exec([...directory.entries.keys()][0] ?? '')?.[0] ?? '';
  const find = (name: string): ZipEntry | undefined => directory.entries.get(folder + name);
  if (find('constants.pkl') !== undefined) {
    throw new FormatFault('it is a TorchScript archive, which holds code; save the state_dict() in Python');
  }
  const pickle = find('data.pkl');
  if (pickle === undefined)
    throw new FormatFault('it is a zip file without a data.pkl, so torch.save did not write it');
  checkByteOrder(bytes, directory, find('byteorder'));
  const start = dataStart(bytes, directory, pickle);
  return { directory, pickle: new ByteSource(bytes, start, start + pickle.bytes), find };
}

/** Reads the description in the zip file. */
export function readArchive(bytes: StoredBytes): CheckpointSource {
  const { directory, pickle, find } = openArchive(bytes);
  const storages = new PersistentStorages();
  const value = readPickle(pickle, checkpointWorld(storages));
  const places = [...storages.byKey.values()].map((storage): [StoredStorage, number] => {
    const entry = find(`data/${storage.key}`);
    if (entry === undefined) throw new FormatFault(`its storage ${quote(storage.key)} is missing`);
    if (entry.bytes < storage.bytes) {
      throw new FormatFault(
        `its storage ${quote(storage.key)} needs ${storage.bytes} bytes, its entry has ${entry.bytes}`,
      );
    }
    return [storage, dataStart(bytes, directory, entry)];
  });
  return { value, storages: new Map(places) };
}

/** Files of before 2.1 do not say it, and are little-endian. */
function checkByteOrder(bytes: StoredBytes, directory: ZipDirectory, entry: ZipEntry | undefined): void {
  if (entry === undefined) return;
  const word = Buffer.alloc(Math.min(entry.bytes, LONGEST_WORD));
  bytes.read(word, dataStart(bytes, directory, entry));
  const order = word.toString('latin1');
  if (order === 'big')
    throw new FormatFault('it was written on a big-endian machine; save it anew on a little-endian one');
  if (order !== 'little') throw new FormatFault(`it has the byte order ${quote(order)}`);
}
