/** `deepcopy`, beside Python's `copy.deepcopy`; that it copies every module of the library is in every-module.test.ts. */
import { binding, memory, sweep } from '../../lib/engine';
import * as nn from '../../lib/nn';
import { Generator, getRngState, manualSeed, ones, randn, tensor, type Tensor, zeros } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

beforeEach(() => manualSeed(71));

/** Members under names of every kind, shared ones, buffers on one memory, and fields. */
class Net extends nn.Module {
  readonly first = new nn.Linear(3, 3);
  readonly again = this.first;
  readonly last = new nn.Linear(3, 3);
  readonly low: nn.Buffer;
  readonly high: nn.Buffer;
  readonly plain: Tensor;
  readonly fields = { list: [1, { first: this.first }], map: new Map([['low', 2]]), set: new Set([3]) };

  constructor(memoryOfBuffers: Tensor) {
    super();
    this.last.weight = this.first.weight;
    this.registerParameter('W_out', new nn.Parameter(randn([3, 2]), false));
    this.registerBuffer('T_scale', ones([2]), false);
    this.low = new nn.Buffer(memoryOfBuffers.narrow(0, 0, 3));
    this.high = new nn.Buffer(memoryOfBuffers.narrow(0, 2, 3), { persistent: false });
    this.plain = memoryOfBuffers.narrow(0, 4, 1);
  }

  forward(x: Tensor): Tensor {
    return this.last.forward(this.again.forward(x).add(this.low)).matmul(Reflect.get(this, 'W_out') as Tensor);
  }
}

const python = `
import copy
class Net(torch.nn.Module):
    def __init__(self, memory):
        super().__init__()
        nn = torch.nn
        self.first = nn.Linear(3, 3)
        self.again = self.first
        self.last = nn.Linear(3, 3)
        self.last.weight = self.first.weight
        self.W_out = nn.Parameter(torch.zeros(3, 2), False)
        self.register_buffer('T_scale', torch.ones(2), persistent=False)
        self.register_buffer('low', memory[:3])
        self.register_buffer('high', memory[2:5], persistent=False)
        self.plain = memory[4:5]
    def forward(self, x):
        return self.last(self.again(x) + self.low) @ self.W_out
model = Net(memory)
model.load_state_dict(state)
calls = []
model.first.register_forward_hook(lambda m, i, o: calls.append('hook') or o * 2)
model.last.eval()
model(x).sum().backward()
model.low.grad = torch.ones(3)
twin = copy.deepcopy(model)
copied = twin is not model and twin.again is twin.first and twin.last.weight is twin.first.weight
modes = [m.training for m in twin.modules()]
kinds = [f'{k} {p.requires_grad} {p.grad is None}' for k, p in twin.named_parameters()]
grad = twin.low.grad
with torch.no_grad():
    twin.high.mul_(3)
    twin.first.weight.mul_(2)
low, plain, left = twin.low, twin.plain, model.low
y = twin(x)
names = list(twin.state_dict())
`;

