/** Parametrizations of the user's own, beside Python's; caching, transfer, and modules as functions. */
import { computeAsync, memory, scope, sweep } from '../../../lib/engine';
import * as nn from '../../../lib/nn';
import { functionalCall } from '../../../lib/nn/func';
import * as optim from '../../../lib/optim';
import { manualSeed, NotImplementedError, ones, randn, type Tensor, zeros } from '../../../lib';
import { describeWithOracle, expectSameBits } from '../../oracle/oracle';
import { expectSameState } from '../compare-module';

const { parametrize } = nn.utils;

beforeEach(() => manualSeed(17));

/** Sets a weight that is computed, whose property has the type of what is trained. */
const assign = (module: object, weight: Tensor): boolean => Reflect.set(module, 'weight', weight);

class Symmetric extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.triu().add(x.triu(1).mT);
  }

  rightInverse(x: Tensor): Tensor {
    return x.triu();
  }
}

class Scaled extends nn.Module {
  readonly scale = new nn.Parameter(ones([1]).mul(1.5));

  forward(x: Tensor): Tensor {
    return x.mul(this.scale);
  }
}

class Outer extends nn.Module<[u: Tensor, v: Tensor]> {
  forward(u: Tensor, v: Tensor): Tensor {
    return u.unsqueeze(-1).mul(v.unsqueeze(-2));
  }

  rightInverse(x: Tensor): [Tensor, Tensor] {
    return [x.select(-1, 0).clone(), x.select(-2, 0).clone()];
  }
}

const python = `
import copy
nn, P = torch.nn, torch.nn.utils.parametrize
class Symmetric(nn.Module):
    def forward(self, x): return x.triu() + x.triu(1).mT
    def right_inverse(self, x): return x.triu()
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1) * 1.5)
    def forward(self, x): return x * self.scale
class Outer(nn.Module):
    def forward(self, u, v): return u.unsqueeze(-1) * v.unsqueeze(-2)
    def right_inverse(self, x): return x[..., :, 0].clone(), x[..., 0, :].clone()
copies = lambda m: {k: v.clone() for k, v in m.state_dict().items()}
`;

