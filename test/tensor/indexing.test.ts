import { type Index, isTensor, manualSeed, randint, randn, Slice, slice, type Tensor, tensor } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

/** An index and how Python writes it; tensors go along as inputs. */
interface Drawn {
  readonly index: Index;
  readonly python: string;
}

function drawIndex(draws: Draws, size: number, inputs: Tensor[], length: number): Drawn {
  switch (draws.int(0, 7)) {
    case 0: {
      const index = draws.int(-size, size - 1);
      return { index, python: String(index) };
    }
    case 1:
      return { index: null, python: 'None' };
    case 2:
      return { index: true, python: 'True' };
    case 3: {
      inputs.push(randint(-size, size, [length]));
      return { index: inputs.at(-1) as Tensor, python: `tensors[${inputs.length - 1}]` };
    }
    case 4: {
      const list = Array.from({ length }, () => draws.int(-size, size - 1));
      return { index: list, python: JSON.stringify(list) };
    }
    case 5: {
      inputs.push(tensor(draws.int(-size, size - 1), { dtype: 'int64' }));
      return { index: inputs.at(-1) as Tensor, python: `tensors[${inputs.length - 1}]` };
    }
    default: {
      const [start, stop] = [
        draws.pick([null, draws.int(-size - 2, size + 2)]),
        draws.pick([null, draws.int(-size - 2, size + 2)]),
      ];
      const step = draws.int(1, 3);
      return { index: slice(start, stop, step), python: `slice(${start ?? 'None'}, ${stop ?? 'None'}, ${step})` };
    }
  }
}

/** As many indices as a tensor of this shape takes, an ellipsis among them now and then. */
function drawIndices(draws: Draws, shape: readonly number[], inputs: Tensor[]): Drawn[] {
  const indices: Drawn[] = [];
  const length = draws.int(1, 3);
  let left = draws.int(0, shape.length);
  let ellipsis = draws.int(0, 2) === 0 ? draws.int(0, left) : -1;
  let dim = 0;
  while (left > 0 || ellipsis === left) {
    if (ellipsis === left) {
      indices.push({ index: '...', python: '...' });
      dim = shape.length - left;
      ellipsis = -1;
      continue;
    }
    const drawn = drawIndex(draws, shape[dim] ?? 1, inputs, length);
    indices.push(drawn);
    if (drawn.index === null || typeof drawn.index === 'boolean') continue;
    dim += 1;
    left -= 1;
  }
  return indices;
}

const source = (drawn: readonly Drawn[]): string => `(${drawn.map(({ python }) => `${python},`).join(' ')})`;

