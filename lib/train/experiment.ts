import { setNumThreads } from '../engine';
import type { CriterionModule } from '../losses';
import { countParameters, type JourneyStep, type SegmentationModel } from '../models';
import { utils } from '../nn';
import type { LRScheduler } from '../optim';
import { manualSeed } from '../tensor';
import { type Average, makeAverage } from './average';
import { type BatchTransform, makeBatchTransform } from './batch-transform';
import { makeCriterion } from './criterion';
import { makeLoaders, type Loaders } from './data';
import { makeModel } from './model-choice';
import { makeOptimizer, makeSchedule, type RunOptimizer } from './optimization';
import type { TrainSettings } from './settings';

/** What is trained, with what, on what. */
export interface Experiment {
  readonly settings: TrainSettings;
  readonly model: SegmentationModel;
  readonly criterion: CriterionModule;
  readonly optimizer: RunOptimizer;
  readonly scheduler: LRScheduler;
  /** Of the weights, where the run keeps one. */
  readonly average: Average | null;
  /** What is scored: the average, or the model itself. */
  readonly scored: SegmentationModel;
  readonly transform: BatchTransform | null;
  readonly loaders: Loaders;
}

/**
 * Seeds the random numbers and builds everything. The model is the first to draw; the loaders draw when they are first
 * asked for a batch.
 * @throws {DataError} where the data cannot be used
 */
export function buildExperiment(settings: TrainSettings): Experiment {
  const loaders = makeLoaders(settings);
  setNumThreads(settings.threads);
  manualSeed(settings.seed);
  const model = makeModel(settings.model, settings.modelOptions, settings.imageSize);
  // Drawn on the CPU and then moved, so that every device starts from the same weights.
  model.to(settings.device);
  if (settings.channelsLast) utils.convertConv2dWeightMemoryFormat(model, 'channels_last');
  const average = settings.ema === null ? null : makeAverage(model, settings.ema);
  const optimizer = makeOptimizer(model.parameters(), settings);
  const criterion = makeCriterion(settings);
  criterion.to(settings.device);
  return {
    settings,
    model,
    criterion,
    optimizer,
    scheduler: makeSchedule(optimizer, settings, loaders.train.length),
    average,
    scored: average?.module ?? model,
    transform: makeBatchTransform(settings),
    loaders,
  };
}

/** The way of a tensor through the model, as a table: what the article's figure 7 shows. */
export function summarize({ model, settings }: Experiment): string {
  const rows: string[][] = model
    .journey(settings.batchSize, settings.imageSize)
    .map((step: JourneyStep, index) => [
      index === 0 ? '' : String(index),
      step.step,
      step.module,
      `(${step.shape.join(', ')})`,
    ]);
  const table = [['', 'step', 'module', 'shape'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${settings.model}, ${countParameters(model).toLocaleString('en-GB')} parameters\n\n${lines.join('\n')}\n`;
}
