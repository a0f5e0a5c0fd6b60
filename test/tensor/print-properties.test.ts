import { inspect } from 'node:util';

import {
  arange,
  type DType,
  getPrintoptions,
  isComplexDType,
  isFloatingDType,
  manualSeed,
  ones,
  printoptions,
  type PrintOptionChanges,
  quantizePerChannel,
  quantizePerTensor,
  randn,
  setPrintoptions,
  type Tensor,
  tensor,
  zeros,
} from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { describeWithOracle } from '../oracle/oracle';

const DTYPES: readonly DType[] = [
  'float32',
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'float8_e4m3fn',
  'float8_e5m2',
  'float8_e4m3fnuz',
  'float8_e5m2fnuz',
  'float8_e8m0fnu',
  'bool',
  'uint8',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint16',
  'uint32',
  'uint64',
  'complex32',
  'complex64',
  'complex128',
];

/** How a drawn tensor stands to autograd, and how Python puts it there. */
const GRADIENTS: readonly (readonly [(x: Tensor) => Tensor, string])[] = [
  [(x) => x, 't'],
  [(x) => x, 't'],
  [(x) => x.requiresGrad_(), 't.requires_grad_()'],
  [(x) => x.requiresGrad_().neg(), 't.requires_grad_().neg()'],
  [(x) => x.requiresGrad_().unsqueeze(0), 't.requires_grad_().unsqueeze(0)'],
];

interface Case {
  readonly tensor: Tensor;
  readonly text: string;
  readonly python: string;
}

function values(draws: Draws, shape: readonly number[]): Tensor {
  let drawn = randn(shape, { dtype: 'float64' }).mul(draws.pick([1, 1, 1, 1e-3, 1e-6, 100, 1e4, 1e9]));
  if (draws.flag()) drawn = drawn.round();
  if (draws.int(0, 5) === 0) drawn = drawn.mul(32).round().div(32);
  const special = draws.pick([null, null, null, NaN, Infinity, -Infinity, -0, 0]);
  return special === null ? drawn : drawn.maskedFill(randn(shape).gt(draws.pick([0, 1, -9])), special);
}

function draw(draws: Draws): Case {
  const shape = Array.from({ length: draws.int(0, 4) }, () =>
    draws.pick([0, 1, 2, 3, 5, 8, 13, 40].slice(draws.flag() ? 1 : 0)),
  );
  const dtype = draws.pick(DTYPES);
  const real = values(draws, shape);
  let made: Tensor;
  if (isComplexDType(dtype))
    made = real
      .to('complex128')
      .add(values(draws, shape).mul({ re: 0, im: 1 }))
      .to(dtype);
  else if (isFloatingDType(dtype)) made = real.to(dtype);
  else
    made = real
      .nanToNum(0, 3, -3)
      .clamp(dtype.startsWith('int') ? -128 : 0, 127)
      .to(dtype);
  const differentiable = /^(float(16|32|64)|bfloat16|complex(64|128))$/.test(dtype);
  const [record, python] = differentiable ? draws.pick(GRADIENTS) : ([(x: Tensor) => x, 't'] as const);
  // Before it is recorded: Python gets the plain values.
  return { tensor: made.clone(), text: String(record(made)), python };
}

function drawOptions(draws: Draws): PrintOptionChanges {
  const changes: PrintOptionChanges = {};
  if (draws.flag()) changes.precision = draws.pick([0, 1, 2, 6, 12, 40]);
  if (draws.flag()) changes.threshold = draws.pick([0, 5, 30, 1000, Infinity]);
  if (draws.flag()) changes.edgeitems = draws.pick([0, 1, 2, 5]);
  if (draws.flag()) changes.linewidth = draws.pick([0, 10, 30, 120]);
  if (draws.flag()) changes.sciMode = draws.pick([true, false, null]);
  if (draws.int(0, 3) === 0) changes.profile = draws.pick(['default', 'short', 'full']);
  return changes;
}

function pythonOptions({ sciMode, threshold, ...rest }: PrintOptionChanges): string {
  const given = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  if (threshold !== undefined) given.push(`threshold=${threshold === Infinity ? 'math.inf' : threshold}`);
  if (sciMode !== undefined) given.push(`sci_mode=${sciMode === null ? 'None' : sciMode ? 'True' : 'False'}`);
  return `torch.set_printoptions(${given.join(', ')})`;
}

