import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';

import { DataError, fetchPets, writeSample } from '../vision';
import { cacheFolder } from './cache-folder';
import { UsageError } from './errors';
import type { DataChoice } from './settings';
import { didYouMean } from './spelling';

/** Where the pets are looked for, from the folder that the program is started in. */
const usualFolder = join('data', 'oxford-iiit-pet');

/** The drawn sample: enough to learn from in a minute. */
const sample = { trainval: 600, test: 105, size: 64, seed: 0 } as const;

/** Takes lines for people on the way. */
export type Say = (line: string) => void;

/** What is trained on, and why. */
export interface ChosenData {
  readonly choice: DataChoice;
  readonly why: string;
}

/**
 * `--data`, else `$OXFORD_PETS_DIR`, else `data/oxford-iiit-pet`, else the sample. Touches nothing.
 * @param download the pets will be fetched to where they are looked for
 * @throws {UsageError} where a folder is named that is not there
 */
export function chooseData(
  flag: string | undefined,
  download: boolean,
  env: NodeJS.ProcessEnv = process.env,
): ChosenData {
  const folder = (path: string, why: string): ChosenData => ({
    choice: { kind: 'folder', directory: resolve(path) },
    why,
  });
  if (download) return folder(flag ?? usualFolder, 'they are fetched');
  if (flag !== undefined) return folder(existing(flag, '--data'), 'of --data');
  const variable = env['OXFORD_PETS_DIR'];
  if (variable) return folder(existing(variable, '$OXFORD_PETS_DIR'), 'of $OXFORD_PETS_DIR');
  if (existsSync(usualFolder)) return folder(usualFolder, `there is ${usualFolder}`);
  const { trainval, test, size, seed } = sample;
  const directory = join(cacheFolder(env), `sample-${trainval}-${test}-${size}-${seed}`);
  return {
    choice: { kind: 'sample', directory },
    why: `no Oxford-IIIT Pet set was found (--data, $OXFORD_PETS_DIR, ${usualFolder})`,
  };
}

/**
 * Draws the sample where it is not there yet, and fetches the pets if asked; does nothing the second time.
 * @throws {DataError} for a download that breaks, and a folder that cannot be written
 */
export async function prepareData({ kind, directory }: DataChoice, download: boolean, say: Say): Promise<void> {
  try {
    if (kind === 'sample') await drawSample(directory, say);
    else if (download) await downloadPets(directory, say);
  } catch (error) {
    const { syscall, message } = error as Partial<NodeJS.ErrnoException>;
    if (syscall === undefined) throw error;
    throw new DataError(`cannot write ${directory}: ${message}`, { cause: error });
  }
}

async function drawSample(directory: string, say: Say): Promise<void> {
  mkdirSync(dirname(directory), { recursive: true });
  if (!existsSync(directory))
    say(`drawing the sample: ${sample.trainval + sample.test} pictures, kept in ${directory}`);
  await writeSample(directory, sample);
}

async function downloadPets(directory: string, say: Say): Promise<void> {
  let told = '';
  await fetchPets(directory, {
    onProgress: (progress) => {
      const doing =
        progress.phase === 'unpack'
          ? `unpacking ${progress.archive}`
          : `downloading ${progress.archive}: ${tenths(progress.received, progress.total)}`;
      if (doing !== told) say(doing);
      told = doing;
    },
  });
}

/** A path as the user would type it. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}

/** @throws {UsageError} with the nearest name beside it, where `folder` is no folder */
export function existing(folder: string, source: string): string {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  const parent = dirname(resolve(folder));
  const beside = existsSync(parent) ? readdirSync(parent) : [];
  const fault = existsSync(folder) ? 'is not a folder' : `does not exist${didYouMean(basename(folder), beside)}`;
  throw new UsageError(`${source} ${folder} ${fault}`);
}

/** Whole tenths of a download, so that a log is not filled with numbers. */
function tenths(received: number, total: number | null): string {
  if (total === null) return `${Math.floor(received / 50e6) * 50} MB`;
  return `${Math.floor((10 * received) / total) * 10} %`;
}
