/** Runs the cells of an experiment one after the other, each an ordinary run, and keeps the report up to date. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { writeFileAtomic } from '../../serialize';
import { DataError } from '../../vision';
import { commandLine, given } from '../command-line';
import { chooseData, existing, prepareData, type Say } from '../data-choice';
import { DivergenceError, UsageError } from '../errors';
import { experiments, type ExperimentDefinition } from '../experiments';
import { chooseDevice, planTraining, type TrainRequest, useThreads } from '../plan';
import { fitsItsCheckpoint, runTraining, type RunObserver } from '../run';
import { numberedFolder, toJson } from '../run-folder';
import { didYouMean } from '../spelling';
import { type Budget, chooseSize } from './budget';
import { type Cell, cellsOf } from './cells';
import { scatterChart } from '../charts/scatter-chart';
import { measureModel } from './measure';
import { dataLine, movedTo, type Plan, readPlan, writePlan } from './plan-file';
import { reportText, resultsTable } from './report';
import { type CellResult, folderOf, isDone, isMeasured, measuresFile, resultOf } from './results';
import { sampleOf } from './statistics';

export type ExperimentRequest = Pick<TrainRequest, 'data' | 'download' | 'device' | 'threads' | 'out' | 'resume'> & {
  /** Its name; a folder that goes on has its own. */
  readonly experiment?: string;
  readonly budget?: Budget;
};

export interface ExperimentOutcome {
  readonly kind: 'done' | 'interrupted';
  /** The experiment's folder. */
  readonly folder: string;
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
  if (request.resume !== undefined) await goOn(folder, request.data, say);
  const { experiment, heading, cells } = readPlan(folder);
  const definition = definitionOf(experiment);
  report(folder, definition, heading, cells);
  for (const [index, cell] of cells.entries()) {
    const run = folderOf(folder, cell);
    const wasDone = run !== null && isDone(run);
    if (!wasDone) {
      say(`run ${index + 1} of ${cells.length}: ${cell.id}`);
      const outcome = observer.stopRequested() ? 'interrupted' : await runCell(folder, cell, run, observer);
      if (outcome === 'interrupted') return { kind: outcome, folder };
    }
    const measured = definition.measuresModels && measure(folder, cell);
    if (wasDone && !measured) continue;
    report(folder, definition, heading, cells);
    const result = resultOf(folder, cell);
    if (result !== null)
      say(`    pixel accuracy ${result.test.pixelAccuracy.toFixed(4)}, mIoU ${result.test.mIoU.toFixed(4)}`);
  }
  say(`report  ${join(folder, 'report.md')}`);
  return { kind: 'done', folder };
}

async function runCell(
  folder: string,
  cell: Cell,
  run: string | null,
  observer: RunObserver,
): Promise<'done' | 'interrupted' | 'diverged'> {
  const { settings } = cell;
  const plan =
    run === null
      ? { settings, notes: [], target: { kind: 'new' as const, parent: folder, name: cell.id } }
      : await planTraining({ resume: run, data: settings.data.directory }, () => undefined);
  try {
    return (await runTraining(plan, observer)).kind;
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
    // The other runs have their answers without it.
    observer.onWarning(`${cell.id} has no result: ${error.message}`);
    return 'diverged';
  }
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
  const command = commandLine([
    ...['--experiment', experiment, '--budget', budget],
    ...given('--data', request.data),
    ...given('--device', request.device),
    ...given('--threads', request.threads),
  ]);
  const heading = [
    `- command: \`${command}\`${estimate}`,
    dataLine(surroundings),
    `- size \`${size.name}\`: ${size.note}`,
  ];
  return numberedFolder(parent, experiment, (claim) => writePlan(claim, { experiment, heading, cells }));
}

/**
 * Makes ready what an experiment that goes on needs.
 * @param data where its data is now; undefined where it was
 */
async function goOn(folder: string, data: string | undefined, say: Say): Promise<void> {
  const plan = readPlan(folder);
  if (data !== undefined) {
    const directory = resolve(existing(data, '--data'));
    await checkSameData(folder, plan, directory);
    writePlan(folder, movedTo(directory, plan));
    return;
  }
  const next = plan.cells.find((cell) => resultOf(folder, cell) === null);
  if (next === undefined) return;
  const { data: choice } = next.settings;
  await prepareData(choice, false, say);
  if (existsSync(choice.directory)) return;
  throw new DataError(`${choice.directory}, the data of this experiment, is not there: --data says where it is now`);
}

/** Runs on other images could not be compared: one that has begun knows its own. */
async function checkSameData(folder: string, { cells }: Plan, data: string): Promise<void> {
  for (const cell of cells) {
    const run = folderOf(folder, cell);
    if (run === null) continue;
    const plan = await planTraining({ resume: run, data }, () => undefined);
    if (await fitsItsCheckpoint(plan)) return;
  }
}

function definitionOf(name: string): ExperimentDefinition {
  const definition = experiments.get(name);
  if (definition !== undefined) return definition;
  const names = [...experiments.keys()];
  throw new UsageError(
    `there is no experiment ${name}${didYouMean(name, names) || `, expected ${names.join(' or ')}`}`,
  );
}

/** Measures the model of a run that is done; false where that has happened before, or the run is not. */
function measure(folder: string, cell: Cell): boolean {
  const run = folderOf(folder, cell);
  if (run === null || !isDone(run) || isMeasured(run)) return false;
  writeFileAtomic(join(run, measuresFile), toJson(measureModel(cell.settings)));
  return true;
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
