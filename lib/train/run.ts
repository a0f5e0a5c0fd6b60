import { scope } from '../engine';
import { countParameters } from '../models';
import { stateSha256 } from '../serialize';
import { curvesOf } from './charts/curves';
import { shown } from './data-choice';
import { bitDifferences, describeEnvironment, type Environment } from './environment';
import type { EpochEvent, StartEvent, TrainEvent } from './events';
import { buildExperiment, summarize, type Experiment } from './experiment';
import { checkLastBatch, checkWarmup, shapesOf } from './fit';
import { readJson } from './json-file';
import { TrainLoop, type LoopSurroundings, type StopRequested } from './loop';
import type { TrainPlan } from './plan';
import { RunFolder } from './run-folder';
import { version } from './version';

export interface RunObserver {
  readonly stopRequested: StopRequested;
  /** `log` adds a line to the run's log.txt. */
  onEvent(event: TrainEvent, log: (line: string) => void): void;
  /** Something that the user should know and that stops nothing. */
  onWarning(message: string): void;
}

export interface RunOutcome {
  readonly kind: 'done' | 'interrupted';
  /** The run folder. */
  readonly run: string;
}

/**
 * Trains what the plan says and leaves the run folder. A new run that fails before its first checkpoint leaves nothing.
 * @throws {UsageError} for what does not go together; {DataError} for an image that cannot be used, and {FileError} where
 *   the disk is full, which name the file
 */
export async function runTraining({ settings, target }: TrainPlan, observer: RunObserver): Promise<RunOutcome> {
  const experiment = buildExperiment(settings);
  const shapes = shapesOf(experiment);
  checkLastBatch(experiment);
  checkWarmup(experiment);
  const initSha256 = scope(() => stateSha256(experiment.model.stateDict()));
  const run =
    target.kind === 'new' ? RunFolder.create(target.parent, target.name, settings) : RunFolder.open(target.path);
  const checkpoint = target.kind === 'new' ? null : target.checkpoint;

  const tell = (event: TrainEvent): void => observer.onEvent(event, (line) => run.append('log', line));
  const emit = (event: TrainEvent): void => {
    run.append('metrics', JSON.stringify(event));
    if (event.event === 'epoch') {
      run.append('results', resultsRow(event));
      drawCurves(run);
    }
    tell(event);
  };
  const surroundings: LoopSurroundings = { run, stopRequested: observer.stopRequested, emit };
  const start = startEvent(experiment, shapes, initSha256, run.path);
  try {
    let loop: TrainLoop;
    if (checkpoint === null) {
      run.rewind({ metrics: 0, results: 0, log: 0 });
      describeRun(run, experiment);
      run.append('results', resultsColumns.join(','));
      emit(start);
      loop = await TrainLoop.begin(experiment, surroundings);
    } else {
      // Nothing in the folder changes before what is in it has proved to fit.
      const began = readJson<Surroundings>(run.file('env.json'), ['resumed']);
      loop = await TrainLoop.resume(experiment, surroundings, checkpoint);
      run.rewind(checkpoint.state.logs);
      describeResumption(run, experiment, began, observer);
      tell(start);
      emit({ event: 'resume', epochs: checkpoint.state.epochs, batches: checkpoint.state.loader?.position ?? 0 });
    }
    const kind = await loop.run();
    const { epochs, batches } = loop.position;
    emit(kind === 'done' ? { event: 'done', run: run.path } : { event: 'interrupted', run: run.path, epochs, batches });
    return { kind, run: run.path };
  } catch (error) {
    if (target.kind === 'new' && !run.hasCheckpoint) run.remove();
    throw error;
  } finally {
    run.close();
  }
}

function startEvent(
  { settings, model, loaders }: Experiment,
  shapes: number[][],
  initSha256: string,
  run: string,
): StartEvent {
  const { data, device, epochs, protocol, recipe, seed, threads } = settings;
  return {
    event: 'start',
    version,
    libtorch: describeEnvironment(settings).libtorch,
    device,
    threads,
    seed,
    recipe,
    model: settings.model,
    parameters: countParameters(model),
    shapes,
    data: data.kind === 'sample' ? 'drawn sample' : shown(data.directory),
    trainSamples: loaders.train.dataset.length,
    validationSamples: loaders.validation?.dataset.length ?? 0,
    testSamples: loaders.test.dataset.length,
    protocol,
    epochs,
    stepsPerEpoch: loaders.train.length,
    initSha256,
    run,
  };
}

function describeRun(run: RunFolder, experiment: Experiment): void {
  run.writeJson('config.json', experiment.settings);
  run.writeJson('env.json', { ...describeEnvironment(experiment.settings), resumed: [] });
  run.writeText('summary.txt', summarize(experiment));
}

/**
 * Compares the data of a run that is to go on with what its checkpoint knows of it; false where there is no checkpoint.
 * @throws {DataError} for other data, and a damaged checkpoint
 */
export async function fitsItsCheckpoint({ settings, target }: TrainPlan): Promise<boolean> {
  if (target.kind === 'new' || target.checkpoint === null) return false;
  const surroundings = { run: RunFolder.open(target.path), stopRequested: () => false, emit: () => undefined };
  await TrainLoop.resume(buildExperiment(settings), surroundings, target.checkpoint);
  return true;
}

/** `env.json`: where the run began, and where it went on. */
interface Surroundings extends Environment {
  readonly resumed: readonly Environment[];
}

function describeResumption(
  run: RunFolder,
  { settings }: Experiment,
  began: Surroundings,
  observer: RunObserver,
): void {
  const now = describeEnvironment(settings);
  for (const difference of bitDifferences(began, now)) {
    observer.onWarning(`this run may go on with other bits than it began with: ${difference}`);
  }
  run.writeJson('config.json', settings);
  run.writeJson('env.json', { ...began, resumed: [...began.resumed, now] });
}

const resultsColumns = [
  'epoch',
  'lr',
  'meanLoss',
  'pixelAccuracy',
  'iou',
  'customIou',
  'mIoU',
  'imagesPerSecond',
  'seconds',
  'peakRssBytes',
  'best',
  'stateSha256',
] as const satisfies readonly (keyof EpochEvent)[];

/** Of all epochs, those of earlier processes of this run too. */
function drawCurves(run: RunFolder): void {
  const curves = curvesOf(run.file('results.csv'));
  if (curves !== null) run.writeText('pictures/curves.svg', curves);
}

function resultsRow(event: EpochEvent): string {
  return resultsColumns.map((column) => String(event[column] ?? '')).join(',');
}
