import fs from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { attemptOn, attemptOnAsync } from './file-error';
import { WriteBehind } from './write-behind';

let counter = 0;

/**
 * Writes a file so that its name never stands for half of it: into a temporary name in the same folder, on to the disk
 * (fsync), then renamed. What was there before stays until the new file is complete; on an error the temporary file is
 * removed. `fill` gets a function that appends bytes, so a large file need not be in memory at once.
 * @throws {FileError} the disk is full, the folder is missing or not writable. What `fill` throws passes through.
 */
export function writeAside(file: string, fill: (write: (bytes: Uint8Array) => void) => void): void {
  const temporary = temporaryName(file);
  const attempt = <T>(action: () => T): T => attemptOn(file, 'write', action);
  const descriptor = attempt(() => fs.openSync(temporary, 'wx'));
  const behind = new WriteBehind(descriptor, file);
  try {
    try {
      fill((bytes) => {
        attempt(() => writeAll(descriptor, bytes));
        behind.written(bytes.byteLength);
      });
      attempt(() => fs.fsyncSync(descriptor));
    } finally {
      fs.closeSync(descriptor);
    }
    attempt(() => fs.renameSync(temporary, file));
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(path.dirname(file));
}

/**
 * {@link writeAside} whose `fill` is asynchronous, and waits for each write before the next.
 * @throws {FileError} (as a rejection) as {@link writeAside}
 */
export async function writeAsideAsync(
  file: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(file);
  const attempt = <T>(action: () => Promise<T>): Promise<T> => attemptOnAsync(file, 'write', action);
  const handle = await attempt(() => open(temporary, 'wx'));
  const behind = new WriteBehind(handle.fd, file);
  try {
    try {
      await fill(async (bytes) => {
        // writeFile on a handle goes on where the last write ended, and writes all of it.
        await attempt(() => handle.writeFile(bytes));
        behind.written(bytes.byteLength);
      });
      await attempt(() => handle.sync());
    } finally {
      await handle.close();
    }
    await attempt(() => rename(temporary, file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  syncFolder(path.dirname(file));
}

/** {@link writeAside} for content that is in memory; a string is written as UTF-8. */
export function writeFileAtomic(file: string, data: string | Uint8Array): void {
  writeAside(file, (write) => write(typeof data === 'string' ? Buffer.from(data, 'utf8') : data));
}

/**
 * Removes what killed processes left of their writes in this folder: temporary files whose process no longer runs.
 * Returns their names.
 */
export function removeTemporaries(folder: string): string[] {
  const stale = attemptOn(folder, 'read', () => fs.readdirSync(folder)).filter((name) => {
    const owner = /^\..+\.(\d+)-\d+\.tmp$/.exec(name)?.[1];
    return owner !== undefined && !isRunning(Number(owner));
  });
  for (const name of stale) fs.rmSync(path.join(folder, name), { force: true });
  return stale;
}

function temporaryName(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}-${++counter}.tmp`);
}

/** One write may take fewer bytes than it was given: at most 2 GiB at once, or what is left of a full disk. */
function writeAll(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.byteLength) {
    written += fs.writeSync(descriptor, bytes, written, Math.min(bytes.byteLength - written, 1 << 30));
  }
}

/** Makes the rename itself durable. Windows cannot open a folder, and some network disks cannot sync one. */
function syncFolder(folder: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(folder, 'r');
    fs.fsyncSync(descriptor);
  } catch {
    // The file is complete either way; only its survival of a power cut within the next seconds is at stake.
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
