/** What pruning refuses, beside what Python does, and that nothing is changed then. */
import { isTorchError } from '../../../lib/engine';
import * as nn from '../../../lib/nn';
import { ones, type Tensor } from '../../../lib/tensor';
import { describeWithOracle } from '../../oracle/oracle';
import { expectSameState } from '../compare-module';

const { prune } = nn.utils;

const clones = (module: nn.AnyModule): Record<string, Tensor> =>
  Object.fromEntries([...module.stateDict()].map(([key, value]) => [key, value.clone()]));

describeWithOracle('nn.utils.prune', (oracle) => {
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
        'expected a value for argument `dim`, received none',
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
      `
      from torch.nn.utils import prune
      nn = torch.nn
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
      `,
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
});
