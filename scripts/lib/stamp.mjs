/** Whether the addon that is there was built from what is there. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { addonPath, libtorchJsonPath, root, sharedLibrary, stampPath } from './project.mjs';

/**
 * @typedef {object} Stamp
 * @property {string} sources Hash of everything that the build reads in this package.
 * @property {string} runtime Platform, architecture and Node-API version.
 * @property {string} route
 * @property {string} request The settings that decide which libtorch is taken.
 * @property {string} libtorch Folder of the libtorch.
 * @property {string} library Size and time of its main library: the same folder may hold another build later.
 */

/** Hash over the names and contents of the native sources and of both build files. */
export function hashSources() {
  const hash = createHash('sha256');
  const native = readdirSync(path.join(root, 'native'), { recursive: true, encoding: 'utf8' }).sort();
  for (const file of [...native.map((name) => path.join('native', name)), 'CMakeLists.txt', 'binding.gyp']) {
    const full = path.join(root, file);
    if (statSync(full).isFile()) hash.update(`${file}\0`).update(readFileSync(full)).update('\0');
  }
  return hash.digest('hex');
}

/** An addon of one Node-API version serves every Node that has it, so the version of Node itself does not count. */
export const runtimeName = () => `${process.platform}-${process.arch}-napi9`;

/** @param {string} libtorch */
export function describeLibrary(libtorch) {
  const { size, mtimeMs } = statSync(path.join(libtorch, 'lib', sharedLibrary('torch_cpu')));
  return `${size} bytes, ${mtimeMs}`;
}

/**
 * The settings that decide which libtorch is taken; others do not make a build stale.
 * @param {import('./settings.mjs').Settings} settings
 */
export function describeRequest(settings) {
  return JSON.stringify([
    settings.libtorch,
    settings.version,
    settings.versionAsked,
    settings.variant,
    settings.variantAsked,
    settings.sources,
  ]);
}

/**
 * @param {import('./settings.mjs').Settings} settings
 * @param {string | undefined} route The route that was asked for; the one of the last build will do otherwise.
 */
export function isUpToDate(settings, route) {
  try {
    const stamp = /** @type {Stamp} */ (JSON.parse(readFileSync(stampPath, 'utf8')));
    return (
      existsSync(addonPath) &&
      existsSync(libtorchJsonPath) &&
      (route === undefined || stamp.route === route) &&
      stamp.runtime === runtimeName() &&
      stamp.request === describeRequest(settings) &&
      stamp.library === describeLibrary(stamp.libtorch) &&
      stamp.sources === hashSources()
    );
  } catch {
    // No stamp, or one that cannot be trusted: build.
    return false;
  }
}

/**
 * Writes a JSON file aside and renames it.
 * @param {string} file
 * @param {unknown} value
 */
export function writeJson(file, value) {
  mkdirSync(path.dirname(file), { recursive: true });
  const aside = `${file}.${process.pid}.tmp`;
  writeFileSync(aside, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(aside, file);
}