describeWithOracle('deepcopy', (oracle) => {
  it('copies what Python copies, and shares within the copy what is shared', async () => {
    const memoryOfBuffers = randn([7]);
    const x = randn([2, 3]);
    const model = new Net(memoryOfBuffers.clone());
    const expected = await oracle().run(python, {
      inputs: { memory: memoryOfBuffers, state: Object.fromEntries(model.stateDict()), x },
      outputs: {
        copied: 'boolean',
        modes: 'value',
        kinds: 'strings',
        grad: 'tensor',
        low: 'tensor',
        plain: 'tensor',
        left: 'tensor',
        y: 'tensor',
        names: 'strings',
        calls: 'strings',
      },
    });
    const calls: string[] = [];
    model.first.registerForwardHook((_module, _inputs, output) => {
      calls.push('hook');
      return output.mul(2);
    });
    model.last.eval();
    model.forward(x).sum().backward();
    model.low.grad = ones([3]);
    const twin = nn.deepcopy(model);
    expect(twin !== model && twin.again === twin.first && twin.last.weight === twin.first.weight).toBe(expected.copied);
    expect(twin.modules().map(({ training }) => training)).toEqual(expected.modes);
    const bool = (flag: boolean): string => (flag ? 'True' : 'False');
    expect(
      twin
        .namedParameters()
        .map(([name, { requiresGrad, grad }]) => `${name} ${bool(requiresGrad)} ${bool(grad === null)}`),
    ).toEqual(expected.kinds);
    expectSameBits(twin.low.grad as Tensor, expected.grad);
    twin.high.mul_(3);
    twin.first.weight.data.mul_(2);
    expectSameBits(twin.low, expected.low, 'low');
    expectSameBits(twin.plain, expected.plain, 'plain');
    expectSameBits(model.low, expected.left, 'the model');
    expectSameBits(twin.forward(x).detach(), expected.y.detach(), 'y');
    expect([...twin.stateDict().keys()]).toEqual(expected.names);
    expect(calls).toEqual(expected.calls);
    expect(twin.high.persistent).toBe(false);
    expect(twin.fields).toEqual({ list: [1, { first: twin.first }], map: new Map([['low', 2]]), set: new Set([3]) });
    expect(twin.fields.list[1]).not.toBe(model.fields.list[1]);
    expect((twin.fields.list[1] as { first: nn.Linear }).first).toBe(twin.first);
  });

  it('copies tensors of every layout and with every mark', async () => {
    const x = randn([3, 4], { dtype: 'complex64' });
    const sparse = zeros([3]).toSparse();
    const { conj, strides, offset, leaf } = await oracle().run(
      `
      import copy
      conj, view = copy.deepcopy([x.conj().resolve_neg(), x.mT[1:]])
      strides, offset = list(view.stride()), view.storage_offset()
      conj = conj.resolve_conj()
      try:
          copy.deepcopy(torch.ones(1, requires_grad=True) * 2)
      except RuntimeError as error:
          leaf = str(error)
      `,
      { inputs: { x }, outputs: { conj: 'tensor', strides: 'numbers', offset: 'number', leaf: 'string' } },
    );
    const copies = nn.deepcopy({ conj: x.conj(), view: x.mT.narrow(0, 1, 3), sparse, imaginary: x.conj().imag });
    expect(copies.conj.isConj()).toBe(false);
    expectSameBits(copies.conj, conj);
    expect([copies.view.stride(), copies.view.storageOffset()]).toEqual([strides, offset]);
    expectSameBits(copies.view, x.mT.narrow(0, 1, 3));
    expectSameBits(copies.imaginary, x.conj().imag.resolveNeg());
    expect(copies.sparse.layout).toBe('sparse_coo');
    const computed = ones([1], { requiresGrad: true }).mul(2);
    expect(() => nn.deepcopy(computed)).toThrow(leaf.slice(0, 60));
  });
});

class Secret extends nn.Module {
  readonly linear = new nn.Linear(2, 2);
  readonly #scale: number;
  #cache: Tensor | null = null;

  constructor(scale: number) {
    super();
    this.#scale = scale;
  }

