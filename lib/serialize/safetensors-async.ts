/** Safetensors files, read and written while the event loop goes on: a piece at a time, the disk's part by Node's pool. */

import { checkOptions, checkSignal, checkString, computeAsync } from '../engine';
import type { Tensor } from '../tensor';
import { writeAsideAsync } from './files';
import {
  arrange,
  elementBytes,
  type SafetensorsMetadata,
  type Safetensors,
  type SafetensorsOptions,
} from './safetensors';
import { formatErrorOf, memories, readHeader } from './safetensors-read';
import type { NamedTensors } from './state-dict';
import { PieceReader } from './storage-memory';
import { checkFileOrBytes, type FileOrBytes, withBytesAsync } from './stored-bytes';

/** Copied at once on the JavaScript thread: a millisecond or so. */
const PIECE = 4 << 20;

/** Options of the asynchronous forms. */
export interface FileOptions {
  /** Aborts between pieces; nothing half-written is left. */
  signal?: AbortSignal | undefined;
}

/**
 * `saveSafetensors` without holding up the event loop; the file has the same bytes. The tensors must not change until
 * the promise is settled: save a copy (`clone()`) where training goes on meanwhile.
 * @throws {FileError} (as a rejection) and others as `saveSafetensors`
 */
export async function saveSafetensorsAsync(
  file: string,
  stateDict: NamedTensors,
  metadata: SafetensorsMetadata = {},
  options: FileOptions = {},
): Promise<void> {
  checkString('saveSafetensorsAsync', 'file', file);
  checkOptions('saveSafetensorsAsync', options, ['signal']);
  const signal = checkSignal('saveSafetensorsAsync', options);
  signal?.throwIfAborted();
  const { header, inDataOrder } = arrange(stateDict, metadata);
  await writeAsideAsync(file, async (write) => {
    await write(header);
    for (const { tensor } of inDataOrder) {
      const bytes = await computeAsync(() => elementBytes(tensor), { signal });
      try {
        for (let start = 0; start < bytes.numel(); start += PIECE) {
          signal?.throwIfAborted();
          const piece = bytes.narrow(0, start, Math.min(PIECE, bytes.numel() - start));
          await write(piece.toBytes());
          piece.dispose();
        }
      } finally {
        bytes.dispose();
      }
    }
  });
}

/**
 * `loadSafetensors` without holding up the event loop.
 * @throws {FileError} {@link FormatError} (as a rejection) as `loadSafetensors`
 */
export async function loadSafetensorsAsync(
  file: FileOrBytes,
  options: SafetensorsOptions & FileOptions = {},
): Promise<Safetensors> {
  checkFileOrBytes('loadSafetensorsAsync', file);
  checkOptions('loadSafetensorsAsync', options, ['device', 'signal']);
  const signal = checkSignal('loadSafetensorsAsync', options);
  const { device = 'cpu' } = options;
  signal?.throwIfAborted();
  return withBytesAsync(file, async (bytes) => {
    const tensors = new Map<string, Tensor>();
    const reader = new PieceReader(bytes, signal);
    try {
      const { header, dataStart } = readHeader(bytes);
      for (const [{ start }, memory] of memories(header.tensors, device, tensors)) {
        await reader.fill(memory, dataStart + start, memory.numel());
      }
      return { tensors, metadata: new Map(header.metadata) };
    } catch (error) {
      for (const tensor of tensors.values()) tensor.dispose();
      throw formatErrorOf(error, bytes);
    } finally {
      reader.dispose();
    }
  });
}
