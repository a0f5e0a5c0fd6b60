/** State dicts that classes and hooks shape, casts, and what a path leads to, as in Python. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BinaryAccuracy } from '../../lib/metrics';
import * as nn from '../../lib/nn';
import { SGD } from '../../lib/optim';
import { load, save } from '../../lib/serialize';
import { complex, manualSeed, ones, randn, randint, type Tensor, tensor, zeros } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';

beforeEach(() => {
  settle();
  manualSeed(31);
});

class Noted extends nn.Module {
  readonly linear = new nn.Linear(2, 2);
  notes: unknown = { steps: 3, names: ['a', 'b'] };

  override getExtraState(): unknown {
    return this.notes;
  }

  override setExtraState(state: unknown): void {
    this.notes = state;
  }

  forward(x: Tensor): Tensor {
    return this.linear.forward(x);
  }
}

/** Leaves the biases out, as some of Python's models do. */
class Lean extends nn.Linear {
  override stateDict(options: Parameters<nn.Module['stateDict']>[0] = {}): nn.StateDict {
    const state = super.stateDict(options);
    state.delete(`${options.prefix ?? ''}bias`);
    return state;
  }
}

const NOTED = `
nn = torch.nn
class Noted(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.notes = {'steps': 3, 'names': ['a', 'b']}
    def get_extra_state(self):
        return self.notes
    def set_extra_state(self, state):
        self.notes = state
class Lean(nn.Linear):
    def state_dict(self, *args, destination=None, prefix='', keep_vars=False):
        state = super().state_dict(destination=destination, prefix=prefix, keep_vars=keep_vars)
        del state[prefix + 'bias']
        return state
`;

