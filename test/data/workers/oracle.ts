/** Child of oracle.test.ts: the batches of each case, and the random numbers drawn around them, as JSON. */

import { DataLoader, type DataLoaderOptions } from '../../../lib/data';
import { RandomSampler } from '../../../lib/data';
import { Generator, getRngState, manualSeed, rand, Tensor } from '../../../lib/tensor';
import type { Case } from './cases';
import { Drawing, DrawingInTwoPhases, drawInInit, Stream, Uneven } from './datasets';

const generatorOf = ({ shared }: Case): Generator | undefined => (shared ? new Generator().manualSeed(12) : undefined);

function datasetOf({ dataset, length }: Case): Drawing | DrawingInTwoPhases | Stream | Uneven {
  if (dataset === 'stream') return new Stream(3, 3 + length);
  if (dataset === 'uneven') return new Uneven();
  return dataset === 'two phases' ? new DrawingInTwoPhases(length) : new Drawing(length);
}

function plain(value: unknown): unknown {
  if (value instanceof Tensor)
    return `${value.dtype} [${value.shape.join(', ')}] ${Buffer.from(value.toBytes()).toString('hex')}`;
  return Array.isArray(value) ? value.map(plain) : value;
}

async function run(config: Case): Promise<unknown> {
  manualSeed(11);
  const generator = generatorOf(config);
  const dataset = datasetOf(config);
  const { workers, persistent, prefetchFactor, batchSize, dropLast, shuffle, replacement, init, breakAfter } = config;
  const options: DataLoaderOptions<unknown, unknown> = {
    batchSize,
    numWorkers: workers,
    persistentWorkers: persistent && workers > 0,
    prefetchFactor: workers > 0 ? prefetchFactor : null,
    dropLast,
    generator,
    workerInitFn: init && workers > 0 ? drawInInit : undefined,
  };
  if (replacement) {
    options.sampler = new RandomSampler(dataset as Drawing, { replacement, numSamples: 40, generator });
  } else if (shuffle) {
    options.shuffle = true;
  }
  const loader = new DataLoader<unknown, unknown>(dataset, options);
  const epochs: unknown[][] = [];
  const drawn: number[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    const batches: unknown[] = [];
    for await (const batch of loader) {
      batches.push(plain(batch));
      drawn.push(rand([1]).item());
      if (generator) drawn.push(rand([1], { generator }).item());
      if (epoch === 1 && batches.length === breakAfter) break;
    }
    epochs.push(batches);
  }
  await loader.endWorkers();
  return { epochs, drawn, state: Array.from(getRngState().toBytes()).join() };
}

async function main(): Promise<void> {
  const results: unknown[] = [];
  for (const config of JSON.parse(process.argv[2] ?? '[]') as Case[]) results.push(await run(config));
  process.stdout.write(JSON.stringify(results));
}

void main();