describeWithOracle('printing tensors drawn at random', (oracle) => {
  const ask = async (cases: readonly Case[], options: readonly string[]): Promise<string[]> => {
    const { texts } = await oracle().run(
      `
      texts = []
      for t, source, options in zip(tensors, sources, settings):
          torch.set_printoptions(profile='default')
          exec(options)
          texts.append(repr(eval(source)))
      torch.set_printoptions(profile='default')
      `,
      {
        inputs: {
          tensors: cases.map((drawn) => drawn.tensor),
          sources: cases.map(({ python }) => python),
          settings: [...options],
        },
        outputs: { texts: 'strings' },
      },
    );
    return texts;
  };

  beforeEach(() => manualSeed(5));
  afterEach(() => setPrintoptions({ profile: 'default' }));

  it('writes every dtype as Python does', async () => {
    const draws = new Draws(3);
    const cases = Array.from({ length: 700 }, () => draw(draws));
    const texts = await ask(
      cases,
      cases.map(() => 'pass'),
    );
    for (const [i, drawn] of cases.entries())
      expect([i, drawn.tensor.dtype, drawn.text]).toEqual([i, drawn.tensor.dtype, texts[i]]);
  });

  it('follows every setting as Python does', async () => {
    const draws = new Draws(4);
    const options: PrintOptionChanges[] = [];
    const cases = Array.from({ length: 500 }, () => {
      setPrintoptions({ profile: 'default' });
      const changes = drawOptions(draws);
      options.push(changes);
      return printoptions(changes, () => draw(draws));
    });
    const texts = await ask(cases, options.map(pythonOptions));
    for (const [
      i,
      {
        text,
        tensor: { dtype, shape },
      },
    ] of cases.entries()) {
      const label = `${i}: ${dtype} [${shape.join(', ')}] ${JSON.stringify(options[i])}`;
      expect([label, text]).toEqual([label, texts[i]]);
    }
  });

  it('writes sparse, quantized and meta tensors as Python does', async () => {
    const dense = tensor([
      [0, 1.5, 0, 0],
      [0, 0, -2, 0],
    ]);
    const big = zeros([30, 30]);
    big.setAt([3, 4], 2.5);
    const square = arange(16).reshape(4, 4).float();
    const weights = tensor([
      [1.5, -2],
      [0.25, 3],
    ]);
    const scales = tensor([0.5, 0.25], { dtype: 'float64' });
    const ours = [
      dense.toSparse(),
      zeros([2, 3]).toSparse(),
      big.toSparse(),
      ones([2, 2], { dtype: 'int32' }).toSparse(),
      dense.double().toSparse().requiresGrad_(),
      dense.toSparseCsr(),
      dense.toSparseCsc(),
      square.toSparseBsr([2, 2]),
      square.toSparseBsc([2, 2]),
      zeros([2, 3]).toSparseCsr(),
      dense.toMkldnn(),
      zeros([2, 0], { device: 'meta' }),
      ones([2], { device: 'meta', dtype: 'int64' }).requiresGrad_(false),
      quantizePerTensor(weights, 0.1, 2, 'quint8' as DType),
      quantizePerChannel(weights, scales, tensor([0, 1]), 0, 'qint8' as DType),
    ];
    const { texts } = await oracle().run(
      `
      import warnings
      warnings.simplefilter('ignore')
      big = torch.zeros(30, 30)
      big[3, 4] = 2.5
      square = torch.arange(16).reshape(4, 4).float()
      made = [
          dense.to_sparse(), torch.zeros(2, 3).to_sparse(), big.to_sparse(), torch.ones(2, 2, dtype=torch.int32).to_sparse(),
          dense.double().to_sparse().requires_grad_(), dense.to_sparse_csr(), dense.to_sparse_csc(),
          square.to_sparse_bsr((2, 2)), square.to_sparse_bsc((2, 2)), torch.zeros(2, 3).to_sparse_csr(), dense.to_mkldnn(),
          torch.zeros(2, 0, device='meta'), torch.ones(2, device='meta', dtype=torch.int64),
          torch.quantize_per_tensor(weights, 0.1, 2, torch.quint8),
          torch.quantize_per_channel(weights, scales, torch.tensor([0, 1]), 0, torch.qint8),
      ]
      texts = [repr(t) for t in made]
      `,
      { inputs: { dense, weights, scales }, outputs: { texts: 'strings' } },
    );
    expect(ours.map(String)).toEqual(texts);
  });
});

describe('print options', () => {
  afterEach(() => setPrintoptions({ profile: 'default' }));

  it('come back after printoptions(), also where it throws or a promise is returned', () => {
    const before = getPrintoptions();
    expect(printoptions({ precision: 1, sciMode: true }, () => String(tensor(0.25)))).toBe('tensor(2.5e-01)');
    expect(() => printoptions({ precision: 1 }, () => Promise.resolve())).toThrow(/synchronous/);
    expect(() =>
      printoptions({ edgeitems: 1 }, () => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(getPrintoptions()).toEqual(before);
  });

  it.each<[PrintOptionChanges, RegExp]>([
    [{ profile: 'long' as 'full' }, /'default', 'short' or 'full'.*received 'long'/],
    [{ precision: -1 }, /`precision`, at most 80, received -1/],
    [{ precision: 101 }, /`precision`/],
    [{ edgeitems: 1.5 }, /`edgeitems`, received 1.5/],
    [{ linewidth: NaN }, /`linewidth`/],
    [{ sciMode: 'yes' as unknown as boolean }, /`sciMode`, received 'yes'/],
  ])('%p is refused and changes nothing', (changes, message) => {
    const before = getPrintoptions();
    expect(() => setPrintoptions({ threshold: 7, ...changes })).toThrow(message);
    expect(getPrintoptions()).toEqual(before);
  });
});

describe('console.log of tensors among other values', () => {
  const matrix = tensor([
    [1, 2],
    [3, 4],
  ]);

  it('is what Python prints at the top', () => {
    expect(inspect(matrix)).toBe('tensor([[1, 2],\n        [3, 4]])');
  });

  it('stays aligned inside objects and arrays', () => {
    expect(inspect({ name: 'a', weight: matrix, scale: tensor(2) })).toBe(
      ['{', "  name: 'a',", '  weight: tensor(', '    [[1, 2],', '     [3, 4]]),', '  scale: tensor(2)', '}'].join(
        '\n',
      ),
    );
    expect(inspect([matrix, { deep: [matrix] }], { depth: 4 })).toBe(
      [
        '[',
        '  tensor(',
        '    [[1, 2],',
        '     [3, 4]]),',
        '  {',
        '    deep: [',
        '      tensor(',
        '        [[1, 2],',
        '         [3, 4]])',
        '    ]',
        '  }',
        ']',
      ].join('\n'),
    );
  });

  it('tells only its kind far down', () => {
    expect(inspect({ a: { b: { c: { d: matrix } } } }, { depth: 3 })).toContain('d: [Tensor[2, 2] int64]');
  });
});
