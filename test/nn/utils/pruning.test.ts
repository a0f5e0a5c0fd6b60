/** Pruning of several modules together, files, methods of one's own, hooks and copies, beside Python's. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import {
  isTorchError,
  load,
  manualSeed,
  noGrad,
  ones,
  rand,
  randn,
  save,
  scope,
  slice,
  type Tensor,
} from '../../../lib';
import * as nn from '../../../lib/nn';
import { describeWithOracle, expectSameBits } from '../../oracle/oracle';
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

  it('has an encoder layer leave its fused kernel, as Python does', async () => {
    const layer = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 8, batchFirst: true }).eval();
    const [initial, x] = [clones(layer), randn([2, 3, 4])];
    const { trained, evaluated } = await oracle().run(
      withPython(`
      m = nn.TransformerEncoderLayer(4, 2, dim_feedforward=8, batch_first=True).eval()
      m.load_state_dict(initial)
      prune.l1_unstructured(m.self_attn, 'in_proj_weight', 0.5)
      prune.l1_unstructured(m.linear1, 'weight', 0.5)
      trained = m(x).detach()
      with torch.no_grad(): evaluated = m(x)
      `),
      { inputs: { initial, x }, outputs: ['trained', 'evaluated'] },
    );
    const attention = prune.l1Unstructured(layer.selfAttn, 'inProjWeight', 0.5);
    prune.l1Unstructured(layer.linear1, 'weight', 0.5);
    expectSameBits(layer.forward(x).detach(), trained);
    expectSameBits(
      noGrad(() => layer.forward(x)),
      evaluated,
    );
    expect(attention.in_proj_weight_mask.sum().item()).toBe(24);
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
    model.registerForwardPreHook((of) => void seen.push(of.weight.detach().clone()));
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
});

it('prunes halves to even, as Python rounds', () => {
  const zerosOf = (amount: number): number =>
    prune.l1Unstructured(new nn.Linear(1, 10), 'weight', amount).weight_mask.eq(0).sum().item();
  expect([0.05, 0.15, 0.25, 0.35, 0.45].map(zerosOf)).toEqual([0, 2, 2, 4, 4]);
});
