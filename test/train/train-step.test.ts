import { memory } from '../../lib/engine';
import { firstBatch } from '../../lib/train/data';
import { buildExperiment } from '../../lib/train/experiment';
import { scoreBatch, SplitCounts } from '../../lib/train/scores';
import { resolveSettings } from '../../lib/train/settings';
import { trainStep } from '../../lib/train/train-step';
import { Workshop } from './program';

const workshop = new Workshop();
beforeAll(() => workshop.open());
afterAll(() => workshop.close());

test('a step and a report leave as many live tensors as they found', async () => {
  const surroundings = { data: { kind: 'folder', directory: workshop.data }, device: 'cpu', threads: 1 } as const;
  const sizes = { imageSize: 16, patchSize: 8, embedSize: 16, numBlocks: 1, numHeads: 2, batchSize: 4 };
  const experiment = buildExperiment(resolveSettings('article-vit', surroundings, sizes));
  const batch = await firstBatch(experiment.loaders.train);
  const score = (): void => scoreBatch(experiment.model, batch, new SplitCounts()).predicted.dispose();

  // The first step makes the optimizer's state, which stays.
  experiment.model.train();
  const first = trainStep(experiment, batch);
  score();
  const before = memory();
  let last = first;
  for (let step = 0; step < 20; step++) {
    experiment.model.train();
    last = trainStep(experiment, batch);
    score();
    expect(memory().tensors).toBe(before.tensors);
  }
  expect(memory().bytes).toEqual(before.bytes);
  expect(last).toBeLessThan(first);
});
