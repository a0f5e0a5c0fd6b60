import { Adam, AdamW, type AdamOptions } from '../../lib/optim';
import { manualSeed, ones, randn, type Tensor } from '../../lib/tensor';
import { scope } from '../../lib/engine';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { compareTrajectory } from './trajectory';

beforeEach(() => manualSeed(21));

const cases: [name: string, options: AdamOptions, python: string][] = [
  ['defaults', {}, ''],
  ['lr', { lr: 4e-4 }, 'lr=4e-4'],
  ['betas and eps', { betas: [0.8, 0.95], eps: 1e-6 }, 'betas=(0.8, 0.95), eps=1e-6'],
  ['weight decay', { weightDecay: 0.1, lr: 0.01 }, 'weight_decay=0.1, lr=0.01'],
  ['amsgrad', { amsgrad: true }, 'amsgrad=True'],
  ['maximize', { maximize: true, weightDecay: 0.03 }, 'maximize=True, weight_decay=0.03'],
  [
    'everything',
    { amsgrad: true, maximize: true, weightDecay: 0.2, lr: 0.1, eps: 1e-3 },
    'amsgrad=True, maximize=True, weight_decay=0.2, lr=0.1, eps=1e-3',
  ],
  ['no averaging', { betas: [0, 0] }, 'betas=(0.0, 0.0)'],
];

describeWithOracle('optim.Adam and AdamW', (oracle) => {
  it.each(cases)('Adam with %s walks as in Python', async (_, options, python) => {
    await compareTrajectory(oracle(), {
      make: (params) => new Adam(params, options),
      python: `optimizer = torch.optim.Adam(params, ${python})`,
      steps: 40,
    });
  });

  it.each(cases)('AdamW with %s walks as in Python', async (_, options, python) => {
    await compareTrajectory(oracle(), {
      make: (params) => new AdamW(params, options),
      python: `optimizer = torch.optim.AdamW(params, ${python})`,
      steps: 25,
      seed: 2,
    });
  });

  it('Adam with decoupled weight decay is AdamW', async () => {
    await compareTrajectory(oracle(), {
      make: (params) => new Adam(params, { decoupledWeightDecay: true, weightDecay: 0.05 }),
      python: 'optimizer = torch.optim.Adam(params, decoupled_weight_decay=True, weight_decay=0.05)',
      steps: 25,
    });
  });

  it('groups have their own options, and may be added and changed on the way', async () => {
    await compareTrajectory(oracle(), {
      make: ([first, second, ...rest]) =>
        new Adam(
          [{ params: [first as Tensor], lr: 0.1 }, { params: [second as Tensor], betas: [0.5, 0.9] }, { params: rest }],
          { lr: 3e-3 },
        ),
      python:
        "optimizer = torch.optim.Adam([{'params': [params[0]], 'lr': 0.1}, {'params': [params[1]], 'betas': (0.5, 0.9)}, {'params': params[2:]}], lr=3e-3)",
      steps: 25,
      afterStep: (optimizer, step) => {
        if (step === 9) for (const group of optimizer.paramGroups) group.lr = Number(group.lr) * 0.3;
      },
      pythonAfterStep: "[g.update(lr=g['lr'] * 0.3) for g in optimizer.param_groups if i == 9]",
    });
  });

  it('prints its groups as Python does', async () => {
    const { printed } = await oracle().run(
      `
      params = [torch.ones(1, requires_grad=True) for _ in range(2)]
      printed = str(torch.optim.AdamW([{'params': params[:1]}, {'params': params[1:], 'lr': 4e-4, 'amsgrad': True}]))
      `,
      { outputs: { printed: 'string' } },
    );
    const params = [ones([1], { requiresGrad: true }), ones([1], { requiresGrad: true })];
    const optimizer = new AdamW([{ params: params.slice(0, 1) }, { params: params.slice(1), lr: 4e-4, amsgrad: true }]);
    expect(String(optimizer)).toBe(printed);
  });

  it('goes on from a state dict with the same bits, also from one that Python made', async () => {
    const [start, gradient] = [randn([31]), randn([31])];
    const { middle, end, step, average, square } = await oracle().run(
      `
      p = start.clone().requires_grad_()
      optimizer = torch.optim.Adam([p], lr=0.01, weight_decay=0.1)
      def walk(steps):
          for i in range(steps):
              p.grad = gradient * (i + 1)
              optimizer.step()
      walk(5)
      middle = p.detach().clone()
      s = optimizer.state_dict()['state'][0]
      step, average, square = (s[k].clone() for k in ('step', 'exp_avg', 'exp_avg_sq'))
      walk(7)
      end = p.detach()
      `,
      { inputs: { start, gradient }, outputs: ['middle', 'end', 'step', 'average', 'square'] },
    );
    const walk = (param: Tensor, optimizer: Adam): void => {
      for (let i = 0; i < 7; i++) {
        param.grad = gradient.mul(i + 1);
        optimizer.step();
      }
    };
    const param = middle.clone().requiresGrad_();
    const optimizer = new Adam([param]);
    const state = new Adam([param], { lr: 0.01, weightDecay: 0.1 }).stateDict();
    state.state[0] = { step, exp_avg: average, exp_avg_sq: square };
    optimizer.loadStateDict(state);
    walk(param, optimizer);
    expectSameBits(param.detach(), end);
    // The loaded tensors were copied.
    expect(average.equal(optimizer.stateDict().state[0]?.['exp_avg'] as Tensor)).toBe(false);
    expect(optimizer.stateDict().param_groups[0]).toMatchObject({ lr: 0.01, weight_decay: 0.1, params: [0] });
  });
});

