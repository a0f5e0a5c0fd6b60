/**
 * Provides the libtorch to build against: what locate.mjs finds, or else a download into the cache, by pip or as
 * PyTorch's official archive.
 *
 *   node scripts/download.mjs                finds or fetches, and prints the folder
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ARCHIVE_DISK_BYTES, archivePath, pinnedHash } from './lib/archives.mjs';
import { describeError, InstallError, runMain } from './lib/errors.mjs';
import { fetchFile, requireDiskSpace } from './lib/fetch-file.mjs';
import { inspectLibtorch } from './lib/libtorch-folder.mjs';
import { withLock } from './lib/lock.mjs';
import { PIP_DISK_BYTES, pipInstall } from './lib/pip-install.mjs';
import { isMain } from './lib/project.mjs';
import { openReport } from './lib/report.mjs';
import { hasNvidiaDriver, readSettings } from './lib/settings.mjs';
import { unzip } from './lib/unzip.mjs';
import { cacheFolder, locate } from './locate.mjs';

/** @typedef {import('./locate.mjs').LocatedLibtorch} LocatedLibtorch */
/** @typedef {import('./lib/settings.mjs').Settings} Settings */
/** @typedef {import('./lib/report.mjs').Report} Report */

/**
 * Fills the folder of a download: `work` fills a folder beside it, which is renamed when it holds a whole libtorch.
 * @param {string} folder
 * @param {string} inner Name of the libtorch folder inside.
 * @param {(aside: string) => Promise<void>} work
 */
async function fillFolder(folder, inner, work) {
  const aside = `${folder}.tmp`;
  // What an earlier, killed installation left; the lock is held, so nobody is writing there.
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  try {
    await work(aside);
    inspectLibtorch(path.join(aside, inner));
    rmSync(folder, { recursive: true, force: true });
    renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return inspectLibtorch(path.join(folder, inner));
}

/**
 * @param {Settings} settings
 * @param {Report} report
 * @returns {Promise<LocatedLibtorch>}
 */
async function fromPip(settings, report) {
  requireDiskSpace(settings.cache, PIP_DISK_BYTES[settings.variant]);
  report.say(`asking pip for torch ${settings.version} (${settings.variant})`);
  const folder = cacheFolder(settings, 'pip');
  const found = await fillFolder(folder, 'torch', async (aside) => {
    await pipInstall(settings, aside, report);
    const received = inspectLibtorch(path.join(aside, 'torch'));
    if (settings.variantAsked && received.variant !== settings.variant) {
      throw new InstallError('PIP', `pip gave a ${received.variant} build, and ${settings.variant} is asked for`);
    }
  });
  return { ...found, source: 'pip' };
}

/**
 * @param {Settings} settings
 * @param {Report} report
 * @returns {Promise<LocatedLibtorch>}
 */
async function fromArchive(settings, report) {
  if (settings.offline) throw new InstallError('OFFLINE', 'LIBTORCH_NODE_OFFLINE is set');
  if (settings.variant === 'cuda') {
    throw new InstallError(
      'ARCHIVE',
      "PyTorch's CUDA archives lack NVIDIA's libraries; CUDA builds come from pip only",
    );
  }
  const relative = archivePath(settings.version);
  if (relative === undefined) {
    throw new InstallError('ARCHIVE', `PyTorch publishes no archive for ${process.platform}-${process.arch}`);
  }
  const sha256 = settings.sha256 || pinnedHash(settings.version);
  if (sha256 === undefined) {
    throw new InstallError(
      'NO_HASH',
      `no SHA-256 is pinned for the archive of ${settings.version} on ${process.platform}-${process.arch}; set LIBTORCH_NODE_SHA256`,
    );
  }
  requireDiskSpace(settings.cache, ARCHIVE_DISK_BYTES);
  const url = `${settings.mirror}/${relative}`;
  const zip = path.join(settings.cache, decodeURIComponent(path.posix.basename(relative)));
  if (!existsSync(zip)) {
    report.say(`downloading ${url}`);
    await fetchFile(url, zip, { sha256, report });
  }
  report.say('unpacking');
  const found = await fillFolder(cacheFolder(settings, 'archive'), 'libtorch', (aside) => unzip(zip, aside));
  rmSync(zip, { force: true });
  return { ...found, source: 'archive' };
}

/** libtorch's builds for Linux need glibc; on musl the linker's messages would hide that. */
function requireGlibc() {
  if (process.platform !== 'linux') return;
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  if (header.glibcVersionRuntime === undefined) {
    throw new InstallError(
      'MUSL',
      'This system has no glibc, and all builds of libtorch for Linux need it.',
      'use an image with glibc, such as node:22-bookworm instead of node:22-alpine.',
    );
  }
}

/**
 * @param {Settings} settings
 * @param {Report} report
 * @returns {Promise<LocatedLibtorch>}
 * @throws {InstallError} `LIBTORCH_MISSING`, with the reason of each source.
 */
export async function provideLibtorch(settings, report) {
  requireGlibc();
  const order = settings.sources.join(', ');
  report.say(`libtorch ${settings.version} (${settings.variant}) is wanted; looking in this order: ${order}`);
  const { found, notes } = locate(settings);
  for (const note of notes) report.say(`  ${note}`);
  if (found !== undefined) {
    report.say(`using libtorch ${found.version} (${found.variant}) of ${found.path} (source: ${found.source})`);
    if (found.variant === 'cpu' && hasNvidiaDriver()) {
      report.say(
        '  it has no CUDA, and this machine has an NVIDIA driver: LIBTORCH_NODE_VARIANT=cuda fetches one that has.',
      );
    }
    return found;
  }
  return withLock(path.join(settings.cache, '.lock'), report, async () => {
    // The process that was waited for may have fetched it.
    const again = locate(settings).found;
    if (again !== undefined) return again;
    const reasons = [...notes];
    for (const [source, fetchIt] of /** @type {const} */ ([
      ['pip', fromPip],
      ['archive', fromArchive],
    ])) {
      if (!settings.sources.includes(source)) continue;
      try {
        const fetched = await fetchIt(settings, report);
        report.say(`using libtorch ${fetched.version} (${fetched.variant}) of ${fetched.path} (source: ${source})`);
        return fetched;
      } catch (error) {
        // A broken download is its own message: going on would hide it. The others are reasons to try the next source.
        if (!(error instanceof InstallError) || error.code === 'HASH') throw error;
        reasons.push(`${source}: ${describeError(error)}`);
        report.say(`  ${reasons.at(-1)}`);
      }
    }
    throw new InstallError(
      'LIBTORCH_MISSING',
      `No libtorch ${settings.version} (${settings.variant}) could be found or fetched.\n  ${reasons.join('\n  ')}`,
      'set LIBTORCH to a libtorch folder, or `pip install torch` and run the installation again (docs/install.md).',
    );
  });
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const libtorch = await provideLibtorch(readSettings(), openReport());
    process.stdout.write(`${libtorch.path}\n`);
  });
}
