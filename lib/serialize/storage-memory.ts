/** The bytes of storages, on their way between memory and file: a piece at a time, so that one may be of any size. */

import { type Device, empty, frombuffer, type Tensor } from '../tensor';
import type { AsyncBytes, StoredBytes } from './stored-bytes';

/** As much as one view of memory may show. */
const LARGEST_VIEW = 1 << 30;

/** Copied at once on the JavaScript thread: a millisecond or so. */
const PIECE = 4 << 20;

/** Electron shows its programs no memory but its own. */
const IS_CAGED = process.versions['electron'] !== undefined;

/** Memory for a storage, as a tensor of bytes. */
export function emptyMemory(bytes: number, device: Device): Tensor {
  return empty([bytes], { dtype: 'uint8', device });
}

/** Reads a storage into its memory, on the CPU, without another copy. */
export function fillMemory(memory: Tensor, source: StoredBytes, position: number, bytes: number): void {
  for (const [piece, start] of pieces(memory, bytes, IS_CAGED ? PIECE : LARGEST_VIEW)) {
    if (IS_CAGED) {
      const copy = new Uint8Array(piece.numel());
      source.read(copy, position + start);
      using filled = frombuffer(copy, { dtype: 'uint8' });
      piece.copy_(filled);
    } else piece.withTypedArray((view) => source.read(view as Uint8Array, position + start));
  }
}

/**
 * {@link fillMemory} while the event loop goes on: through one buffer for all storages. Their own memory must not be shown to Node's
 * pool, which goes on with a read when nobody waits for it any more.
 */
export class PieceReader {
  private readonly buffer = new Uint8Array(PIECE);
  private readonly filled = frombuffer(this.buffer, { dtype: 'uint8' });

  constructor(
    private readonly source: AsyncBytes,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async fill(memory: Tensor, position: number, bytes: number): Promise<void> {
    for (const [piece, start] of pieces(memory, bytes, PIECE)) {
      this.signal?.throwIfAborted();
      const length = piece.numel();
      await this.source.readAsync(this.buffer.subarray(0, length), position + start);
      using part = this.filled.narrow(0, 0, length);
      piece.copy_(part);
    }
  }

  dispose(): void {
    this.filled.dispose();
  }
}

/** Parts of the memory, one after the other; each is gone when the next is asked for. One that is all of it is the memory itself. */
export function* pieces(memory: Tensor, bytes: number, largest: number): Generator<[piece: Tensor, start: number]> {
  if (bytes === memory.numel() && bytes > 0 && bytes <= largest) {
    yield [memory, 0];
    return;
  }
  for (let start = 0; start < bytes; start += largest) {
    const piece = memory.narrow(0, start, Math.min(largest, bytes - start));
    try {
      yield [piece, start];
    } finally {
      piece.dispose();
    }
  }
}
