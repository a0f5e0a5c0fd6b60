import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { differences, type Call } from '../ops/calls';
import { Choices } from '../ops/random';
import { describeWithOracle } from '../oracle/oracle';

type Inputs = Record<'x' | 'three' | 'half' | 'one' | 'two' | 'zero' | 'yes' | 'z' | 'pair', Tensor>;

function inputs(seed: number): Inputs {
  const choose = new Choices(seed);
  torch.manualSeed(seed);
  return {
    x: torch.randn([choose.int(2, 4), choose.int(2, 4)]),
    three: torch.tensor(3, { dtype: 'float64' }),
    half: torch.tensor(0.5),
    one: torch.tensor(1, { dtype: choose.pick(['int64', 'int32', 'uint8'] as const) }),
    two: torch.tensor(2),
    zero: torch.tensor(0),
    yes: torch.tensor(true),
    z: torch.tensor({ re: 1, im: 2 }),
    pair: torch.tensor([2, 3]),
  };
}

// Floating inputs come with a gradient to record, for which Python refuses them as numbers: hence the detach().
const CALLS: Call<Inputs>[] = [
  ['torch.full([2], three.detach())', ({ three }) => torch.full([2], three.detach())],
  ['torch.full([2], three)', ({ three }) => torch.full([2], three)],
  ['torch.full([2], two)', ({ two }) => torch.full([2], two)],
  ['torch.full([2], yes)', ({ yes }) => torch.full([2], yes)],
  ['torch.full([2], z)', ({ z }) => torch.full([2], z)],
  ['torch.full([2], pair)', ({ pair }) => torch.full([2], pair)],
  ['torch.full([two, 3], 1.5)', ({ two }) => torch.full([two, 3] as number[], 1.5)],
  ['torch.zeros(two, 3)', ({ two }) => torch.zeros(two as unknown as number, 3)],
  ['torch.zeros([half.detach(), 3])', ({ half }) => torch.zeros([half.detach(), 3] as number[])],
  ['x.clamp(half.detach(), 1)', ({ x, half }) => x.clamp(half.detach(), 1 as never)],
  ['x.clamp(half, 1)', ({ x, half }) => x.clamp(half, 1 as never)],
  ['x.clamp(half, three)', ({ x, half, three }) => x.clamp(half, three)],
  ['x.add(x, alpha=half.detach())', ({ x, half }) => x.add(x, { alpha: half.detach() })],
  ['x.add(x, alpha=half)', ({ x, half }) => x.add(x, { alpha: half })],
  ['x.add(2, alpha=two)', ({ x, two }) => x.add(2, { alpha: two })],
  ['x.sum(one)', ({ x, one }) => x.sum(one as never)],
  ['x.sum(dim=[one])', ({ x, one }) => x.sum({ dim: [one] as never })],
  ['x.sum(half.detach())', ({ x, half }) => x.sum(half.detach() as never)],
  ['x.select(zero, one)', ({ x, zero, one }) => x.select(zero, one)],
  ['x.select(zero, yes)', ({ x, zero, yes }) => x.select(zero, yes)],
  ['x.sort(descending=yes)', ({ x, yes }) => x.sort({ descending: yes as never })],
  ['torch.cumsum(x, one)', ({ x, one }) => torch.cumsum(x, one)],
  ['torch.dropout(x, half.detach(), True)', ({ x, half }) => torch.dropout(x, half.detach(), true)],
  ['torch.dropout(x, z, True)', ({ x, z }) => torch.dropout(x, z, true)],
  ['x.reshape(-1, one)', ({ x, one }) => x.reshape(-1, one as never)],
  ['x.reshape([one, -1])', ({ x, one }) => x.reshape([one, -1] as number[])],
  ['x.reshape(pair)', ({ x, pair }) => x.reshape(pair as never)],
  ['torch.linspace(zero, three.detach(), two)', ({ zero, three, two }) => torch.linspace(zero, three.detach(), two)],
  ['torch.arange(zero, three.detach())', ({ zero, three }) => torch.arange(zero, three.detach())],
  ['torch.arange(two)', ({ two }) => torch.arange(two)],
  ['torch.roll(x, one, zero)', ({ x, one, zero }) => torch.roll(x, one as never, zero as never)],
  ['x.repeat(two, 1)', ({ x, two }) => x.repeat(two as never, 1 as never)],
  [
    'torch.addmm(x.mT @ x, x.mT, x, beta=half.detach(), alpha=two)',
    ({ x, half, two }) => torch.addmm(x.mT.matmul(x), x.mT, x, { beta: half.detach(), alpha: two }),
  ],
  ['torch.threshold(x, half.detach(), two)', ({ x, half, two }) => torch.threshold(x, half.detach(), two)],
  ['x.masked_fill(x > 0, half)', ({ x, half }) => x.maskedFill(x.gt(0), half)],
  ['x.pow(two)', ({ x, two }) => x.pow(two)],
  ['torch.pow(two, x)', ({ x, two }) => torch.pow(two, x)],
  ['torch.randint(two, [3])', ({ two }) => torch.randint(two, [3])],
  ['x.fill_(half)', ({ x, half }) => x.fill_(half)],
  ['x.mul(three.detach())', ({ x, three }) => x.mul(three.detach())],
];

describeWithOracle('a tensor in the place of a number', (oracle) => {
  it('is taken where Python takes it', async () => {
    for (const seed of [1, 2, 3]) {
      const { different, values } = await differences(oracle(), inputs(seed), CALLS);
      expect(different).toEqual([]);
      expect(values).toBeGreaterThan(CALLS.length * 0.6);
    }
  });
});

describe('a tensor that cannot stand for a number', () => {
  it('is named in the error', () => {
    const x = torch.ones([2]);
    expect(() => x.add(x, { alpha: x })).toThrow(
      /^add\(\): no overload takes \(Tensor\[2\] float32, \{ alpha: Tensor\[2\] float32 \}\) on Tensor\[2\] float32 \(argument `alpha`\)/,
    );
    expect(() => torch.full([2], torch.tensor(1.5, { requiresGrad: true }))).toThrow(/argument `fillValue`/);
    expect(() => x.select(torch.tensor(0.5), 0)).toThrow(/argument `dim`/);
  });
});
