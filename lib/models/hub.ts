/**
 * Files of Hugging Face's hub, in the cache that Python's `huggingface_hub` keeps: what one of the two has fetched, the other
 * finds. In the folder of a repository, `blobs/` has contents under their hashes, `snapshots/COMMIT/` names that lead to
 * them, and `refs/` the commit of each branch.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { homedir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { checkFunction, checkOptions, checkString, describe, valueError } from '../engine';
import { DataError, downloadFile } from '../vision';
import { reason } from '../vision/errors';
import { head } from '../vision/http';

/** Where and how files of the hub are looked for; the names are those of `huggingface_hub`. */
export interface HubOptions {
  /** Branch, tag or commit; 'main' if not given. */
  revision?: string;
  /** Where files are kept: `$HF_HUB_CACHE`, or `$HF_HOME/hub`, or `~/.cache/huggingface/hub` if not given. */
  cacheDir?: string;
  /** For repositories that are not public; `$HF_TOKEN`, or what `hf auth login` has left, if not given. */
  token?: string;
  /** Asks no server, as `HF_HUB_OFFLINE=1` does. */
  localFilesOnly?: boolean;
  /** Called as bytes of a file arrive; `total` is null where the server does not tell. */
  onProgress?: (file: string, received: number, total: number | null) => void;
}

/** Names of {@link HubOptions}. */
export const hubOptionNames = ['revision', 'cacheDir', 'token', 'localFilesOnly', 'onProgress'] as const;

const OFFICIAL = 'https://huggingface.co';

/** True for what can be the name of a repository: `owner/name`, or the name alone of the oldest ones. */
export function isRepositoryName(name: string): boolean {
  return /^(?:[\w-][\w.-]*\/)?[\w-][\w.-]*$/.test(name) && !name.includes('..') && !name.includes('--');
}

/**
 * The path of a file of a repository, which is fetched first where the cache lacks it or the branch has moved on. Its content
 * is checked against its hash before it gets its name. Without a network the cache's file will do.
 *
 * @returns null where the repository has no such file
 * @throws DataError where the repository or the revision does not exist, the server cannot be reached and the cache has no
 *   such file, or what arrives is broken
 */
export async function hubFile(repository: string, file: string, options: HubOptions = {}): Promise<string | null> {
  checkHubOptions(repository, file, options);
  const { revision = 'main' } = options;
  const folder = path.join(cacheDirOf(options), `models--${repository.replace('/', '--')}`);
  const cached = cachedFile(folder, file, revision);
  // A commit never changes.
  if (isCommit(revision) && cached !== null) return cached;
  if (!asksServer(options)) {
    if (cached !== null || holdsSnapshot(folder, revision)) return cached;
    throw new DataError(
      `${repository} (${revision}) is not in the cache ${path.dirname(folder)}, and no server is to be asked: ` +
        'fetch it once without `localFilesOnly` and HF_HUB_OFFLINE',
    );
  }
  const url = addressOf(repository, file, revision);
  const headers = authorization(options);
  let answer: Metadata | null;
  try {
    answer = await metadataOf(url, repository, revision, headers);
  } catch (error) {
    if (error instanceof DataError) throw error;
    if (cached !== null) return cached;
    throw new DataError(
      `cannot ask ${new URL(url).host} for ${file} of ${repository}: ${reason(error)}; the cache ` +
        `${path.dirname(folder)} does not have it`,
      { cause: error },
    );
  }
  if (answer === null) return null;
  return store(folder, file, revision, answer, async (blob) => {
    const onProgress = (received: number, total: number | null): void => options.onProgress?.(file, received, total);
    await downloadFile(url, blob, { md5: null, headers, onProgress });
  });
}

function checkHubOptions(repository: string, file: string, options: HubOptions): void {
  checkString('hubFile', 'repository', repository);
  checkString('hubFile', 'file', file);
  checkOptions('hubFile', options, hubOptionNames);
  const { revision, cacheDir, token, localFilesOnly = false, onProgress } = options;
  for (const [name, value] of Object.entries({ revision, cacheDir, token })) {
    if (value !== undefined) checkString('hubFile', name, value);
  }
  if (typeof localFilesOnly !== 'boolean') {
    throw valueError(`hubFile(): expected a boolean for \`localFilesOnly\`, received ${describe(localFilesOnly)}`);
  }
  if (onProgress !== undefined) checkFunction('hubFile', 'onProgress', onProgress);
  if (!isRepositoryName(repository)) {
    throw valueError(`hubFile(): expected a repository such as nvidia/mit-b0, received ${describe(repository)}`);
  }
  // Both become parts of paths.
  if (path.basename(file) !== file || file.startsWith('.')) {
    throw valueError(`hubFile(): expected the name of a file, received ${describe(file)}`);
  }
  if (revision !== undefined && !/^(?!.*\.\.)\w[\w./-]*$/.test(revision)) {
    throw valueError(
      `hubFile(): expected a branch, a tag or a commit for \`revision\`, received ${describe(revision)}`,
    );
  }
}

// -- the environment ----------------------------------------------------------------------------------------------------

function homeOf(env: NodeJS.ProcessEnv): string {
  return env['HF_HOME'] || path.join(env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'huggingface');
}

function cacheDirOf({ cacheDir }: HubOptions, env: NodeJS.ProcessEnv = process.env): string {
  return path.resolve(cacheDir ?? (env['HF_HUB_CACHE'] || path.join(homeOf(env), 'hub')));
}

