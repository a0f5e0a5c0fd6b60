/**
 * The Oxford-IIIT Pet data set in its official folder layout (`torchvision.datasets.OxfordIIITPet`).
 *
 * O. M. Parkhi, A. Vedaldi, A. Zisserman, C. V. Jawahar: Cats and Dogs, CVPR 2012.
 */
import { ArgumentError, checkList, checkObject, checkString, describe } from '../engine';
import { workerArguments } from '../data';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { DecodedImage } from './decoded-image';
import { DataError, reason, systemCode } from './errors';
import { decodeImage, decodeTrimap } from './image';

/** The set's parts: 3,680 photos to train on, 3,669 to test with. */
export type PetSplit = 'trainval' | 'test';
/** What is known of a photo: its breed, cat or dog, or its trimap. */
export type PetTargetType = 'category' | 'binary-category' | 'segmentation';

/** Options of {@link OxfordIIITPet}. */
export interface OxfordIIITPetOptions {
  /** `trainval` (3,680 photos) or `test` (3,669); the default is `trainval`. */
  readonly split?: PetSplit;
  /** What {@link OxfordIIITPet.getItem} gives beside the image; the default is `category`, as in torchvision. */
  readonly targetTypes?: PetTargetType | readonly PetTargetType[];
  /** Only the first so many of the split list. */
  readonly limit?: number | null;
}

/** A class index from 0, or a trimap: `channels` 1, pixels 1 pet, 2 background, 3 border. */
export type PetTarget = number | DecodedImage;

interface PetEntry {
  readonly name: string;
  readonly category: number;
  readonly binaryCategory: number;
}

/**
 * Photos of 37 breeds of cats and dogs with their trimaps, in the order of the split list.
 *
 * Only files that the split list names are touched: the archives also hold `.mat` files, head boxes and AppleDouble
 * files.
 */
export class OxfordIIITPet {
  /** Folder that holds `images/` and `annotations/`. */
  readonly directory: string;
  readonly split: PetSplit;
  readonly targetTypes: readonly PetTargetType[];
  /** Breeds by class index, such as `American Bulldog`. */
  readonly classes: readonly string[];
  readonly classToIdx: ReadonlyMap<string, number>;
  readonly binClasses: readonly string[] = ['Cat', 'Dog'];
  private readonly entries: readonly PetEntry[];

  /**
   * @param root the folder that holds `images/` and `annotations/`, or one with `oxford-iiit-pet/` in it, as
   *   torchvision lays it out
   * @throws DataError naming the folder or file, where something is missing or empty, or the split list is damaged
   */
  constructor(root: string, options: OxfordIIITPetOptions = {}) {
    checkString('OxfordIIITPet', 'root', root);
    checkObject('OxfordIIITPet', 'options', options);
    const { split = 'trainval', targetTypes = 'category', limit = null } = options;
    checkOneOf('split', split, ['trainval', 'test']);
    this.targetTypes = typeof targetTypes === 'string' ? [targetTypes] : targetTypes;
    checkList('OxfordIIITPet', 'targetTypes', this.targetTypes);
    for (const type of this.targetTypes)
      checkOneOf('targetTypes', type, ['category', 'binary-category', 'segmentation']);
    if (limit !== null && !(Number.isInteger(limit) && limit > 0)) {
      throw new ArgumentError(
        `expected a whole number above 0 for argument \`limit\`, received ${describe(limit)}`,
        'TORCH_VALUE',
      );
    }
    this.split = split;
    this.directory = findPets(root);
    const list = path.join(this.directory, 'annotations', `${split}.txt`);
    const all = readSplitList(list);
    this.classes = classNames(all);
    this.classToIdx = new Map(this.classes.map((name, index) => [name, index]));
    this.entries = limit === null ? all : all.slice(0, limit);
    this.checkFiles(list);
  }

  /** Number of photos. */
  get length(): number {
    return this.entries.length;
  }

  /** The file's name without extension, such as `Abyssinian_100`. */
  name(index: number): string {
    return this.entry(index).name;
  }

  /** The photo's file. */
  imagePath(index: number): string {
    return path.join(this.directory, 'images', `${this.name(index)}.jpg`);
  }

  /** The trimap's file. */
  trimapPath(index: number): string {
    return path.join(this.directory, 'annotations', 'trimaps', `${this.name(index)}.png`);
  }

  /** Index of the breed, from 0. */
  category(index: number): number {
    return this.entry(index).category;
  }

  /** 0 cat, 1 dog. */
  binaryCategory(index: number): number {
    return this.entry(index).binaryCategory;
  }

  /** RGB pixels as Pillow's. @throws DataError naming the file */
  image(index: number): Promise<DecodedImage> {
    return decodeImage(this.imagePath(index));
  }

  /** The trimap's labels 1, 2, 3. @throws DataError naming the file */
  trimap(index: number): Promise<DecodedImage> {
    return decodeTrimap(this.trimapPath(index));
  }

