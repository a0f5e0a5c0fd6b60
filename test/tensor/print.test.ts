import {
  arange,
  complex64,
  type DType,
  empty,
  frombytes,
  getPrintoptions,
  linspace,
  manualSeed,
  randint,
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
  'float64',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'uint8',
  'int8',
  'bool',
];

/** A tensor whose values take every branch of the formatter in the course of a run. */
function draw(draws: Draws): Tensor {
  const rank = draws.int(0, 4);
  const shape = Array.from({ length: rank }, () => draws.pick([0, 1, 2, 3, 5, 8, 13, 40].slice(draws.flag() ? 1 : 0)));
  const dtype = draws.pick(DTYPES);
  const scale = draws.pick([1, 1, 1, 1e-3, 1e-6, 100, 1e4, 1e9]);
  let values = randn(shape).mul(scale);
  if (draws.flag()) values = values.round();
  if (draws.int(0, 5) === 0) values = values.mul(32).round().div(32);
  const special = draws.pick([null, null, null, NaN, Infinity, -Infinity, -0, 0]);
  if (special !== null) values = values.maskedFill(randn(shape).gt(draws.pick([0, 1, -9])), special);
  return dtype.startsWith('float') || dtype === 'bfloat16'
    ? values.to(dtype)
    : values.nanToNum(0, 3, -3).clamp(-128, 127).to(dtype);
}

describeWithOracle('printing', (oracle) => {
  const python = async (tensors: readonly Tensor[], source = '[repr(t) for t in tensors]') => {
    const { texts } = await oracle().run(`texts = ${source}`, {
      inputs: { tensors: [...tensors] },
      outputs: { texts: 'strings' },
    });
    return texts;
  };

  beforeEach(() => manualSeed(5));
  afterEach(() => setPrintoptions({ precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 }));

  it('writes random tensors of all dtypes as Python does', async () => {
    const draws = new Draws(3);
    const tensors = Array.from({ length: 500 }, () => draw(draws));
    expect(tensors.map(String)).toEqual(await python(tensors));
  });

  it('summarises large tensors', async () => {
    const tensors = [
      arange(1001),
      arange(1000),
      randn([2000]),
      randn([3, 400]),
      randn([400, 3]),
      randn([7, 6, 8, 9]),
      randint(0, 9, [12, 11, 10]),
      linspace(0, 1, 5000).reshape(50, 100),
      zeros([100, 100], { dtype: 'bool' }),
      randn([1, 1200]),
    ];
    expect(tensors.map(String)).toEqual(await python(tensors));
  });

  it('rounds halves to even and writes extreme values', async () => {
    const tensors = [
      tensor([0.03125, 0.09375, 0.15625, -0.03125, 0.5]),
      tensor([0.5, 1.5, 2.5, 1e9], { dtype: 'float64' }),
      tensor([1e-45, 3.4e38]),
      tensor([5e-324, 1.7976931348623157e308], { dtype: 'float64' }),
      tensor([1.00005, 1e-5], { dtype: 'float64' }),
      tensor(-0),
      tensor([NaN, Infinity]),
      tensor([1e15, 1], { dtype: 'float64' }),
      tensor(0.1),
      tensor(7n),
      tensor(2n ** 62n),
      empty([0]),
      empty([0], { dtype: 'int64' }),
      empty([2, 0, 3], { dtype: 'float64' }),
    ];
    expect(tensors.map(String)).toEqual(await python(tensors));
  });

  it('tells requires_grad and grad_fn, on a line of their own where they do not fit', async () => {
    const x = tensor([[1.5, 2.5, -3, 4, 5, 6, 7, 8.25]], { requiresGrad: true });
    const texts = [x, x.mul(x), x.sum(), x.at(0), x.double(), x.mul(x).exp()].map(String);
    const source =
      '(lambda x: [repr(t) for t in (x, x.mul(x), x.sum(), x[0], x.double(), x.mul(x).exp())])(tensors[0].requires_grad_())';
    expect(texts).toEqual(await python([x.detach()], source));
  });

  it('writes complex tensors', async () => {
    const pairs = randn([3, 4, 2]);
    const tensors = [
      pairs,
      pairs.mul(1e5),
      tensor(
        [
          [
            [1, -2],
            [0, 0],
          ],
        ],
        { dtype: 'float32' },
      ),
    ];
    const ours = tensors.map((pair) => String(frombytes(pair.toBytes(), complex64, pair.shape.slice(0, -1))));
    expect(ours).toEqual(await python(tensors, '[repr(torch.view_as_complex(t)) for t in tensors]'));
  });

  it('follows the print options', async () => {
    const tensors = [randn([5, 6]), randn([30]), arange(60).reshape(6, 10)];
    setPrintoptions({ precision: 2, threshold: 20, edgeitems: 2, linewidth: 60, sciMode: true });
    expect(getPrintoptions().precision).toBe(2);
    const ours = tensors.map(String);
    const { texts } = await oracle().run(
      `
      torch.set_printoptions(precision=2, threshold=20, edgeitems=2, linewidth=60, sci_mode=True)
      texts = [repr(t) for t in tensors]
      torch.set_printoptions(profile='default')
      `,
      { inputs: { tensors }, outputs: { texts: 'strings' } },
    );
    expect(ours).toEqual(texts);
  });
});
