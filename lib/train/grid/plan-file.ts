/** `experiment.json`: what was planned, so that an experiment goes on as it began. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { writeFileAtomic } from '../../serialize';
import { shown } from '../data-choice';
import { readJson } from '../json-file';
import { toJson } from '../run-folder';
import type { SettingsSurroundings } from '../settings';
import type { Cell } from './cells';

export interface Plan {
  readonly experiment: string;
  /** What stands above the report. */
  readonly heading: readonly string[];
  readonly cells: readonly Cell[];
}

const planFile = 'experiment.json';
const ofData = '- data: ';

/** True for the folder of an experiment. */
export function isExperimentFolder(folder: string): boolean {
  return existsSync(join(folder, planFile));
}

/** @throws {DataError} where it is damaged */
export function readPlan(folder: string): Plan {
  return readJson<Plan>(join(folder, planFile), ['experiment', 'heading', 'cells']);
}

export function writePlan(folder: string, plan: Plan): void {
  writeFileAtomic(join(folder, planFile), toJson(plan));
}

/** The line of the heading that says what is trained on. */
export function dataLine({ data, device, threads }: SettingsSurroundings): string {
  const place = data.kind === 'sample' ? 'the drawn sample' : shown(data.directory);
  return `${ofData}${place}; ${device}, ${threads} threads`;
}

/** The plan with its data in another folder. */
export function movedTo(directory: string, { experiment, heading, cells }: Plan): Plan {
  const moved = cells.map((cell) => ({
    ...cell,
    settings: { ...cell.settings, data: { ...cell.settings.data, directory } },
  }));
  const [first] = moved;
  const lines = heading.map((line) => (line.startsWith(ofData) && first ? dataLine(first.settings) : line));
  return { experiment, heading: lines, cells: moved };
}
