import { inspect } from 'node:util';
import { scope } from '../../lib/engine';
import * as nn from '../../lib/nn';
import { manualSeed, ones, randn, zeros, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { expectSameState } from './compare-module';

/** A module with every kind of member, in an order that is not that of the alphabet. */
class Mixed extends nn.Module {
  readonly second = new nn.Linear(2, 3);
  readonly inProjWeight = new nn.Parameter(ones([2, 2]));
  readonly runningMean = new nn.Buffer(zeros([2]));
  readonly cache = new nn.Buffer(ones([1]), { persistent: false });
  readonly first = new nn.ModuleList([new nn.Linear(3, 2, false), new nn.Linear(2, 2)]);
  readonly missing: nn.Parameter | null = null;
  readonly shared = this.second;
  readonly plain = ones([3]);

  forward(x: Tensor): Tensor {
    return x;
  }
}

const pythonMixed = `
class Mixed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.second = torch.nn.Linear(2, 3)
        self.in_proj_weight = torch.nn.Parameter(torch.ones(2, 2))
        self.register_buffer('running_mean', torch.zeros(2))
        self.register_buffer('cache', torch.ones(1), persistent=False)
        self.first = torch.nn.ModuleList([torch.nn.Linear(3, 2, False), torch.nn.Linear(2, 2)])
        self.register_parameter('missing', None)
        self.shared = self.second
        self.plain = torch.ones(3)
    def forward(self, x):
        return x
`;

describeWithOracle('nn.Module', (oracle) => {
  it('finds its members in the order of PyTorch and names them as PyTorch does', async () => {
    const names = await oracle().run(
      `${pythonMixed}
m = Mixed()
state = list(m.state_dict())
parameters = [k for k, _ in m.named_parameters()]
duplicates = [k for k, _ in m.named_parameters(remove_duplicate=False)]
prefixed = [k for k, _ in m.named_parameters('p', recurse=False)]
buffers = [k for k, _ in m.named_buffers()]
modules = [k for k, _ in m.named_modules()]
children = [k for k, _ in m.named_children()]
count = len(list(m.parameters()))
`,
      {
        outputs: {
          state: 'strings',
          parameters: 'strings',
          duplicates: 'strings',
          prefixed: 'strings',
          buffers: 'strings',
          modules: 'strings',
          children: 'strings',
          count: 'number',
        },
      },
    );
    const module = new Mixed();
    const keys = (entries: [string, unknown][]): string[] => entries.map(([key]) => key);
    expect([...module.stateDict().keys()]).toEqual(names.state);
    expect(keys(module.namedParameters())).toEqual(names.parameters);
    expect(keys(module.namedParameters({ removeDuplicate: false }))).toEqual(names.duplicates);
    expect(keys(module.namedParameters({ prefix: 'p', recurse: false }))).toEqual(names.prefixed);
    expect(keys(module.namedBuffers())).toEqual(names.buffers);
    expect(keys(module.namedModules())).toEqual(names.modules);
    expect(keys(module.namedChildren())).toEqual(names.children);
    expect(module.parameters()).toHaveLength(names.count);
    expect(module.modules()).toContain(module.second);
    expect(module.getSubmodule('first.1')).toBe(module.first.at(1));
    expect(() => module.getSubmodule('first.7')).toThrow('ModuleList has no child `7`');
  });

  it('prints as Python does', async () => {
    const { printed } = await oracle().run(
      `
      nn = torch.nn
      printed = str(nn.Sequential(
          nn.BatchNorm2d(3, momentum=None), nn.ModuleList([nn.Linear(1, 2), nn.Linear(1, 2), nn.ReLU(inplace=True)]),
          nn.Sequential(nn.GELU('tanh'), nn.Dropout(0.25)), nn.LayerNorm((2, 3), eps=1e-12, bias=False),
          nn.MultiheadAttention(4, 2), nn.CrossEntropyLoss(), nn.Fold((4, 6), 2, stride=(2, 1)), nn.Sequential(),
          nn.ModuleList(), nn.Unfold((1, 2), padding=1), nn.Softmax(-1), nn.Identity(), nn.Flatten(0)))
      `,
      { outputs: { printed: 'string' } },
    );
    const all = new nn.Sequential();
    const modules: nn.AnyModule[] = [
      new nn.BatchNorm2d(3, { momentum: null }),
      new nn.ModuleList([new nn.Linear(1, 2), new nn.Linear(1, 2), new nn.ReLU(true)]),
      new nn.Sequential(new nn.GELU('tanh'), new nn.Dropout(0.25)),
      new nn.LayerNorm([2, 3], { eps: 1e-12, bias: false }),
      new nn.MultiheadAttention(4, 2),
      new nn.CrossEntropyLoss(),
      new nn.Fold([4, 6], 2, { stride: [2, 1] }),
      new nn.Sequential(),
      new nn.ModuleList(),
      new nn.Unfold([1, 2], { padding: 1 }),
      new nn.Softmax(-1),
      new nn.Identity(),
      new nn.Flatten(0),
    ];
    for (const [index, module] of modules.entries()) all.registerModule(String(index), module);
    expect(all.toString()).toBe(printed);
    expect(inspect(all)).toBe(printed);
    const { parameter } = await oracle().run('parameter = str(torch.nn.Parameter(torch.ones(2, 2)))', {
      outputs: { parameter: 'string' },
    });
    expect(inspect(new nn.Parameter(ones([2, 2])))).toBe(parameter);
  });

  it('loads what Python saved, and saves what Python loads', async () => {
    manualSeed(2);
    const ours = new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.LayerNorm(4));
    const { state, restored } = await oracle().run(
      `
      nn = torch.nn
      make = lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.LayerNorm(4))
      torch.manual_seed(9)
      module = make()
      module(torch.randn(5, 3))
      state = dict(module.state_dict())
      other = make()
      other.load_state_dict(ours)
      restored = dict(other.state_dict())
      `,
      {
        inputs: { ours: Object.fromEntries(ours.stateDict()) },
        outputs: { state: 'tensorDict', restored: 'tensorDict' },
      },
    );
    expectSameState(ours.stateDict(), restored, 'in Python');
    expect(ours.loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expectSameState(ours.stateDict(), state, 'loaded');
    expect(ours.parameters().every((parameter) => parameter.requiresGrad && parameter.isLeaf)).toBe(true);
  });

  it('lists every missing key, every unexpected key and every difference in shape, in the words of Python', async () => {
    const state = {
      '0.weight': ones([3, 4]),
      '0.nonsense': ones([1]),
      '1.running_mean': ones([5]),
      '1.running_var': ones([4]),
      '1.bias': ones([4]),
      '7.weight': ones([1]),
      top: ones([1]),
      '2.0.deep.weight': ones([2]),
    };
    const { strict, loose, missing, unexpected } = await oracle().run(
      `
      nn = torch.nn
      make = lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Sequential(nn.Linear(1, 2, bias=False), nn.ReLU()))
      def attempt(strict):
          try:
              make().load_state_dict(state, strict=strict)
          except RuntimeError as error:
              return str(error)
      strict, loose = attempt(True), attempt(False)
      good = {k: v for k, v in state.items() if k not in ('0.weight', '1.running_mean')}
      keys = make().load_state_dict(good, strict=False)
      missing, unexpected = keys.missing_keys, keys.unexpected_keys
      `,
      { inputs: { state }, outputs: { strict: 'string', loose: 'string', missing: 'strings', unexpected: 'strings' } },
    );
    const module = new nn.Sequential(
      new nn.Linear(3, 4),
      new nn.BatchNorm1d(4),
      new nn.Sequential(new nn.Linear(1, 2, false), new nn.ReLU()),
    );
    const before = new Map([...module.stateDict()].map(([key, tensor]) => [key, tensor.clone()]));
    const attempt = (strictly: boolean): unknown => {
      try {
        module.loadStateDict(state, { strict: strictly });
      } catch (error) {
        return error;
      }
      return null;
    };
    expect(attempt(true)).toMatchObject({ name: 'StateDictError', code: 'TORCH_STATE_DICT', message: strict });
    expect(attempt(false)).toMatchObject({ message: loose });
    for (const [key, tensor] of module.stateDict())
      expectSameBits(tensor, before.get(key) as Tensor, `untouched ${key}`);
    const good = new Map(Object.entries(state));
    for (const key of ['0.weight', '1.running_mean']) good.delete(key);
    expect(module.loadStateDict(good, { strict: false })).toEqual({
      missingKeys: missing,
      unexpectedKeys: unexpected,
    });
  });
});

describe('nn.Module', () => {
  it('registers under exact names, once', () => {
    const module = new nn.Sequential(new nn.Identity());
    module.registerParameter('fooBar', new nn.Parameter(ones([1])));
    module.registerBuffer('my_buffer', ones([2]), false);
    module.registerParameter('nothing', null);
    expect([...module.stateDict().keys()]).toEqual(['fooBar']);
    expect(module.namedBuffers().map(([name]) => name)).toEqual(['my_buffer']);
    expect(() => module.registerModule('forward', new nn.Identity())).toThrow("attribute 'forward' already exists");
    expect(() => module.registerBuffer('a.b', null)).toThrow('a name without a dot');
    expect(() => module.registerParameter('', null)).toThrow('an empty string');
  });

  it('refuses two members with one key', () => {
    const module = new nn.Identity();
    Object.assign(module, { fooBar: new nn.Parameter(ones([1])) });
    module.registerParameter('foo_bar', new nn.Parameter(ones([1])));
    expect(() => module.stateDict()).toThrow('two members of Identity have the key `foo_bar`');
  });

  it('switches training, gradients and dtype of everything below, keeping the tensor objects', () => {
    const module = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2));
    const [weight] = module.parameters();
    module
      .forward(randn([3, 2]))
      .sum()
      .backward();
    expect(
      module
        .eval()
        .modules()
        .map(({ training }) => training),
    ).toEqual([false, false, false]);
    module.train();
    expect(module.at(1).training).toBe(true);
    module.requiresGrad_(false);
    expect(weight?.requiresGrad).toBe(false);
    module.requiresGrad_();
    expect(module.to('float64')).toBe(module);
    expect(module.parameters()[0]).toBe(weight);
    expect(weight?.dtype).toBe('float64');
    expect(weight?.grad?.dtype).toBe('float64');
    expect(module.stateDict().get('1.num_batches_tracked')?.dtype).toBe('int64');
    expect(module.forward(randn([3, 2], { dtype: 'float64' })).dtype).toBe('float64');
    expect(() => module.to('int64')).toThrow('only accepts floating point or complex dtypes');
    module.zeroGrad(false);
    expect(weight?.grad?.abs().sum().item()).toBe(0);
    module.zeroGrad();
    expect(weight?.grad).toBeNull();
  });

  it('visits children before parents', () => {
    const seen: string[] = [];
    new nn.Sequential(new nn.Sequential(new nn.ReLU()), new nn.GELU()).apply((module) =>
      seen.push(module.constructor.name),
    );
    expect(seen).toEqual(['ReLU', 'Sequential', 'GELU', 'Sequential']);
  });

  it('keeps parameters and buffers that were made in a scope', () => {
    let module: nn.Module | null = null;
    scope(() => {
      module = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2));
    });
    const kept = module as nn.Module | null;
    expect(kept?.forward(ones([3, 2])).shape).toEqual([3, 2]);
  });

  it('shares the memory of a parameter with its data', () => {
    const data = ones([2]);
    const parameter = new nn.Parameter(data);
    data.mul_(3);
    expect(parameter.tolist()).toEqual([3, 3]);
    expect(parameter).toMatchObject({ requiresGrad: true, isLeaf: true });
    expect(() => new nn.Parameter(ones([2], { dtype: 'int64' }))).toThrow('received int64');
    expect(new nn.Parameter(ones([2], { dtype: 'int64' }), false).requiresGrad).toBe(false);
  });
});
