import { memory, scope, sweep } from '../../lib/engine';
import { LBFGS, type AnyStateDict, type LBFGSOptions } from '../../lib/optim';
import { manualSeed, ones, randn, type Tensor, tensor, zeros } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { expectSameState, leavesOf, pythonWalk } from './trajectory';

beforeEach(() => manualSeed(51));

const cases: [name: string, options: LBFGSOptions, python: string][] = [
  ['defaults', {}, ''],
  ['a small rate', { lr: 0.1, maxIter: 7 }, 'lr=0.1, max_iter=7'],
  ['a short memory', { lr: 0.3, historySize: 3, maxIter: 9 }, 'lr=0.3, history_size=3, max_iter=9'],
  ['few evaluations', { lr: 0.2, maxEval: 4 }, 'lr=0.2, max_eval=4'],
  [
    'tolerances',
    { lr: 0.3, toleranceGrad: 0.5, toleranceChange: 1e-3 },
    'lr=0.3, tolerance_grad=0.5, tolerance_change=1e-3',
  ],
  ['strong Wolfe', { lineSearchFn: 'strong_wolfe' }, "line_search_fn='strong_wolfe'"],
  [
    'strong Wolfe, few iterations',
    { lineSearchFn: 'strong_wolfe', maxIter: 3, lr: 0.05, historySize: 5 },
    "line_search_fn='strong_wolfe', max_iter=3, lr=0.05, history_size=5",
  ],
  [
    'strong Wolfe, few evaluations',
    { lineSearchFn: 'strong_wolfe', maxEval: 6, lr: 3 },
    "line_search_fn='strong_wolfe', max_eval=6, lr=3",
  ],
];

const rate = tensor(0.25, { dtype: 'float32' });
for (const [name, options, python] of [...cases]) {
  if (name !== 'defaults' && name !== 'a short memory' && !name.includes('few iterations')) continue;
  const lr = name === 'defaults' ? rate : rate.to({ dtype: 'float64' }).mul(0.3).reshape([1]);
  const asPython = `lr=torch.tensor(${JSON.stringify(lr.tolist())}, dtype=torch.${lr.dtype})`;
  cases.push([
    `${name}, by a tensor`,
    { ...options, lr },
    [asPython, ...python.split(', ').filter((each) => !each.startsWith('lr=') && each !== '')].join(', '),
  ]);
}

/** A curved valley and a bowl, whose floor moves from step to step; the last parameter takes no part. */
function lossOf([curve, bowl]: readonly Tensor[], target: Tensor): Tensor {
  const [left, right] = [(curve as Tensor).narrow(0, 0, 7), (curve as Tensor).narrow(0, 1, 7)];
  const valley = right.sub(left.square()).square().mul(10).add(left.neg().add(1).square()).sum();
  return valley.add((bowl as Tensor).sub(target).square().sum()).add((bowl as Tensor).sin().sum());
}

const pythonLoss = `
def loss_of(params, target):
    curve, bowl = params[:2]
    left, right = curve.narrow(0, 0, 7), curve.narrow(0, 1, 7)
    valley = right.sub(left.square()).square().mul(10).add(left.neg().add(1).square()).sum()
    return valley.add(bowl.sub(target).square().sum()).add(bowl.sin().sum())
`;

const shapes = [[8], [3, 4], [5]];

