import * as nn from '../../../lib/nn';
import { rand, randint, randn, tensor, type Tensor } from '../../../lib/tensor';
import type { Draws } from '../draws';
import { type Configuration, type Entries, type Entry, type Value } from './entry';

const leading = (draws: Draws): number[] => draws.pick([[], [draws.int(1, 5)], [draws.int(1, 3), draws.int(1, 4)]]);

const linear =
  (lazy: boolean): Entry =>
  (draws): Configuration => {
    const [features, outputs] = [draws.int(1, 70), draws.int(1, 70)];
    return {
      args: [...(lazy ? [] : [features]), outputs],
      options: draws.flag() ? { bias: draws.flag() } : {},
      inputs: [randn([...leading(draws), features])],
    };
  };

/** Options that both tables know. */
const tableOptions = (draws: Draws, rows: number): Record<string, Value> => ({
  ...(draws.flag() ? { paddingIdx: draws.int(-rows, rows - 1) } : {}),
  ...(draws.flag() ? { maxNorm: 1.5, normType: draws.pick([1.5, 2.5]) } : {}),
});

const embedding: Entry = (draws, round) => {
  const [rows, size] = [draws.int(2, 9), draws.int(1, 6)];
  const weight = round % 3 === 2 ? randn([rows, size]) : undefined;
  return {
    args: [rows, size],
    options: {
      ...tableOptions(draws, rows),
      // The module shares its memory, which a maximal norm would change before Python has it.
      ...(weight === undefined ? {} : { weight, maxNorm: undefined }),
      ...(round % 3 === 1 ? { sparse: true } : draws.flag() ? { scaleGradByFreq: true } : {}),
    },
    renamed: { weight: '_weight', freeze: '_freeze' },
    inputs: [randint(0, rows, [...leading(draws), draws.int(1, 6)])],
  };
};

const embeddingBag: Entry = (draws, round) => {
  const [rows, size, bags, length] = [draws.int(2, 9), draws.int(1, 6), draws.int(1, 4), draws.int(1, 5)];
  const mode = (['sum', 'mean', 'max'] as const)[round % 3]!;
  const flat = draws.flag();
  const includeLastOffset = flat && draws.flag();
  const starts = Array.from({ length: bags }, (_, bag) => bag * length);
  const weights = mode === 'sum' && draws.flag();
  const shape = flat ? [bags * length] : [bags, length];
  const offsets = flat ? tensor(includeLastOffset ? [...starts, bags * length] : starts) : null;
  return {
    args: [rows, size],
    options: {
      ...tableOptions(draws, rows),
      mode,
      ...(includeLastOffset ? { includeLastOffset } : {}),
      ...(mode !== 'max' && draws.flag() ? { sparse: true } : {}),
    },
    inputs: [randint(0, rows, shape), offsets, ...(weights ? [rand(shape)] : [])],
  };
};

const two = (draws: Draws): Tensor[] => {
  const shape = [draws.int(1, 5), draws.int(1, 8)];
  return [randn(shape), randn(shape)];
};

const attention: Entry = (draws) => {
  const heads = draws.int(1, 3);
  const [size, length, batch] = [heads * draws.int(1, 5), draws.int(1, 5), draws.int(1, 3)];
  const x = randn([length, batch, size]);
  return {
    args: [size, heads],
    options: {
      bias: draws.flag(),
      addBiasKv: draws.flag(),
      addZeroAttn: draws.flag(),
      dropout: draws.pick([0.25, 0.5]),
    },
    inputs: [x, x, x],
    differentiate: [0],
  };
};

