import { setImmediate as turn } from 'node:timers/promises';
import { memory } from '../../lib/engine';
import { concat, DataLoader, SampleError, subset, TensorDataset } from '../../lib/data';
import { arange, ones, rand, type Tensor } from '../../lib/tensor';
import { runChild } from '../support/child';
import path from 'node:path';
import { settle } from '../support/settle';

beforeEach(settle);

/** Loads that the test ends by hand, and a record of what was called. */
class Manual {
  readonly started: number[] = [];
  readonly transformed: number[] = [];
  private readonly waiting = new Map<number, PromiseWithResolvers>();

  constructor(readonly length: number) {}

  load(index: number): Promise<{ index: number; image: Tensor }> {
    this.started.push(index);
    return new Promise((resolve, reject) => {
      const settle = { resolve: () => resolve({ index, image: ones([2]) }), reject };
      this.waiting.set(index, settle);
    });
  }

  transform({ index, image }: { index: number; image: Tensor }): Tensor {
    this.transformed.push(index);
    return image
      .mul(index)
      .add(rand([2]))
      .floor();
  }

  /** Ends every load that runs. */
  async finish(fault?: { index: number; error: Error }): Promise<void> {
    for (const [index, load] of this.waiting) {
      if (fault?.index === index) load.reject(fault.error);
      else load.resolve();
    }
    this.waiting.clear();
    await turn();
  }
}

interface PromiseWithResolvers {
  resolve(): void;
  reject(error: Error): void;
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

describe('prefetching', () => {
  it('loads as many samples ahead as it may, and transforms none of them', async () => {
    const dataset = new Manual(20);
    const iterator = new DataLoader(dataset, { batchSize: 3, prefetch: 5 }).iterate();
    expect(dataset.started).toEqual([]);

    const first = iterator.next();
    expect(dataset.started).toEqual(upTo(3 + 5));
    await dataset.finish();
    expect((await first).value?.tolist()).toEqual([[0, 0], [1, 1], [2, 2]]); // prettier-ignore
    expect(dataset.transformed).toEqual([0, 1, 2]);
    expect(dataset.started).toHaveLength(8);

    const second = iterator.next();
    await turn();
    expect(dataset.started).toEqual(upTo(6 + 5));
    expect((await second).value?.tolist()).toEqual([[3, 3], [4, 4], [5, 5]]); // prettier-ignore
    expect(dataset.transformed).toEqual(upTo(6));
    await iterator.return();
  });

  it('tells the data set once of each sample that it has no more use for', async () => {
    class Lending extends Manual {
      readonly released: number[] = [];
      release({ index, image }: { index: number; image: Tensor }): void {
        this.released.push(index);
        expect(() => image.sum()).toThrow(/disposed/);
      }
    }
    const inner = new Lending(20);
    const iterator = new DataLoader(concat([subset(inner, upTo(12)), subset(inner, upTo(8))]), {
      batchSize: 3,
      prefetch: 5,
    }).iterate();
    const first = iterator.next();
    await inner.finish();
    expect((await first).value?.shape).toEqual([3, 2]);
    expect(inner.released).toEqual([0, 1, 2]);
    const closed = iterator.return();
    await inner.finish();
    await closed;
    expect(inner.released).toEqual(inner.started);
  });

  it('starts what is missing of a batch that was only half ahead', async () => {
    const dataset = new Manual(12);
    const iterator = new DataLoader(dataset, { batchSize: 4, prefetch: 2 }).iterate();
    const first = iterator.next();
    expect(dataset.started).toEqual(upTo(6));
    await dataset.finish();
    await first;
    const second = iterator.next();
    await turn();
    expect(dataset.started).toEqual(upTo(10));
    await dataset.finish();
    expect((await second).value?.shape).toEqual([4, 2]);
    await iterator.return();
  });

  it('frees everything but the batches', async () => {
    const dataset = new Manual(10);
    const before = memory().tensors;
    let count = 0;
    const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, prefetch: 8 });
    const iterator = loader.iterate();
    for (;;) {
      const next = iterator.next();
      await turn();
      await dataset.finish();
      const { done, value } = await next;
      if (done) break;
      count++;
      value.dispose();
      // What is loaded ahead may live; it is none after the last batch.
    }
    expect(count).toBe(3);
    expect(memory().tensors).toBe(before);
  });

