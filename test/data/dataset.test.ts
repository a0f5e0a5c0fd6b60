import { concat, DataLoader, randomSplit, subset, Subset, TensorDataset, TwoPhaseSubset } from '../../lib/data';
import { arange, Generator, getRngState, manualSeed } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

const letters = { length: 3, getItem: (index: number) => 'abc'[index] ?? '' };
const halves = { length: 3, load: (index: number) => Promise.resolve(index), transform: (index: number) => index / 2 };

describe('TensorDataset', () => {
  it('cuts tensors along their first dimension', () => {
    const dataset = new TensorDataset(arange(6).reshape([3, 2]), arange(3));
    expect(dataset).toHaveLength(3);
    const [x, y] = dataset.getItem(1);
    expect([x?.tolist(), y?.tolist()]).toEqual([[2, 3], 1]);
  });

  it('refuses tensors that do not go together', () => {
    expect(() => new TensorDataset()).toThrow('expected tensors of one first dimension');
    expect(() => new TensorDataset(arange(3), arange(4))).toThrow('received [Tensor[3] int64, Tensor[4] int64]');
    expect(() => new TensorDataset(arange(3).sum())).toThrow('expected tensors of one first dimension');
  });
});

describe('subset', () => {
  it('keeps the form of its data set', async () => {
    const one = subset(letters, [2, 0, 2]);
    expect(one).toBeInstanceOf(Subset);
    expect([0, 1, 2].map((index) => one.getItem(index))).toEqual(['c', 'a', 'c']);
    const two = subset(halves, [2, 1]);
    expect(two).toBeInstanceOf(TwoPhaseSubset);
    expect(two.transform(await two.load(0))).toBe(1);
    expect(two).toHaveLength(2);
  });

  it('refuses indices that are not there', () => {
    expect(() => subset(letters, [0, 3])).toThrow('expected indices from 0 to 2 for argument `indices`, received 3');
    expect(() => subset(halves, [-1])).toThrow('received -1');
    expect(() => subset(letters, [0]).getItem(1)).toThrow('expected an index from 0 to 0');
  });
});

describeWithOracle('a list as a data set', (oracle) => {
  it('is loaded, shuffled, cut and joined as in Python', async () => {
    const { batches, rest, joined, state } = await oracle().run(
      `
      from torch.utils.data import ConcatDataset, DataLoader, random_split
      torch.manual_seed(6)
      numbers = [3.5, 1.5, 4.5, 1.25, 5.5, 9.5, 2.5]
      batches = torch.cat([batch for _ in range(2) for batch in DataLoader(numbers, batch_size=3, shuffle=True)])
      first, second = random_split(numbers, [4, 3])
      rest = list(second)
      joined = [ConcatDataset([first, numbers])[index] for index in (0, 4, 10)]
      state = torch.get_rng_state()
      `,
      { outputs: { batches: 'tensor', rest: 'numbers', joined: 'numbers', state: 'tensor' } },
    );
    manualSeed(6);
    const numbers = [3.5, 1.5, 4.5, 1.25, 5.5, 9.5, 2.5];
    const loader = new DataLoader(numbers, { batchSize: 3, shuffle: true });
    const found: number[] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      for await (const batch of loader) found.push(...(batch.tolist() as number[]));
    }
    expect(found).toEqual(batches.tolist());
    const [first, second] = randomSplit(numbers, [4, 3]) as [Subset<number>, Subset<number>];
    expect([0, 1, 2].map((index) => second.getItem(index))).toEqual(rest);
    const both = concat<number>([first, numbers]) as Subset<number>;
    expect([0, 4, 10].map((index) => both.getItem(index))).toEqual(joined);
    expectSameBits(getRngState(), state);
  });
});

it.each([[() => 2], [2.5], [-1], [undefined]])('refuses a data set of length %s', (length) => {
  const dataset = { length, getItem: (index: number) => index };
  expect(() => new DataLoader(dataset as never)).toThrow(/`dataset.length`|a data set/);
});

describeWithOracle('randomSplit', (oracle) => {
  it.each([true, false])('cuts as Python does; own generator: %s', async (own) => {
    const { first, second, state } = await oracle().run(
      `
      torch.manual_seed(3)
      from torch.utils.data import random_split
      generator = torch.Generator().manual_seed(4) if own else None
      parts = random_split(range(20), [15, 5], **({'generator': generator} if own else {}))
      first, second = [part.indices for part in parts]
      state = torch.get_rng_state()
      `,
      { inputs: { own }, outputs: { first: 'numbers', second: 'numbers', state: 'tensor' } },
    );
    manualSeed(3);
    const dataset = { length: 20, getItem: (index: number) => index };
    const parts = randomSplit(dataset, [15, 5], own ? { generator: new Generator().manualSeed(4) } : {});
    expect(parts.map(({ indices }) => indices)).toEqual([first, second]);
    expectSameBits(getRngState(), state);
  });

  it('refuses lengths that do not add up', () => {
    expect(() => randomSplit(letters, [1, 1])).toThrow('add up to the 3 samples of the data set');
    expect(() => randomSplit(letters, [4, -1])).toThrow('add up to the 3 samples');
  });
});