describeWithOracle('state dicts', (oracle) => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'module-state-'));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it('have extra state, which goes to Python and back', async () => {
    const noted = new Noted();
    const model = new nn.Sequential(noted, new nn.BatchNorm1d(2));
    const here = path.join(folder, 'here.pt');
    const there = path.join(folder, 'there.pt');
    save(model.stateDict(), here);
    const { keys, notes, missing, unexpected } = await oracle().run(
      `${NOTED}
model = nn.Sequential(Noted(), nn.BatchNorm1d(2))
keys = list(model.state_dict())
model.load_state_dict(torch.load(here, weights_only=True))
notes = repr(model[0].notes)
model[0].notes = {'steps': 9}
torch.save(model.state_dict(), there)
found = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).load_state_dict(model.state_dict(), strict=False)
unexpected = found.unexpected_keys
state = model.state_dict()
del state['0._extra_state']
missing = model.load_state_dict(state, strict=False).missing_keys
      `,
      {
        inputs: { here, there },
        outputs: { keys: 'strings', notes: 'string', missing: 'strings', unexpected: 'strings' },
      },
    );
    expect([...model.stateDict().keys()]).toEqual(keys);
    expect(notes).toBe("{'steps': 3, 'names': ['a', 'b']}");
    const loaded = load(there) as nn.StateDict;
    model.loadStateDict(loaded);
    expect(new Map(Object.entries(noted.notes as object))).toEqual(new Map([['steps', 9]]));
    const plain = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2));
    const found = plain.loadStateDict(loaded, { strict: false });
    expect([...found.unexpectedKeys].sort()).toEqual([...unexpected].sort());
    loaded.delete('0._extra_state');
    expect(model.loadStateDict(loaded, { strict: false }).missingKeys).toEqual(missing);
    expect(missing).toEqual(['0._extra_state']);
    expect(() => model.loadStateDict(loaded)).toThrow('Missing key(s) in state_dict: "0._extra_state"');
  });

  it("are made by each child's own stateDict and by hooks, which may change them", async () => {
    const { keys, calls } = await oracle().run(
      `${NOTED}
calls = []
model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(Lean(2, 2), nn.ReLU()))
inner = model[1]
inner.register_state_dict_pre_hook(lambda m, prefix, keep: calls.append(f'pre {prefix} {int(keep)}'))
def post(m, state, prefix, metadata):
    calls.append(f'post {prefix} ' + ' '.join(k for k in state if k.startswith(prefix)))
    state[prefix + 'added'] = torch.ones(1)
inner.register_state_dict_post_hook(post)
keys = list(model.state_dict(prefix='x.'))
      `,
      { outputs: { keys: 'strings', calls: 'strings' } },
    );
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Sequential(new Lean(2, 2), new nn.ReLU()));
    const inner = model.at(1);
    const heard: string[] = [];
    inner.registerStateDictPreHook((_, prefix, keepVars) => void heard.push(`pre ${prefix} ${Number(keepVars)}`));
    const handle = inner.registerStateDictPostHook((_, state, prefix) => {
      heard.push(`post ${prefix} ${[...state.keys()].filter((key) => key.startsWith(prefix)).join(' ')}`);
      state.set(`${prefix}added`, ones([1]));
    });
    expect([...model.stateDict({ prefix: 'x.' }).keys()]).toEqual(keys);
    expect(heard).toEqual(calls);
    expect(keys).toContain('x.1.added');
    expect([...nn.deepcopy(model).stateDict().keys()]).toContain('1.added');
    handle.remove();
    expect([...model.stateDict().keys()]).not.toContain('1.added');
    inner.registerStateDictPostHook((() => new Map()) as never);
    expect(() => model.stateDict()).toThrow('change the state dict in place and to return nothing');
  });

  it('tell hooks that they were loaded, which may forgive missing keys', async () => {
    const { calls, missing } = await oracle().run(
      `
      nn, calls = torch.nn, []
      model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
      def hook(name):
          def called(module, keys):
              calls.append(f'{name}: {keys.missing_keys} {keys.unexpected_keys} {model[0].weight.sum().item()}')
              if name == 'inner':
                  keys.missing_keys[:] = [k for k in keys.missing_keys if 'running' not in k]
          return called
      model.register_load_state_dict_post_hook(hook('model'))
      model[1].register_load_state_dict_post_hook(hook('inner'))
      state = {k: torch.ones_like(v) for k, v in model.state_dict().items() if 'running' not in k}
      missing = list(model.load_state_dict(state).missing_keys)
      `,
      { outputs: { calls: 'strings', missing: 'strings' } },
    );
    const model = new nn.Sequential(new nn.Linear(2, 2), new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2)));
    const [first, inner] = model.children() as [nn.Linear, nn.Module];
    const list = (keys: readonly string[]): string => `[${keys.map((key) => `'${key}'`).join(', ')}]`;
    const heard: string[] = [];
    const tell = (name: string, { missingKeys, unexpectedKeys }: nn.IncompatibleKeys): void => {
      const sum = first.weight.sum().item().toFixed(1);
      heard.push(`${name}: ${list(missingKeys)} ${list(unexpectedKeys)} ${sum}`);
    };
    model.registerLoadStateDictPostHook((_, keys) => tell('model', keys));
    inner.registerLoadStateDictPostHook((_, keys) => {
      tell('inner', keys);
      keys.missingKeys = keys.missingKeys.filter((key) => !key.includes('running'));
    });
    const state = new Map([...model.stateDict()].filter(([key]) => !key.includes('running')));
    for (const [key, value] of state) state.set(key, value.clone().fill_(1));
    expect(model.loadStateDict(state).missingKeys).toEqual(missing);
    expect(heard).toEqual(calls);
    state.set('strange', ones([1]));
    expect(() => model.loadStateDict(state)).toThrow('Unexpected key(s) in state_dict: "strange"');
  });

  it('are assigned without a copy, with their dtypes, and to modules of the meta device', async () => {
    const weights = { weight: randn([2, 3]).double(), bias: randn([2]).double() };
    const { kept, dtypes } = await oracle().run(
      `
      nn = torch.nn
      state = {'weight': weight, 'bias': bias}
      model = nn.Linear(3, 2).requires_grad_(False)
      model.load_state_dict(state, assign=True)
      kept = [int(p.data_ptr() == s.data_ptr()) for p, s in zip(model.parameters(), state.values())]
      kept += [int(p.requires_grad) for p in model.parameters()]
      meta = nn.Linear(3, 2, device='meta')
      meta.load_state_dict(state, assign=True)
      kept += [int(p.requires_grad) for p in meta.parameters()]
      dtypes = [f'{p.dtype} {p.device}' for m in (model, meta) for p in m.parameters()]
      `,
      { inputs: weights, outputs: { kept: 'numbers', dtypes: 'strings' } },
    );
    const model = new nn.Linear(3, 2).requiresGrad_(false);
    const optimizer = new SGD(model.parameters(), { lr: 1 });
    model.loadStateDict(weights, { assign: true });
    const meta = new nn.Linear(3, 2, { device: 'meta' });
    meta.loadStateDict(weights, { assign: true });
    const shared = model.parameters().map((each, i) => each.dataPtr() === Object.values(weights)[i]?.dataPtr());
    const trained = [...model.parameters(), ...meta.parameters()].map((each) => each.requiresGrad);
    expect([...shared, ...trained].map(Number)).toEqual(kept);
    const all = [...model.parameters(), ...meta.parameters()];
    expect(all.map(({ dtype, device }) => `torch.${dtype} ${device}`)).toEqual(dtypes);
    expect(optimizer.paramGroups[0]?.params[0]).toBe(model.weight);
    expectSameBits(meta.forward(ones([1, 3]).double()), model.forward(ones([1, 3]).double()));
    weights.weight.zero_();
    expect(model.weight.abs().sum().item()).toBe(0);
    const whole = { weight: ones([2, 3]).long(), bias: ones([2]) };
    expect(() => new nn.Linear(3, 2).loadStateDict(whole, { assign: true })).toThrow('received a int64 one');
    expect(() => new nn.Linear(3, 2).loadStateDict(weights, { asign: true } as never)).toThrow(
      'unknown option `asign`',
    );
  });
});

