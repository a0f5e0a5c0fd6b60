/** What all optimizers share: groups, names, hooks, state dicts. */
import * as nn from '../../lib/nn';
import {
  Adam,
  type AnyStateDict,
  Rprop,
  registerOptimizerStepPostHook,
  registerOptimizerStepPreHook,
  SGD,
} from '../../lib/optim';
import { manualSeed, ones, randn, type Tensor } from '../../lib/tensor';
import { describeWithOracle } from '../oracle/oracle';

beforeEach(() => manualSeed(71));

function leaf(shape: number[] = [2]): Tensor {
  return ones(shape, { requiresGrad: true });
}

describeWithOracle('named parameters', (oracle) => {
  it('are in state dicts and printed as in Python, and loading treats them so', async () => {
    const expected = await oracle().run(
      `
      model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
      named = list(model.named_parameters())
      optimizer = torch.optim.Adam([{'params': named[:2], 'lr': 0.1}, {'params': named[2:]}])
      groups = optimizer.state_dict()['param_groups']
      printed = str(optimizer)
      renamed = torch.optim.Adam([{'params': [('a', p) for _, p in named[:2]], 'lr': 3}, {'params': [('b', p) for _, p in named[2:]]}])
      other = torch.optim.Adam([{'params': [p for _, p in named[:2]], 'lr': 3}, {'params': [p for _, p in named[2:]]}])
      renamed_state = renamed.state_dict()
      other_state = other.state_dict()
      renamed.load_state_dict(optimizer.state_dict())
      other.load_state_dict(optimizer.state_dict())
      optimizer.load_state_dict(other_state)
      after = [o.state_dict()['param_groups'] for o in (renamed, other, optimizer)]
      `,
      { outputs: { groups: 'value', printed: 'string', after: 'value' } },
    );
    const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Linear(3, 1));
    const named = model.namedParameters();
    const optimizer = new Adam([{ params: named.slice(0, 2), lr: 0.1 }, { params: named.slice(2) }]);
    expect(optimizer.stateDict().param_groups).toEqual(expected.groups);
    expect(String(optimizer)).toBe(expected.printed);
    const as = (name: string, some: typeof named): [string, Tensor][] => some.map(([, param]) => [name, param]);
    const renamed = new Adam([{ params: as('a', named.slice(0, 2)), lr: 3 }, { params: as('b', named.slice(2)) }]);
    const bare = named.map(([, param]) => param);
    const other = new Adam([{ params: bare.slice(0, 2), lr: 3 }, { params: bare.slice(2) }]);
    const otherState = other.stateDict();
    renamed.loadStateDict(optimizer.stateDict());
    other.loadStateDict(optimizer.stateDict());
    optimizer.loadStateDict(otherState);
    expect([renamed, other, optimizer].map((each) => each.stateDict().param_groups)).toEqual(expected.after);
  });
});

describeWithOracle('what is no option', (oracle) => {
  it('stays in the group, is printed and saved as in Python, and comes back', async () => {
    const { groups, printed } = await oracle().run(
      `
      params = [torch.ones(2, requires_grad=True) for _ in range(2)]
      optimizer = torch.optim.SGD([{'params': params[:1], 'name': 'head', 'lr_scale': 0.5}, {'params': params[1:], 'tags': None}], lr=0.1)
      groups, printed = optimizer.state_dict()['param_groups'], str(optimizer)
      `,
      { outputs: { groups: 'value', printed: 'string' } },
    );
    const make = (): SGD =>
      new SGD(
        [
          { params: [leaf()], name: 'head', lrScale: 0.5 },
          { params: leaf(), tags: null },
        ],
        { lr: 0.1 },
      );
    const optimizer = make();
    expect(optimizer.stateDict().param_groups).toEqual(groups);
    expect(String(optimizer)).toBe(printed);
    const other = make();
    Object.assign(other.paramGroups[0] as object, { lrScale: 2 });
    other.loadStateDict(optimizer.stateDict());
    expect(other.stateDict().param_groups).toEqual(groups);
  });

  it('is refused where it looks like one', () => {
    expect(() => new SGD([{ params: [leaf()], momentun: 0.9 }], { lr: 0.1 })).toThrow(
      'received `momentun`, did you mean momentum?',
    );
  });
});

