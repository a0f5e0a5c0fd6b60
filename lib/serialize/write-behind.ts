import fs from 'node:fs';

import { binding } from '../engine';

/** Enough for a disk to be busy with, and small beside the memory that holds what is not written yet. */
const STRIDE = 64 << 20;

/**
 * Has the disk write a large file while it is still being filled: otherwise all of it waits for the fsync at the end, which takes
 * as long as filling it did.
 */
export class WriteBehind {
  private end = 0;
  private begun = 0;

  /** @param replaced the file whose name the one behind the descriptor will take */
  constructor(
    private readonly descriptor: number,
    private readonly replaced: string,
  ) {}

  /** Takes note of bytes that were written, behind those before. */
  written(bytes: number): void {
    this.end += bytes;
    if (this.end - this.begun < STRIDE) return;
    if (this.begun === 0) dropFromMemory(this.replaced);
    binding.startWriteback(this.descriptor, this.begun, this.end - this.begun);
    this.begun = this.end;
  }
}

/**
 * The old file stays on the disk until the new one is complete, but the system need not hold both: memory that it must first
 * find for the new one costs more than the writing.
 */
function dropFromMemory(file: string): void {
  let descriptor: number | undefined;
  try {
    // A pipe of that name must not be waited for.
    descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    binding.dropFromMemory(descriptor);
  } catch {
    // There is none yet, or it may not be read: nothing is lost by that.
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}
