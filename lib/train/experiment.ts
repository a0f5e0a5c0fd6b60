import { setNumThreads } from '../engine';
import { countParameters, create, type JourneyStep, type SegmentationModel } from '../models';
import { CrossEntropyLoss } from '../nn';
import { Adam, StepLR } from '../optim';
import { manualSeed } from '../tensor';
import { makeLoaders, type Loaders } from './data';
import type { TrainSettings } from './settings';

/** What is trained, with what, on what. */
export interface Experiment {
  readonly settings: TrainSettings;
  readonly model: SegmentationModel;
  readonly criterion: CrossEntropyLoss;
  readonly optimizer: Adam;
  readonly scheduler: StepLR;
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
  const { imageSize, patchSize, embedSize, numBlocks, numHeads, dropout } = settings;
  const model = create(settings.model, { imageSize, patchSize, embedSize, numBlocks, numHeads, dropout });
  // Drawn on the CPU and then moved, so that every device starts from the same weights.
  model.to(settings.device);
  const optimizer = new Adam(model.parameters(), { lr: settings.lr });
  const scheduler = new StepLR(optimizer, { stepSize: settings.stepSize, gamma: settings.gamma });
  return { settings, model, criterion: new CrossEntropyLoss(), optimizer, scheduler, loaders };
}

/** The way of a tensor through the model, as a table: what the article's figure 7 shows. */
export function summarize({ model, settings }: Experiment): string {
  const rows: string[][] = model
    .journey(settings.batchSize)
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
