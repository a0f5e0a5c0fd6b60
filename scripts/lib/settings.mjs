/** The switches of the installation: environment variables, read and checked once. docs/install.md explains each. */
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { InstallError } from './errors.mjs';
import { DEFAULT_VERSION, parseVersion, requireAcceptedVersion } from './versions.mjs';

/** @typedef {'env' | 'cache' | 'python' | 'pip' | 'archive'} Source Where a libtorch comes from, in the order of trial. */
/** @type {readonly Source[]} */
export const SOURCES = ['env', 'cache', 'python', 'pip', 'archive'];
export const OFFICIAL_HOST = 'https://download.pytorch.org';

/**
 * @typedef {object} Settings
 * @property {string} libtorch LIBTORCH, or an empty string.
 * @property {string} version What to fetch.
 * @property {boolean} versionAsked The version was named, so that no other will do.
 * @property {'cpu' | 'cuda'} variant What to fetch.
 * @property {boolean} variantAsked The variant was named, so that no other will do.
 * @property {string} cache Folder of the downloads.
 * @property {string} mirror Base URL of the official archives.
 * @property {string} sha256 Expected hash of the archive, or an empty string.
 * @property {boolean} offline
 * @property {boolean} skipBuild
 * @property {boolean} bypassVersionCheck
 * @property {readonly Source[]} sources
 */

/** @param {string | undefined} value */
const isOn = (value) => value !== undefined && !['', '0', 'false', 'no', 'off'].includes(value.toLowerCase());

/**
 * @param {string} name
 * @param {string} received
 * @param {string} expected
 */
const badSetting = (name, received, expected) =>
  new InstallError('SETTING', `expected ${expected} for ${name}, received "${received}".`);

/** An NVIDIA driver is installed: its kernel module or its library is there. */
export function hasNvidiaDriver() {
  if (existsSync('/proc/driver/nvidia/version')) return true;
  const folders =
    process.platform === 'win32'
      ? [path.join(process.env.SystemRoot ?? 'C:\\Windows', 'System32')]
      : ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib', '/usr/lib/wsl/lib'];
  const name = process.platform === 'win32' ? 'nvcuda.dll' : 'libcuda.so.1';
  return folders.some((folder) => existsSync(path.join(folder, name)));
}

/**
 * Folder of the downloads.
 * @param {NodeJS.ProcessEnv} env
 */
export function cacheRoot(env) {
  if (env.LIBTORCH_NODE_CACHE) return path.resolve(env.LIBTORCH_NODE_CACHE);
  if (process.platform === 'win32' && env.LOCALAPPDATA) return path.join(env.LOCALAPPDATA, 'libtorch-node', 'cache');
  if (process.platform === 'darwin') return path.join(os.homedir(), 'Library', 'Caches', 'libtorch-node');
  return path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'libtorch-node');
}

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Settings}
 * @throws {InstallError} with code `SETTING` or `LIBTORCH_VERSION`.
 */
export function readSettings(env = process.env) {
  const bypassVersionCheck = isOn(env.LIBTORCH_BYPASS_VERSION_CHECK);

  const version = env.LIBTORCH_NODE_VERSION || DEFAULT_VERSION;
  const parsed = parseVersion(version);
  if (!parsed || parsed.local !== '') {
    throw badSetting('LIBTORCH_NODE_VERSION', version, `a version such as ${DEFAULT_VERSION}`);
  }
  requireAcceptedVersion(version, 'LIBTORCH_NODE_VERSION', bypassVersionCheck);

  const variant = env.LIBTORCH_NODE_VARIANT || (hasNvidiaDriver() ? 'cuda' : 'cpu');
  if (variant !== 'cpu' && variant !== 'cuda') throw badSetting('LIBTORCH_NODE_VARIANT', variant, 'cpu or cuda');

  const only = env.LIBTORCH_NODE_SOURCE || '';
  const source = SOURCES.find((name) => name === only);
  if (only !== '' && source === undefined) throw badSetting('LIBTORCH_NODE_SOURCE', only, SOURCES.join(', '));

  const sha256 = (env.LIBTORCH_NODE_SHA256 || '').toLowerCase();
  if (sha256 !== '' && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw badSetting('LIBTORCH_NODE_SHA256', sha256, '64 hexadecimal digits');
  }

  const mirror = (env.LIBTORCH_NODE_MIRROR || OFFICIAL_HOST).replace(/\/+$/, '');
  if (!/^https?:\/\//.test(mirror)) throw badSetting('LIBTORCH_NODE_MIRROR', mirror, 'an http or https URL');

  return {
    libtorch: env.LIBTORCH || '',
    version,
    versionAsked: Boolean(env.LIBTORCH_NODE_VERSION),
    variant,
    variantAsked: Boolean(env.LIBTORCH_NODE_VARIANT),
    cache: cacheRoot(env),
    mirror,
    sha256,
    offline: isOn(env.LIBTORCH_NODE_OFFLINE),
    skipBuild: isOn(env.LIBTORCH_NODE_SKIP_BUILD),
    bypassVersionCheck,
    sources: source === undefined ? SOURCES : [source],
  };
}
