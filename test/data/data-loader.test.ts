import { setTimeout as sleep } from 'node:timers/promises';
import { DataLoader, RandomSampler, SequentialSampler, type DataLoaderOptions, type LoaderState } from '../../lib/data';
import { arange, Generator, getRngState, manualSeed, rand, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

type Sample = readonly [index: number, drawn: Tensor];
type Batch = [indices: Tensor, drawn: Tensor];
type Options = Omit<DataLoaderOptions<Sample, Batch>, 'collateFn' | 'sampler' | 'batchSampler'>;

/** Draws in its second phase; its loads end in an order of their own. */
const twoPhases = (length: number) => ({
  length,
  load: async (index: number): Promise<number> => {
    await sleep((index * 7) % 3);
    return index;
  },
  transform: (index: number): Sample => [index, rand([2])],
});

/** The same in one phase, synchronous or not. */
const onePhase = (length: number) => ({
  length,
  getItem: (index: number): Sample | Promise<Sample> => {
    const sample: Sample = [index, rand([2])];
    return index % 2 ? sample : sleep(1, sample);
  },
});

const python = `
  class Drawing(torch.utils.data.Dataset):
    def __len__(self): return length
    def __getitem__(self, index): return index, torch.rand(2)

  torch.manual_seed(11)
  generator = torch.Generator().manual_seed(12) if shared else None
  dataset = Drawing()
  sampler = torch.utils.data.RandomSampler(dataset, True, 3 * length, generator) if replacement else None
  loader = torch.utils.data.DataLoader(dataset, batch_size, shuffle, sampler, drop_last=drop_last, generator=generator)
  indices, drawn, step = [], [], []
  peeked = next(iter(loader))[0]
  for epoch in range(2):
    for index, numbers in loader:
      indices.append(index)
      drawn.append(numbers)
      step.append(torch.rand(1))
      if shared: step.append(torch.rand(1, generator=generator))
  state = torch.get_rng_state()
  shared_state = generator.get_state() if shared else state
  length_of_loader = len(loader)
`;

const cases = [
  { length: 10, batchSize: 4, shuffle: true },
  { length: 10, batchSize: 4, shuffle: true, dropLast: true },
  { length: 8, batchSize: 4, shuffle: true, shared: true },
  { length: 9, batchSize: 4, shuffle: true, shared: true },
  { length: 7, batchSize: 3, shuffle: false },
  { length: 5, batchSize: 8, shuffle: false, shared: true },
  { length: 30, batchSize: 7, shuffle: false, replacement: true },
  { length: 30, batchSize: 7, shuffle: false, replacement: true, shared: true },
];

describeWithOracle('DataLoader and Python', (oracle) => {
  const forms = [
    ['in two phases', twoPhases, 16],
    ['in two phases, a little ahead', twoPhases, 3],
    ['in two phases, never ahead', twoPhases, 0],
    ['in one phase', onePhase, 16],
  ] as const;

  it.each(forms.flatMap(([name, form, prefetch]) => cases.map((config) => ({ name, form, prefetch, config }))))(
    'draw at the same places: $name, $config',
    async ({ form, prefetch, config }) => {
      const { length, batchSize, shuffle, dropLast = false, shared = false, replacement = false } = config;
      const theirs = await oracle().run(python, {
        inputs: {
          length,
          batch_size: batchSize,
          shuffle: replacement ? null : shuffle,
          drop_last: dropLast,
          shared,
          replacement,
        },
        outputs: {
          indices: 'tensors',
          drawn: 'tensors',
          step: 'tensors',
          peeked: 'tensor',
          state: 'tensor',
          shared_state: 'tensor',
          length_of_loader: 'number',
        },
      });

      manualSeed(11);
      const generator = shared ? new Generator().manualSeed(12) : undefined;
      const dataset = form(length);
      const sampler = replacement
        ? new RandomSampler(dataset, { replacement: true, numSamples: 3 * length, generator })
        : undefined;
      const loader = new DataLoader<Sample, Batch>(dataset, {
        batchSize,
        shuffle,
        dropLast,
        generator,
        sampler,
        prefetch,
      });
      expect(loader).toHaveLength(theirs.length_of_loader);
      const peeked = loader.iterate();
      const first = await peeked.next();
      await peeked.return();
      expectSameBits((first.value as Batch)[0], theirs.peeked, 'first batch of an iteration given up');

      const indices: Tensor[] = [];
      const drawn: Tensor[] = [];
      const step: Tensor[] = [];
      for (let epoch = 0; epoch < 2; epoch++) {
        for await (const [index, numbers] of loader) {
          indices.push(index);
          drawn.push(numbers);
          step.push(rand([1]));
          if (generator) step.push(rand([1], { generator }));
        }
      }
      for (const [name, ours] of Object.entries({ indices, drawn, step })) {
        const expected = theirs[name as 'indices' | 'drawn' | 'step'];
        expect([name, ours.length]).toEqual([name, expected.length]);
        ours.forEach((each, at) => expectSameBits(each, expected[at] as Tensor, `${name}[${at}]`));
      }
      expectSameBits(getRngState(), theirs.state, 'default generator');
      expectSameBits(generator?.getState() ?? getRngState(), theirs.shared_state, 'shared generator');
    },
  );
});

describe('an iteration that is resumed', () => {
  it.each([false, true])('goes on after any batch as if never interrupted; shared generator: %s', async (shared) => {
    const options = (generator?: Generator): Options => ({ batchSize: 4, shuffle: true, generator });
    /** Runs all, or up to a batch and then on with another loader, as another process would. */
    const run = async (stopAfter?: number) => {
      manualSeed(1);
      let generator = shared ? new Generator().manualSeed(2) : undefined;
      let iterator = new DataLoader<Sample, Batch>(twoPhases(18), options(generator)).iterate();
      const seen: number[] = [];
      for (let position = 0; ; position++) {
        if (position === stopAfter) {
          const state = JSON.parse(JSON.stringify(iterator.state())) as LoaderState;
          expect(state.position).toBe(position);
          generator = generator && new Generator().setState(generator.getState());
          await iterator.return();
          iterator = new DataLoader<Sample, Batch>(twoPhases(18), options(generator)).iterate({ resume: state });
        }
        const { done, value } = await iterator.next();
        if (done) break;
        seen.push(...(value[0].tolist() as number[]), ...(value[1].flatten().tolist() as number[]), rand([1]).item());
      }
      return [...seen, ...getRngState().toBytes(), ...(generator?.getState().toBytes() ?? [])];
    };
    const whole = await run();
    for (let stop = 0; stop <= 5; stop++) expect(await run(stop)).toEqual(whole);
  });
});

describe('DataLoader', () => {
  it('has a default for everything', async () => {
    const batches: unknown[] = [];
    for await (const batch of new DataLoader({ length: 2, getItem: (index) => index })) batches.push(batch.tolist());
    expect(batches).toEqual([[0], [1]]);
  });

  it('takes a collateFn, any sampler and any batches', async () => {
    const dataset = { length: 4, getItem: (index: number) => index * 10 };
    const joined: string[] = [];
    const collateFn = (samples: number[]) => samples.join();
    for await (const batch of new DataLoader(dataset, { collateFn, batchSize: 2, sampler: [3, 1, 0] }))
      joined.push(batch);
    for await (const batch of new DataLoader(dataset, { collateFn, batchSampler: [[2], [0, 0]] })) joined.push(batch);
    expect(joined).toEqual(['30,10', '0', '20', '0,0']);
  });

  it('refuses a collateFn that has to be waited for', async () => {
    const loader = new DataLoader([1, 2], { collateFn: (samples: number[]) => Promise.resolve(samples) });
    const read = async (): Promise<void> => {
      for await (const batch of loader) await batch;
    };
    await expect(read()).rejects.toThrow('expected a synchronous `collateFn`, which returned a Promise');
  });

  it("refuses options that exclude each other, in PyTorch's words", () => {
    const dataset = { length: 4, getItem: (index: number) => index };
    const sampler = new SequentialSampler(dataset);
    expect(() => new DataLoader(dataset, { sampler, shuffle: true })).toThrow(
      'sampler option is mutually exclusive with shuffle',
    );
    for (const other of [{ batchSize: 2 }, { shuffle: true }, { sampler }, { dropLast: true }]) {
      expect(() => new DataLoader(dataset, { batchSampler: [[1]], ...other })).toThrow(
        'batchSampler option is mutually exclusive with batchSize, shuffle, sampler, and dropLast',
      );
    }
    expect(() => new DataLoader(dataset, { batchSize: 0 })).toThrow('argument `batchSize`');
    expect(() => new DataLoader(dataset, { prefetch: -1 })).toThrow('expected a count for argument `prefetch`');
    expect(() => new DataLoader({ ...dataset, length: 0 }, { shuffle: true })).toThrow('the length of `dataSource`');
  });

  it('types a batch by its samples', async () => {
    const loader = new DataLoader({
      length: 1,
      getItem: () => ({ x: arange(2), name: 'a', pair: [1, true] as const }),
    });
    for await (const { x, name, pair } of loader) {
      const typed: [Tensor, string[], readonly [Tensor, Tensor]] = [x, name, pair];
      expect(typed[2][1].dtype).toBe('bool');
    }
    expect.assertions(1);
  });
});