  override beginCopy(copy: <T>(value: T) => T): Secret {
    const secret = new Secret(this.#scale);
    secret.#cache = copy(this.#cache);
    return secret;
  }

  forward(x: Tensor): Tensor {
    this.#cache ??= x.clone();
    return this.linear.forward(x).mul(this.#scale).add(this.#cache);
  }
}

/** What compilers call in place of `this.#name` for targets without private members. */
const __classPrivateFieldGet = (from: object): number => Object.keys(from).length;

describe('deepcopy of classes with private members', () => {
  it('begins with what their beginCopy makes, which draws nothing', () => {
    const model = new nn.Sequential(new Secret(3), new nn.Dropout());
    model.eval();
    model.forward(ones([1, 2]));
    const before = getRngState();
    const twin = nn.deepcopy(model);
    expectSameBits(getRngState(), before);
    const x = randn([1, 2]);
    expectSameBits(twin.forward(x).detach(), model.forward(x).detach());
    expect(twin.modules().map(({ training }) => training)).toEqual([false, false, false, false]);
  });

  it('is refused with a sentence where they have none, or a wrong one', () => {
    class Silent extends nn.Module {
      readonly #scale = 2;

      forward(x: Tensor): Tensor {
        return x.mul(this.#scale);
      }
    }
    class Derived extends Silent {}
    const sentence =
      /the class Silent has private members \(#name\).* a method beginCopy\(\) that returns a new Silent/;
    expect(() => nn.deepcopy([new Derived()])).toThrow(sentence);
    class Itself extends nn.Module {
      override beginCopy(copy: <T>(value: T) => T): this {
        return copy(this);
      }

      forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(() => nn.deepcopy(new Itself())).toThrow('beginCopy() of Itself asked for a copy of the module itself');
    for (const wrong of [null, 3, new Itself()]) {
      class Wrong extends Itself {
        override beginCopy(): this {
          return (wrong instanceof Itself ? this : wrong) as this;
        }
      }
      expect(() => nn.deepcopy(new Wrong())).toThrow('beginCopy() of Wrong: expected it to return a new object');
    }
    class Lowered extends nn.Module {
      forward(x: Tensor): Tensor {
        return x.mul(__classPrivateFieldGet(this));
      }
    }
    expect(() => nn.deepcopy(new Lowered())).toThrow('the class Lowered has private members');
  });
});

describe('deepcopy', () => {
  it('copies values of other kinds, and leaves alone what it does not know', () => {
    const generator = new Generator().manualSeed(3);
    class Mine {
      value = [3];
    }
    class Copied extends Mine {
      beginCopy(): Copied {
        return new Copied();
      }
    }
    const value = {
      generator,
      date: new Date(5),
      bytes: new Float32Array([1, 2]),
      mine: new Mine(),
      copied: new Copied(),
      log: (): number => 3,
      cycle: [] as unknown[],
      get sum(): number {
        return this.bytes[0]! + 1;
      },
    };
    value.cycle.push(value);
    const copy = nn.deepcopy(value);
    expect([copy.log === value.log, copy.cycle[0] === copy]).toEqual([true, true]);
    expect(copy.mine).toBe(value.mine);
    value.copied.value.push(4);
    expect([copy.copied.value, copy.copied instanceof Copied]).toEqual([[3], true]);
    copy.bytes[0] = 7;
    expect([copy.sum, value.sum, copy.date, copy.date === value.date]).toEqual([8, 2, value.date, false]);
    expectSameBits(randn([3], { generator: copy.generator }), randn([3], { generator }));
    expect(nn.deepcopy(null)).toBeNull();
    const nested = Array.from({ length: 2000 }).reduce<unknown[]>((inner) => [inner], []);
    expect(() => nn.deepcopy(nested)).toThrow('at most 1000 levels');
    expect(() => nn.deepcopy(Array<null>(2 ** 30) as unknown)).toThrow('a list without holes');
  });

  it('copies lazy modules, whose copies learn of their own', () => {
    const lazy = new nn.Sequential(new nn.LazyLinear(2), new nn.LazyBatchNorm1d());
    const twin = nn.deepcopy(lazy);
    lazy.forward(ones([2, 5]));
    twin.forward(ones([2, 4]));
    expect([lazy, twin].map((model) => model.parameters()[0]?.shape)).toEqual([
      [2, 5],
      [2, 4],
    ]);
    expect(nn.deepcopy(twin).toString()).toBe(twin.toString());
  });

  it('copies hooks into lists of their own, and a forward that was put on one object', () => {
    const model = new nn.Linear(1, 1, false);
    model.forward = (x) => x.add(1);
    const calls: string[] = [];
    const handle = model.registerForwardPreHook(() => void calls.push('both'));
    const twin = nn.deepcopy(model);
    twin.registerForwardHook((module) => void calls.push(String(module === twin)));
    handle.remove();
    expect([model.forward(tensor([1])).item(), twin.forward(tensor([1])).item()]).toEqual([2, 2]);
    expect(calls).toEqual(['both', 'true']);
    expect(Object.keys(twin)).toEqual(Object.keys(model));
  });

  it('leaves nothing behind', () => {
    const model = new Net(randn([7]));
    const turn = (): void => {
      for (const each of nn.deepcopy(model).modules())
        for (const t of [...each.parameters(), ...each.buffers()]) if (!t.isDisposed) t.dispose();
    };
    turn();
    sweep();
    const before = memory();
    const twin = nn.deepcopy(model);
    const { tensors } = memory();
    // first's two, last's bias, W_out, three buffers, and plain, which nobody disposes of here.
    expect(tensors - before.tensors).toBe(8);
    expect(binding.storageOf(twin.low.handle)?.id).toBe(binding.storageOf(twin.plain.handle)?.id);
  });
});
