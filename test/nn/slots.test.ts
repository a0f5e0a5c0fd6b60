/** What may be assigned to the properties of a module that hold parameters and buffers: Python's rules. */
import { memory, scope, sweep } from '../../lib/engine';
import * as nn from '../../lib/nn';
import { Adam } from '../../lib/optim';
import type { Tensor } from '../../lib/tensor';
import { manualSeed, ones, randn, zeros } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

beforeEach(() => manualSeed(17));

class Held extends nn.Module {
  weight: nn.Parameter | null = new nn.Parameter(ones([2]));
  mean: Tensor | null = new nn.Buffer(zeros([2]));
  seen: Tensor | null = new nn.Buffer(zeros([3]), { persistent: false });

  constructor() {
    super();
    this.registerBuffer('registered', ones([1]), false);
    this.registerBuffer('absent', null);
    this.registerParameter('none', null);
  }

  forward(x: Tensor): Tensor {
    return x.mul(this.weight ?? ones([])).sub(this.mean ?? zeros([]));
  }
}

/** What is assigned one after the other: here, and as Python's source. */
const assignments: readonly (readonly [property: string, python: string, value: () => unknown])[] = [
  ['mean', 'torch.full([2], 3.)', () => ones([2]).mul(3)],
  ['mean', 'None', () => null],
  ['mean', '5', () => 5],
  ['mean', '"text"', () => 'text'],
  ['mean', 'torch.ones(4)', () => ones([4])],
  ['seen', 'torch.ones(5)', () => ones([5])],
  ['seen', 'torch.nn.Buffer(torch.ones(6))', () => new nn.Buffer(ones([6]))],
  ['seen', 'torch.ones(7)', () => ones([7])],
  ['registered', 'torch.ones(8)', () => ones([8])],
  ['absent', 'torch.ones(9)', () => ones([9])],
  ['weight', 'torch.ones(2)', () => ones([2])],
  ['weight', 'torch.nn.Buffer(torch.ones(2))', () => new nn.Buffer(ones([2]))],
  ['weight', 'torch.nn.Linear(1, 1)', () => new nn.Linear(1, 1)],
  ['weight', '7', () => 7],
  ['weight', 'None', () => null],
  ['weight', 'torch.ones(2)', () => ones([2])],
  ['weight', 'torch.nn.Parameter(torch.ones(10))', () => new nn.Parameter(ones([10]))],
  ['none', 'torch.ones(2)', () => ones([2])],
  ['none', 'torch.nn.Parameter(torch.ones(11))', () => new nn.Parameter(ones([11]))],
  ['mean', 'torch.nn.Parameter(torch.ones(12))', () => new nn.Parameter(ones([12]))],
  ['mean', 'torch.ones(2)', () => ones([2])],
  ['seen', 'torch.nn.Linear(1, 1)', () => new nn.Linear(1, 1)],
];

