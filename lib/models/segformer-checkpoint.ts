/** Finds, reads and writes the checkpoints of a SegFormer: folders, single files, repositories of Hugging Face's hub. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkOptions, checkString, describe, valueError } from '../engine';
import { attemptOn, FileError, saveSafetensors, writeFileAtomic } from '../serialize';
import type { Tensor } from '../tensor';
import { type FilePlace, readJson, readWeights, readWeightsFile } from './checkpoint-files';
import { asksServer, hubFile, type HubOptions, hubOptionNames, isRepositoryName } from './hub';
import { type SegFormerArgs, segformerDefaults } from './segformer-args';
import { configOf, type Described, describedBy, describedByState } from './segformer-config';
import { checkpointState } from './segformer-keys';

/** Options of `SegFormer.fromPretrained`: what of the model is to be different, and those of the hub. */
export interface PretrainedOptions extends Partial<SegFormerArgs>, HubOptions {
  /** Draws tensors anew that the checkpoint has in another shape, such as the classifier for other classes. */
  ignoreMismatchedSizes?: boolean;
  /** Hands out what was missing, left out and drawn anew, in the place of a warning. */
  outputLoadingInfo?: boolean;
}

/** A checkpoint, read. */
export interface Checkpoint extends Described {
  /** For the messages. */
  readonly name: string;
  /** Under Hugging Face's keys. */
  readonly state: ReadonlyMap<string, Tensor>;
  /** Frees the tensors. */
  readonly dispose: () => void;
}

/** Options, by whom they are for. */
interface SortedOptions {
  readonly args: Partial<SegFormerArgs>;
  readonly hub: HubOptions;
  readonly ignoreMismatchedSizes: boolean;
  readonly outputLoadingInfo: boolean;
}

/**
 * Tells the options of the model from those of the hub.
 * @throws ArgumentError for an option that neither has
 */
export function sortOptions(options: PretrainedOptions): SortedOptions {
  const argNames = Object.keys(segformerDefaults('b0'));
  const switches = ['ignoreMismatchedSizes', 'outputLoadingInfo'] as const;
  checkOptions('fromPretrained', options, [...argNames, ...switches, ...hubOptionNames]);
  for (const name of switches) {
    const value: unknown = options[name];
    if (value === undefined || typeof value === 'boolean') continue;
    throw valueError(`fromPretrained(): expected a boolean for \`${name}\`, received ${describe(value)}`);
  }
  const pick = (names: readonly string[]): object =>
    Object.fromEntries(
      Object.entries(options).filter(([name, value]: [string, unknown]) => names.includes(name) && value !== undefined),
    );
  const { ignoreMismatchedSizes = false, outputLoadingInfo = false } = options;
  return { args: pick(argNames), hub: pick(hubOptionNames), ignoreMismatchedSizes, outputLoadingInfo };
}

/**
 * Reads a checkpoint.
 * @throws ArgumentError for what is neither a path nor the name of a repository
 * @throws FileError | FormatError | DataError which name the file and the fault
 */
export async function readCheckpoint(
  nameOrPath: string,
  args: Partial<SegFormerArgs>,
  hub: HubOptions,
): Promise<Checkpoint> {
  checkString('fromPretrained', 'nameOrPath', nameOrPath);
  if (existsSync(nameOrPath) && !statSync(nameOrPath).isDirectory()) return readSingleFile(nameOrPath, args);
  const place = placeOf(nameOrPath, hub);
  const config = await place.find('config.json');
  if (config === null) throw new FileError(`${place.name} has no config.json, which says what model it is of`);
  // A file of the hub's cache has a path that says little.
  const shownConfig = existsSync(nameOrPath) ? config : `config.json of ${place.name}`;
  const described = describedBy(readJson(config), shownConfig, args);
  const tensors = await readWeights(place);
  return checkpoint(place.name, tensors, () => described);
}

function placeOf(nameOrPath: string, hub: HubOptions): FilePlace {
  if (existsSync(nameOrPath)) {
    const find = (file: string): Promise<string | null> => {
      const place = path.join(nameOrPath, file);
      return Promise.resolve(existsSync(place) ? place : null);
    };
    return { name: nameOrPath, find };
  }
  if (!isRepositoryName(nameOrPath)) {
    throw new FileError(
      `${nameOrPath} does not exist, and is no name of a repository such as nvidia/segformer-b0-finetuned-ade-512-512`,
    );
  }
  const name = asksServer(hub) ? nameOrPath : `${nameOrPath} in the cache`;
  return { name, find: async (file) => hubFile(nameOrPath, file, hub) };
}

/** A file without a configuration, as the authors of SegFormer have them: what model it is of, its tensors tell. */
async function readSingleFile(file: string, args: Partial<SegFormerArgs>): Promise<Checkpoint> {
  return checkpoint(file, await readWeightsFile(file), (state) => describedByState(state, file, args));
}

function checkpoint(
  name: string,
  tensors: ReadonlyMap<string, Tensor>,
  describeIt: (state: ReadonlyMap<string, Tensor>) => Described,
): Checkpoint {
  const state = checkpointState(tensors);
  const dispose = (): void => {
    for (const tensor of [...tensors.values(), ...state.values()]) tensor.dispose();
  };
  try {
    return { name, ...describeIt(state), state, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Writes `config.json` and `model.safetensors` into a folder, which is made where it is missing. */
export function writeCheckpoint(folder: string, described: Described, state: ReadonlyMap<string, Tensor>): void {
  checkString('savePretrained', 'folder', folder);
  attemptOn(folder, 'write', () => mkdirSync(folder, { recursive: true }));
  // Hugging Face refuses a file that does not say so.
  saveSafetensors(path.join(folder, 'model.safetensors'), state, { format: 'pt' });
  // Last: a folder with a configuration has its weights.
  writeFileAtomic(path.join(folder, 'config.json'), `${JSON.stringify(configOf(described), null, 2)}\n`);
}

/** Keys of the heads of classifiers of images, and of a layer that the authors' program has but never calls. */
export function isOfAnotherHead(key: string): boolean {
  return /^(?:classifier|head|decode_head\.conv_seg|auxiliary_head)\./.test(key);
}
