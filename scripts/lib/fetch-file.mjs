/** Downloads one file: resumes where it broke off, checks the hash at the end, and leaves the whole file or none. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { InstallError } from './errors.mjs';
import { httpGet } from './http.mjs';

/** @typedef {import('./report.mjs').Report} Report */

const ATTEMPTS = 5;
const PROGRESS_MS = 5_000;

/** @param {string} file */
const sizeOf = (file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/**
 * Refuses to begin what cannot be ended.
 * @param {string} folder
 * @param {number} bytes
 */
export function requireDiskSpace(folder, bytes) {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= bytes) return;
  throw new InstallError(
    'DISK',
    `There is no room in ${folder}: ${(bytes / 1e9).toFixed(1)} GB are needed, ${((bavail * bsize) / 1e9).toFixed(1)} GB are free.`,
    'free some, or set LIBTORCH_NODE_CACHE to a folder on a larger disk.',
  );
}

/** @param {string} file */
async function sha256Of(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/**
 * One attempt: asks for what is missing of `part` and appends it.
 * @param {string} url
 * @param {string} part
 * @param {Report} report
 * @param {number} timeoutMs
 */
async function fetchRest(url, part, report, timeoutMs) {
  const have = sizeOf(part);
  const response = await httpGet(url, { headers: have > 0 ? { range: `bytes=${have}-` } : {}, timeoutMs });
  const status = response.statusCode ?? 0;
  if (status === 416) {
    // Nothing is missing, or the file on the server is another one: the hash tells.
    response.destroy();
    return;
  }
  if (status !== 200 && status !== 206) {
    response.destroy();
    const error = new InstallError(
      'HTTP',
      `${url} answered HTTP ${status}.`,
      'check LIBTORCH_NODE_MIRROR and the proxies.',
    );
    // A server's passing trouble is worth another attempt, a refusal is not.
    throw status >= 500 || status === 429 || status === 408 ? new Error(error.message) : error;
  }
  const resumes = status === 206 && response.headers['content-range']?.startsWith(`bytes ${have}-`) === true;
  if (have > 0)
    report.say(resumes ? `resuming at ${(have / 1e6).toFixed(0)} MB` : 'the server cannot resume: from the start');
  const start = resumes ? have : 0;
  const total = start + Number(response.headers['content-length'] ?? 0);
  let done = start;
  let lastShown = Date.now();
  response.on('data', (/** @type {Buffer} */ chunk) => {
    done += chunk.length;
    if (Date.now() - lastShown < PROGRESS_MS) return;
    lastShown = Date.now();
    report.show(`  ${(done / 1e6).toFixed(0)} of ${total > start ? (total / 1e6).toFixed(0) : '?'} MB`);
  });
  await pipeline(response, createWriteStream(part, { flags: resumes ? 'a' : 'w' }));
  if (total > start && done < total) throw new Error('the connection ended early');
}

/**
 * @param {string} url
 * @param {string} file Appears only whole and with the right hash; until then the bytes are in `<file>.part`.
 * @param {object} options
 * @param {string} options.sha256
 * @param {Report} options.report
 * @param {number} [options.timeoutMs] The longest silence of the server.
 * @param {number} [options.pauseMs] Before the second attempt; doubled for each further one.
 * @throws {InstallError} with code HTTP, NETWORK, DISK or HASH.
 */
export async function fetchFile(url, file, { sha256, report, timeoutMs = 30_000, pauseMs = 1_000 }) {
  const part = `${file}.part`;
  mkdirSync(path.dirname(file), { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    const before = sizeOf(part);
    try {
      await fetchRest(url, part, report, timeoutMs);
      break;
    } catch (error) {
      const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
      if (error instanceof InstallError) throw error;
      if (code === 'ENOSPC' || code === 'EDQUOT') {
        rmSync(part, { force: true });
        throw new InstallError('DISK', `The disk of ${path.dirname(file)} is full; the download was removed.`);
      }
      // Attempts are counted only while nothing arrives: a bad line that moves on is not given up.
      if (sizeOf(part) > before) attempt = 1;
      if (attempt >= ATTEMPTS) {
        throw new InstallError(
          'NETWORK',
          `The download of ${url} broke off (${message || code}).`,
          'run the installation again: it resumes where it stopped.',
        );
      }
      report.say(`the download broke off (${message || code}); trying again.`);
      await sleep(pauseMs * 2 ** (attempt - 1));
    }
  }
  const received = await sha256Of(part);
  if (received !== sha256) {
    rmSync(part, { force: true });
    throw new InstallError(
      'HASH',
      `The download of ${url} is broken and was removed: expected SHA-256 ${sha256}, received ${received}.`,
      'run the installation again; if it happens again, the server or a proxy alters the file.',
    );
  }
  renameSync(part, file);
}
