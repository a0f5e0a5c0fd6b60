/** Which size of an experiment a machine can afford. */
import { scope } from '../../engine';
import { rand, randint } from '../../tensor';
import { classNames } from '../classes';
import { type Batch, makeLoaders } from '../data';
import type { Say } from '../data-choice';
import { UsageError } from '../errors';
import { buildExperiment } from '../experiment';
import type { ExperimentDefinition, ExperimentSize } from '../experiments/definition';
import type { SettingsSurroundings, TrainSettings } from '../settings';
import { trainStep } from '../train-step';
import { type Cell, cellsOf } from './cells';

/** A size by its name, or minutes that all runs together may take. */
export type Budget = string | number;

export interface ChosenSize {
  readonly size: ExperimentSize;
  /** Seconds that its runs are thought to take; null where nobody asked. */
  readonly estimatedSeconds: number | null;
}

/** Scoring, pictures and checkpoints take about so much of the steps' time. */
const besidesSteps = 1.15;

/**
 * The largest size whose runs fit the minutes, by steps that are timed here and now; the smallest with one seed if none does.
 *
 * @throws {UsageError} for a name that is none
 */
export function chooseSize(
  definition: ExperimentDefinition,
  budget: Budget,
  surroundings: SettingsSurroundings,
  say: Say,
): ChosenSize {
  const { sizes } = definition;
  if (typeof budget === 'string') {
    const named = sizes.find(({ name }) => name === budget);
    if (named !== undefined) return { size: named, estimatedSeconds: null };
    const names = sizes.map(({ name }) => name).join(', ');
    throw new UsageError(`--budget ${budget}: expected minutes, or one of ${names}`);
  }
  let chosen: ChosenSize | null = null;
  for (const size of sizes) {
    const estimatedSeconds = secondsOf(cellsOf(definition, size, surroundings));
    say(`size ${size.name}: about ${Math.ceil(estimatedSeconds / 60)} min by the time of single steps`);
    if (estimatedSeconds <= budget * 60) chosen = { size, estimatedSeconds };
    else break;
  }
  if (chosen !== null) return chosen;
  const [smallest] = sizes as [ExperimentSize];
  const note = `${smallest.note}; one seed, since even that does not fit ${budget} minutes`;
  const size = { ...smallest, seeds: smallest.seeds.slice(0, 1), note };
  return { size, estimatedSeconds: secondsOf(cellsOf(definition, size, surroundings)) };
}

function secondsOf(cells: readonly Cell[]): number {
  const known = new Map<string, number>();
  return cells.reduce((sum, { settings }) => {
    const { model, modelOptions, imageSize, batchSize } = settings;
    const key = JSON.stringify([model, modelOptions, imageSize, batchSize]);
    const perStep = known.get(key) ?? secondsOfStep(settings);
    known.set(key, perStep);
    return sum + perStep * makeLoaders(settings).train.length * settings.epochs * besidesSteps;
  }, 0);
}

/** The second of two steps on a small batch, taken times as many as the batch is larger. */
function secondsOfStep(settings: TrainSettings): number {
  const count = Math.min(8, settings.batchSize);
  return scope(() => {
    const experiment = buildExperiment(settings);
    experiment.model.train();
    const side = settings.imageSize;
    const batch: Batch = [rand([count, 3, side, side]), randint(classNames.length, [count, 1, side, side])];
    const moved = batch.map((tensor) => tensor.to({ device: settings.device })) as Batch;
    trainStep(experiment, moved);
    const began = performance.now();
    trainStep(experiment, moved);
    return (((performance.now() - began) / 1000) * settings.batchSize) / count;
  });
}
