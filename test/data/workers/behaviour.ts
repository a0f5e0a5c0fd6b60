/** Child of behaviour.test.ts: does what its first argument says and prints what came of it, as JSON. */

import { isMainThread } from 'node:worker_threads';
import {
  DataLoader,
  type DataLoaderOptions,
  forWorkers,
  type LoaderState,
  subset,
  TensorDataset,
} from '../../../lib/data';
import { memory } from '../../../lib/engine';
import {
  arange,
  getRngState,
  Generator,
  manualSeed,
  ones,
  rand,
  setRngState,
  Tensor,
  tensor,
} from '../../../lib/tensor';
import {
  Constructed,
  Drawing,
  DrawingInTwoPhases,
  Infos,
  Intricate,
  Large,
  Misbehaving,
  Stream,
  sumUp,
} from './datasets';

type Dataset = ConstructorParameters<typeof DataLoader>[0];

const loaderOf = (dataset: unknown, options: DataLoaderOptions<never, unknown>): DataLoader<never, unknown> =>
  new DataLoader<never, unknown>(dataset as Dataset as never, options);

function plain(value: unknown): unknown {
  if (value instanceof Tensor) return value.tolist();
  if (value instanceof Map) return [...value].map(plain);
  if (value instanceof Set) return [...value].map(String);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date || ArrayBuffer.isView(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

async function batchesOf(loader: DataLoader<never, unknown>): Promise<unknown[]> {
  const batches: unknown[] = [];
  for await (const batch of loader) batches.push(plain(batch));
  return batches;
}

/** Batches up to the error, and the error. */
async function failure(dataset: unknown, options: DataLoaderOptions<never, unknown>): Promise<unknown> {
  const batches: unknown[] = [];
  const loader = loaderOf(dataset, options);
  const began = performance.now();
  try {
    for await (const batch of loader) batches.push(plain(batch));
    return { batches };
  } catch (error) {
    const { name, message, code, index, cause, workerId, stack } = error as Record<string, unknown> & Error;
    const inner = (cause ?? {}) as Record<string, unknown> & Error;
    return {
      batches,
      error: { name, message, code, index, workerId, stack },
      cause: { name: inner.name, message: inner.message, workerId: inner.workerId, stack: inner.stack },
      seconds: (performance.now() - began) / 1000,
    };
  }
}

class Nested {
  readonly length = 2;

  async getItem(index: number): Promise<number> {
    for await (const batch of new DataLoader(new Infos(), { numWorkers: 1 })) return index + batch.length;
    return 0;
  }
}
forWorkers(__filename, { Nested });

class Unregistered {
  readonly length = 1;
  getItem(): number {
    return 1;
  }
}

const mebibytes = (bytes: number): number => bytes / 2 ** 20;

const scenarios: Record<string, () => Promise<unknown>> = {
  infos: () => batchesOf(loaderOf(new Infos(), { numWorkers: 2, generator: new Generator().manualSeed(5) })),

  list: () => batchesOf(loaderOf([10, 20, 30], { batchSize: 2, numWorkers: 2 })),
  throws: () => failure(new Misbehaving('throws'), { numWorkers: 2 }),
  'throws late': () => failure(new Misbehaving('throws late'), { numWorkers: 2 }),
  exits: () => failure(new Misbehaving('exits'), { numWorkers: 2 }),
  hangs: () => failure(new Misbehaving('hangs'), { numWorkers: 2, timeout: 8 }),
  spins: () => failure(new Misbehaving('spins'), { numWorkers: 2, timeout: 8 }),
  collates: () => failure(new Misbehaving('collates'), { numWorkers: 2, batchSize: 2 }),
  nested: () => failure(new Nested(), { numWorkers: 1 }),

  'goes on after a failure': async () => {
    const loader = loaderOf(new Misbehaving('throws', 5), { numWorkers: 2, persistentWorkers: true });
    const errors: string[] = [];
    const counts: number[] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      let count = 0;
      try {
        for await (const batch of loader) count += (batch as Tensor).numel();
      } catch (error) {
        errors.push((error as Error).message);
      }
      counts.push(count);
    }
    return { errors, counts };
  },

  refused: async () => {
    const sentence = (dataset: unknown, options: DataLoaderOptions<never, unknown> = {}): string => {
      try {
        loaderOf(dataset, { numWorkers: 1, ...options }).iterate();
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const base = tensor([1], { dtype: 'float32', requiresGrad: true });
    return Promise.resolve([
      sentence(new Unregistered()),
      sentence(subset(new Unregistered(), [0])),
      sentence(new Infos(), { collateFn: () => 1 }),
      sentence(new Intricate([base.mul(2)])),
      sentence(Object.assign(new Infos(), { inner: { list: [Symbol('s')] } })),
    ]);
  },

  intricate: async () => {
    const tensors = [arange(3), ones([2], { requiresGrad: true })];
    const [batch] = await batchesOf(loaderOf(new Intricate(tensors), { numWorkers: 1, batchSize: null }));
    return { batch, here: tensors[0]?.tolist() };
  },

  'other kinds': async () => {
    const results: unknown[] = [];
    const options = { numWorkers: 2, batchSize: 3 };
    results.push(await batchesOf(loaderOf(new Constructed(4, 10), options)));
    results.push(await batchesOf(loaderOf(new Constructed(4, 10), { ...options, collateFn: sumUp })));
    const tensors = new TensorDataset(arange(5), arange(10).reshape(5, 2));
    results.push(await batchesOf(loaderOf(subset(tensors, [4, 2, 0, 1]), options)));
    results.push(
      await batchesOf(loaderOf({ length: 2, getItem: undefined, load: sumUp, transform: sumUp }, options)).catch(
        (error: unknown) => (error as Error).message,
      ),
    );
    return results;
  },

  'out of order': async () => {
    const loader = loaderOf(new DrawingInTwoPhases(12), { numWorkers: 3, inOrder: false });
    const indices = (await batchesOf(loader)).map((batch) => (batch as [number[]])[0][0]);
    return indices.sort((a = 0, b = 0) => a - b);
  },

  /** At every position of the first two epochs; must give what the whole run gives. */
  resume: async () => {
    const results: { whole: unknown; resumed: unknown[] }[] = [];
    for (const shared of [false, true]) {
      for (const persistentWorkers of [false, true]) {
        const run = async (stopAt?: number): Promise<unknown> => {
          manualSeed(1);
          let generator = shared ? new Generator().manualSeed(2) : undefined;
          const open = (): DataLoader<never, unknown> =>
            loaderOf(new Drawing(10), { numWorkers: 2, batchSize: 2, shuffle: true, persistentWorkers, generator });
          let loader = open();
          const seen: unknown[] = [];
          let steps = 0;
          for (let epoch = 0; epoch < 2; epoch++) {
            let iteration = loader.iterate();
            for (;;) {
              const { done, value } = await iteration.next();
              if (done === true) break;
              seen.push(plain(value), rand([1]).item());
              if (++steps !== stopAt) continue;
              const state = JSON.parse(JSON.stringify(iteration.state())) as LoaderState;
              const random = getRngState();
              const own = generator?.getState();
              await iteration.return();
              await loader.endWorkers();
              // Another process would have a loader, a generator and random numbers of its own.
              manualSeed(99);
              generator = own && new Generator().setState(own);
              loader = open();
              setRngState(random);
              iteration = loader.iterate({ resume: state });
            }
          }
          await loader.endWorkers();
          return [seen, getRngState().tolist(), generator?.getState().tolist()];
        };
        const resumed: unknown[] = [];
        for (const stopAt of [1, 3, 5, 6, 9]) resumed.push(await run(stopAt));
        results.push({ whole: await run(), resumed });
      }
    }
    return results.map(({ whole, resumed }) => resumed.map((each) => JSON.stringify(each) === JSON.stringify(whole)));
  },

  'resume refused': async () => {
    const sentences: string[] = [];
    const attempt = (act: () => unknown): void => {
      try {
        act();
      } catch (error) {
        sentences.push((error as Error).message);
      }
    };
    const iteration = loaderOf(new Drawing(4), { numWorkers: 2 }).iterate();
    await iteration.next();
    const state = iteration.state();
    attempt(() => loaderOf(new Drawing(4), { numWorkers: 3 }).iterate({ resume: state }));
    attempt(() => loaderOf(new Drawing(4), {}).iterate({ resume: state }));
    attempt(() => loaderOf(new Stream(0, 4), { numWorkers: 1 }).iterate().state());
    attempt(() => loaderOf(new Stream(0, 4), {}).iterate().state());
    attempt(() => loaderOf(new Drawing(4), { numWorkers: 1, inOrder: false }).iterate().state());
    await iteration.return();
    return sentences;
  },

  superseded: async () => {
    const loader = loaderOf(new Infos(), { numWorkers: 2, persistentWorkers: true });
    const first = loader.iterate();
    const one = plain((await first.next()).value);
    const waiting = first.next();
    const second = await batchesOf(loader);
    // It may have got its batch before the second iteration began.
    await waiting;
    const { done } = await first.next();
    await loader.endWorkers();
    return { one, second: second.length, done };
  },

  /** Many iterations, some left early: nothing may be left of them. */
  flat: async () => {
    const samples: { rss: number; allocated: number; tensors: number }[] = [];
    const persistent = loaderOf(new Large(40), { batchSize: 4, numWorkers: 2, persistentWorkers: true });
    for (let round = 0; round < Number(process.argv[3] ?? 30); round++) {
      const loader = round % 3 === 0 ? loaderOf(new Large(40), { batchSize: 4, numWorkers: 2 }) : persistent;
      let batches = 0;
      for await (const batch of loader) {
        (batch as Tensor).dispose();
        if (++batches === 4 && round % 2 === 0) break;
      }
      const { tensors, allocated } = memory();
      samples.push({ rss: mebibytes(process.memoryUsage.rss()), allocated: mebibytes(allocated['cpu'] ?? 0), tensors });
    }
    await persistent.endWorkers();
    return { samples, left: mebibytes(memory().allocated['cpu'] ?? 0) };
  },

  /** The process must end though its workers idle, or hang. */
  'ends without return': async () => {
    const loader = loaderOf(new Large(40), { batchSize: 4, numWorkers: 2, persistentWorkers: true });
    await loader.iterate().next();
    await loaderOf(new Misbehaving('hangs', 6), { numWorkers: 2 }).iterate().next();
    return 'done';
  },
  'exits at once': async () => {
    const iteration = loaderOf(new Large(400), { batchSize: 4, numWorkers: 2 }).iterate();
    await iteration.next();
    process.stdout.write(JSON.stringify('done'));
    process.exit(0);
  },
  'exits before workers have started': () => {
    loaderOf(new Large(40), { numWorkers: 2 }).iterate();
    process.stdout.write(JSON.stringify('done'));
    process.exit(0);
  },
};

async function main(): Promise<void> {
  const result = await scenarios[process.argv[2] ?? '']?.();
  process.stdout.write(JSON.stringify(result));
}

if (isMainThread) void main();