  it('ends early without a load more, and frees what was ahead', async () => {
    const dataset = new Manual(100);
    const before = memory().tensors;
    const iterator = new DataLoader(dataset, { batchSize: 2, prefetch: 6 }).iterate();
    const first = iterator.next();
    await dataset.finish();
    (await first).value?.dispose();
    const second = iterator.next(); // its samples were ahead; more are started, and still run when the loop ends
    (await second).value?.dispose();
    await iterator.return();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await dataset.finish();
    expect(dataset.started).toHaveLength(10);
    expect(memory().tensors).toBe(before);
  });

  it('names the sample that cannot be loaded and keeps the cause; others are freed', async () => {
    const dataset = new Manual(10);
    const before = memory().tensors;
    const iterator = new DataLoader(dataset, { batchSize: 3, prefetch: 3 }).iterate();
    const cause = new Error('no such image');
    const failing = iterator.next();
    failing.catch(() => undefined);
    await dataset.finish({ index: 1, error: cause });
    await expect(failing).rejects.toMatchObject({
      message: 'sample 1: no such image',
      index: 1,
      cause,
      code: 'TORCH_SAMPLE',
    });
    await expect(failing).rejects.toBeInstanceOf(SampleError);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(memory().tensors).toBe(before);
  });

  it('does not fail for a sample that is loaded ahead and never asked for', async () => {
    const { code, signal, stdout, stderr } = await runChild(path.join(__dirname, 'break-early.ts'));
    expect({ code, signal, stderr, stdout }).toEqual({ code: 0, signal: null, stderr: '', stdout: '[0,1]' });
  });

  it('names the sample whose transform fails, and samples that make no batch', async () => {
    const before = memory().tensors;
    const odd = { length: 4, load: (index: number) => ones([index + 1]), transform: (image: Tensor) => image.add(1) };
    await expect(new DataLoader(odd, { batchSize: 4 }).iterate().next()).rejects.toThrow(
      /^the samples 0, 1, 2, 3 do not make a batch: expected tensors of one shape/,
    );
    const failing = { ...odd, transform: (image: Tensor) => image.view([2, 2]) };
    await expect(new DataLoader(failing, { batchSize: 4 }).iterate().next()).rejects.toThrow(/^sample 0: /);
    const onePhase = { length: 2, getItem: (index: number) => ones([1]).view([index]) };
    await expect(new DataLoader(onePhase, { sampler: [2] }).iterate().next()).rejects.toThrow(/^sample 2: /);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(memory().tensors - before).toBeLessThanOrEqual(1); // the sample of the one phase is the data set's
  });
});

describe('ownership', () => {
  it('leaves the tensors of a data set in one phase alone', async () => {
    const kept = [ones([2]), ones([2])];
    const loader = new DataLoader({ length: 2, getItem: (index) => kept[index] as Tensor }, { batchSize: 2 });
    for (let epoch = 0; epoch < 2; epoch++) for await (const batch of loader) expect(batch.shape).toEqual([2, 2]);
    expect(kept.map((each) => each.isDisposed)).toEqual([false, false]);
  });

  it('frees the views that a TensorDataset is cut into', async () => {
    const dataset = new TensorDataset(arange(12).reshape([6, 2]), arange(6));
    const before = memory().tensors;
    for await (const [x, y] of new DataLoader(dataset, { batchSize: 4 })) {
      x?.dispose();
      y?.dispose();
    }
    expect(memory().tensors).toBe(before);
  });

  it('keeps a loaded tensor that a collateFn puts into the batch as it is', async () => {
    const dataset = { length: 2, load: (index: number) => ones([index]), transform: (image: Tensor) => image };
    const collateFn = (samples: Tensor[]) => samples;
    for await (const batch of new DataLoader(dataset, { batchSize: 2, collateFn })) {
      expect(batch.map((each) => each.isDisposed)).toEqual([false, false]);
    }
    expect.assertions(1);
  });
});