describeWithOracle('nn.utils.parametrize', (oracle) => {
  it('has several parametrizations on one tensor, and several tensors, as in Python', async () => {
    const [weight, bias, x, next] = [randn([3, 3]), randn([3]), randn([4, 3]), randn([3, 3])];
    const expected = await oracle().run(
      `
      ${python.trim().replaceAll('\n', '\n      ')}
      m = nn.Linear(3, 3)
      with torch.no_grad():
          m.weight.copy_(weight), m.bias.copy_(bias)
      kept = m.weight
      optimizer = torch.optim.Adam(m.parameters(), lr=0.1)
      P.register_parametrization(m, 'weight', Symmetric())
      P.register_parametrization(m, 'weight', Scaled())
      P.register_parametrization(m, 'bias', Scaled())
      same = m.parametrizations.weight.original is kept
      printed, initial = str(m), copies(m)
      for _ in range(3):
          optimizer.zero_grad()
          m(x).square().sum().backward()
          optimizer.step()
      trained = copies(m)
      names = [n for n, _ in m.named_parameters()]
      kinds = [str(P.is_parametrized(m)), str(P.is_parametrized(m, 'bias')), P.type_before_parametrizations(m).__name__]
      P.remove_parametrizations(m, 'weight')
      first = str(m)
      m.eval()
      modes = [str(each.training) for each in m.modules()]
      P.remove_parametrizations(m, 'bias', leave_parametrized=False)
      last, removed = str(m), copies(m)
      P.register_parametrization(m, 'weight', Outer())
      outer = copies(m)
      m.weight = next
      assigned = m.weight.detach()
      errors = []
      for run in [
          lambda: P.remove_parametrizations(m, 'weight', leave_parametrized=False),
          lambda: P.remove_parametrizations(m, 'bias'),
          lambda: P.register_parametrization(m, 'nothing', Symmetric()),
          lambda: P.register_parametrization(m, 'bias', nn.Linear(3, 2)),
      ]:
          try: run()
          except ValueError as error: errors.append(str(error))
      twin = copy.deepcopy(m)
      P.remove_parametrizations(m, 'weight')
      final = [k for k, _ in m.named_parameters()]
      `,
      {
        inputs: { weight, bias, x, next },
        outputs: {
          same: 'boolean',
          printed: 'string',
          initial: 'tensorDict',
          trained: 'tensorDict',
          names: 'strings',
          kinds: 'strings',
          first: 'string',
          modes: 'strings',
          last: 'string',
          removed: 'tensorDict',
          outer: 'tensorDict',
          assigned: 'tensor',
          errors: 'strings',
          final: 'strings',
        },
      },
    );
    const m = new nn.Linear(3, 3);
    m.weight.data.copy_(weight);
    m.bias?.data.copy_(bias);
    const kept = m.weight;
    const optimizer = new optim.Adam(m.parameters(), { lr: 0.1 });
    parametrize.registerParametrization(m, 'weight', new Symmetric());
    parametrize.registerParametrization(m, 'weight', new Scaled());
    const made = parametrize.registerParametrization(m, 'bias', new Scaled());
    expect(Reflect.get(made.parametrizations.at('weight'), 'original') === kept).toBe(expected.same);
    expect(m.toString()).toBe(expected.printed);
    expectSameState(m.stateDict(), expected.initial, 'initial');
    for (let step = 0; step < 3; step++) {
      optimizer.zeroGrad();
      m.forward(x).square().sum().backward();
      optimizer.step();
    }
    expectSameState(m.stateDict(), expected.trained, 'trained');
    expect(m.namedParameters().map(([name]) => name)).toEqual(expected.names);
    const bool = (flag: boolean): string => (flag ? 'True' : 'False');
    const kinds = [bool(parametrize.isParametrized(m)), bool(parametrize.isParametrized(m, 'bias'))];
    expect([...kinds, parametrize.typeBeforeParametrizations(m).name]).toEqual(expected.kinds);
    parametrize.removeParametrizations(m, 'weight');
    expect(m.toString()).toBe(expected.first);
    m.eval();
    expect(m.modules().map(({ training }) => bool(training))).toEqual(expected.modes);
    parametrize.removeParametrizations(m, 'bias', false);
    expect(m.toString()).toBe(expected.last);
    expect([m.constructor, m.weight === kept]).toEqual([nn.Linear, true]);
    expectSameState(m.stateDict(), expected.removed, 'removed');
    parametrize.registerParametrization(m, 'weight', new Outer());
    expectSameState(m.stateDict(), expected.outer, 'outer');
    assign(m, next);
    expectSameBits(m.weight.detach(), expected.assigned, 'assigned');
    const starts = expected.errors.map((message) => message.split('\n')[0]?.split(/ \(`leave|, unless/)[0] ?? '');
    const runs = [
      () => parametrize.removeParametrizations(m, 'weight', false),
      () => parametrize.removeParametrizations(m, 'bias'),
      () => parametrize.registerParametrization(m, 'nothing', new Symmetric()),
      () => parametrize.registerParametrization(m, 'bias', new nn.Linear(3, 2)),
    ];
    expect(starts).toHaveLength(runs.length);
    for (const [index, run] of runs.entries()) expect(run).toThrow(starts[index]?.replace(/ParametrizedLinear\($/, ''));
    const twin = nn.deepcopy(m);
    parametrize.removeParametrizations(m, 'weight');
    expect(m.namedParameters().map(([name]) => name)).toEqual(expected.final);
    expectSameBits(twin.weight.detach(), m.weight.detach(), 'the copy');
    assign(twin, zeros([3, 3]));
    expect([twin.weight.abs().sum().item(), m.weight.abs().sum().item() > 0]).toEqual([0, true]);
  });

  it('parametrizes properties of other names than in the state dict, and buffers', async () => {
    const { keys, left, buffers } = await oracle().run(
      `
      ${python.trim().replaceAll('\n', '\n      ')}
      m = nn.MultiheadAttention(2, 1)
      P.register_parametrization(m, 'in_proj_weight', Scaled())
      keys = list(m.state_dict())
      P.remove_parametrizations(m, 'in_proj_weight')
      left = list(m.state_dict())
      b = nn.BatchNorm1d(2)
      P.register_parametrization(b, 'running_mean', Scaled())
      buffers = list(b.state_dict())
      `,
      { outputs: { keys: 'strings', left: 'strings', buffers: 'strings' } },
    );
    for (const name of ['inProjWeight', 'in_proj_weight']) {
      const m = new nn.MultiheadAttention(2, 1);
      parametrize.registerParametrization(m, name, new Scaled());
      expect([...m.stateDict().keys()]).toEqual(keys);
      expect(['inProjWeight', 'in_proj_weight', 'out'].map((each) => parametrize.isParametrized(m, each))).toEqual([
        true,
        true,
        false,
      ]);
      m.forward(ones([1, 1, 2]), ones([1, 1, 2]), ones([1, 1, 2]));
      parametrize.removeParametrizations(m, name);
      expect([...m.stateDict().keys()]).toEqual(left);
      expect(m.inProjWeight).toBeInstanceOf(nn.Parameter);
    }
    const norm = parametrize.registerParametrization(new nn.BatchNorm1d(2), 'running_mean', new Scaled());
    expect([...norm.stateDict().keys()]).toEqual(buffers);
    parametrize.removeParametrizations(norm, 'runningMean');
    expect([...norm.stateDict().keys()]).toContain('running_mean');
  });

  it('transfers parametrizations and what they compute from', async () => {
    const weight = randn([3, 3]);
    const { transferred, outer } = await oracle().run(
      `
      ${python.trim().replaceAll('\n', '\n      ')}
      a, b = nn.Linear(3, 3), nn.Linear(3, 3)
      with torch.no_grad(): a.weight.copy_(weight)
      P.register_parametrization(a, 'weight', Symmetric())
      P.transfer_parametrizations_and_params(a, b)
      transferred = b.weight.detach()
      c, d = nn.Linear(3, 3), nn.ReLU()
      with torch.no_grad(): c.weight.copy_(weight)
      P.register_parametrization(c, 'weight', Outer())
      P.transfer_parametrizations_and_params(c, d, 'weight')
      outer = d.weight.detach()
      `,
      { inputs: { weight }, outputs: ['transferred', 'outer'] },
    );
    const [a, b, c, d] = [new nn.Linear(3, 3), new nn.Linear(3, 3), new nn.Linear(3, 3), new nn.ReLU()];
    for (const each of [a, c]) each.weight.data.copy_(weight);
    parametrize.registerParametrization(a, 'weight', new Symmetric());
    parametrize.transferParametrizationsAndParams(a, b);
    expectSameBits(b.weight.detach(), transferred);
    parametrize.registerParametrization(c, 'weight', new Outer());
    parametrize.transferParametrizationsAndParams(c, d, 'weight');
    expectSameBits((Reflect.get(d, 'weight') as Tensor).detach(), outer);
    expect(a.parameters()[1]).toBe(b.parameters()[1]);
    expect(() => parametrize.transferParametrizationsAndParams(a, b, 'bias')).toThrow(
      'no parametrization on bias'.slice(3),
    );
    expect(parametrize.transferParametrizationsAndParams(new nn.ReLU(), b)).toBe(b);
  });
});

describe('nn.utils.parametrize', () => {
  it('computes once within cached, for as long as the tensor lives, and for nobody else', async () => {
    let calls = 0;
    class Counted extends nn.Module {
      forward(x: Tensor): Tensor {
        calls += 1;
        return x.mul(2);
      }
    }
    const layer = parametrize.registerParametrization(new nn.Linear(2, 2), 'weight', new Counted());
    calls = 0;
    const use = (): number => layer.weight.sum().item();
    use();
    use();
    expect(calls).toBe(2);
    parametrize.cached(() => {
      use();
      parametrize.cached(use);
      use();
    });
    expect(calls).toBe(3);
    parametrize.cached(() => {
      scope(use);
      scope(use);
    });
    expect(calls).toBe(5);
    const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
    const running = parametrize.cachedAsync(async () => {
      use();
      await pause();
      await pause();
      use();
    });
    await pause();
    use();
    await running;
    expect(calls).toBe(7);
    expect(() => parametrize.cached(pause as never)).toThrow('cached');
    expect(() => parametrize.cached(3 as never)).toThrow('expected a function');
  });

  it('is checked at registration, unless unsafe', () => {
    class Wrong extends nn.Module {
      constructor(
        readonly output: unknown,
        readonly inverse: unknown = null,
      ) {
        super();
      }

      forward(x: Tensor): Tensor {
        return (typeof this.output === 'function' ? (this.output as (x: Tensor) => Tensor)(x) : this.output) as Tensor;
      }

      rightInverse(x: Tensor): Tensor {
        return (this.inverse ?? x) as Tensor;
      }
    }
    class Unable extends Symmetric {
      override rightInverse(): Tensor {
        throw new NotImplementedError('none');
      }
    }
    const layer = new nn.Linear(3, 3);
    const register =
      (parametrization: nn.utils.parametrize.Parametrization, unsafe = false) =>
      () =>
        parametrize.registerParametrization(layer, 'weight', parametrization, { unsafe });
    expect(register(new Wrong(3))).toThrow('A parametrization must return a tensor. Got 3');
    expect(register(new Wrong((x: Tensor) => x.double()))).toThrow('may not change the dtype');
    expect(register(new Wrong((x: Tensor) => x.narrow(0, 0, 1)))).toThrow('may not change the shape');
    expect(register(new Wrong((x: Tensor) => x, 3))).toThrow(
      "'rightInverse' must return a Tensor or a list of tensors. Got 3",
    );
    expect(register(new Wrong((x: Tensor) => x, ones([3, 3]).double()))).toThrow('it may not change the dtype');
    expect(layer.constructor).toBe(nn.Linear);
    register(new Unable())();
    expect(register(new Wrong((x: Tensor) => x.double()))).toThrow('may not change the dtype');
    register(new Wrong((x: Tensor) => x.narrow(0, 0, 1)), true)();
    expect(layer.weight.shape).toEqual([1, 3]);
    parametrize.removeParametrizations(layer, 'weight');
    expect(layer.weight.shape).toEqual([1, 3]);
    register(new Scaled())();
    expect(() => assign(layer, ones([1, 3]))).toThrow('Scaled does not implement rightInverse');
    expect(() => new parametrize.ParametrizationList([], ones([1]))).toThrow('one or more modules');
    expect(() => parametrize.registerParametrization(layer, 'weight', 3 as never)).toThrow('expected a Module');
  });

  it('leaves nothing behind', () => {
    const layer = nn.utils.parametrizations.spectralNorm(new nn.Linear(3, 3));
    const x = randn([2, 3]);
    const turn = (): void => {
      scope(() => layer.forward(x).sum().backward());
      layer.zeroGrad();
    };
    turn();
    sweep();
    const before = memory();
    turn();
    expect(memory().tensors).toBe(before.tensors);
  });
});

class Tied extends nn.Module {
  readonly inner = new nn.Linear(2, 2);
  readonly foo = new nn.Parameter(ones([]));
  readonly tied = this.foo;
  count = new nn.Buffer(zeros([]));

  forward(x: Tensor): Tensor {
    this.count = new nn.Buffer(this.count.add(1));
    return this.inner.forward(x).add(this.foo).add(this.tied).add(this.count);
  }
}

describeWithOracle('func.functionalCall', (oracle) => {
  it('computes with other tensors, ties them, and gives back what forward assigns', async () => {
    const [weight, foo, x] = [randn([2, 2]), randn([]), randn([3, 2])];
    const model = new Tied();
    const { y, grad, count, untied, tie_error, strict_error, strict_first } = await oracle().run(
      `
      class Tied(torch.nn.Module):
          def __init__(self):
              super().__init__()
              self.inner = torch.nn.Linear(2, 2)
              self.foo = torch.nn.Parameter(torch.ones(()))
              self.tied = self.foo
              self.register_buffer('count', torch.zeros(()))
          def forward(self, x):
              self.count = self.count + 1
              return self.inner(x) + self.foo + self.tied + self.count
      m = Tied()
      m.load_state_dict(state)
      call = torch.func.functional_call
      weight.requires_grad_()
      given = {'inner.weight': weight, 'tied': foo, 'count': torch.tensor(5.)}
      y = call(m, given, (x,))
      y.square().sum().backward()
      grad, count, y = weight.grad, given['count'], y.detach()
      untied = call(m, ({'inner.weight': weight}, {'tied': foo}), x, tie_weights=False).detach()
      def fails(run):
          try: run()
          except (ValueError, RuntimeError) as error: return str(error)
      tie_error = fails(lambda: call(m, {'tied': foo, 'foo': weight}, x))
      strict_error = fails(lambda: call(m, {'tied': foo, 'foo': foo, 'inner.bias': foo, 'nothing': foo, 'count': foo}, x, strict=True))
      strict_first = strict_error.split(chr(10))[0]
      `,
      {
        inputs: { weight, foo, x, state: Object.fromEntries(model.stateDict()) },
        outputs: {
          y: 'tensor',
          grad: 'tensor',
          count: 'tensor',
          untied: 'tensor',
          tie_error: 'string',
          strict_error: 'string',
          strict_first: 'string',
        },
      },
    );
    const own = weight.clone().requiresGrad_();
    const given = { 'inner.weight': own, tied: foo, count: ones([]).mul(5) };
    const before = [...model.parameters(), ...model.buffers()];
    const ours = functionalCall(model, given, [x]);
    ours.square().sum().backward();
    expectSameBits(ours.detach(), y, 'y');
    expectSameBits(own.grad as Tensor, grad, 'gradient');
    expectSameBits(given.count, count, 'count');
    expect([...model.parameters(), ...model.buffers()].every((tensor, index) => tensor === before[index])).toBe(true);
    const parts = [new Map([['inner.weight', own]]), { tied: foo }];
    model.count.data.copy_(zeros([]));
    const second = functionalCall(model, parts, x, { tieWeights: false });
    expectSameBits(second.detach(), untied, 'untied');
    expect(() => functionalCall(model, { tied: foo, foo: own }, x)).toThrow(tie_error.split("['")[0]);
    const strict = (): unknown =>
      functionalCall(model, { tied: foo, foo, 'inner.bias': foo, nothing: foo, count: foo }, x, { strict: true });
    expect(strict).toThrow(strict_error);
    expect(strict).toThrow(strict_first);
    expect(() => functionalCall(model, [{ foo }, { foo }], x)).toThrow("'foo' appeared in multiple dictionaries");
    expect(() => functionalCall(model, { foo: 3 } as never, x)).toThrow("`parametersAndBuffers['foo']`");
    expect(() => functionalCall(model, 3 as never, x)).toThrow('tensors by their keys');
  });
});

describe('func.functionalCall', () => {
  it('passes over parametrizations, restores them, and runs on the compute thread', async () => {
    const layer = parametrize.registerParametrization(new nn.Linear(2, 2, false), 'weight', new Scaled());
    const x = randn([3, 2]);
    const weight = randn([2, 2]);
    expectSameBits(functionalCall(layer, { weight }, x), x.matmul(weight.mT));
    const original = functionalCall(layer, { 'parametrizations.weight.original': weight }, x);
    expectSameBits(original.detach(), x.matmul(weight.mul(1.5).mT));
    const there = await computeAsync(() => functionalCall(layer, { weight, unknown: weight }, x));
    expectSameBits(there, x.matmul(weight.mT));
    expect(parametrize.isParametrized(layer, 'weight')).toBe(true);
    expect(() => functionalCall(layer, { weight }, randn([3, 3]))).toThrow();
    expect(() => functionalCall(layer, { 'no.weight': weight }, x)).toThrow('has no child `no`');
    expect(layer.weight.requiresGrad).toBe(true);
  });
});
