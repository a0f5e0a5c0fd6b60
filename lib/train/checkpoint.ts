import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { SchedulerStateDict } from '../optim';
import { loadSafetensors, saveSafetensors, writeFileAtomic } from '../serialize';
import type { Tensor } from '../tensor';
import { DataError } from '../vision';
import { checkNames, checkThere, readJson } from './json-file';
import type { OptimizerOptions } from './optimizer-state';
import type { Progress } from './progress';
import type { RandomStates } from './random-states';
import type { LogPosition } from './run-folder';

/** What `state.json` holds: everything that is not a tensor of the model or of the optimizer. */
export interface CheckpointState extends Readonly<Progress>, RandomStates {
  readonly format: 1;
  /** What of metrics.jsonl, results.csv and log.txt belongs to this checkpoint. */
  readonly logs: LogPosition;
  readonly optimizer: OptimizerOptions;
  readonly scheduler: SchedulerStateDict;
  /** Of the model's state, to tell a damaged checkpoint. */
  readonly stateSha256: string;
  /** Of the moving average's, where there is one. */
  readonly averageSha256?: string;
  /** Of the images that every epoch is scored on, to tell other data. */
  readonly fixedImagesSha256: string;
  /** Of the first train batch, likewise; versions up to 0.1 did not note it. */
  readonly trainImagesSha256?: string;
  /** Number of train samples. */
  readonly trainSamples?: number;
}

export interface Checkpoint {
  readonly state: CheckpointState;
  readonly model: ReadonlyMap<string, Tensor>;
  readonly optimizer: ReadonlyMap<string, Tensor>;
  /** The moving average's state; null where the run keeps none. */
  readonly average: ReadonlyMap<string, Tensor> | null;
}

const modelFile = 'model.safetensors';
const averageFile = 'average.safetensors';
const optimizerFile = 'optimizer.safetensors';
const stateFile = 'state.json';

/**
 * Writes `last/`, and `best/` too if asked, into the folder `checkpoints`.
 *
 * A folder cannot be renamed over another one, so each is written as `.last.new`, the old one becomes `.last.old`, and
 * the new one takes the name. `.last.old` exists only once `.last.new` is complete; {@link settleCheckpoints} goes by
 * that after a kill. `best/` comes first: a kill between the two leaves a best epoch that the resumed run trains again,
 * to the same bits.
 */
export function writeCheckpoint(checkpoints: string, contents: Checkpoint, { best }: { best: boolean }): void {
  settleCheckpoints(checkpoints);
  const last = join(checkpoints, '.last.new');
  const copy = join(checkpoints, '.best.new');
  try {
    mkdirSync(last);
    saveSafetensors(join(last, modelFile), contents.model);
    saveSafetensors(join(last, optimizerFile), contents.optimizer);
    if (contents.average !== null) saveSafetensors(join(last, averageFile), contents.average);
    writeFileAtomic(join(last, stateFile), `${JSON.stringify(contents.state, null, 2)}\n`);
    if (best) {
      mkdirSync(copy);
      // The best model is the one that was scored.
      linkOrCopy(join(last, contents.average === null ? modelFile : averageFile), join(copy, modelFile));
      linkOrCopy(join(last, stateFile), join(copy, stateFile));
    }
  } catch (error) {
    for (const folder of [last, copy]) rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  if (best) moveIntoPlace(checkpoints, 'best');
  moveIntoPlace(checkpoints, 'last');
}

/** Finishes or undoes what a killed process left between two names, so that `last/` and `best/` are whole or absent. */
export function settleCheckpoints(checkpoints: string): void {
  for (const name of ['best', 'last']) {
    const [current, fresh, old] = names(checkpoints, name);
    if (!existsSync(current) && existsSync(old)) renameSync(existsSync(fresh) ? fresh : old, current);
    for (const leftover of [fresh, old]) rmSync(leftover, { recursive: true, force: true });
  }
}

/**
 * Reads `last/`, or null where the run was killed before its first checkpoint.
 * @throws {DataError} where it is damaged or of another format; {FileError} where it cannot be read
 */
export function readCheckpoint(checkpoints: string): Checkpoint | null {
  settleCheckpoints(checkpoints);
  const folder = join(checkpoints, 'last');
  if (!existsSync(folder)) return null;
  const state = readState(join(folder, stateFile));
  const model = readTensors(join(folder, modelFile));
  const optimizer = readTensors(join(folder, optimizerFile));
  const average = state.averageSha256 === undefined ? null : readTensors(join(folder, averageFile));
  return { state, model, optimizer, average };
}

/** Reads the model of `best/`. */
export function readBestModel(checkpoints: string): ReadonlyMap<string, Tensor> {
  return readTensors(join(checkpoints, 'best', modelFile));
}

function readTensors(file: string): ReadonlyMap<string, Tensor> {
  checkThere(file);
  return loadSafetensors(file).tensors;
}

/** What every version wrote into `state.json`. */
const stateNames = [
  ...(['epochs', 'steps', 'losses', 'seconds', 'loader', 'best'] as const),
  ...(['random', 'logs', 'optimizer', 'scheduler', 'stateSha256', 'fixedImagesSha256'] as const),
];

function readState(file: string): CheckpointState {
  const state = readJson<Partial<CheckpointState>>(file);
  const { format } = state;
  if (format !== 1) throw new DataError(`${file} has format ${String(format)}, this program reads format 1`);
  // After the format: another one may have other names.
  checkNames(file, state, stateNames);
  return state as CheckpointState;
}

function moveIntoPlace(checkpoints: string, name: string): void {
  const [current, fresh, old] = names(checkpoints, name);
  if (existsSync(current)) renameSync(current, old);
  renameSync(fresh, current);
  rmSync(old, { recursive: true, force: true });
}

function names(checkpoints: string, name: string): [current: string, fresh: string, old: string] {
  return [join(checkpoints, name), join(checkpoints, `.${name}.new`), join(checkpoints, `.${name}.old`)];
}

/** The same bytes under a second name cost no space; not every disk has links. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
