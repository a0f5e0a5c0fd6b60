/** Runs the cells of an experiment one after the other, each an ordinary run, and keeps the report up to date. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { writeFileAtomic } from '../../serialize';
import { DataError } from '../../vision';
import { chooseData, existing, prepareData, type Say, shown } from '../data-choice';
import { UsageError } from '../errors';
import { experiments, type ExperimentDefinition } from '../experiments';
import { chooseDevice, planTraining, type TrainRequest, useThreads } from '../plan';
import { runTraining, type RunObserver } from '../run';
import { numberedFolder, toJson } from '../run-folder';
import { didYouMean } from '../spelling';
import { type Budget, chooseSize } from './budget';
import { type Cell, cellsOf } from './cells';
import { scatterChart } from '../charts/scatter-chart';
import { measureModel } from './measure';
import { reportText, resultsTable } from './report';
import { type CellResult, folderOf, isDone, resultOf } from './results';
import { sampleOf } from './statistics';

export type ExperimentRequest = Pick<TrainRequest, 'data' | 'download' | 'device' | 'threads' | 'out' | 'resume'> & {
  /** Its name; a folder that goes on has its own. */
  readonly experiment?: string;
  readonly budget?: Budget;
};

/** `experiment.json`: what was planned, so that an experiment goes on as it began. */
interface Plan {
  readonly experiment: string;
  readonly heading: readonly string[];
  readonly cells: readonly Cell[];
}

export interface ExperimentOutcome {
  readonly kind: 'done' | 'interrupted';
  /** The experiment's folder. */
  readonly folder: string;
}

const planFile = 'experiment.json';

/** True for the folder of an experiment. */
export function isExperimentFolder(folder: string): boolean {
  return existsSync(join(folder, planFile));
}

/**
 * Runs what is not done yet.
 *
 * @param say - is told of each cell in a line
 * @throws {UsageError} for a request that cannot be met; {DataError} where the data cannot be used
 */
export async function runExperiment(
  request: ExperimentRequest,
  observer: RunObserver,
  say: Say,
): Promise<ExperimentOutcome> {
  const folder = request.resume ?? (await begin(request, say));
  const { experiment, heading, cells } = readPlan(folder);
  const definition = definitionOf(experiment);
  report(folder, definition, heading, cells);
  for (const [index, cell] of cells.entries()) {
    const run = folderOf(folder, cell);
    if (run !== null && isDone(run)) continue;
    say(`run ${index + 1} of ${cells.length}: ${cell.id}`);
    if (observer.stopRequested() || !(await runCell(folder, cell, run, observer)))
      return { kind: 'interrupted', folder };
    if (definition.measuresModels) writeMeasures(folder, cell);
    report(folder, definition, heading, cells);
    const result = resultOf(folder, cell);
    if (result !== null)
      say(`    pixel accuracy ${result.test.pixelAccuracy.toFixed(4)}, mIoU ${result.test.mIoU.toFixed(4)}`);
  }
  say(`report  ${join(folder, 'report.md')}`);
  return { kind: 'done', folder };
}

/** False if it was asked to stop. */
async function runCell(folder: string, cell: Cell, run: string | null, observer: RunObserver): Promise<boolean> {
  const plan =
    run === null
      ? { settings: cell.settings, notes: [], target: { kind: 'new' as const, parent: folder, name: cell.id } }
      : await planTraining({ resume: run }, () => undefined);
  return (await runTraining(plan, observer)).kind === 'done';
}

async function begin(request: ExperimentRequest, say: Say): Promise<string> {
  const { budget = 'small', download = false, experiment = '' } = request;
  const definition = definitionOf(experiment);
  const parent = request.out ?? 'runs';
  if (existsSync(parent)) existing(parent, '--out');
  const data = chooseData(request.data, download);
  const device = chooseDevice(request.device);
  const threads = useThreads(request.threads);
  await prepareData(data.choice, download, say);
  const surroundings = { data: data.choice, device, threads };
  const { size, estimatedSeconds } = chooseSize(definition, budget, surroundings, say);
  const cells = cellsOf(definition, size, surroundings);
  const estimate =
    estimatedSeconds === null ? '' : `, about ${Math.ceil(estimatedSeconds / 60)} min by the time of single steps`;
  const heading = [
    `- command: \`node train.js --experiment ${experiment} --budget ${budget}\`${estimate}`,
    `- data: ${data.choice.kind === 'sample' ? 'the drawn sample' : shown(data.choice.directory)}; ${device}, ${threads} threads`,
    `- size \`${size.name}\`: ${size.note}`,
  ];
  const plan: Plan = { experiment, heading, cells };
  return numberedFolder(parent, experiment, (claim) => writeFileAtomic(join(claim, planFile), toJson(plan)));
}

function definitionOf(name: string): ExperimentDefinition {
  const definition = experiments.get(name);
  if (definition !== undefined) return definition;
  const names = [...experiments.keys()];
  throw new UsageError(
    `there is no experiment ${name}${didYouMean(name, names) || `, expected ${names.join(' or ')}`}`,
  );
}

function readPlan(folder: string): Plan {
  const file = join(folder, planFile);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Plan;
  } catch (cause) {
    throw new DataError(`${file} is damaged: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function writeMeasures(folder: string, cell: Cell): void {
  const run = folderOf(folder, cell);
  if (run !== null) writeFileAtomic(join(run, 'measures.json'), toJson(measureModel(cell.settings)));
}

function report(
  folder: string,
  definition: ExperimentDefinition,
  heading: readonly string[],
  cells: readonly Cell[],
): void {
  const results = cells.map((cell) => resultOf(folder, cell)).filter((result) => result !== null);
  const svg = definition.measuresModels ? chartOf(results) : null;
  if (svg !== null) writeFileAtomic(join(folder, 'chart.svg'), svg);
  const chart = svg === null ? null : 'chart.svg';
  const input = { definition, heading, results, planned: cells.length, chart };
  writeFileAtomic(join(folder, 'report.md'), reportText(input));
  writeFileAtomic(join(folder, 'results.csv'), resultsTable(results));
}

/** mIoU over the time of an image; a dot's area stands for the parameters. */
function chartOf(results: readonly CellResult[]): string | null {
  const variants = [...new Set(results.map(({ cell }) => cell.variant))];
  const points = variants.flatMap((variant) => {
    const runs = results.filter(({ cell }) => cell.variant === variant);
    const measures = runs.map((run) => run.measures).find((each) => each !== null);
    if (measures === undefined) return [];
    const { mean } = sampleOf(runs.map(({ test }) => test.mIoU));
    const radius = Math.max(3, Math.sqrt(measures.parameters / 1e6) * 2);
    return [{ label: variant.replace(/^model-/, ''), x: measures.msPerImage, y: mean, radius }];
  });
  return scatterChart(points, {
    title: 'Accuracy and time',
    xTitle: 'ms per image (area: parameters)',
    yTitle: 'mIoU on the test split',
  });
}
