/** What a checkpoint holds, and where: all of it checked against the file before the first tensor is made. */

import { ByteSource } from './byte-source';
import { FormatFault } from './format-fault';
import { readLegacy } from './legacy-reader';
import type { PickleValue } from './pickle-values';
import type { StoredBytes } from './stored-bytes';
import type { StoredStorage } from './tensor-sources';
import { readArchive } from './archive-reader';

/** The values of a checkpoint, and the places of its storages in the file. */
export interface CheckpointSource {
  readonly value: PickleValue;
  readonly storages: ReadonlyMap<StoredStorage, number>;
}

/** Reads the description; the bytes of the tensors stay where they are. */
export function readCheckpoint(bytes: StoredBytes): CheckpointSource {
  const { size } = bytes;
  const source = formOf(bytes) === 'zip' ? readArchive(bytes) : readLegacy(new ByteSource(bytes, 0, size));
  return checked(source, size);
}

/** Which of its formats torch.save wrote, by the first bytes. */
export function formOf(bytes: StoredBytes): 'zip' | 'legacy' {
  const { size } = bytes;
  const head = Buffer.alloc(Math.min(size, 512));
  bytes.read(head, 0);
  if (head.length >= 4 && head.readUInt32LE() === 0x04034b50) return 'zip';
  if (head.toString('latin1', 257, 262) === 'ustar') {
    throw new FormatFault('it is of the tar format that PyTorch wrote before 0.1.10; save it anew in Python');
  }
  if (head[0] !== 0x80) {
    throw new FormatFault(
      size === 0
        ? 'it is empty'
        : 'it begins neither as a zip file nor as a pickle; loadSafetensors() reads safetensors',
    );
  }
  return 'legacy';
}

/** Storages that lie over each other would let a small file ask for any amount of memory. */
function checked(source: CheckpointSource, size: number): CheckpointSource {
  const places = [...source.storages].map(([{ key, bytes }, start]) => ({ key, start, end: start + bytes }));
  places.sort((a, b) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const place of places) {
    if (place.start < end) throw new FormatFault(`its storage ${place.key} lies over another one`);
    end = place.end;
  }
  if (end > size) throw new FormatFault('it is cut off: a storage reaches beyond its end');
  return source;
}