describeWithOracle('indexing', (oracle) => {
  beforeEach(() => manualSeed(7));

  it('reads the same parts as Python', async () => {
    const draws = new Draws(1);
    for (let round = 0; round < 300; round += 1) {
      const x = randn(Array.from({ length: draws.int(1, 4) }, () => draws.int(1, 5)));
      const tensors: Tensor[] = [];
      const drawn = drawIndices(draws, x.shape, tensors);
      const indices = drawn.map(({ index }) => index);
      const ours = x.at(...indices);
      const { y, view } = await oracle().run(
        `y = x[${source(drawn)}]\nview = y.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()`,
        { inputs: { x, tensors }, outputs: { y: 'tensor', view: 'boolean' } },
      );
      expectSameBits(ours, y, source(drawn));
      expect([source(drawn), ours.sharesStorage(x)]).toEqual([source(drawn), view]);
      expect(indices.filter(isTensor).every((index) => !index.isDisposed)).toBe(true);
    }
  });

  it('writes the same parts as Python', async () => {
    const draws = new Draws(2);
    for (let round = 0; round < 200; round += 1) {
      const x = randn(Array.from({ length: draws.int(1, 4) }, () => draws.int(1, 5)));
      const tensors: Tensor[] = [];
      const drawn = drawIndices(draws, x.shape, tensors);
      const indices = drawn.map(({ index }) => index);
      // Elements that are written twice have no defined winner, unless all values are one.
      const value = draws.flag() ? draws.next() : randn(draws.flag() ? [] : [1, 1]);
      const before = x.clone();
      x.setAt(indices, value);
      const { x: theirs } = await oracle().run(`x[${source(drawn)}] = value`, {
        inputs: { x: before, tensors, value },
        outputs: ['x'],
      });
      expectSameBits(x, theirs, source(drawn));
    }
  });

  it('reads nothing where a boolean is false, and writes nothing', () => {
    const x = randn([2, 3]);
    expect(x.at(false).shape).toEqual([0, 2, 3]);
    expect(x.at(0, false).shape).toEqual([0, 3]);
    const before = x.clone();
    expectSameBits(x.setAt([false], 5), before);
  });

  it('takes masks, and values that broadcast', async () => {
    const x = randn([4, 5]);
    const y = x.clone();
    const row = randn([5]);
    y.setAt(x.gt(0), 0);
    y.setAt([slice(1, 3)], row);
    y.setAt([0, slice(null, null, 2)], tensor([[1, 2, 3]], { dtype: 'float32' }));
    y.setAt([-1, slice(0, 2)], [0.5, 7]);
    const run = await oracle().run(
      `
      picked = x[x > 0]
      y = x.clone()
      y[x > 0] = 0
      y[1:3] = row
      y[0, ::2] = torch.tensor([[1., 2., 3.]])
      y[-1, 0:2] = torch.tensor([0.5, 7])
      `,
      { inputs: { x, row }, outputs: ['picked', 'y'] },
    );
    expectSameBits(x.at(x.gt(0)), run.picked);
    expectSameBits(y, run.y);
  });

  it('records the same nodes as Python', async () => {
    const x = randn([3, 4], { requiresGrad: true });
    const cases: readonly (readonly [Index[], string])[] = [
      [[slice()], '[:]'],
      [[slice(0, 3)], '[0:3]'],
      [['...'], '[...]'],
      [[], '[()]'],
      [[null], '[None]'],
      [[true], '[True]'],
      [[false], '[False]'],
      [[slice(), slice()], '[:, :]'],
      [['...', slice()], '[..., :]'],
      [[slice(0, 9), 1], '[0:9, 1]'],
      [[tensor(1)], '[torch.tensor(1)]'],
      [[[0, 2]], '[[0, 2],]'],
    ];
    const { names } = await oracle().run(
      `x.requires_grad_()\nnames = [type(eval('x' + index).grad_fn).__name__ for index in indices]`,
      { inputs: { x: x.detach(), indices: cases.map(([, text]) => text) }, outputs: { names: 'strings' } },
    );
    expect(cases.map(([indices]) => x.at(...indices).gradFn?.name)).toEqual(names);
  });
});

describe('impossible indices', () => {
  const x = tensor([[1, 2, 3]]);

  it.each<[string, Index[], RegExp]>([
    ['beyond the end', [5], /index 5 is out of bounds for dimension 0 with size 1/],
    ['before the start', [0, -4], /index -4 is out of bounds for dimension 1 with size 3/],
    ['too many', [0, 0, 0], /too many indices for tensor of dimension 2/],
    ['a fraction', [1.5], /only integers.*received 1.5/],
    ['a list of fractions', [[0.5]], /must be long, int, byte or bool/],
  ])('%s', (_, indices, message) => {
    expect(() => x.at(...indices)).toThrow(message);
    expect(() => x.setAt(indices, 1)).toThrow(RangeError);
  });

  it('refuses a step of zero and an index of a tensor without dimensions', () => {
    expect(() => slice(0, 2, 0)).toThrow(/greater than zero/);
    expect(() => tensor(1).at(0)).toThrow(/invalid index of a 0-dim tensor/);
    expect(slice(1)).toEqual(new Slice(1, null, 1));
  });
});
