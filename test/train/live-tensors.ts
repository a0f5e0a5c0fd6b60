/** Child of train-step.test.ts: live tensors and bytes after each of 20 steps with a report, and the first and last loss. */
import { memory } from '../../lib/engine';
import { firstBatch } from '../../lib/train/data';
import { buildExperiment } from '../../lib/train/experiment';
import { scoreBatch, SplitCounts } from '../../lib/train/scores';
import { resolveSettings } from '../../lib/train/settings';
import { trainStep } from '../../lib/train/train-step';

async function main(directory: string): Promise<void> {
  const surroundings = { data: { kind: 'folder', directory }, device: 'cpu', threads: 1 } as const;
  const sizes = {
    imageSize: 16,
    batchSize: 4,
    modelOptions: { patchSize: 8, embedSize: 16, numBlocks: 1, numHeads: 2 },
  };
  const experiment = buildExperiment(resolveSettings('article-vit', surroundings, sizes));
  const batch = await firstBatch(experiment.loaders.train);
  const counts = new SplitCounts();
  const step = (): number => {
    experiment.model.train();
    const loss = trainStep(experiment, batch);
    scoreBatch(experiment, batch, counts).predicted.dispose();
    return loss;
  };

  // The first step makes the optimizer's state, which stays.
  const losses = [step()];
  const before = memory();
  const tensors = [];
  for (let count = 0; count < 20; count++) {
    losses.push(step());
    tensors.push(memory().tensors);
  }
  process.stdout.write(JSON.stringify({ before, tensors, bytes: memory().bytes, losses }));
}

void main(process.argv[2] ?? '');
