/** Where the bytes of a checkpoint are: in a file, or in memory. */

import fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { isAnyArrayBuffer } from 'node:util/types';

import { ArgumentError, describe } from '../engine';
import { attemptOn, attemptOnAsync } from './file-error';
import { FormatFault } from './format-fault';

/** The name of a file, or what would be in one: a Buffer, a Uint8Array or another view of memory, an ArrayBuffer. */
export type FileOrBytes = string | ArrayBufferLike | ArrayBufferView;

/** Bytes of which any piece can be read. */
export interface StoredBytes {
  /** What errors call them. */
  readonly name: string;
  readonly size: number;
  /**
   * Fills `into` from `position` on.
   * @throws {FileError} where the system refuses
   * @throws {FormatFault} where they end before
   */
  read(into: Uint8Array, position: number): void;
}

/** {@link StoredBytes} that whoever opened them must close. */
export interface OpenBytes extends StoredBytes {
  close(): void;
}

/** {@link StoredBytes} that can also be read while the event loop goes on. */
export interface AsyncBytes extends StoredBytes {
  readAsync(into: Uint8Array, position: number): Promise<void>;
}

const SHRUNK = 'it became shorter while it was read';

/** A file that is open. It may shrink while it is read, and one read may return less than was asked for. */
class FileBytes implements OpenBytes {
  readonly size: number;

  constructor(
    readonly name: string,
    private readonly descriptor: number,
  ) {
    this.size = fs.fstatSync(descriptor).size;
  }

  read(into: Uint8Array, position: number): void {
    let done = 0;
    while (done < into.byteLength) {
      const length = Math.min(into.byteLength - done, 1 << 30);
      const count = attemptOn(this.name, 'read', () =>
        fs.readSync(this.descriptor, into, done, length, position + done),
      );
      if (count === 0) throw new FormatFault(SHRUNK);
      done += count;
    }
  }

  close(): void {
    fs.closeSync(this.descriptor);
  }
}

class HandleBytes extends FileBytes implements AsyncBytes {
  constructor(
    name: string,
    private readonly handle: FileHandle,
  ) {
    super(name, handle.fd);
  }

  async readAsync(into: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < into.byteLength;) {
      const { bytesRead } = await attemptOnAsync(this.name, 'read', () =>
        this.handle.read(into, done, into.byteLength - done, position + done),
      );
      if (bytesRead === 0) throw new FormatFault(SHRUNK);
      done += bytesRead;
    }
  }
}

/** Memory of JavaScript, which its owner can take away, too. */
class MemoryBytes implements AsyncBytes, OpenBytes {
  readonly name = '<bytes>';
  readonly size: number;

  constructor(private readonly memory: ArrayBufferLike | ArrayBufferView) {
    this.size = memory.byteLength;
  }

  read(into: Uint8Array, position: number): void {
    const { memory } = this;
    if (position + into.byteLength > memory.byteLength) throw new FormatFault(SHRUNK);
    if (ArrayBuffer.isView(memory)) {
      into.set(new Uint8Array(memory.buffer, memory.byteOffset + position, into.byteLength));
    } else into.set(new Uint8Array(memory, position, into.byteLength));
  }

  async readAsync(into: Uint8Array, position: number): Promise<void> {
    await setImmediate();
    this.read(into, position);
  }

  close(): void {
    // They are not ours.
  }
}

/** Refuses what is neither the name of a file nor bytes. */
export function checkFileOrBytes(name: string, file: unknown): void {
  if (typeof file === 'string' || ArrayBuffer.isView(file) || isAnyArrayBuffer(file)) return;
  throw new ArgumentError(
    `${name}(): expected the name of a file or bytes (a Buffer, a Uint8Array, an ArrayBuffer) for argument \`file\`, received ${describe(file)}`,
  );
}

/** Opens a file, or what would be in one. An error of the system becomes a `FileError`. */
export function openBytes(file: FileOrBytes): OpenBytes {
  if (typeof file !== 'string') return new MemoryBytes(file);
  return attemptOn(file, 'read', () => {
    const descriptor = fs.openSync(file, 'r');
    try {
      return new FileBytes(file, descriptor);
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
  });
}

/** Runs `use` on the bytes, which are open meanwhile. */
export function withBytes<T>(file: FileOrBytes, use: (bytes: StoredBytes) => T): T {
  const bytes = openBytes(file);
  try {
    return use(bytes);
  } finally {
    bytes.close();
  }
}

/** {@link withBytes} for an asynchronous `use`. */
export async function withBytesAsync<T>(file: FileOrBytes, use: (bytes: AsyncBytes) => Promise<T>): Promise<T> {
  if (typeof file !== 'string') return use(new MemoryBytes(file));
  const handle = await attemptOnAsync(file, 'read', () => open(file, 'r'));
  try {
    return await use(new HandleBytes(file, handle));
  } finally {
    await handle.close();
  }
}
