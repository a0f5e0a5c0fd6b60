/** Pruning of several modules together, files, methods of one's own, memory, and what is refused, beside Python's. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import {
  isTorchError,
  load,
  manualSeed,
  memory,
  noGrad,
  ones,
  rand,
  randn,
  resetPeak,
  save,
  scope,
  slice,
  sweep,
  type Tensor,
} from '../../../lib';
import * as nn from '../../../lib/nn';
import * as optim from '../../../lib/optim';
import { describeWithOracle, expectSameBits } from '../../oracle/oracle';
import { settle } from '../../support/settle';
import { expectSameState } from '../compare-module';
import { Draws } from '../draws';

const { prune } = nn.utils;

beforeEach(() => manualSeed(23));

const PYTHON = `
import copy, warnings
from torch.nn.utils import prune
nn = torch.nn
class EverySecond(prune.BasePruningMethod):
    PRUNING_TYPE = 'unstructured'
    def __init__(self, start=0): self.start = start
    def compute_mask(self, t, default_mask):
        mask = default_mask.clone(memory_format=torch.contiguous_format)
        mask.view(-1)[self.start::2] = 0
        return mask
def copies(m): return {k: v.clone() for k, v in m.state_dict().items()}
`;
const withPython = (source: string): string => `${PYTHON}${source.replaceAll('\n      ', '\n')}`;

class EverySecond extends prune.BasePruningMethod {
  readonly pruningType = 'unstructured';
  readonly start: number;

  constructor(options: { start?: number } = {}) {
    super();
    this.start = options.start ?? 0;
  }

  computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    const mask = defaultMask.clone();
    mask.view(-1).setAt(slice(this.start, null, 2), 0);
    return mask;
  }
}

const network = (): nn.Sequential =>
  new nn.Sequential(new nn.Conv2d(2, 4, 3), new nn.ReLU(), new nn.Flatten(), new nn.Linear(16, 5), new nn.Linear(5, 3));
const pythonNetwork = 'nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 5), nn.Linear(5, 3))';

const clones = (module: nn.AnyModule): Record<string, Tensor> =>
  Object.fromEntries([...module.stateDict()].map(([key, value]) => [key, value.clone()]));

describeWithOracle('nn.utils.prune', (oracle) => {
  it('prunes several modules together, again and again', async () => {
    for (let round = 0; round < 40; round++) {
      const draws = new Draws(77 + round);
      const [model, x] = [network(), randn([2, 2, 4, 4])];
      const initial = clones(model);
      const all = [0, 3, 4].flatMap((index) => [[index, 'weight'] as const, [index, 'bias'] as const]);
      const inputs: Record<string, Tensor> = {};
      const source: string[] = [];
      manualSeed(round);
      for (let turn = 0; turn < 3; turn++) {
        const chosen = all.filter(() => draws.flag());
        if (chosen.length === 0) continue;
        const amount = draws.flag() ? draws.int(0, 20) : draws.next();
        const places = chosen.map(([index, name]) => [model.at(index), name] as const);
        const scores = new Map<nn.utils.prune.ParameterPlace, Tensor>();
        for (const [index, [at, name]] of chosen.entries()) {
          if (draws.next() < 0.7) continue;
          const given = rand((Reflect.get(model.at(at), name) as Tensor).shape);
          scores.set(draws.flag() ? (places[index] as nn.utils.prune.ParameterPlace) : [model.at(at), name], given);
          inputs[`scores${turn}_${at}_${name}`] = given;
        }
        // What was drawn for the scores, Python has not drawn.
        manualSeed(100 * round + turn);
        const names = [...scores].map(([[at, name]]) => [all.find(([index]) => model.at(index) === at)?.[0], name]);
        const given = names.map(([at, name]) => `(m[${at}], '${name}'): scores${turn}_${at}_${name}`).join(', ');
        const [type, options, python] = draws.pick<() => [nn.utils.prune.PruningMethodClass, object, string]>([
          () => [prune.L1Unstructured, { amount }, `prune.L1Unstructured, amount=${amount}`],
          () => [prune.RandomUnstructured, { amount }, `prune.RandomUnstructured, amount=${amount}`],
          () => [prune.Identity, {}, 'prune.Identity'],
          () => [EverySecond, {}, 'EverySecond'],
          () => [EverySecond, { start: 1 }, 'EverySecond, start=1'],
        ])();
        const list = chosen.map(([at, name]) => `(m[${at}], '${name}'),`).join(' ');
        try {
          prune.globalUnstructured(places, type, { ...options, importanceScores: scores });
        } catch (error) {
          expect(isTorchError(error)).toBe(true);
          break;
        }
        source.push(`torch.manual_seed(${100 * round + turn})`);
        source.push(`prune.global_unstructured([${list}], ${python}, importance_scores={${given}})`);
        model.forward(x);
        source.push('m(x)');
      }
      const expected = await oracle().run(
        withPython(`
      m = ${pythonNetwork}
      m.load_state_dict(initial)
      ${source.join('\n      ')}
      y = m(x)
      y.square().sum().backward()
      state, printed = copies(m), str(m)
      gradients = {k: p.grad for k, p in m.named_parameters()}
      `),
        {
          inputs: { ...inputs, initial, x },
          outputs: { y: 'tensor', state: 'tensorDict', printed: 'string', gradients: 'tensorDict' },
        },
      );
      const y = model.forward(x);
      y.square().sum().backward();
      expectSameState(model.stateDict(), expected.state, `round ${round}`);
      expectSameBits(y.detach(), expected.y, `round ${round}: y`);
      expect(model.toString()).toBe(expected.printed);
      for (const [name, { grad }] of model.namedParameters())
        expectSameBits(grad as Tensor, expected.gradients[name] as Tensor, name);
    }
  });

  it('goes through files to Python and back', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pruned-'));
    const [ours, theirs] = ['ours.pt', 'theirs.pt'].map((name) => path.join(folder, name)) as [string, string];
    try {
      const [model, x] = [network(), randn([2, 2, 4, 4])];
      const pruned = (of: nn.Sequential): nn.Sequential => {
        prune.lnStructured(of.at(0), 'weight', { amount: 0.5, n: 2, dim: 0 });
        prune.l1Unstructured(of.at(3), 'weight', 0.4);
        prune.randomUnstructured(of.at(3), 'bias', 2);
        return of;
      };
      pruned(model);
      save(model.stateDict(), ours);
      const expected = await oracle().run(
        withPython(`
      m = ${pythonNetwork}
      prune.ln_structured(m[0], 'weight', 0.5, 2, 0)
      prune.l1_unstructured(m[3], 'weight', 0.4)
      prune.random_unstructured(m[3], 'bias', 2)
      torch.save(m.state_dict(), theirs)
      state, first = copies(m), m(x).detach()
      keys = m.load_state_dict(torch.load(ours, weights_only=True))
      matched = not keys.missing_keys and not keys.unexpected_keys
      second = m(x).detach()
      `),
        {
          inputs: { x, ours, theirs },
          outputs: { state: 'tensorDict', first: 'tensor', matched: 'boolean', second: 'tensor' },
        },
      );
      expect(expected.matched).toBe(true);
      expectSameBits(model.forward(x).detach(), expected.second, 'ours in Python');
      const other = pruned(network());
      expect(other.loadStateDict(load(theirs) as Map<string, Tensor>)).toEqual({ missingKeys: [], unexpectedKeys: [] });
      expectSameState(other.stateDict(), expected.state, 'theirs here');
      expectSameBits(other.forward(x).detach(), expected.first, 'theirs here');
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });

  it('has methods of which one prunes tensors, or several in a container', async () => {
    const [t, scores] = [randn([4, 6]), randn([4, 6])];
    const defaultMask = rand([4, 6]).gt(0.4).to('float32');
    const expected = await oracle().run(
      withPython(`
      torch.manual_seed(1)
      methods = [prune.Identity(), prune.RandomUnstructured(0.3), prune.L1Unstructured(5), prune.RandomStructured(2),
                 prune.RandomStructured(0.5, 0), prune.LnStructured(2, 1), prune.LnStructured(0.25, float('inf'), 0),
                 prune.CustomFromMask(default_mask), EverySecond(start=1)]
      pruned = [m.prune(*args) for m in methods for args in [(t,), (t, default_mask), (t, None, scores)]]
      masks = []
      for m in methods:
          m._tensor_name = 'any'
          container = prune.PruningContainer(m)
          masks.append(container.compute_mask(scores, default_mask.clone()))
      `),
      { inputs: { t, scores, default_mask: defaultMask }, outputs: { pruned: 'tensors', masks: 'tensors' } },
    );
    manualSeed(1);
    const methods = [
      new prune.Identity(),
      new prune.RandomUnstructured(0.3),
      new prune.L1Unstructured({ amount: 5 }),
      new prune.RandomStructured(2),
      new prune.RandomStructured(0.5, 0),
      new prune.LnStructured(2, 1),
      new prune.LnStructured({ amount: 0.25, n: Infinity, dim: 0 }),
      new prune.CustomFromMask(defaultMask),
      new EverySecond({ start: 1 }),
    ];
    const pruned = methods.flatMap((method) => [
      method.prune(t),
      method.prune(t, defaultMask),
      method.prune(t, { importanceScores: scores }),
    ]);
    for (const [index, each] of pruned.entries())
      expectSameBits(each, expected.pruned[index] as Tensor, `pruned ${index}`);
    for (const [index, method] of methods.entries()) {
      const container = new prune.PruningContainer(method);
      const mask = container.computeMask(scores, defaultMask.clone());
      expectSameBits(mask, expected.masks[index] as Tensor, `mask ${index}`);
    }
    const container = new prune.PruningContainer(...methods);
    expect([container.length, container.at(-1) === methods.at(-1), [...container][1] === methods[1]]).toEqual([
      9,
      true,
      true,
    ]);
  });

  it('refuses what Python refuses, and leaves the module as it was', async () => {
    const lazy = new nn.LazyLinear(3);
    const cases: [python: string, run: (m: nn.Linear) => unknown, message: string][] = [
      [
        "prune.l1_unstructured(m, 'weight', -1)",
        (m) => prune.l1Unstructured(m, 'weight', -1),
        'a fraction from 0 to 1 or a whole number of at least 0 for `amount`, received -1',
      ],
      ["prune.l1_unstructured(m, 'weight', 1.5)", (m) => prune.l1Unstructured(m, 'weight', 1.5), 'received 1.5'],
      [
        "prune.l1_unstructured(m, 'weight', float('nan'))",
        (m) => prune.l1Unstructured(m, 'weight', NaN),
        'received NaN',
      ],
      [
        "prune.l1_unstructured(m, 'weight', 'I am a string')",
        (m) => prune.l1Unstructured(m, 'weight', 'I am a string' as never),
        "expected a number for argument `amount`, received 'I am a string'",
      ],
      [
        "prune.random_unstructured(m, 'weight', 13)",
        (m) => prune.randomUnstructured(m, 'weight', 13),
        'expected at most 12 for `amount`, as there are no more to prune, received 13',
      ],
      [
        "prune.random_structured(m, 'weight', 5, 1)",
        (m) => prune.randomStructured(m, 'weight', 5, 1),
        'expected at most 4 for `amount`',
      ],
      [
        "prune.random_structured(m, 'weight', 1, 2)",
        (m) => prune.randomStructured(m, 'weight', 1, 2),
        'expected an integer from -2 to 1 for argument `dim`, received 2',
      ],
      [
        "prune.ln_structured(m, 'weight', 1, 2, -3)",
        (m) => prune.lnStructured(m, 'weight', 1, 2, -3),
        'expected an integer from -2 to 1 for argument `dim`, received -3',
      ],
      [
        "prune.random_structured(m, 'bias', 1, 0)",
        (m) => prune.randomStructured(m, 'bias', 1, 0),
        'expected a tensor of two dimensions or more',
      ],
      [
        "prune.ln_structured(m, 'weight', 1, 'nuc', 0)",
        (m) => prune.lnStructured(m, 'weight', 1, 'nuc', 0),
        "expected a number for `n`, received 'nuc'",
      ],
      [
        "prune.ln_structured(m, 'weight', 1, 'two', 0)",
        (m) => prune.lnStructured(m, 'weight', 1, 'two' as never, 0),
        "expected a number, 'fro' or 'nuc' for `n`, received 'two'",
      ],
      [
        "prune.ln_structured(m, 'weight', 1, 2)",
        (m) => prune.lnStructured(m, 'weight', { amount: 1, n: 2 } as never),
        'expected an integer for argument `dim`, received NaN',
      ],
      [
        "prune.l1_unstructured(m, 'nothing', 1)",
        (m) => prune.l1Unstructured(m, 'nothing', 1),
        "has no parameter or buffer with name 'nothing'",
      ],
      [
        "prune.l1_unstructured(b, 'running_mean', 1)",
        () => prune.l1Unstructured(new nn.BatchNorm1d(3), 'running_mean', 1),
        "expected the name of a parameter for argument `name`, received 'running_mean', which is none",
      ],
      [
        "prune.l1_unstructured(n, 'bias', 1)",
        () => prune.l1Unstructured(new nn.Linear(3, 2, false), 'bias', 1),
        "has no parameter or buffer with name 'bias'",
      ],
      [
        "prune.l1_unstructured(nn.LazyLinear(3), 'weight', 1)",
        () => prune.l1Unstructured(lazy, 'weight', 1),
        'which has no shape before the first forward',
      ],
      [
        "prune.l1_unstructured(3, 'weight', 1)",
        () => prune.l1Unstructured(3 as never, 'weight', 1),
        'l1Unstructured(): expected a Module for argument `module`, received 3',
      ],
      [
        "prune.l1_unstructured(m, 'weight', 1, torch.ones(3))",
        (m) => prune.l1Unstructured(m, 'weight', 1, ones([3])),
        'expected a tensor of shape [3, 4] for argument `importanceScores`, received Tensor[3] float32',
      ],
      [
        "prune.custom_from_mask(m, 'weight', torch.ones(3))",
        (m) => prune.customFromMask(m, 'weight', ones([3])),
        'expected a tensor of shape [3, 4] for `mask`, received Tensor[3] float32',
      ],
      [
        "prune.custom_from_mask(m, 'weight', 3)",
        (m) => prune.customFromMask(m, 'weight', 3 as never),
        'expected a Tensor for argument `mask`, received 3',
      ],
      [
        'prune.global_unstructured(3, prune.L1Unstructured, amount=1)',
        () => prune.globalUnstructured(3 as never, prune.L1Unstructured, { amount: 1 }),
        'expected something to iterate over for argument `parameters`, received 3',
      ],
      [
        'prune.global_unstructured([], prune.L1Unstructured, amount=1)',
        () => prune.globalUnstructured([], prune.L1Unstructured, { amount: 1 }),
        'expected one place or more for argument `parameters`',
      ],
      [
        "prune.global_unstructured([(m, 'weight')], prune.LnStructured, amount=1, n=1)",
        (m) => prune.globalUnstructured([[m, 'weight']], prune.LnStructured, { amount: 1, n: 1 }),
        "expected a class whose `pruningType` is 'unstructured' for argument `pruningMethod`, received LnStructured, whose is 'structured'",
      ],
      [
        "prune.global_unstructured([(m, 'weight')], prune.L1Unstructured, importance_scores=3, amount=1)",
        (m) =>
          prune.globalUnstructured([[m, 'weight']], prune.L1Unstructured, { amount: 1, importanceScores: 3 as never }),
        'expected something to iterate over for argument `importanceScores`, received 3',
      ],
      [
        "prune.global_unstructured([(m, 'weight'), (m, 'nothing')], prune.L1Unstructured, amount=1)",
        (m) =>
          prune.globalUnstructured(
            [
              [m, 'weight'],
              [m, 'nothing'],
            ],
            prune.L1Unstructured,
            { amount: 1 },
          ),
        "has no parameter or buffer with name 'nothing'",
      ],
      [
        "prune.global_unstructured([(m, 'weight')], nn.Linear, amount=1)",
        (m) => prune.globalUnstructured([[m, 'weight']], nn.Linear as never, { amount: 1 }),
        'expected a class derived from BasePruningMethod for argument `pruningMethod`, received function Linear',
      ],
      [
        "prune.remove(m, 'weight')",
        (m) => prune.remove(m, 'weight'),
        "Parameter 'weight' of module Linear(in_features=4, out_features=3, bias=True) has to be pruned before pruning can be removed",
      ],
      [
        'prune.Identity().remove(m)',
        (m) => new prune.Identity().remove(m),
        'has to be pruned before pruning can be removed',
      ],
      [
        'prune.Identity().apply_mask(m)',
        (m) => new prune.Identity().applyMask(m),
        'expected a module in which this method has pruned a tensor',
      ],
      [
        'prune.BasePruningMethod()',
        () => prune.BasePruningMethod.apply.call(prune.BasePruningMethod as never, new nn.Linear(1, 1), 'weight'),
        'expected a class derived from BasePruningMethod',
      ],
      [
        'prune.Identity().prune(torch.ones(2), None, torch.ones(3))',
        () => new prune.Identity().prune(ones([2]), null, ones([3])),
        'expected a tensor of shape [2]',
      ],
      [
        "prune.PruningContainer().add_pruning_method('me')",
        () => new prune.PruningContainer().addPruningMethod('me' as never),
        "expected a BasePruningMethod for argument `method`, received 'me'",
      ],
      [
        'prune.PruningContainer().compute_mask(torch.ones(2), torch.ones(2))',
        () => new prune.PruningContainer().computeMask(ones([2]), ones([2])),
        'expected a container of methods, but it is empty',
      ],
    ];
    const { raised, mixed } = await oracle().run(
      withPython(`
      runs = [${cases.map(([python]) => `lambda m, n, b: ${python},`).join('\n              ')}]
      raised = []
      for run in runs:
          try: run(nn.Linear(4, 3), nn.Linear(3, 2, bias=False), nn.BatchNorm1d(3)); raised.append('no')
          except Exception as error: raised.append('yes')
      m = prune.identity(prune.identity(nn.Linear(2, 2), 'weight'), 'bias')
      hooks = list(m._forward_pre_hooks.values())
      container = prune.PruningContainer(hooks[0])
      try: container.add_pruning_method(hooks[1])
      except ValueError as error: mixed = str(error)
      `),
      { outputs: { raised: 'strings', mixed: 'string' } },
    );
    expect(mixed).toContain("parameter named 'weight'");
    for (const [index, [python, run, message]] of cases.entries()) {
      const layer = new nn.Linear(4, 3);
      const before = clones(layer);
      expect([python, raised[index]]).toEqual([python, 'yes']);
      expect(() => run(layer)).toThrow(message);
      try {
        run(layer);
      } catch (error) {
        expect(isTorchError(error)).toBe(true);
      }
      expectSameState(layer.stateDict(), before, python);
      expect([prune.isPruned(layer), layer.hasForwardHooks, layer.weight instanceof nn.Parameter]).toEqual([
        false,
        false,
        true,
      ]);
    }
    const [weight, bias] = ['weight', 'bias'].map((name) => prune.Identity.apply(new nn.Linear(2, 2), name));
    expect(
      () => new prune.PruningContainer(weight as nn.utils.prune.Identity, bias as nn.utils.prune.Identity),
    ).toThrow("expected a method that prunes 'weight' for argument `method`, received one that prunes 'bias'");
  });

  it('computes before each forward what the last pruning and the last step have left, in the order of the hooks', async () => {
    const [model, x] = [new nn.Linear(3, 2), randn([4, 3])];
    const initial = clones(model);
    const expected = await oracle().run(
      withPython(`
      m = nn.Linear(3, 2)
      m.load_state_dict(initial)
      seen = []
      prune.l1_unstructured(m, 'weight', 2)
      m.register_forward_pre_hook(lambda m, x: seen.append(m.weight.detach().clone()))
      with torch.no_grad(): m.weight_orig.mul_(2)
      seen.append(m.weight.detach().clone())
      m(x)
      prune.l1_unstructured(m, 'weight', 1)
      with torch.no_grad(): m.weight_orig.mul_(2)
      m(x)
      seen.append(m.weight.detach().clone())
      before = list(seen)
      y = torch.func.functional_call(m, {'weight_orig': torch.ones(2, 3)}, x).detach()
      `),
      { inputs: { initial, x }, outputs: { before: 'tensors', y: 'tensor' } },
    );
    const seen: Tensor[] = [];
    prune.l1Unstructured(model, 'weight', 2);
    model.registerForwardPreHook((of) => void seen.push((of).weight.detach().clone()));
    const double = (): Tensor => noGrad(() => (Reflect.get(model, 'weight_orig') as Tensor).mul_(2));
    double();
    seen.push(model.weight.detach().clone());
    model.forward(x);
    prune.l1Unstructured(model, 'weight', 1);
    double();
    model.forward(x);
    seen.push(model.weight.detach().clone());
    expect(seen.length).toBe(expected.before.length);
    for (const [index, each] of seen.entries()) expectSameBits(each, expected.before[index] as Tensor, `seen ${index}`);
    const y = nn.utils.stateless.functionalCall(model, { weight_orig: ones([2, 3]) }, x);
    expectSameBits(y.detach(), expected.y, 'functionalCall');
  });
});

describe('nn.utils.prune', () => {
  it('rolls back where a method of the user fails', () => {
    class Failing extends prune.BasePruningMethod {
      readonly pruningType: nn.utils.prune.PruningType = 'global';

      constructor(readonly fails: 'computeMask' | 'applyMask' | 'mask' | 'tensor' | 'type') {
        super();
        if (fails === 'type') this.pruningType = 'none' as never;
      }

      computeMask(t: Tensor, defaultMask: Tensor): Tensor {
        if (this.fails === 'computeMask') throw new Error('as computed');
        return this.fails === 'mask' ? (3 as never) : defaultMask;
      }

      override applyMask(module: nn.AnyModule): Tensor {
        if (this.fails === 'applyMask') throw new Error('as applied');
        return this.fails === 'tensor' ? (4 as never) : super.applyMask(module);
      }
    }
    const layer = new nn.Linear(3, 2);
    const before = clones(layer);
    const [{ weight }, messages] = [layer, { computeMask: 'as computed', applyMask: 'as applied' }];
    for (const [fails, message] of Object.entries({
      ...messages,
      mask: 'to return a Tensor, received 3',
      tensor: 'received 4',
    })) {
      expect(() => Failing.apply(layer, 'weight', fails as 'mask')).toThrow(message);
      expectSameState(layer.stateDict(), before, fails);
      expect([layer.weight === weight, layer.hasForwardHooks]).toEqual([true, false]);
    }
    const first = prune.L1Unstructured.apply(layer, 'weight', 2);
    const pruned = clones(layer);
    for (const [fails, message] of Object.entries({
      ...messages,
      mask: 'received 3',
      type: "for `pruningType`, received 'none'",
    })) {
      if (fails === 'applyMask') continue; // of the first method's, which goes on
      expect(() => Failing.apply(layer, 'weight', fails as 'mask')).toThrow(message);
      expectSameState(layer.stateDict(), pruned, fails);
      layer.forward(ones([1, 3]));
    }
    first.applyMask = () => {
      throw new Error('as applied');
    };
    expect(() => prune.identity(layer, 'weight')).not.toThrow();
    const clashing = new nn.Linear(3, 2);
    Object.assign(clashing, { weight_mask: 1 });
    expect(() => prune.identity(clashing, 'weight')).toThrow("'weight_mask' already exists");
    expect([...clashing.stateDict().keys()]).toEqual(['weight', 'bias']);
  });

  it('copies a module with its methods where autograd lets it, as in Python', () => {
    const layer = prune.l1Unstructured(new nn.Linear(4, 4), 'weight', 3);
    expect(() => nn.deepcopy(layer)).toThrow('graph leaves');
    noGrad(() => layer.forward(ones([1, 4])));
    const mask = scope(() => ones([4, 4]).setAt(0, 0));
    const container = prune.CustomFromMask.apply(layer, 'weight', mask);
    mask.dispose();
    noGrad(() => layer.forward(ones([1, 4])));
    const copy = nn.deepcopy(layer);
    prune.l1Unstructured(copy, 'weight', 2);
    copy.weight_orig.data.mul_(3);
    copy.forward(ones([1, 4]));
    expect([
      container instanceof prune.PruningContainer,
      (container as nn.utils.prune.PruningContainer).length,
    ]).toEqual([true, 2]);
    expect(copy.weight.eq(0).sum().item()).toBe(layer.weight.eq(0).sum().item() + 2);
    expect(copy.weight).not.toBe(layer.weight);
    prune.remove(copy, 'weight');
    expect([prune.isPruned(copy), prune.isPruned(new nn.Sequential(layer))]).toEqual([false, true]);
    class Secretive extends prune.Identity {
      readonly #secret = 1;

      get secret(): number {
        return this.#secret;
      }
    }
    const other = new nn.Linear(2, 2);
    Secretive.apply(other, 'weight');
    noGrad(() => other.forward(ones([1, 2])));
    expect(() => nn.deepcopy(other)).toThrow('the class Secretive has private members');
  });

  it('leaves nothing behind a step, and what it has computed can be read after it', () => {
    const model = new nn.Sequential(
      prune.l1Unstructured(new nn.Linear(8, 8), 'weight', 0.5),
      scope(() => prune.randomStructured(new nn.Linear(8, 2), 'weight', 0.5, 0)),
    );
    const x = randn([4, 8]);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const step = (): void =>
      scope(() => {
        optimizer.zeroGrad();
        model.forward(x).add(model.forward(x)).sum().backward();
        optimizer.step();
      });
    step();
    sweep();
    const before = memory();
    const counts = Array.from({ length: 5 }, () => {
      step();
      const { tensors, bytes } = memory();
      return [tensors, bytes['cpu']];
    });
    expect(counts).toEqual(counts.map(() => [before.tensors, before.bytes['cpu']]));
    for (const layer of model as Iterable<nn.Linear>) expect(layer.weight.eq(0).sum().item()).toBeGreaterThan(7);
  });

  it('keeps what a program holds of an earlier forward, and its graph', () => {
    const layer = prune.l1Unstructured(new nn.Linear(3, 3), 'weight', 0.5);
    const held = layer.weight;
    const values = held.tolist();
    noGrad(() => layer.weight_orig.mul_(2));
    scope(() => {
      noGrad(() => layer.forward(ones([1, 3])));
      const inside = layer.weight;
      layer.forward(ones([1, 3]));
      expect(inside.sum().item()).toBe(layer.weight.sum().item());
    });
    // The scope's, for it took the place of what was there in it.
    expect(held.isDisposed).toBe(true);
    const outside = layer.weight;
    layer.forward(ones([1, 3]));
    outside.sum().backward();
    expect(layer.weight_orig.grad?.tolist()).toEqual(layer.weight_mask.tolist());
    expect(outside.tolist()).toEqual((values as number[][]).map((row) => row.map((value) => 2 * value)));
  });

  it('stays flat in a plain loop', () => {
    const layer = prune.l1Unstructured(new nn.Linear(512, 512), 'weight', 0.5);
    const optimizer = new optim.SGD(layer.parameters(), { lr: 0.1 });
    const x = randn([1, 512]);
    const steps = (count: number): void => {
      for (let i = 0; i < count; i++) {
        optimizer.zeroGrad();
        layer.forward(x).square().mean().backward();
        optimizer.step();
      }
    };
    steps(5);
    settle();
    resetPeak();
    const before = memory();
    steps(400); // 400 MiB of weights, if they stayed
    const { peak } = memory();
    settle();
    const after = memory();
    expect(after.tensors).toBeLessThanOrEqual(before.tensors);
    expect((peak['cpu'] ?? 0) - (before.allocated['cpu'] ?? 0)).toBeLessThan(150 * 2 ** 20);
  });
});

it('prunes halves to even, as Python rounds', () => {
  const zerosOf = (amount: number): number =>
    prune.l1Unstructured(new nn.Linear(1, 10), 'weight', amount).weight_mask.eq(0).sum().item();
  expect([0.05, 0.15, 0.25, 0.35, 0.45].map(zerosOf)).toEqual([0, 2, 2, 4, 4]);
});