  /** Image and targets, in the order of `targetTypes`. Draws no random numbers. */
  async getItem(index: number): Promise<[image: DecodedImage, ...targets: PetTarget[]]> {
    const targets = this.targetTypes.map((type): PetTarget | Promise<PetTarget> => {
      if (type === 'segmentation') return this.trimap(index);
      return type === 'category' ? this.category(index) : this.binaryCategory(index);
    });
    return Promise.all([this.image(index), ...targets]);
  }

  /** The list is read anew there: it is longer than its name. */
  [workerArguments](): unknown[] {
    return [this.directory, { split: this.split, targetTypes: this.targetTypes, limit: this.length }];
  }

  private entry(index: number): PetEntry {
    const entry = typeof index === 'number' ? this.entries[index] : undefined;
    if (entry === undefined) {
      throw new ArgumentError(
        `expected an index from 0 to ${this.length - 1} for argument \`index\`, received ${describe(index)}`,
        'TORCH_VALUE',
      );
    }
    return entry;
  }

  /** Two folder listings tell of every missing file at once, where a check per file would be 7,000 system calls. */
  private checkFiles(list: string): void {
    const images = listFolder(path.join(this.directory, 'images'));
    const wantsTrimaps = this.targetTypes.includes('segmentation');
    const trimaps = wantsTrimaps ? listFolder(path.join(this.directory, 'annotations', 'trimaps')) : null;
    this.entries.forEach(({ name }, index) => {
      const missing = !images.has(`${name}.jpg`) ? this.imagePath(index) : null;
      const file = missing ?? (trimaps !== null && !trimaps.has(`${name}.png`) ? this.trimapPath(index) : null);
      if (file !== null) throw new DataError(`${list}, line ${index + 1} names ${name}, but there is no file ${file}`);
    });
  }
}

/** The folder that holds `images/` and `annotations/`: `root` itself or `root/oxford-iiit-pet`. */
function findPets(root: string): string {
  if (!existsSync(root)) throw new DataError(`there is no folder ${root}`);
  for (const directory of [root, path.join(root, 'oxford-iiit-pet')]) {
    if (existsSync(path.join(directory, 'images')) && existsSync(path.join(directory, 'annotations'))) return directory;
  }
  const entries = listFolder(root, 'keep');
  const found = entries.size === 0 ? 'it is empty' : `it holds ${[...entries].sort().slice(0, 5).join(', ')}`;
  throw new DataError(
    `${root} is not the Oxford-IIIT Pet set: expected the folders images and annotations in it, but ${found}`,
  );
}

function listFolder(folder: string, empty: 'refuse' | 'keep' = 'refuse'): Set<string> {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw new DataError(
      systemCode(cause) === 'ENOENT'
        ? `there is no folder ${folder}`
        : `cannot read the folder ${folder}: ${reason(cause)}`,
      { cause },
    );
  }
  if (names.length === 0 && empty === 'refuse') throw new DataError(`the folder ${folder} is empty`);
  return new Set(names);
}

/** Lines `NAME CLASS SPECIES BREED`, numbers from 1. */
function readSplitList(list: string): PetEntry[] {
  let text: string;
  try {
    text = readFileSync(list, 'utf8');
  } catch (cause) {
    throw new DataError(
      systemCode(cause) === 'ENOENT' ? `the split list ${list} is missing` : `cannot read ${list}: ${reason(cause)}`,
      { cause },
    );
  }
  const lines = text.replace(/\s+$/, '').split(/\r?\n/);
  if (lines.length === 1 && lines[0] === '') throw new DataError(`the split list ${list} is empty`);
  return lines.map((line, index) => {
    const [name = '', ...numbers] = line.trim().split(/\s+/);
    const [category = 0, species = 0] = numbers.map(Number);
    // A path in place of a name would reach out of the data folder.
    const isName = /^[^/\\]+$/.test(name) && name !== '..';
    if (!isName || numbers.length !== 3 || !numbers.every((number) => /^[1-9]\d*$/.test(number))) {
      throw new DataError(
        `${list}, line ${index + 1}: expected NAME CLASS SPECIES BREED, received "${line.slice(0, 80)}"`,
      );
    }
    return { name, category: category - 1, binaryCategory: species - 1 };
  });
}

/** `american_bulldog_12` of class 1 makes class 1 `American Bulldog`. */
function classNames(entries: readonly PetEntry[]): string[] {
  const names = new Map<string, number>();
  for (const { name, category } of entries)
    names.set(name.slice(0, Math.max(0, name.lastIndexOf('_'))) || name, category);
  return [...names.entries()]
    .sort(([, a], [, b]) => a - b)
    .map(([raw]) =>
      raw
        .split('_')
        .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1).toLowerCase())
        .join(' '),
    );
}

function checkOneOf(argument: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new ArgumentError(
    `expected one of ${choices.map((choice) => `'${choice}'`).join(', ')} for argument \`${argument}\`, received ${describe(value)}`,
    'TORCH_VALUE',
  );
}
