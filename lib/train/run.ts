import { readFileSync } from 'node:fs';

import { isTorchError, scope } from '../engine';
import { countParameters } from '../models';
import { stateSha256 } from '../serialize';
import { curvesOf } from './charts/curves';
import { shown } from './data-choice';
import { bitDifferences, describeEnvironment, type Environment } from './environment';
import { UsageError } from './errors';
import type { EpochEvent, StartEvent, TrainEvent } from './events';
import { buildExperiment, summarize, type Experiment } from './experiment';
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
 * @throws {UsageError} for images that the model cannot take; {DataError} for an image that cannot be used, and {FileError} where
 *   the disk is full, which name the file
 */
export async function runTraining({ settings, target }: TrainPlan, observer: RunObserver): Promise<RunOutcome> {
  const experiment = buildExperiment(settings);
  const shapes = shapesOf(experiment);
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
      // Nothing in the folder changes before the checkpoint has proved to fit.
      loop = await TrainLoop.resume(experiment, surroundings, checkpoint);
      run.rewind(checkpoint.state.logs);
      describeResumption(run, experiment, observer);
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

/**
 * The shapes of a batch on its way through the model. All sizes of images are tried, so that a model that cannot take one says so
 * before there is a run.
 * @throws {UsageError} in the model's words
 */
function shapesOf({ settings, model }: Experiment): number[][] {
  const { batchSize, imageSize, progressive, model: name } = settings;
  const [ofImages = []] = [imageSize, ...progressive.map((stage) => stage.imageSize)].map((side) => {
    try {
      return model.journey(batchSize, side).map((step) => [...step.shape]);
    } catch (error) {
      if (!isTorchError(error) || error.code === 'TORCH_OUT_OF_MEMORY') throw error;
      throw new UsageError(`images of ${side}x${side} do not fit the model ${name}: ${error.message}`);
    }
  });
  return ofImages;
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

function describeResumption(run: RunFolder, { settings }: Experiment, observer: RunObserver): void {
  const now = describeEnvironment(settings);
  const began = JSON.parse(readFileSync(run.file('env.json'), 'utf8')) as Environment & { resumed: Environment[] };
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
