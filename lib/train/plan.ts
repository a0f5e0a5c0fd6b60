import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { cuda, getNumThreads, libraryInfo, setNumThreads } from '../engine';
import type { Device } from '../tensor';
import { DataError } from '../vision';
import { readCheckpoint, type Checkpoint } from './checkpoint';
import { commandLine, given } from './command-line';
import { chooseData, existing, prepareData, type ChosenData, type Say } from './data-choice';
import { UsageError } from './errors';
import { readJson } from './json-file';
import { readSettings, resolveSettings, resumeSettings, type SettingsOverrides, type TrainSettings } from './settings';

/** What a user asked for; everything else is chosen by {@link planTraining}. */
export interface TrainRequest {
  readonly data?: string;
  readonly download?: boolean;
  readonly recipe?: string;
  readonly device?: Device;
  readonly threads?: number;
  /** Folder of the run folders; default `runs`. */
  readonly out?: string;
  /** The run folder's name after its number; default the model's. */
  readonly name?: string;
  /** Run folder to go on with. */
  readonly resume?: string;
  readonly overrides?: SettingsOverrides;
}

/** What will be trained and where it goes. */
export interface TrainPlan {
  readonly settings: TrainSettings;
  /** What was chosen, why, and the command for the other choice. */
  readonly notes: readonly string[];
  readonly target: NewRun | ResumedRun;
}

export interface NewRun {
  readonly kind: 'new';
  readonly parent: string;
  readonly name: string;
}

export interface ResumedRun {
  readonly kind: 'resume';
  readonly path: string;
  /** Null where the run was killed before its first checkpoint: it begins anew. */
  readonly checkpoint: Checkpoint | null;
}

/**
 * Turns a request into a plan: chooses data, recipe, device and threads, checks that they go together, and makes the data
 * ready. Everything that can be wrong with a request is found here, before any file of the run is written.
 * @throws {UsageError} for a request that cannot be met; {DataError} where data or checkpoint cannot be used
 */
export async function planTraining(request: TrainRequest, say: Say): Promise<TrainPlan> {
  if (request.resume !== undefined) return planResume(request, request.resume, say);
  const { download = false, overrides = {} } = request;
  const parent = request.out ?? 'runs';
  if (existsSync(parent)) existing(parent, '--out');
  const data = chooseData(request.data, download);
  const device = chooseDevice(request.device);
  const { recipe, why } = chooseRecipe(request.recipe, data, device);
  const threads = useThreads(request.threads);
  const settings = resolveSettings(recipe, { data: data.choice, device, threads }, overrides);
  await prepareData(data.choice, download, say);
  return {
    settings,
    notes: notesOn(data, why, settings, request.data),
    target: { kind: 'new', parent, name: request.name ?? settings.model },
  };
}

async function planResume(request: TrainRequest, path: string, say: Say): Promise<TrainPlan> {
  for (const flag of ['out', 'name', 'download'] as const) {
    if (request[flag] !== undefined) throw new UsageError(`--${flag} means nothing together with --resume`);
  }
  existing(path, '--resume');
  const saved = readConfig(path);
  const checkpoint = readCheckpoint(join(path, 'checkpoints'));
  const { data, overrides, recipe, device, threads } = request;
  const settings = resumeSettings(saved, { ...overrides, recipe, device, threads }, checkpoint?.state.epochs ?? 0);
  useThreads(settings.threads);
  chooseDevice(settings.device);
  // The data may have moved; that it is the same is checked by its first images.
  const choice = data === undefined ? saved.data : { ...saved.data, directory: resolve(existing(data, '--data')) };
  await prepareData(choice, false, say);
  return { settings: { ...settings, data: choice }, notes: [], target: { kind: 'resume', path, checkpoint } };
}

function readConfig(run: string): TrainSettings {
  const file = join(run, 'config.json');
  if (!existsSync(file)) throw new UsageError(`--resume ${run} is not a run folder: there is no config.json in it`);
  const saved = readJson<Record<string, unknown>>(file);
  try {
    return readSettings(saved);
  } catch (cause) {
    throw new DataError(`${file} is damaged: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

export function chooseDevice(asked: Device | undefined): Device {
  if (asked === undefined) return cuda.isAvailable() ? 'cuda:0' : 'cpu';
  if (asked === 'cpu') return asked;
  if (!cuda.isAvailable()) {
    throw new UsageError(`--device ${asked} cannot be used: ${libraryInfo().cudaReason || 'no GPU was found'}`);
  }
  const index = Number(asked.split(':')[1] ?? 0);
  if (index >= cuda.deviceCount()) {
    throw new UsageError(`--device ${asked} does not exist: there are ${cuda.deviceCount()} GPUs, counted from cuda:0`);
  }
  return `cuda:${index}`;
}

function chooseRecipe(asked: string | undefined, data: ChosenData, device: string): { recipe: string; why: string } {
  if (asked !== undefined) return { recipe: asked, why: 'of --recipe' };
  if (data.choice.kind === 'folder') return { recipe: 'article-vit', why: 'the real pets are there' };
  if (device !== 'cpu') return { recipe: 'article-vit', why: 'there is a GPU' };
  return { recipe: 'quick', why: 'there is neither the real set nor a GPU' };
}

export function useThreads(asked: number | undefined): number {
  if (asked !== undefined) setNumThreads(asked);
  return getNumThreads();
}

function notesOn(
  { choice, why }: ChosenData,
  recipeWhy: string,
  { recipe }: TrainSettings,
  folder: string | undefined,
): string[] {
  const data = choice.kind === 'sample' ? 'the drawn sample' : 'the pets';
  const onSame = (...flags: string[]): string => commandLine([...given('--data', folder), ...flags]);
  const other =
    choice.kind === 'sample'
      ? `${onSame('--download')}   fetches the pets (0.8 GB) and trains the article's model on them`
      : recipe === 'quick'
        ? `${onSame('--recipe', 'article-vit')}   trains the article's model`
        : `${onSame('--recipe', 'quick')}   trains a small model in minutes`;
  return [`chosen  ${data}, because ${why}; ${recipe}, because ${recipeWhy}`, `else    ${other}`];
}
