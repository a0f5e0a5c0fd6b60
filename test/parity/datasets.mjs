/** The image files that both sides read. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { extract } from 'tar';
import { root } from '../../scripts/lib/project.mjs';

const cache = path.join(root, '.cache', 'parity');

/**
 * Makes `folder` with what `fill` puts there, once: the name appears when the folder is complete.
 * @param {string} name
 * @param {(folder: string) => void | Promise<void>} fill
 */
async function cached(name, fill) {
  const folder = path.join(cache, name);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const aside = mkdtempSync(`${folder}-`);
  try {
    await fill(aside);
    renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
}

/** @param {string} folder */
const isUnpacked = (folder) => existsSync(path.join(folder, 'images')) && existsSync(path.join(folder, 'annotations'));

/** @param {string} folder */
const isPacked = (folder) => ['images', 'annotations'].every((name) => existsSync(path.join(folder, `${name}.tar.gz`)));

/**
 * Folder with images/ and annotations/ of the real set: the one named on the command line, $OXFORD_PETS_DIR, or the one
 * beside the project; archives are unpacked into the cache. Null where there is none.
 * @param {string | undefined} named
 * @returns {Promise<string | null>}
 */
export async function realData(named) {
  const beside = path.join(root, '..', 'shared', 'data', 'oxford-iiit-pet-128');
  for (const folder of named !== undefined ? [named] : [process.env['OXFORD_PETS_DIR'], beside]) {
    if (!folder) continue;
    if (isUnpacked(folder)) return path.resolve(folder);
    if (isPacked(folder)) return unpack(folder);
    if (folder !== beside) throw new Error(`${folder} holds neither images/ and annotations/ nor their two archives`);
  }
  return null;
}

/** @param {string} folder */
function unpack(folder) {
  const name = `pets-${Buffer.from(path.resolve(folder)).toString('base64url').slice(-24)}`;
  return cached(name, async (target) => {
    for (const archive of ['images', 'annotations']) {
      await extract({
        file: path.join(folder, `${archive}.tar.gz`),
        cwd: target,
        // The official archives hold what macOS left behind: `._NAME` beside each file.
        filter: (entry) => !path.basename(entry).startsWith('._'),
      });
    }
  });
}

/**
 * Folder of the sample that the program draws itself, written as files in the layout of the real set.
 * @param {number} trainval
 * @param {number} test
 * @returns {Promise<string>}
 */
export async function sampleData(trainval = 64, test = 32) {
  const { writeSample } = createRequire(import.meta.url)(path.join(root, 'dist', 'vision'));
  mkdirSync(cache, { recursive: true });
  const folder = path.join(cache, `sample-${trainval}-${test}`);
  await writeSample(folder, { trainval, test, size: 150, seed: 7 });
  return folder;
}
