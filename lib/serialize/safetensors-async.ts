/** Safetensors files, read and written while the event loop goes on: a piece at a time, the disk's part by Node's pool. */

import { type FileHandle, open } from 'node:fs/promises';

import { noGrad } from '../autograd';
import { checkOptions, checkSignal, checkString, computeAsync } from '../engine';
import { empty, frombytes, type Tensor } from '../tensor';
import { SHRUNK } from './byte-source';
import { attemptOnAsync } from './file-error';
import { writeAsideAsync } from './files';
import { FormatFault } from './format-fault';
import { arrange, checkBytes, dtypeOf, formatErrorOf, headerLength, PREFIX, type Safetensors } from './safetensors';
import { decodeHeader, type StoredTensor } from './safetensors-header';
import type { NamedTensors } from './state-dict';

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
  metadata: ReadonlyMap<string, string> | Readonly<Record<string, string>> = {},
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
      const bytes = await bytesOf(tensor, signal);
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

/** A tensor's bytes in row-major order on the CPU, as a tensor; made on the compute thread where they must be copied. */
function bytesOf(tensor: Tensor, signal: AbortSignal | undefined): Promise<Tensor> {
  return computeAsync(
    () => noGrad(() => tensor.detach().cpu().resolveConj().resolveNeg().contiguous().view(-1).view('uint8')),
    { signal },
  );
}

/**
 * `loadSafetensors` without holding up the event loop.
 * @throws {FileError} {@link FormatError} (as a rejection) as `loadSafetensors`
 */
export async function loadSafetensorsAsync(file: string, options: FileOptions = {}): Promise<Safetensors> {
  checkString('loadSafetensorsAsync', 'file', file);
  checkOptions('loadSafetensorsAsync', options, ['signal']);
  const signal = checkSignal('loadSafetensorsAsync', options);
  return attemptOnAsync(file, 'read', async () => {
    signal?.throwIfAborted();
    const handle = await open(file, 'r');
    try {
      return await readAll(handle, signal);
    } catch (error) {
      throw formatErrorOf(error, file);
    } finally {
      await handle.close();
    }
  });
}

async function readAll(handle: FileHandle, signal: AbortSignal | undefined): Promise<Safetensors> {
  const { size } = await handle.stat();
  const prefix = Buffer.alloc(PREFIX);
  await readExactly(handle, prefix.subarray(0, Math.min(size, PREFIX)), 0);
  const headerBytes = Buffer.alloc(headerLength(prefix, size));
  await readExactly(handle, headerBytes, PREFIX);
  const dataStart = PREFIX + headerBytes.length;
  const header = decodeHeader(headerBytes, size - dataStart);
  const buffer = new Uint8Array(PIECE);
  const tensors = new Map<string, Tensor>();
  try {
    for (const stored of header.tensors) {
      const tensor = empty(stored.shape as number[], { dtype: dtypeOf(stored) });
      tensors.set(stored.name, tensor);
      await fill(tensor, stored, handle, dataStart, buffer, signal);
    }
  } catch (error) {
    for (const tensor of tensors.values()) tensor.dispose();
    throw error;
  }
  return { tensors, metadata: new Map(header.metadata) };
}

async function fill(
  tensor: Tensor,
  stored: StoredTensor,
  handle: FileHandle,
  dataStart: number,
  buffer: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  const total = stored.end - stored.start;
  if (total === 0) return;
  using flat = tensor.view(-1);
  using target = flat.view('uint8');
  for (let start = 0; start < total; start += PIECE) {
    signal?.throwIfAborted();
    const bytes = buffer.subarray(0, Math.min(PIECE, total - start));
    await readExactly(handle, bytes, dataStart + stored.start + start);
    checkBytes(stored, bytes);
    using source = frombytes(bytes, 'uint8', [bytes.length]);
    using place = target.narrow(0, start, bytes.length);
    place.copy_(source);
  }
}

/** The file may shrink while it is read, and one read may return less than was asked for. */
async function readExactly(handle: FileHandle, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.byteLength;) {
    const { bytesRead } = await handle.read(into, done, into.byteLength - done, position + done);
    if (bytesRead === 0) throw new FormatFault(SHRUNK);
    done += bytesRead;
  }
}