describeWithOracle('casts', (oracle) => {
  class Mixed extends nn.Module {
    readonly linear = new nn.Linear(2, 2);
    readonly counts = new nn.Buffer(randint(0, 5, [3]));
    readonly wave = new nn.Parameter(complex(ones([2]), zeros([2])));

    forward(x: Tensor): Tensor {
      return x;
    }
  }

  it.each(['half', 'bfloat16', 'float', 'double', 'cpu'] as const)('%s', async (name) => {
    const { dtypes } = await oracle().run(
      `
      class Mixed(torch.nn.Module):
          def __init__(self):
              super().__init__()
              self.linear = torch.nn.Linear(2, 2)
              self.register_buffer('counts', torch.zeros(3, dtype=torch.int64))
              self.wave = torch.nn.Parameter(torch.ones(2, dtype=torch.complex64))
      model = getattr(Mixed(), name)()
      dtypes = [f'{k} {v.dtype}' for k, v in model.state_dict().items()]
      `,
      { inputs: { name }, outputs: { dtypes: 'strings' } },
    );
    const model = new Mixed();
    const before = model.parameters();
    model[name]();
    expect([...model.stateDict()].map(([key, { dtype }]) => `${key} torch.${dtype}`)).toEqual(dtypes);
    expect(model.parameters().every((each, place) => each === before[place])).toBe(true);
  });

  it('type casts all, and to follows a tensor', async () => {
    const { cast, followed } = await oracle().run(
      `
      nn = torch.nn
      norm = lambda: nn.BatchNorm1d(2)
      cast = [str(v.dtype) for v in norm().type(torch.float64).state_dict().values()]
      followed = [str(v.dtype) for v in norm().to(torch.ones(1, dtype=torch.float16)).state_dict().values()]
      `,
      { outputs: { cast: 'strings', followed: 'strings' } },
    );
    const dtypes = (module: nn.Module): string[] =>
      [...module.stateDict().values()].map(({ dtype }) => `torch.${dtype}`);
    expect(dtypes(new nn.BatchNorm1d(2).type('float64'))).toEqual(cast);
    expect(dtypes(new nn.BatchNorm1d(2).to(ones([1]).half()))).toEqual(followed);
    expect(() => new nn.BatchNorm1d(2).to(ones([1]), 'float16')).toThrow('no second argument after a tensor');
    expect(() => new nn.BatchNorm1d(2).type('float' as never)).toThrow("expected a dtype, received 'float'");
    const lazy = new nn.LazyLinear(2).double();
    expect(lazy.forward(ones([1, 3]).double()).dtype).toBe('float64');
  });

  it('leave metrics alone, as torchmetrics does', () => {
    const metric = new BinaryAccuracy();
    metric.update(tensor([0.2, 0.8]), tensor([0, 1]));
    expect(metric.half().double().type('float16').compute().item()).toBe(1);
    expect(metric.compute().dtype).toBe('float32');
  });
});

describe('paths', () => {
  it('lead to parameters and buffers', () => {
    const [linear, norm] = [new nn.Linear(2, 3), new nn.BatchNorm1d(3)];
    const net = new nn.Sequential(linear, norm);
    expect(net.getParameter('0.weight')).toBe(linear.weight);
    expect(net.getBuffer('1.running_mean')).toBe(norm.runningMean);
    expect(() => net.getParameter('0.wight')).toThrow('Linear has no attribute `wight`');
    expect(() => net.getParameter('1.running_mean')).toThrow('`running_mean` is not an nn.Parameter');
    expect(() => net.getBuffer('1.weight')).toThrow('`weight` is not a buffer');
    expect(() => net.getBuffer('2.weight')).toThrow('Sequential has no child `2`');
  });

  it('take a module in the place of another, or a new one', () => {
    const net = new nn.Sequential(
      new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3)),
      new nn.ModuleDict({ head: new nn.Linear(3, 1) }),
    );
    net.setSubmodule('0.1', new nn.GELU());
    net.setSubmodule('1.head', new nn.Tanh());
    net.setSubmodule('0.extra', new nn.ReLU());
    expect(net.namedModules().map(([name, module]) => `${name} ${module.constructor.name}`)).toEqual([
      ' Sequential',
      '0 Sequential',
      '0.0 Linear',
      '0.1 GELU',
      '0.extra ReLU',
      '1 ModuleDict',
      '1.head Tanh',
    ]);
    expect(() => net.setSubmodule('0.2', new nn.ReLU(), true)).toThrow('Sequential has no attribute `2`');
    expect(() => net.setSubmodule('0.0.weight', new nn.ReLU())).toThrow('`weight` is not an nn.Module');
    expect(() => net.setSubmodule('', new nn.ReLU())).toThrow('without a target name');
    expect(() => net.setSubmodule('0.1', {} as never)).toThrow('expected a Module for argument `module`');
  });

  it('take a module in the place of a property with another name', () => {
    class Twin extends nn.Module {
      innerBlock: nn.Module = new nn.Linear(2, 2);

      forward(x: Tensor): Tensor {
        return this.innerBlock.forward(x);
      }
    }
    const twin = new Twin();
    twin.setSubmodule('inner_block', new nn.Identity());
    expect(twin.forward(ones([2])).tolist()).toEqual([1, 1]);
    twin.addModule('more', new nn.Linear(2, 1));
    expect(twin.namedChildren().map(([name]) => name)).toEqual(['inner_block', 'more']);
  });
});
