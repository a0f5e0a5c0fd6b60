/** Runs with every setting at once: interrupted after each step they have the bits of one never interrupted. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { loadSafetensors } from '../../lib/serialize';
import { readCheckpoint } from '../../lib/train/checkpoint';
import type { EpochEvent, StepEvent, TestEvent, TrainEvent } from '../../lib/train/events';
import { buildExperiment } from '../../lib/train/experiment';
import { TrainLoop } from '../../lib/train/loop';
import { RunFolder } from '../../lib/train/run-folder';
import { resolveSettings, type SettingsOverrides, type TrainSettings } from '../../lib/train/settings';
import { Workshop } from './program';

const workshop = new Workshop();
beforeAll(() => workshop.open());
afterAll(() => workshop.close());

function settingsOf(overrides: SettingsOverrides): TrainSettings {
  const surroundings = { data: { kind: 'folder', directory: workshop.data }, device: 'cpu', threads: 1 } as const;
  return resolveSettings('article-vit', surroundings, {
    model: 'unet',
    modelOptions: { width: 4, depth: 2 },
    imageSize: 16,
    epochs: 4,
    batchSize: 4,
    testBatchSize: 8,
    lr: 0.01,
    ...overrides,
  });
}

const everything: SettingsOverrides = {
  optimizer: 'adamw',
  weightDecay: 0.01,
  schedule: 'cosine',
  warmup: 2,
  loss: 'cross-entropy+dice',
  labelSmoothing: 0.05,
  ema: 0.5,
  clipNorm: 1,
  channelsLast: true,
  dtype: 'bfloat16',
  augment: 'strong',
  progressive: [{ untilEpochShare: 0.5, imageSize: 8 }],
  protocol: 'clean',
};

interface Told {
  readonly run: RunFolder;
  readonly steps: StepEvent[];
  readonly epochs: EpochEvent[];
  readonly tests: TestEvent[];
}

/** Runs to the end; with `every`, each process ends after so many steps, and the next one goes on. */
async function train(name: string, settings: TrainSettings, every = Infinity): Promise<Told> {
  const run = RunFolder.create(workshop.path(name), 'run', settings);
  const told: Told = { run, steps: [], epochs: [], tests: [] };
  for (let kind = 'interrupted'; kind === 'interrupted';) {
    let left = every;
    const emit = (event: TrainEvent): void => {
      if (event.event === 'step') {
        told.steps.push(event);
        left -= 1;
      }
      if (event.event === 'epoch') told.epochs.push(event);
      if (event.event === 'test') told.tests.push(event);
    };
    const surroundings = { run, stopRequested: () => left <= 0, emit };
    const from = readCheckpoint(run.checkpoints);
    const experiment = buildExperiment(settings);
    const loop = await (from === null
      ? TrainLoop.begin(experiment, surroundings)
      : TrainLoop.resume(experiment, surroundings, from));
    kind = await loop.run();
  }
  run.close();
  return told;
}

function facts({ steps, epochs, tests }: Told): unknown[] {
  return [
    steps.map(({ step, lossHex, lr }) => [step, lossHex, lr]),
    epochs.map((event) => [event.epoch, event.lr, event.mIoU, event.stateSha256, event.averageSha256, event.best]),
    tests.map(({ epoch, mIoU, pixelAccuracyHex }) => [epoch, mIoU, pixelAccuracyHex]),
  ];
}

