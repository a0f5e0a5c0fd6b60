import * as torch from '../../lib';
import { autograd, type Tensor } from '../../lib';
import { Choices } from '../ops/random';
import { differences, type Call } from '../ops/calls';
import { describeWithOracle } from '../oracle/oracle';

const { jacobian, hessian, vjp, jvp, hvp, vhp } = autograd.functional;

type Inputs = Record<'x' | 'y' | 'm' | 'v' | 'one', Tensor>;

function inputs(seed: number): Inputs {
  const choose = new Choices(seed);
  const [n, k] = [choose.int(2, 4), choose.int(2, 4)];
  torch.manualSeed(seed);
  return {
    x: torch.randn([n], { dtype: choose.pick(['float32', 'float64'] as const) }),
    y: torch.randn([n]),
    m: torch.randn([k, n]),
    v: torch.randn([n]),
    one: torch.randn([]),
  };
}

const cube = (x: Tensor): Tensor => x.pow(3);
const energy = (x: Tensor): Tensor => x.exp().mul(x.cumsum(0)).sum();
const pair = (x: Tensor, y: Tensor): Tensor => x.mul(y).sin().sum().mul(y.pow(2).sum());
const two = (x: Tensor, y: Tensor): [Tensor, Tensor] => [x.mul(y), y.sin().sum()];
const linear = (x: Tensor): Tensor => x.mul(2).sum();

const FUNCTIONS = `
A = torch.autograd.functional
cube = lambda x: x.pow(3)
energy = lambda x: (x.exp() * x.cumsum(0)).sum()
pair = lambda x, y: (x * y).sin().sum() * y.pow(2).sum()
two = lambda x, y: (x * y, y.sin().sum())
linear = lambda x: (x * 2).sum()
`;

const CALLS: Call<Inputs>[] = [
  ['A.jacobian(cube, x)', ({ x }) => jacobian(cube, x)],
  ['A.jacobian(cube, x, create_graph=True)', ({ x }) => jacobian(cube, x, true)],
  ['A.jacobian(cube, (x,))', ({ x }) => jacobian(cube, [x])],
  ['A.jacobian(two, (x, y))', ({ x, y }) => jacobian(two, [x, y])],
  ['A.jacobian(two, (x, y), strict=True)', ({ x, y }) => jacobian(two, [x, y], { strict: true })],
  ['A.jacobian(lambda a: a @ m.T, m)', ({ m }) => jacobian((a) => a.matmul(m.T), m)],
  ['A.jacobian(lambda a: torch.ones(2), x)', ({ x }) => jacobian(() => torch.ones([2]), x)],
  ['A.jacobian(lambda a: torch.ones(2), x, strict=True)', ({ x }) => jacobian(() => torch.ones([2]), x, false, true)],
  ['A.jacobian(lambda a: 3, x)', ({ x }) => jacobian((() => 3) as unknown as typeof cube, x)],
  ['A.hessian(energy, x)', ({ x }) => hessian(energy, x)],
  ['A.hessian(energy, x, create_graph=True)', ({ x }) => hessian(energy, x, { createGraph: true })],
  ['A.hessian(pair, (x, y))', ({ x, y }) => hessian(pair, [x, y])],
  ['A.hessian(linear, x)', ({ x }) => hessian(linear, x)],
  ['A.hessian(linear, x, strict=True)', ({ x }) => hessian(linear, x, { strict: true })],
  ['A.hessian(cube, x)', ({ x }) => hessian(cube, x)],
  ['A.vjp(cube, x, v)', ({ x, v }) => vjp(cube, x, v)],
  ['A.vjp(cube, x, v, create_graph=True)', ({ x, v }) => vjp(cube, x, v, true)],
  ['A.vjp(energy, x)', ({ x }) => vjp(energy, x)],
  ['A.vjp(cube, x)', ({ x }) => vjp(cube, x)],
  ['A.vjp(cube, x, v[:1])', ({ x, v }) => vjp(cube, x, v.narrow(0, 0, 1))],
  ['A.vjp(two, (x, y), (v, one))', ({ x, y, v, one }) => vjp(two, [x, y], [v, one])],
  ['A.vjp(two, (x, y), v)', ({ x, y, v }) => vjp(two, [x, y], v)],
  ['A.jvp(cube, x, v)', ({ x, v }) => jvp(cube, x, v)],
  ['A.jvp(cube, x, v, create_graph=True)', ({ x, v }) => jvp(cube, x, { v, createGraph: true })],
  ['A.jvp(cube, one)', ({ one }) => jvp(cube, one)],
  ['A.jvp(two, (x, y), (v, v))', ({ x, y, v }) => jvp(two, [x, y], [v, v])],
  ['A.jvp(lambda a: torch.ones(2), x, v)', ({ x, v }) => jvp(() => torch.ones([2]), x, v)],
  [
    'A.jvp(lambda a: torch.ones(2), x, v, strict=True)',
    ({ x, v }) => jvp(() => torch.ones([2]), x, v, { strict: true }),
  ],
  ['A.vhp(energy, x, v)', ({ x, v }) => vhp(energy, x, v)],
  ['A.vhp(energy, x, v, True)', ({ x, v }) => vhp(energy, x, v, true)],
  ['A.vhp(pair, (x, y), (v, v))', ({ x, y, v }) => vhp(pair, [x, y], [v, v])],
  ['A.vhp(linear, x, v)', ({ x, v }) => vhp(linear, x, v)],
  ['A.vhp(linear, x, v, strict=True)', ({ x, v }) => vhp(linear, x, v, { strict: true })],
  ['A.vhp(cube, x, v)', ({ x, v }) => vhp(cube, x, v)],
  ['A.hvp(energy, x, v)', ({ x, v }) => hvp(energy, x, v)],
  ['A.hvp(energy, x, v, True)', ({ x, v }) => hvp(energy, x, v, true)],
  ['A.hvp(pair, (x, y), (v, v))', ({ x, y, v }) => hvp(pair, [x, y], [v, v])],
  ['A.hvp(linear, x, v)', ({ x, v }) => hvp(linear, x, v)],
];

describeWithOracle('autograd.functional', (oracle) => {
  it('has the bits, the forms and the gradients of Python', async () => {
    for (const seed of [1, 2, 3]) {
      const { different, values } = await differences(oracle(), inputs(seed), CALLS, FUNCTIONS);
      expect(different).toEqual([]);
      expect(values).toBeGreaterThan(CALLS.length * 0.6);
    }
  });
});

describe('autograd.functional', () => {
  it('leaves the inputs and what the function captures as they are', () => {
    const x = torch.ones([2], { requiresGrad: true });
    const product = jacobian((a) => a.mul(x), x);
    expect([product.tolist(), product.requiresGrad, x.grad]).toEqual([
      [
        [1, 0],
        [0, 1],
      ],
      false,
      null,
    ]);
    expect(torch.noGrad(() => vjp(cube, x, torch.ones([2]))[1].tolist())).toEqual([3, 3]);
  });

  it('says what is not here', () => {
    const x = torch.ones([2]);
    expect(() => jacobian(cube, x, { vectorize: true })).toThrow(/`vectorize` needs vmap, which is not here/);
    expect(() => hessian(energy, x, { outerJacobianStrategy: 'forward-mode' })).toThrow(
      /expected the strategy reverse-mode/,
    );
    expect(() => jacobian(cube, 3 as unknown as Tensor)).toThrow(
      /expected a Tensor or a list of them for `inputs`, received 3/,
    );
  });
});
