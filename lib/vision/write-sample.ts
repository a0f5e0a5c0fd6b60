/** Writes the drawn sample as files, in the layout of the Oxford-IIIT Pet set, so that any program can read it. */
import { checkFunction, checkInteger, checkObject, checkString } from '../engine';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { isDiskFull } from './download';
import { DataError, reason } from './errors';
import { checkSize, drawSample } from './sample';
import { kKinds, type Kind } from './sample-animal';

/** Options of {@link writeSample}. */
export interface WriteSampleOptions {
  /** Pictures in the training split. */
  readonly trainval: number;
  /** Pictures in the test split. */
  readonly test: number;
  /** Side of the pictures in pixels. The default is 128. */
  readonly size?: number;
  /** Another seed draws other pictures. The default is 0. */
  readonly seed?: number;
  /** Called after each picture. */
  readonly onProgress?: (written: number, total: number) => void;
}

/** More take more than a day. */
const MOST_PICTURES = 10_000_000;

/** Encoded side by side: drawing runs on the JavaScript thread, encoding on sharp's. */
const kAhead = 4;

/**
 * Draws the sample into `directory`: `images/NAME.jpg`, `annotations/trimaps/NAME.png`, the split lists and a README
 * that says how it was made. Test pictures are others than training pictures.
 *
 * A sample of the same numbers that is there already is kept. The folder appears complete or not at all.
 *
 * @returns true where it was drawn, false where it was there
 * @throws DataError where the folder holds something else, cannot be written, or the disk is full
 */
export async function writeSample(directory: string, options: WriteSampleOptions): Promise<boolean> {
  checkString('writeSample', 'directory', directory);
  checkObject('writeSample', 'options', options, 'options { trainval, test, … }', ['trainval', 'test']);
  const { trainval, test, size = 128, seed = 0, onProgress } = options;
  for (const [option, count] of Object.entries({ trainval, test })) {
    checkInteger('writeSample', option, count, 0, MOST_PICTURES);
  }
  checkInteger('writeSample', 'seed', seed);
  if (onProgress !== undefined) checkFunction('writeSample', 'onProgress', onProgress);
  checkSize(size);
  const readme = describeSample(trainval, test, size, seed);
  if (existsSync(directory)) {
    if (readmeOf(directory) === readme) return false;
    throw new DataError(
      `${directory} exists and holds another set than the sample to be drawn: remove it or choose another folder`,
    );
  }
  const aside = path.join(path.dirname(directory), `.${path.basename(directory)}.${process.pid}.tmp`);
  try {
    await mkdir(path.join(aside, 'images'), { recursive: true });
    await mkdir(path.join(aside, 'annotations', 'trimaps'), { recursive: true });
    const lines = await writePictures(aside, trainval + test, size, seed, onProgress);
    const lists = { 'trainval.txt': lines.slice(0, trainval), 'test.txt': lines.slice(trainval), 'list.txt': lines };
    for (const [name, entries] of Object.entries(lists)) {
      await writeFile(path.join(aside, 'annotations', name), entries.map((line) => `${line}\n`).join(''));
    }
    await writeFile(path.join(aside, 'annotations', 'README'), readme);
    await rename(aside, directory);
    return true;
  } catch (cause) {
    // Another process drew the same sample meanwhile, and renamed first.
    if (existsSync(directory) && readmeOf(directory) === readme) return false;
    const why = isDiskFull(cause) ? 'no space left on the disk' : reason(cause);
    throw new DataError(`cannot write the drawn sample to ${directory}: ${why}; nothing is left behind`, { cause });
  } finally {
    // Where this fails too, the error above says why.
    await rm(aside, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function writePictures(
  directory: string,
  count: number,
  size: number,
  seed: number,
  onProgress: WriteSampleOptions['onProgress'],
): Promise<string[]> {
  const lines: string[] = [];
  let next = 0;
  let written = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const { image, trimap, kind } = drawSample(seed, index, size);
      const name = `${kind.name}_${index + 1}`;
      lines[index] = `${name} ${numbersOf(kind)}`;
      const rgb = sharp(image, { raw: { width: size, height: size, channels: 3 } }).jpeg({ quality: 92 });
      const labels = sharp(trimap, { raw: { width: size, height: size, channels: 1 } })
        .toColourspace('b-w')
        .png();
      await Promise.all([
        rgb.toFile(path.join(directory, 'images', `${name}.jpg`)),
        labels.toFile(path.join(directory, 'annotations', 'trimaps', `${name}.png`)),
      ]);
      onProgress?.(++written, count);
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: kAhead }, work));
  // All have stopped before the folder is removed, or one could still write into it.
  const failed = workers.find((worker) => worker.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return lines;
}

/** Class, species, and breed within the species, each from 1. */
function numbersOf(kind: Kind): string {
  const sameSpecies = kKinds.filter(({ species }) => species === kind.species);
  return `${kKinds.indexOf(kind) + 1} ${kind.species} ${sameSpecies.indexOf(kind) + 1}`;
}

function describeSample(trainval: number, test: number, size: number, seed: number): string {
  return [
    'Drawn sample of libtorch-node, in the layout of the Oxford-IIIT Pet data set.',
    `trainval ${trainval}, test ${test}, size ${size}, seed ${seed}, version 1`,
    'Trimaps: 1 pet, 2 background, 3 border.',
    '',
  ].join('\n');
}

function readmeOf(directory: string): string | null {
  try {
    return readFileSync(path.join(directory, 'annotations', 'README'), 'utf8');
  } catch {
    return null;
  }
}
