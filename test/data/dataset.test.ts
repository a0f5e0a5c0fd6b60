import { randomSplit, subset, Subset, TensorDataset, TwoPhaseSubset } from '../../lib/data';
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
