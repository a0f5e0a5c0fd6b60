import {
  ChainDataset,
  concat,
  ConcatDataset,
  DataLoader,
  type Converted,
  defaultConvert,
  type Dataset,
  randomSplit,
  StackDataset,
  subset,
  TensorDataset,
  TwoPhaseConcatDataset,
} from '../../lib/data';
import { arange, manualSeed, rand, Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

/** Draws, at once for several samples if asked. */
const drawing = (length: number, batched: boolean): Dataset<Tensor> => ({
  length,
  getItem: (index) => rand([1]).add_(index),
  ...(batched ? { getItems: (indices: readonly number[]) => [...rand([indices.length, 1]).unbind(0)] } : {}),
});

const python = `
  class Drawing(torch.utils.data.Dataset):
    def __init__(self, length): self.length = length
    def __len__(self): return self.length
    def __getitem__(self, index): return torch.rand(1) + index
  class Batched(Drawing):
    def __getitems__(self, indices): return list(torch.rand(len(indices), 1).unbind(0))
  sets = [Drawing(3), Batched(4), Drawing(4)]
`;

async function batchesOf<S, B>(loader: DataLoader<S, B>): Promise<B[]> {
  const batches: B[] = [];
  for await (const batch of loader) batches.push(batch);
  return batches;
}

describeWithOracle('data sets made of others, and Python', (oracle) => {
  it.each([
    ['torch.utils.data.ConcatDataset(sets)', () => concat([drawing(3, false), drawing(4, true), drawing(4, false)])],
    ['torch.utils.data.Subset(sets[1], [3, 1, 0, 2, 2])', () => subset(drawing(4, true), [3, 1, 0, 2, 2])],
    [
      'torch.utils.data.Subset(torch.utils.data.ConcatDataset(sets), [10, 0, 5, 3])',
      () =>
        subset(
          concat([drawing(3, false), drawing(4, true), drawing(4, false)]) as ConcatDataset<Tensor>,
          [10, 0, 5, 3],
        ),
    ],
  ])('draw at the same places: %s', async (source, make) => {
    const theirs = await oracle().run(
      `
      ${python.trim().replaceAll('\n', '\n    ')}
      torch.manual_seed(7)
      batches = list(torch.utils.data.DataLoader(${source}, 3))
      `,
      { outputs: { batches: 'tensors' } },
    );
    manualSeed(7);
    const ours = await batchesOf(new DataLoader(make(), { batchSize: 3 }));
    expect(ours).toHaveLength(theirs.batches.length);
    ours.forEach((batch, at) => expectSameBits(batch, theirs.batches[at] as Tensor, `batch ${at}`));
  });

  it('StackDataset makes the samples of one data set after the other', async () => {
    const theirs = await oracle().run(
      `
      ${python.trim().replaceAll('\n', '\n    ')}
      torch.manual_seed(8)
      listed = [each for batch in torch.utils.data.DataLoader(torch.utils.data.StackDataset(sets[1], sets[2]), 3) for each in batch]
      named = [each for batch in torch.utils.data.DataLoader(torch.utils.data.StackDataset(a=sets[2], b=sets[1]), 3)
               for each in (batch["a"], batch["b"])]
      `,
      { outputs: { listed: 'tensors', named: 'tensors' } },
    );
    manualSeed(8);
    const sets = [drawing(4, true), drawing(4, false)] as const;
    const listed = await batchesOf(new DataLoader(new StackDataset(sets), { batchSize: 3 }));
    const named = await batchesOf(new DataLoader(new StackDataset({ a: sets[1], b: sets[0] }), { batchSize: 3 }));
    const ours = { listed: listed.flat(), named: named.flatMap(({ a, b }) => [a, b]) };
    for (const name of ['listed', 'named'] as const) {
      expect(ours[name]).toHaveLength(theirs[name].length);
      ours[name].forEach((each, at) => expectSameBits(each, theirs[name][at] as Tensor, `${name}[${at}]`));
    }
  });

  it('randomSplit by shares', async () => {
    for (const [samples, shares] of [
      [10, [0.33, 0.33, 0.34]],
      [17, [0.5, 0.25, 0.25]],
      [5, [0.2, 0.8]],
      [3, [1]],
      [7, [0.1, 0.2, 0.3, 0.4]],
    ] as const) {
      const theirs = await oracle().run(
        `
        torch.manual_seed(9)
        parts = torch.utils.data.random_split(range(samples), shares)
        lengths, indices = [len(part) for part in parts], [index for part in parts for index in part.indices]
        `,
        { inputs: { samples, shares: [...shares] }, outputs: { lengths: 'numbers', indices: 'numbers' } },
      );
      manualSeed(9);
      const parts = randomSplit({ length: samples, getItem: (index: number) => index }, shares);
      expect(parts.map(({ length }) => length)).toEqual(theirs.lengths);
      expect(parts.flatMap(({ indices }) => indices)).toEqual(theirs.indices);
    }
  });
});

describe('data sets made of others', () => {
  it('keep two phases where all have them', async () => {
    const tensors = [new TensorDataset(arange(2)), new TensorDataset(arange(10, 13))];
    const both = concat(tensors);
    expect(both).toBeInstanceOf(TwoPhaseConcatDataset);
    expect(both.cumulativeSizes).toEqual([2, 5]);
    expect(both.transform(await both.load(-1))[0]?.item()).toBe(12);
    const parts = subset(both, [4, 0, 2]);
    const [batch] = await batchesOf(new DataLoader(parts, { batchSize: 3 }));
    expect(batch?.[0]?.tolist()).toEqual([12, 0, 10]);
    const mixed = concat<unknown>([tensors[0] as TensorDataset, { length: 1, getItem: () => 'sample' }]);
    expect(mixed).toBeInstanceOf(ConcatDataset);
    await expect(both.load(5)).rejects.toThrow('expected an index from -5 to 4');
    await expect(both.load(-1n as unknown as number)).rejects.toThrow('expected an index from -5 to 4');
    for (const { tensors: held } of tensors) for (const tensor of held) tensor.dispose();
  });

  it('chain streams', async () => {
    async function* letters(): AsyncGenerator<string> {
      yield* ['a', 'b'];
      await Promise.resolve();
    }
    const chain = new ChainDataset<string>([['x', 'y'], letters()]);
    expect(await batchesOf(new DataLoader(chain, { batchSize: 3 }))).toEqual([['x', 'y', 'a'], ['b']]);
    expect(new ChainDataset([['x'], ['y', 'z']])).toHaveLength(3);
    expect(() => new ChainDataset([{ length: 1, getItem: () => 1 } as never])).toThrow(
      'only supports iterable data sets',
    );
  });

  it('refuse what PyTorch refuses', () => {
    expect(() => concat([])).toThrow('datasets should not be an empty iterable');
    expect(() => new StackDataset([])).toThrow('At least one dataset should be passed');
    expect(() => new StackDataset([drawing(1, false), drawing(2, false)])).toThrow('Size mismatch between datasets');
    expect(() => randomSplit(drawing(5, false), [0.5, 0.4])).toThrow('shares that add up to 1');
    expect(() => randomSplit(drawing(5, false), [1.5, -0.5])).toThrow('Fraction at index 0 is not between 0 and 1');
  });
});

describe('a loader without batches', () => {
  it('hands samples out one by one, typed arrays as tensors', async () => {
    const sample = { x: Float32Array.of(1, 2), name: 'a', list: [1, Int32Array.of(3)] };
    const dataset = { length: 2, getItem: () => sample };
    const loader = new DataLoader<typeof sample, Converted<typeof sample>>(dataset, { batchSize: null });
    const [first] = await batchesOf(loader);
    expect(loader.batchSampler).toBeUndefined();
    expect(loader).toHaveLength(2);
    expect(first?.x).toBeInstanceOf(Tensor);
    expect(first?.x.tolist()).toEqual([1, 2]);
    expect(first?.name).toBe('a');
    expect((first?.list[1] as Tensor).dtype).toBe('int32');
    expect(defaultConvert(sample).list[0]).toBe(1);
  });

  it('refuses dropLast', () => {
    const dataset = { length: 2, getItem: () => 1 };
    expect(() => new DataLoader(dataset, { batchSize: null, dropLast: true })).toThrow(
      'mutually exclusive with dropLast',
    );
  });
});

describe('options of workers', () => {
  it.each([
    [{ numWorkers: -1 }, 'argument `numWorkers`'],
    [{ prefetchFactor: 2 }, 'prefetchFactor option could only be specified in multiprocessing'],
    [{ numWorkers: 1, prefetchFactor: 0 }, 'argument `prefetchFactor`'],
    [{ persistentWorkers: true }, 'persistentWorkers option needs numWorkers > 0'],
    [{ numWorkers: 1, timeout: -1 }, 'timeout option should be non-negative'],
    [{ workers: 2 }, 'unknown option `workers`'],
  ])('are checked: %j', (options, sentence) => {
    expect(() => new DataLoader(drawing(1, false), options as object)).toThrow(sentence);
  });

  it.each([{ shuffle: true }, { sampler: [1] }, { batchSampler: [[1]] }])('do not fit a stream: %j', (options) => {
    expect(() => new DataLoader(new Set(['a', 'b']), options)).toThrow(
      'DataLoader with IterableDataset: expected unspecified',
    );
  });
});