describeWithOracle('hooks of optimizers', (oracle) => {
  it('run in the order of Python', async () => {
    const { calls } = await oracle().run(
      `
      from torch.optim.optimizer import register_optimizer_step_pre_hook, register_optimizer_step_post_hook
      calls = []
      p = torch.ones(2, requires_grad=True)
      optimizer = torch.optim.SGD([p], lr=0.1)
      note = lambda name: lambda *args: calls.append(name)
      optimizer.register_step_pre_hook(note('pre 1'))
      removed = optimizer.register_step_pre_hook(note('pre 2'))
      optimizer.register_step_post_hook(note('post 1'))
      everywhere = [register_optimizer_step_pre_hook(note('all pre')), register_optimizer_step_post_hook(note('all post'))]
      optimizer.register_state_dict_pre_hook(note('state pre 1'))
      optimizer.register_state_dict_pre_hook(note('state pre 2'), prepend=True)
      optimizer.register_state_dict_post_hook(lambda o, s: {**s, 'extra': 1})
      optimizer.register_state_dict_post_hook(lambda o, s: calls.append('extra' in s))
      optimizer.register_load_state_dict_pre_hook(lambda o, s: {k: v for k, v in s.items() if k != 'extra'})
      optimizer.register_load_state_dict_pre_hook(lambda o, s: calls.append('extra' in s))
      optimizer.register_load_state_dict_post_hook(note('load post'))
      optimizer.step(lambda: calls.append('closure'))
      removed.remove()
      optimizer.step()
      optimizer.load_state_dict(optimizer.state_dict())
      for handle in everywhere:
          handle.remove()
      optimizer.step()
      `,
      { outputs: { calls: 'value' } },
    );
    const ours: (string | boolean)[] = [];
    const note = (name: string) => (): void => {
      ours.push(name);
    };
    const optimizer = new SGD([leaf()], { lr: 0.1 });
    optimizer.registerStepPreHook(note('pre 1'));
    const removed = optimizer.registerStepPreHook(note('pre 2'));
    optimizer.registerStepPostHook(note('post 1'));
    const everywhere = [registerOptimizerStepPreHook(note('all pre')), registerOptimizerStepPostHook(note('all post'))];
    optimizer.registerStateDictPreHook(note('state pre 1'));
    optimizer.registerStateDictPreHook(note('state pre 2'), { prepend: true });
    optimizer.registerStateDictPostHook((_, state) => ({ ...state, extra: 1 }) as AnyStateDict);
    optimizer.registerStateDictPostHook((_, state) => {
      ours.push('extra' in state);
    });
    optimizer.registerLoadStateDictPreHook((_, { state, param_groups }) => ({ state, param_groups }));
    optimizer.registerLoadStateDictPreHook((_, state) => {
      ours.push('extra' in state);
    });
    optimizer.registerLoadStateDictPostHook(note('load post'));
    optimizer.step(note('closure'));
    removed.remove();
    optimizer.step();
    optimizer.loadStateDict(optimizer.stateDict());
    for (const handle of everywhere) handle.remove();
    optimizer.step();
    expect(ours).toEqual(calls);
  });
});

describe('optimizers', () => {
  it('have the arguments of a step changed by a hook', () => {
    const optimizer = new SGD([leaf()]);
    optimizer.registerStepPreHook((each, args) => {
      expect(each).toBe(optimizer);
      expect(args[0]).toBeUndefined();
      return [() => 7];
    });
    const result: unknown = optimizer.step<unknown>();
    expect(result).toBe(7);
    optimizer.registerStepPreHook(() => 3 as never);
    expect(() => optimizer.step()).toThrow('expected the hook to return nothing or the arguments of step');
    expect(() => optimizer.registerStepPostHook('often' as never)).toThrow('expected a function for argument `hook`');
    expect(() => optimizer.step('closure' as never)).toThrow('expected a function for argument `closure`');
  });

  it('take named parameters or bare ones, not both', () => {
    const [first, second] = [leaf(), leaf()];
    expect(() => new SGD([['a', first], second] as never)).toThrow('Some param names are missing');
    const optimizer = new SGD([['a', first]]);
    expect(() => optimizer.addParamGroup({ params: [second] })).toThrow('cannot add param group without names');
    optimizer.addParamGroup({ params: [['b', second]] });
    expect(optimizer.paramGroups.map(({ paramNames }) => paramNames)).toEqual([['a'], ['b']]);
    const bare = new SGD([first]);
    expect(() => bare.addParamGroup({ params: [['b', second]] })).toThrow('cannot add param group with names');
  });

  it('take a tensor that keeps its gradient, and any where steps are recorded', () => {
    const inner = leaf().mul(2);
    expect(() => new SGD([inner])).toThrow("can't optimize a non-leaf Tensor");
    expect(new SGD([inner], { differentiable: true }).paramGroups[0]?.params[0]).toBe(inner);
    inner.retainGrad();
    expect(new SGD([inner]).paramGroups[0]?.params[0]).toBe(inner);
  });

  it('take counts of old state dicts, which are plain numbers', () => {
    const param = leaf();
    const optimizer = new Adam([param]);
    const { param_groups } = optimizer.stateDict();
    const state = { step: 3, exp_avg: randn([2]), exp_avg_sq: ones([2]) };
    optimizer.loadStateDict({ state: { 0: state }, param_groups } as never);
    expect(optimizer.stateDict().state[0]?.['step']?.item()).toBe(3);
  });

  it('refuse impossible options in the words of Python', () => {
    const params = [leaf()];
    expect(() => new Adam(params, { foreach: 1 as never })).toThrow(
      'expected true, false or null for argument `foreach`',
    );
    expect(() => new Adam(params, { maximize: null as never })).toThrow('expected a boolean for argument `maximize`');
    expect(() => new Rprop(params, { etas: [2, 3] })).toThrow('Invalid eta values: 2, 3');
    expect(() => new Rprop(params, { etas: 3 as never })).toThrow('expected a list for argument `etas`');
    const optimizer = new Adam(params);
    expect(() =>
      optimizer.loadStateDict({ state: { 0: null }, param_groups: optimizer.stateDict().param_groups } as never),
    ).toThrow('expected an object for the state of parameter 0');
    expect(() => optimizer.loadStateDict({ state: {}, param_groups: [3] } as never)).toThrow('expected a group');
  });
});