describe('every setting at once', () => {
  let whole: Told;
  beforeAll(async () => {
    whole = await train('whole', settingsOf(everything));
  });

  it.each([1, 2, 5])('stopped after every %d steps, it ends with the same bits', async (every) => {
    expect(facts(await train(`every-${every}`, settingsOf(everything), every))).toEqual(facts(whole));
  });

  it('stopped, where few epochs are scored and saved', async () => {
    const rarely = settingsOf({ ...everything, validateEvery: 2, saveEvery: 3 });
    const uninterrupted = await train('rarely', rarely);
    const scored = uninterrupted.epochs.filter(({ pixelAccuracy }) => pixelAccuracy !== undefined);
    expect(scored.map(({ epoch }) => epoch)).toEqual([0, 2, 4]);
    // What is not looked at is trained all the same.
    const hashes = ({ epochs }: Told): string[] => epochs.map(({ stateSha256 }) => stateSha256);
    expect(hashes(uninterrupted)).toEqual(hashes(whole));
    expect(facts(await train('rarely-stopped', rarely, 2))).toEqual(facts(uninterrupted));
  });

  it('the learning rate rises, then falls, in each step', () => {
    // 11 samples in batches of 4: 3 steps an epoch.
    const rates = whole.steps.map(({ lr }) => lr / 0.01);
    expect(rates).toHaveLength(12);
    const cosine = (step: number): number => (1 + Math.cos((Math.PI * step) / 10)) / 2;
    const expected = [1 / 3, 2 / 3, ...Array.from({ length: 10 }, (_, step) => cosine(step))];
    rates.forEach((rate, index) => expect(rate).toBeCloseTo(expected[index] ?? NaN, 12));
    expect(whole.epochs.at(-1)?.lr).toBe(whole.steps.at(-1)?.lr);
  });

  it('the average is scored, tested, and kept as best', () => {
    const best = loadSafetensors(join(whole.run.checkpoints, 'best', 'model.safetensors')).tensors;
    const state = JSON.parse(readFileSync(join(whole.run.checkpoints, 'best', 'state.json'), 'utf8')) as {
      epochs: number;
      averageSha256: string;
      stateSha256: string;
    };
    expect(state.averageSha256).not.toBe(state.stateSha256);
    expect(whole.tests[0]?.epoch).toBe(state.epochs);
    const experiment = buildExperiment(settingsOf(everything));
    experiment.scored.loadStateDict(best);
    expect([...best.keys()]).toEqual([...experiment.model.stateDict().keys()]);
    expect(existsSync(join(whole.run.checkpoints, 'last', 'average.safetensors'))).toBe(true);
  });

  it('tells what the data cost', () => {
    for (const { seconds, dataSeconds, augmentSeconds } of whole.epochs.slice(1)) {
      expect(dataSeconds).toBeGreaterThan(0);
      expect(augmentSeconds).toBeGreaterThan(0);
      expect((dataSeconds ?? 0) + (augmentSeconds ?? 0)).toBeLessThan(seconds);
    }
  });
});

it.each<[string, SettingsOverrides]>([
  ['another optimizer', { optimizer: 'sgd' }],
  ['weight decay', { optimizer: 'adamw', weightDecay: 0.3 }],
  ['a schedule', { schedule: 'poly' }],
  ['a loss', { loss: 'dice' }],
  ['class weights', { classWeights: [1, 1, 3] }],
  ['label smoothing', { labelSmoothing: 0.2 }],
  ['clipping', { clipNorm: 0.01 }],
  ['part of the data', { dataFraction: 0.5 }],
  ['no augmentation', { augment: 'none' }],
  ['the strong augmentation', { augment: 'strong' }],
  ['smaller images', { progressive: [{ untilEpochShare: 1, imageSize: 8 }] }],
])('%s is not the plain run', async (name, overrides) => {
  plain ??= train('plain', settingsOf({ epochs: 1 }));
  const { epochs } = await train(name.replaceAll(' ', '-'), settingsOf({ epochs: 1, ...overrides }));
  const hash = (event: EpochEvent | undefined): string | undefined => event?.stateSha256;
  expect(hash(epochs[0])).toBe(hash((await plain).epochs[0]));
  expect(hash(epochs[1])).not.toBe(hash((await plain).epochs[1]));
});

it('a smaller share of the data is part of a larger one, and none of it is held out', () => {
  const indicesOf = (dataFraction: number): readonly number[] => {
    const { train } = buildExperiment(settingsOf({ dataFraction, protocol: 'clean', augment: 'none' })).loaders;
    return (train.dataset as unknown as { indices: readonly number[] }).indices;
  };
  const [all, half, quarter] = [1, 0.5, 0.25].map(indicesOf) as [number[], number[], number[]];
  expect([all.length, half.length, quarter.length]).toEqual([11, 6, 3]);
  expect(half.every((index) => all.includes(index))).toBe(true);
  expect(quarter.every((index) => half.includes(index))).toBe(true);
});

let plain: Promise<Told> | undefined;