describe('optim.Adam', () => {
  it('refuses impossible options in the words of Python', () => {
    const params = [ones([1], { requiresGrad: true })];
    expect(() => new Adam(params, { lr: -1 })).toThrow('Invalid learning rate: -1');
    expect(() => new Adam(params, { lr: NaN })).toThrow('Invalid learning rate');
    expect(() => new Adam(params, { eps: -1e-8 })).toThrow('Invalid epsilon value: -1e-8');
    expect(() => new Adam(params, { betas: [1, 0.9] })).toThrow('Invalid beta parameter at index 0: 1');
    expect(() => new Adam(params, { betas: [0.9, 1.5] })).toThrow('Invalid beta parameter at index 1: 1.5');
    expect(() => new Adam(params, { weightDecay: -2 })).toThrow('Invalid weight_decay value: -2');
    expect(() => new Adam(params, { learningRate: 1 } as never)).toThrow('received `learningRate`');
    expect(() => new Adam([{ params, weight_decay: 1 }])).toThrow('received `weight_decay`');
    expect(new Adam(params, 0.5, [0.8, 0.9], { eps: 1 }).paramGroups[0]).toMatchObject({
      lr: 0.5,
      betas: [0.8, 0.9],
      eps: 1,
    });
    expect(() => new Adam([])).toThrow('optimizer got an empty parameter list');
    expect(() => new Adam(params[0] as unknown as Tensor[])).toThrow('should be an iterable of Tensors or groups');
    expect(() => new Adam([params[0]?.mul(2) as Tensor])).toThrow("can't optimize a non-leaf Tensor");
    expect(() => new Adam([1 as unknown as Tensor])).toThrow('optimizer can only optimize Tensors');
    expect(() => new Adam([{ params }, { params }])).toThrow('some parameters appear in more than one parameter group');
    expect(() => new Adam([...params, ...params])).toThrow('duplicate parameters');
  });

  it('refuses state dicts that do not fit, and stays as it was', () => {
    const param = ones([2], { requiresGrad: true });
    const optimizer = new Adam([param], { lr: 0.5 });
    const other = new Adam([ones([1], { requiresGrad: true }), ones([1], { requiresGrad: true })]).stateDict();
    expect(() => optimizer.loadStateDict(other)).toThrow("doesn't match the size of optimizer's group");
    expect(() => optimizer.loadStateDict({ state: {}, param_groups: [] })).toThrow(
      'different number of parameter groups',
    );
    const [group] = new Adam([param], { lr: 0.1 }).stateDict().param_groups;
    const state = { step: ones([]), exp_avg: ones([3]), exp_avg_sq: ones([2]) };
    expect(() =>
      optimizer.loadStateDict({ state: { 0: state }, param_groups: [group as NonNullable<typeof group>] }),
    ).toThrow('`exp_avg` of parameter 0 has shape [3], the parameter [2]');
    expect(optimizer.paramGroups[0]?.lr).toBe(0.5);
  });

  it('runs closures with gradients and returns the loss', () => {
    const param = ones([2], { requiresGrad: true });
    const optimizer = new Adam([param], { lr: 0.1 });
    const loss = optimizer.step(() => {
      optimizer.zeroGrad();
      const value = param.mul(param).sum();
      value.backward();
      return value.item();
    });
    expect(loss).toBe(2);
    expect(param.tolist()).not.toEqual([1, 1]);
    optimizer.zeroGrad(false);
    expect(param.grad?.tolist()).toEqual([0, 0]);
    optimizer.zeroGrad();
    expect(param.grad).toBeNull();
  });

  it('keeps its state when it steps in a scope', () => {
    const param = ones([3], { requiresGrad: true });
    const optimizer = new Adam([param]);
    for (let step = 0; step < 3; step++) {
      scope(() => {
        param.mul(2).sum().backward();
        optimizer.step();
        optimizer.zeroGrad();
      });
    }
    expect(optimizer.stateDict().state[0]?.['exp_avg']?.numel()).toBe(3);
  });
});