export const others: Entries = {
  Linear: linear(false),
  LazyLinear: linear(true),
  Bilinear: (draws) => {
    const [in1, in2, out] = [draws.int(1, 6), draws.int(1, 6), draws.int(1, 6)];
    const shape = leading(draws);
    return {
      args: [in1, in2, out],
      options: { bias: draws.flag() },
      inputs: [randn([...shape, in1]), randn([...shape, in2])],
    };
  },
  Embedding: embedding,
  EmbeddingBag: embeddingBag,
  PairwiseDistance: (draws, round) => ({
    options: round === 0 ? {} : { p: draws.pick([1.5, 2.5]), eps: 1e-3, keepdim: draws.flag() },
    inputs: two(draws),
  }),
  CosineSimilarity: (draws, round) => ({
    options: round === 0 ? {} : { dim: draws.int(0, 1), eps: 1e-3 },
    inputs: two(draws),
  }),
  AdaptiveLogSoftmaxWithLoss: (draws) => {
    const [features, count, batch] = [draws.int(4, 20), draws.int(12, 30), draws.int(2, 9)];
    return {
      args: [features, count, draws.pick([[3], [2, 7], [4, 6, 11]])],
      options: { ...(draws.flag() ? { divValue: draws.pick([1.5, 2.5]) } : {}), headBias: draws.flag() },
      inputs: [randn([batch, features]), randint(0, count, [batch])],
    };
  },
  MultiheadAttention: attention,
  Sequential: (draws) => {
    const size = draws.int(1, 8);
    return {
      make: () =>
        new nn.Sequential(
          new nn.LazyLinear(size),
          new nn.BatchNorm1d(size),
          new nn.Dropout(0.25),
          new nn.Linear(size, 2),
        ),
      python: `torch.nn.Sequential(torch.nn.LazyLinear(${size}), torch.nn.BatchNorm1d(${size}), torch.nn.Dropout(0.25), torch.nn.Linear(${size}, 2))`,
      inputs: [randn([draws.int(2, 5), draws.int(1, 6)])],
    };
  },
  ModuleList: (draws) => {
    const size = draws.int(1, 6);
    return {
      make: () => new nn.ModuleList([new nn.Linear(size, size), new nn.Tanh()]),
      python: `torch.nn.ModuleList([torch.nn.Linear(${size}, ${size}), torch.nn.Tanh()])`,
      inputs: [randn([2, size])],
      forward: (module, x) => {
        const list = module as unknown as nn.ModuleList;
        return [list.at(1).forward(list.at(0).forward(x))];
      },
      pythonForward: 'module[1](module[0](tensor0))',
    };
  },
  ModuleDict: (draws) => {
    const [size, rows] = [draws.int(1, 6), draws.int(1, 5)];
    return {
      // Whole numbers, which JavaScript's objects would sort, and a name that is a method's here.
      make: () =>
        new nn.ModuleDict([
          ['values_', new nn.Linear(size, 3)],
          ['10', new nn.Sequential({ b: new nn.Linear(3, 2), a: new nn.Tanh() })],
          ['2', new nn.ReLU()],
        ]),
      python:
        `torch.nn.ModuleDict({'values_': torch.nn.Linear(${size}, 3), '10': torch.nn.Sequential(collections.OrderedDict(` +
        "b=torch.nn.Linear(3, 2), a=torch.nn.Tanh())), '2': torch.nn.ReLU()})",
      inputs: [randn([rows, size])],
      forward: (module, x) => {
        let output = x;
        for (const child of (module as unknown as nn.ModuleDict).values()) output = child.forward(output);
        return [output];
      },
      pythonForward: "module['2'](module['10'](module['values_'](tensor0)))",
    };
  },
  ParameterList: (draws) => {
    const [size, rows] = [draws.int(1, 6), draws.int(1, 5)];
    const [a, b] = [randn([rows, size]), randn([size])];
    return {
      inputs: [randn([rows, size])],
      make: () => new nn.ParameterList<unknown>([a.clone(), b.clone(), 3.5, 'name', true, null, [1]]),
      python: "torch.nn.ParameterList([tensor1.clone(), tensor2.clone(), 3.5, 'name', True, None, [1]])",
      tensors: [a, b],
      forward: (module, x) => {
        const list = module as unknown as nn.ParameterList;
        return [x.mul(list.at(0)).add(list.at(-6))];
      },
      pythonForward: 'tensor0 * module[0] + module[-6]',
    };
  },
  ParameterDict: (draws) => {
    const [size, rows] = [draws.int(1, 6), draws.int(1, 5)];
    const [a, b] = [randn([rows, size]), randn([size])];
    return {
      inputs: [randn([rows, size])],
      make: () => new nn.ParameterDict<unknown>({ right: a.clone(), left: b.clone(), scale: 2 }),
      python: "torch.nn.ParameterDict({'right': tensor1.clone(), 'left': tensor2.clone(), 'scale': 2})",
      tensors: [a, b],
      forward: (module, x) => {
        const dict = module as unknown as nn.ParameterDict;
        return [x.mul(dict.at('right')).add(dict.at('left'))];
      },
      pythonForward: "tensor0 * module['right'] + module['left']",
    };
  },
};