describeWithOracle('assignments to a module', (oracle) => {
  it('take and refuse what Python does, and leave it with the same members', async () => {
    const { history } = await oracle().run(
      `
      class Held(torch.nn.Module):
          def __init__(self):
              super().__init__()
              self.weight = torch.nn.Parameter(torch.ones(2))
              self.mean = torch.nn.Buffer(torch.zeros(2))
              self.seen = torch.nn.Buffer(torch.zeros(3), persistent=False)
              self.register_buffer('registered', torch.ones(1), False)
              self.register_buffer('absent', None)
              self.register_parameter('none', None)
      held = Held()
      history = []
      for name, source in assignments:
          failed, kept = '', False
          try:
              value = eval(source)
              setattr(held, name, value)
              kept = getattr(held, name) is value
          except TypeError as error:
              failed = str(error).split(' as ')[-1].split(' (')[0]
          shapes = lambda named: sorted([n, list(t.shape)] for n, t in named)
          history.append([failed, kept, shapes(held.named_parameters()), shapes(held.named_buffers()), sorted(held.state_dict())])
      `,
      {
        inputs: { assignments: assignments.map(([property, python]) => [property, python]) },
        outputs: { history: 'value' },
      },
    );
    const held = new Held();
    held.members();
    const ours = assignments.map(([property, , value]) => {
      let [failed, kept] = ['', false];
      try {
        const given = value();
        Reflect.set(held, property, given);
        kept = Reflect.get(held, property) === given;
      } catch (error) {
        failed = (error as Error).message.split(' as ').at(-1)?.split(' (')[0] ?? '';
      }
      const shapes = (named: [string, Tensor][]): unknown =>
        named.map(([name, { shape }]) => [name, [...shape]]).sort();
      return [
        failed,
        kept,
        shapes(held.namedParameters()),
        shapes(held.namedBuffers()),
        [...held.stateDict().keys()].sort(),
      ];
    });
    for (const [index, [property, python]] of assignments.entries()) {
      expect([property, python, ours[index]]).toEqual([property, python, (history as unknown[])[index]]);
    }
  });

  it('of running statistics are used, trained on, moved and saved', async () => {
    const [mean, variance, x] = [randn([3]), randn([3]).abs(), randn([8, 3])];
    const expected = await oracle().run(
      `
      norm = torch.nn.BatchNorm1d(3)
      norm.running_mean, norm.running_var = mean, variance
      before = norm.eval()(x)
      norm.train()(x)
      state = {k: v.clone() for k, v in norm.state_dict().items()}
      norm.double()
      after = norm.eval()(x.double())
      `,
      { inputs: { mean, variance, x }, outputs: { before: 'tensor', state: 'tensorDict', after: 'tensor' } },
    );
    const norm = new nn.BatchNorm1d(3);
    norm.runningMean = mean;
    norm.runningVar = variance;
    expectSameBits(norm.eval().forward(x).detach(), expected.before.detach(), 'before');
    norm.train().forward(x);
    const state = norm.stateDict();
    expect([...state.keys()]).toEqual(Object.keys(expected.state));
    for (const [name, wanted] of Object.entries(expected.state))
      expectSameBits(state.get(name) as Tensor, wanted, name);
    norm.to('float64');
    expect(norm.runningMean).toBe(mean);
    const after = norm.eval().forward(x.to({ dtype: 'float64' }));
    expectSameBits(after.detach(), expected.after.detach(), 'after');
  });
});

describe('a slot of a module', () => {
  it('keeps the graph of the tensor that it is given, and keeps it beyond a scope', () => {
    const held = new Held();
    held.members();
    const x = ones([2], { requiresGrad: true });
    scope(() => {
      held.mean = x.mul(3);
    });
    expect(held.mean).toBeInstanceOf(nn.Buffer);
    held.mean?.sum().backward();
    expect(x.grad?.tolist()).toEqual([3, 3]);
  });

  it('is not registered for what is no parameter', () => {
    const held = new Held();
    expect(() => held.registerParameter('bias', ones([1]) as never)).toThrow("object to parameter 'bias'");
    expect(() => held.registerBuffer('count', 3 as never)).toThrow('expected a Tensor');
    expect('bias' in held).toBe(false);
  });

  it('is its own in a copy', () => {
    const held = new Held();
    held.members();
    held.mean = ones([2]);
    const copy = nn.deepcopy(held);
    copy.mean = ones([2]).mul(2);
    expect(held.mean.tolist()).toEqual([1, 1]);
    expect([...copy.stateDict().keys()]).toEqual([...held.stateDict().keys()]);
    expect(copy.weight).not.toBe(held.weight);
    expect(() => Reflect.set(copy, 'weight', 3)).toThrow("cannot assign 3 as parameter 'weight'");
  });

  it('takes part in functional calls, and is as it was behind them', () => {
    const held = new Held();
    held.members();
    const { mean, weight } = held;
    const output = nn.utils.stateless.functionalCall(held, { mean: ones([2]), weight: zeros([2]) }, [ones([2])]);
    expect(output.tolist()).toEqual([-1, -1]);
    expect(held.mean).toBe(mean);
    expect(held.weight).toBe(weight);
    expect(held.namedBuffers().map(([name]) => name)).toEqual(['mean', 'seen', 'registered']);
  });

  it('gives up what it held when the property is deleted', () => {
    const linear = new nn.Linear(64, 64);
    linear.members();
    sweep();
    const { tensors } = memory();
    nn.utils.weightNorm(linear);
    nn.utils.removeWeightNorm(linear);
    linear.members();
    sweep();
    expect(memory().tensors).toBe(tensors);
    expect(new Adam(linear.parameters()).paramGroups[0]?.params.length).toBe(2);
  });
});