/** False where only the cache is to be looked into. */
export function asksServer({ localFilesOnly }: HubOptions, env: NodeJS.ProcessEnv = process.env): boolean {
  const isSet = (name: string): boolean => /^(?:1|on|yes|true)$/i.test(env[name] ?? '');
  return !(localFilesOnly ?? (isSet('HF_HUB_OFFLINE') || isSet('TRANSFORMERS_OFFLINE')));
}

function authorization({ token }: HubOptions, env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const found = (token ?? (env['HF_TOKEN'] || tokenFile(env))).trim();
  return found === '' ? {} : { authorization: `Bearer ${found}` };
}

function tokenFile(env: NodeJS.ProcessEnv): string {
  try {
    return readFileSync(env['HF_TOKEN_PATH'] || path.join(homeOf(env), 'token'), 'utf8');
  } catch {
    return '';
  }
}

function addressOf(repository: string, file: string, revision: string): string {
  const endpoint = (process.env['HF_ENDPOINT'] || OFFICIAL).replace(/\/+$/, '');
  try {
    return new URL(`${endpoint}/${repository}/resolve/${encodeURIComponent(revision)}/${file}`).href;
  } catch (cause) {
    throw new DataError(`HF_ENDPOINT is "${endpoint}": expected an address such as ${OFFICIAL}`, { cause });
  }
}

// -- what the server says -------------------------------------------------------------------------------------------------

interface Metadata {
  readonly commit: string;
  /** SHA-256 of large files, git's SHA-1 of others. */
  readonly hash: string;
}

/** Null where the repository has no such file. */
async function metadataOf(
  url: string,
  repository: string,
  revision: string,
  headers: Record<string, string>,
): Promise<Metadata | null> {
  const response = await head(url, { headers: { ...headers, 'accept-encoding': 'identity' } });
  const { statusCode: status = 0 } = response;
  const code = textOf(response.headers, 'x-error-code');
  if (status >= 500) throw new Error(`the server answered ${status}`);
  if (code === 'EntryNotFound') return null;
  if (code === 'RevisionNotFound') {
    throw new DataError(`${repository} has no branch, tag or commit ${revision} (${url})`);
  }
  if (status === 401 || status === 403 || code === 'RepoNotFound' || code === 'GatedRepo') {
    throw new DataError(
      `${new URL(url).host} shows no repository ${repository}: it does not exist, or it is not public and needs HF_TOKEN`,
    );
  }
  if (status === 404) return null;
  if (status >= 400) throw new DataError(`cannot fetch ${url}: the server answered ${status}`);
  const commit = textOf(response.headers, 'x-repo-commit');
  const hash = (textOf(response.headers, 'x-linked-etag') || textOf(response.headers, 'etag')).replace(/^W\/|"/g, '');
  if (!isCommit(commit) || !/^[\w-]{1,128}$/.test(hash)) {
    throw new DataError(`${url} is not answered as by Hugging Face's hub: without the commit, or the hash of the file`);
  }
  return { commit, hash };
}

function textOf(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

// -- the cache ------------------------------------------------------------------------------------------------------------

function commitOf(folder: string, revision: string): string {
  if (isCommit(revision)) return revision;
  try {
    return readFileSync(path.join(folder, 'refs', revision), 'utf8').trim();
  } catch {
    return '';
  }
}

function holdsSnapshot(folder: string, revision: string): boolean {
  const commit = commitOf(folder, revision);
  return isCommit(commit) && existsSync(path.join(folder, 'snapshots', commit));
}

function cachedFile(folder: string, file: string, revision: string): string | null {
  const commit = commitOf(folder, revision);
  const place = path.join(folder, 'snapshots', commit, file);
  return isCommit(commit) && existsSync(place) ? place : null;
}

/** Puts a file into the cache, by `download` where its content is not there yet under another name. */
async function store(
  folder: string,
  file: string,
  revision: string,
  { commit, hash }: Metadata,
  download: (blob: string) => Promise<void>,
): Promise<string> {
  const blob = path.join(folder, 'blobs', hash);
  const place = path.join(folder, 'snapshots', commit, file);
  if (!isCommit(revision)) {
    const ref = path.join(folder, 'refs', revision);
    await writeAside(ref, async (aside) => writeFile(aside, commit));
  }
  if (existsSync(place)) return place;
  if (!existsSync(blob)) {
    // Under the hash, so that a later call goes on with the same content.
    const aside = `${blob}.incomplete`;
    await download(aside);
    const found = await hashOf(aside, hash);
    if (found !== hash) {
      await rm(aside, { force: true });
      throw new DataError(
        `${file} arrived with the hash ${found}, expected ${hash}: the download is broken; it is removed again`,
      );
    }
    await rename(aside, blob);
  }
  await writeAside(place, async (aside) => {
    const target = path.relative(path.dirname(place), blob);
    // Not every disk has links, nor may everyone make them.
    await symlink(target, aside).catch(async () => copyFile(blob, aside));
  });
  return place;
}

async function writeAside(file: string, write: (aside: string) => Promise<void>): Promise<void> {
  const aside = `${file}.${process.pid}.tmp`;
  await mkdir(path.dirname(file), { recursive: true });
  await rm(aside, { force: true });
  await write(aside);
  await rename(aside, file);
}

/** The hash of a file in the form of `like`; `like` itself where that is of no known form. */
async function hashOf(file: string, like: string): Promise<string> {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(like)) return like;
  const hash = createHash(like.length === 64 ? 'sha256' : 'sha1');
  if (like.length === 40) hash.update(`blob ${(await stat(file)).size}\0`);
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