describeWithOracle('optim.LBFGS', (oracle) => {
  const rows: string[] = [];
  afterAll(() => {
    process.stdout.write(`\n50 steps of LBFGS               evaluations  equal tensors\n${rows.join('\n')}\n`);
  });

  it.each(cases)('with %s walks as in Python', async (name, options, python) => {
    for (const dtype of name.includes('few') ? (['float32', 'float64'] as const) : (['float32'] as const)) {
      const initial = shapes.map((shape) => randn(shape, { dtype }));
      const targets = Array.from({ length: 50 }, () => randn([3, 4], { dtype }));
      const make = (start: readonly Tensor[]): [Tensor[], LBFGS<Tensor | number>] => {
        const params = leavesOf(start);
        return [params, new LBFGS(params, options)];
      };
      const step = ([params, optimizer]: [Tensor[], LBFGS<Tensor | number>], target: Tensor): number =>
        optimizer
          .step(() => {
            optimizer.zeroGrad();
            const loss = lossOf(params, target);
            loss.backward();
            return loss;
          })
          ?.item() as number;

      const expected = await oracle().run(
        `import copy
${pythonWalk}${pythonLoss}
def step(params, optimizer, target):
    def closure():
        optimizer.zero_grad()
        loss = loss_of(params, target)
        loss.backward()
        return loss
    return optimizer.step(closure).item()
def snapshot(optimizer):
    return copy.deepcopy({'state': optimizer.state_dict()['state'], 'param_groups': optimizer.state_dict()['param_groups']})
params = [p.clone().requires_grad_() for p in initial]
optimizer = torch.optim.LBFGS(params, ${python})
losses, visited = [], []
for i, target in enumerate(targets):
    losses.append(step(params, optimizer, target))
    visited += [p.detach().clone() for p in params]
    if i == 19:
        middle = snapshot(optimizer)
        middle_params = [p.detach().clone() for p in params]
end = snapshot(optimizer)
for s in (middle, end):
    for state in s['state'].values():
        for key in [k for k, v in state.items() if v is None]:
            del state[key]
`,
        {
          inputs: { initial, targets },
          outputs: {
            losses: 'numbers',
            visited: 'tensors',
            middle: 'value',
            middle_params: 'tensors',
            end: 'value',
          },
        },
      );
      const walker = make(initial);
      const [params, optimizer] = walker;
      let middle: AnyStateDict | undefined;
      for (const [index, target] of targets.entries()) {
        expect(step(walker, target)).toBe(expected.losses[index]);
        for (const [place, param] of params.entries()) {
          const wanted = expected.visited[index * params.length + place] as Tensor;
          expectSameBits(param.detach(), wanted, `parameter ${place} after step ${index}`);
        }
        if (index === 19) {
          middle = optimizer.stateDict();
          expectSameState(middle, expected.middle);
        }
      }
      const compared = expectSameState(optimizer.stateDict(), expected.end);

      // Python's state is taken over here, and ours there.
      const resumed = make(expected.middle_params);
      resumed[1].loadStateDict(expected.middle as unknown as AnyStateDict);
      for (const target of targets.slice(20)) step(resumed, target);
      for (const [place, param] of resumed[0].entries())
        expectSameBits(param.detach(), params[place]?.detach() as Tensor);
      expectSameState(resumed[1].stateDict(), expected.end);
      const { arrived } = await oracle().run(
        `${pythonLoss}
params = [p.clone().requires_grad_() for p in start]
optimizer = torch.optim.LBFGS(params, ${python})
optimizer.load_state_dict({'state': {int(k): v for k, v in state['state'].items()}, 'param_groups': state['param_groups']})
for target in targets:
    def closure():
        optimizer.zero_grad()
        loss = loss_of(params, target)
        loss.backward()
        return loss
    optimizer.step(closure)
arrived = [p.detach() for p in params]
`,
        {
          inputs: { start: expected.middle_params, state: expected.middle as never, targets: targets.slice(20) },
          outputs: { arrived: 'tensors' },
        },
      );
      for (const [place, param] of arrived.entries()) expectSameBits(params[place]?.detach() as Tensor, param);
      const evaluations = String(optimizer.stateDict().state[0]?.['func_evals']);
      const tensors = expected.visited.length + compared;
      rows.push(`${`${name}, ${dtype}`.padEnd(32)}${evaluations.padStart(11)}${String(tensors).padStart(15)}`);
    }
  });
});

describe('optim.LBFGS', () => {
  const minimize = (params: readonly Tensor[], optimizer: LBFGS<Tensor | number>): void => {
    optimizer.step(() => {
      optimizer.zeroGrad();
      return scope(() => {
        const loss = lossOf(params, zeros([3, 4]));
        loss.backward();
        return loss.item();
      });
    });
  };

  it.each([
    [null, 1e-3],
    [null, tensor([1e-3])],
    ['strong_wolfe', 1e-3],
    ['strong_wolfe', tensor(1e-3)],
  ] as const)('leaves nothing behind with the line search %s and the rate %s', (lineSearchFn, lr) => {
    const params = leavesOf(shapes.map((shape) => randn(shape)));
    const optimizer = new LBFGS<Tensor | number>(params, {
      lineSearchFn,
      historySize: 4,
      maxIter: 5,
      lr,
      toleranceChange: 0,
    });
    for (let step = 0; step < 4; step++) minimize(params, optimizer);
    optimizer.zeroGrad();
    sweep();
    const before = memory();
    minimize(params, optimizer);
    scope(() => minimize(params, optimizer));
    optimizer.zeroGrad();
    const after = memory();
    expect([after.tensors, after.bytes]).toEqual([before.tensors, before.bytes]);
    minimize(params, optimizer);
  });

  it('keeps the tensors of a state dict that somebody holds, and what the closure made', () => {
    const params = leavesOf(shapes.map((shape) => randn(shape)));
    const optimizer = new LBFGS(params, { maxIter: 3, lr: 0.1 });
    const losses: Tensor[] = [];
    const step = (): void => {
      optimizer.step(() => {
        optimizer.zeroGrad();
        const loss = lossOf(params, zeros([3, 4]));
        losses.push(loss);
        loss.backward();
        return loss;
      });
    };
    step();
    const { state } = optimizer.stateDict();
    const direction = state[0]?.['d'] as Tensor;
    const before = direction.tolist();
    step();
    expect(direction.tolist()).toEqual(before);
    for (const loss of losses) expect(Number.isFinite(loss.item())).toBe(true);
  });

  it('refuses what it cannot do', async () => {
    const param = ones([2], { requiresGrad: true });
    expect(() => new LBFGS([{ params: [param] }, { params: [ones([1], { requiresGrad: true })] }])).toThrow(
      "LBFGS doesn't support per-parameter options",
    );
    expect(() => new LBFGS([param], { lr: -1 })).toThrow('Invalid learning rate: -1');
    expect(() => new LBFGS([param], { lineSearchFn: 'armijo' as never })).toThrow("only 'strong_wolfe' is supported");
    expect(() => new LBFGS([param]).step()).toThrow('expected a function that computes the loss');
    await expect(new LBFGS([param]).stepAsync()).rejects.toThrow('expected a function that computes the loss');
    expect(() => new LBFGS([param]).step(() => 'low' as never)).toThrow('expected the closure to return the loss');
    const optimizer = new LBFGS([param]);
    const state = { func_evals: 3, n_iter: 2, d: 'down' };
    const groups = optimizer.stateDict().param_groups;
    expect(() => optimizer.loadStateDict({ state: { 0: state }, param_groups: groups })).toThrow(
      'for `d` in the state',
    );
  });
});
