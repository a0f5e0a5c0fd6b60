/**
 * Finds the libtorch to build against, without fetching anything: LIBTORCH, then a cached download, then the Python
 * torch of this machine. download.mjs goes on from there.
 *
 *   node scripts/locate.mjs                  what would be used, and why not the others
 *   node scripts/locate.mjs --print path     one value: path, lib, version, variant, cxx11Abi or openmp
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { InstallError, runMain } from './lib/errors.mjs';
import { inspectLibtorch } from './lib/libtorch-folder.mjs';
import { isMain } from './lib/project.mjs';
import { findTorchPackage, pythonCandidates } from './lib/python.mjs';
import { readSettings } from './lib/settings.mjs';
import { isAcceptedVersion, parseVersion, requireAcceptedVersion } from './lib/versions.mjs';

/** @typedef {import('./lib/libtorch-folder.mjs').Libtorch} Libtorch */
/** @typedef {import('./lib/settings.mjs').Settings} Settings */
/** @typedef {import('./lib/settings.mjs').Source} Source */
/** @typedef {Libtorch & { source: Source }} LocatedLibtorch */

/**
 * The folder that a cached download lies in.
 * @param {Settings} settings
 * @param {'pip' | 'archive'} kind
 */
export function cacheFolder(settings, kind) {
  return path.join(settings.cache, `libtorch-${settings.version}-${settings.variant}-${kind}`);
}

/**
 * Why a libtorch will not do, or an empty string.
 * @param {Libtorch} found
 * @param {Settings} settings
 */
function objection(found, settings) {
  if (!isAcceptedVersion(found.version) && !settings.bypassVersionCheck) {
    return `${found.path} is version ${found.version}, which is not accepted`;
  }
  if (settings.versionAsked && parseVersion(found.version)?.release !== settings.version) {
    return `${found.path} is version ${found.version}, and ${settings.version} is asked for`;
  }
  if (settings.variantAsked && found.variant !== settings.variant) {
    return `${found.path} is a ${found.variant} build, and ${settings.variant} is asked for`;
  }
  return '';
}

/**
 * LIBTORCH is an order: what is wrong with it is an error, and no other libtorch is taken in its place.
 * @param {Settings} settings
 * @returns {LocatedLibtorch | undefined}
 */
function fromEnv(settings) {
  if (settings.libtorch === '') return undefined;
  // The folder around it will do too: site-packages, or where the archive was unpacked.
  const folders = ['', 'torch', 'libtorch'].map((name) => path.join(settings.libtorch, name));
  const found = inspectLibtorch(
    folders.find((folder) => existsSync(path.join(folder, 'include'))) ?? settings.libtorch,
  );
  requireAcceptedVersion(found.version, `LIBTORCH=${settings.libtorch}`, settings.bypassVersionCheck);
  return { ...found, source: 'env' };
}

/**
 * @param {Settings} settings
 * @param {string[]} notes
 * @returns {LocatedLibtorch | undefined}
 */
function fromCache(settings, notes) {
  if (!existsSync(settings.cache)) return undefined;
  const folders = [
    path.join(cacheFolder(settings, 'pip'), 'torch'),
    path.join(cacheFolder(settings, 'archive'), 'libtorch'),
  ];
  for (const folder of folders.filter((candidate) => existsSync(candidate))) {
    try {
      return { ...inspectLibtorch(folder), source: 'cache' };
    } catch (error) {
      // A damaged download must not block the other sources; it is replaced when it is fetched again.
      notes.push(`cache: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return undefined;
}

/**
 * @param {Settings} settings
 * @param {string[]} notes
 * @returns {LocatedLibtorch | undefined}
 */
function fromPython(settings, notes) {
  for (const python of pythonCandidates()) {
    const folder = findTorchPackage(python);
    if (folder === undefined) continue;
    if (folder === '') {
      notes.push(`python: ${python} has no torch`);
      continue;
    }
    try {
      const found = inspectLibtorch(folder);
      const reason = objection(found, settings);
      if (reason === '') return { ...found, source: 'python' };
      notes.push(`python: ${reason}`);
    } catch (error) {
      notes.push(`python: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return undefined;
}

/**
 * The first libtorch in the order of the sources that fetch nothing.
 * @param {Settings} settings
 * @returns {{ found: LocatedLibtorch | undefined, notes: string[] }} with a note for each that was passed over
 * @throws {InstallError} where LIBTORCH is set and no libtorch of an accepted version.
 */
export function locate(settings) {
  /** @type {string[]} */
  const notes = [];
  /** @type {[Source, () => LocatedLibtorch | undefined][]} */
  const searches = [
    ['env', () => fromEnv(settings)],
    ['cache', () => fromCache(settings, notes)],
    ['python', () => fromPython(settings, notes)],
  ];
  for (const [source, search] of searches) {
    if (!settings.sources.includes(source)) continue;
    const found = search();
    if (found) return { found, notes };
  }
  return { found: undefined, notes };
}

/** @param {string[]} args */
function main(args) {
  const { found, notes } = locate(readSettings());
  if (!found) {
    const seen = notes.map((note) => `\n  ${note}`).join('');
    throw new InstallError(
      'LIBTORCH_MISSING',
      `No libtorch was found on this machine.${seen}`,
      'node scripts/build.mjs fetches one; or set LIBTORCH to a libtorch folder.',
    );
  }
  if (args[0] === '--print') {
    const value = Object.entries(found).find(([key]) => key === args[1])?.[1];
    if (value === undefined) throw new InstallError('USAGE', `--print knows ${Object.keys(found).join(', ')}.`);
    process.stdout.write(`${value}\n`);
    return;
  }
  process.stdout.write(
    [...notes, `${found.source}: libtorch ${found.version} (${found.variant}) at ${found.path}`, ''].join('\n'),
  );
}

if (isMain(import.meta.url)) await runMain(async () => main(process.argv.slice(2)));
