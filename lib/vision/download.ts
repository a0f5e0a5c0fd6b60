/** Downloads a file so that its name never stands for half of it, and a broken connection costs nothing twice. */
import { checkFunction, checkInteger, checkObject, checkString } from '../engine';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, statfs } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DataError, reason, systemCode } from './errors';
import { get } from './http';

/** Options of a download. */
export interface DownloadOptions {
  /** Expected MD5 of the file, in hex; null accepts any content. */
  readonly md5: string | null;
  /** What is sent along, such as an `authorization`, which other hosts than the first do not get. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Called as bytes arrive; `total` is null where the server does not tell. */
  readonly onProgress?: (received: number, total: number | null) => void;
  /** How often a broken connection is taken up again before giving up. The default is 4. */
  readonly retries?: number;
  /** Milliseconds between two attempts. The default is 1000. */
  readonly retryDelay?: number;
  /** Milliseconds without a byte after which a connection counts as broken. The default is 30,000. */
  readonly idleTimeout?: number;
}

/** Milliseconds; Node.js takes more for 1. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** What the system says when there is no room: on the disk, in a quota, under a file size limit. */
const kFullDisk = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export function isDiskFull(error: unknown): boolean {
  return kFullDisk.has(systemCode(error) ?? '');
}

/**
 * Downloads `url` to `file`.
 *
 * The bytes go to `file.part`, which a later call takes up again (HTTP Range); its name becomes `file` only once the
 * MD5 is right. A file that is there already with the right MD5 is kept.
 *
 * @throws DataError with the address and the reason. A broken connection leaves `file.part` to go on with; a wrong MD5
 *   or a full disk leaves nothing.
 */
export async function downloadFile(url: string, file: string, options: DownloadOptions): Promise<void> {
  checkString('downloadFile', 'url', url);
  checkString('downloadFile', 'file', file);
  checkObject('downloadFile', 'options', options, 'options { md5, … }', ['md5']);
  const { md5, retries = 4, retryDelay = 1000, idleTimeout = 0, onProgress } = options;
  if (md5 !== null) checkString('downloadFile', 'md5', md5);
  checkInteger('downloadFile', 'retries', retries, 0);
  checkInteger('downloadFile', 'retryDelay', retryDelay, 0, LONGEST_TIMER);
  checkInteger('downloadFile', 'idleTimeout', idleTimeout, 0, LONGEST_TIMER);
  if (onProgress !== undefined) checkFunction('downloadFile', 'onProgress', onProgress);
  if (options.headers !== undefined) checkObject('downloadFile', 'headers', options.headers, 'strings by name');
  if ((await sizeOf(file)) !== null && (md5 === null || (await md5Of(file)) === md5)) return;
  const part = `${file}.part`;
  await mkdir(path.dirname(file), { recursive: true });

  // What an earlier call left may belong to another archive; only a download from its first byte is worth refusing.
  let resumed = (await sizeOf(part)) !== null;
  for (let broken = 0; ;) {
    try {
      await receive(url, part, options);
    } catch (error) {
      if (error instanceof DataError) throw error;
      if (isDiskFull(error)) {
        await rm(part, { force: true });
        throw new DataError(`no space left on the disk for ${file}; what was downloaded is removed again`, {
          cause: error,
        });
      }
      if (broken++ < retries) {
        await new Promise((resolve) => setTimeout(resolve, retryDelay));
        continue;
      }
      const kept = (await sizeOf(part)) ?? 0;
      throw new DataError(
        `the download of ${url} broke: ${reason(error)}` +
          (kept > 0 ? `; ${megabytes(kept)} are kept in ${part}, and the same command goes on from there` : ''),
        { cause: error },
      );
    }
    const actual = md5 === null ? null : await md5Of(part);
    if (actual === md5) break;
    await rm(part, { force: true });
    if (!resumed) {
      throw new DataError(
        `${url} has the MD5 ${actual}, expected ${md5}: the download is broken or the server holds another file; ` +
          'it is removed again',
      );
    }
    resumed = false;
  }
  await rename(part, file);
}

/** MD5 of a file's content, in hex. */
export async function md5Of(file: string): Promise<string> {
  const hash = createHash('md5');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch {
    return null;
  }
}

/** One connection: appends to `part` from where it ends. */
async function receive(url: string, part: string, options: DownloadOptions): Promise<void> {
  const { onProgress, idleTimeout } = options;
  const have = (await sizeOf(part)) ?? 0;
  // Without this header some servers compress the archive once more and count those bytes.
  const headers = {
    ...options.headers,
    'accept-encoding': 'identity',
    ...(have > 0 ? { range: `bytes=${have}-` } : {}),
  };
  const response = await get(url, { headers, idleTimeout });
  const start = startOf(response, have);
  if (start === null) {
    response.destroy();
    // Nothing is left to send: the part is complete, or longer than the file; the MD5 will tell.
    if (response.statusCode === 416 && have > 0) return;
    if (response.statusCode !== undefined && response.statusCode >= 500)
      throw new Error(`the server answered ${response.statusCode}`);
    throw new DataError(
      `cannot download ${url}: the server answered ${response.statusCode} ${response.statusMessage ?? ''}`.trim(),
    );
  }
  const length = response.headers['content-length'];
  const total = length === undefined ? null : start + Number(length);
  if (total !== null) await checkRoom(part, total - start);
  let received = start;
  response.on('data', (chunk: Buffer) => onProgress?.((received += chunk.length), total));
  await pipeline(response, createWriteStream(part, { flags: start === 0 ? 'w' : 'a' }));
}

/** Offset of the body's first byte in the file; null where the response is not the file. A server may ignore ranges. */
function startOf(response: IncomingMessage, have: number): number | null {
  if (response.statusCode === 200) return 0;
  const range = /^bytes (\d+)-/.exec(response.headers['content-range'] ?? '');
  return response.statusCode === 206 && range !== null && Number(range[1]) === have ? have : null;
}

async function checkRoom(part: string, needed: number): Promise<void> {
  const folder = path.dirname(part);
  const disk = await statfs(folder);
  const free = disk.bavail * disk.bsize;
  if (free >= needed) return;
  throw new DataError(
    `no space left on the disk in ${folder}: the download needs ${megabytes(needed)}, ${megabytes(free)} are free`,
  );
}

export function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${Math.round(bytes / 1e6)} MB`;
}
