/**
 * Learning rates and betas that are tensors: what becomes of the tensors themselves. The bits of the steps are compared in
 * optimizers.test.ts, those of the schedules in lr-scheduler.test.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { memory, scope, sweep } from '../../lib/engine';
import * as optim from '../../lib/optim';
import { load, save } from '../../lib/serialize';
import type { Tensor } from '../../lib/tensor';
import { manualSeed, ones, randn, sparseCooTensor, tensor, zeros } from '../../lib/tensor';
import { describeWithOracle, expectSameBits, OracleError } from '../oracle/oracle';
import { type AnyOptimizer, leavesOf } from './trajectory';

type Options = Readonly<Record<string, unknown>>;
type OptimizerClass = new (params: readonly unknown[], options?: Options) => AnyOptimizer;

const classes = Object.entries(optim).filter(
  ([, value]) => typeof value === 'function' && value.prototype instanceof optim.Optimizer,
) as unknown as [string, OptimizerClass][];

const rate = (value: number | readonly number[] = 0.03): Tensor => tensor(value, { dtype: 'float32' });
const leaf = (): Tensor => ones([3, 2], { requiresGrad: true });

function defaultsOf(Class: OptimizerClass): Options {
  return new Class([leaf()]).defaults;
}

/** Sets gradients that the optimizer takes, and steps. */
function step(name: string, optimizer: AnyOptimizer): void {
  const params = optimizer.paramGroups.flatMap((group) => group.params);
  for (const param of params) {
    const gradient =
      name === 'SparseAdam'
        ? scope(() => sparseCooTensor(zeros([1, 1], { dtype: 'int64' }), randn([1, param.size(1)]), [...param.shape]))
        : randn([...param.shape]);
    param.grad = gradient;
    gradient.dispose();
  }
  if (name === 'LBFGS') optimizer.step(() => 1);
  else optimizer.step();
  optimizer.zeroGrad();
}

beforeEach(() => manualSeed(61));

describe.each(classes)('%s', (name, Class) => {
  it('keeps the tensor that it was given', () => {
    const [first, second] = [rate(), rate(0.2)];
    const groups = name === 'LBFGS' ? [{ params: [leaf()] }] : [{ params: [leaf()] }, { params: [leaf()], lr: second }];
    const optimizer = new Class(groups, { lr: first });
    step(name, optimizer);
    expect(optimizer.defaults.lr).toBe(first);
    expect(optimizer.paramGroups[0]?.lr).toBe(first);
    expect(optimizer.stateDict().param_groups[0]?.['lr']).toBe(first);
    if (name !== 'LBFGS') expect(optimizer.paramGroups[1]?.lr).toBe(second);
  });

  const defaults = defaultsOf(Class);
  const ways: Options[] = [{}];
  if ('fused' in defaults) ways.push({ fused: true });
  if (name === 'Adam' || name === 'AdamW') ways.push({ betas: [tensor([0.9]), tensor([0.99])] });
  else if ('foreach' in defaults) ways.push({ foreach: true });

  if (name !== 'LBFGS' && name !== 'SparseAdam') {
    it('is read on the compute thread as here', async () => {
      const start = randn([40, 3]);
      const gradients = [randn([40, 3]), randn([40, 3])];
      const [there, here] = [start.clone().requiresGrad_(), start.clone().requiresGrad_()];
      const [asynchronous, synchronous] = [there, here].map((param) => new Class([param], { lr: rate() }));
      for (const gradient of gradients) {
        there.grad = gradient.clone();
        here.grad = gradient.clone();
        await asynchronous?.stepAsync();
        synchronous?.step();
        expectSameBits(there.detach(), here.detach(), 'parameter');
      }
    });
  }

  // The history of LBFGS grows: see lbfgs.test.ts.
  if (name === 'LBFGS') return;
  it.each(ways)('leaves nothing behind in its steps: %j', (way) => {
    const params = leavesOf([randn([64, 32]), randn([16, 8])]);
    const optimizer = new Class(params, { ...way, lr: tensor([0.01], { dtype: 'float64' }) });
    step(name, optimizer);
    scope(() => step(name, optimizer));
    sweep();
    const before = memory();
    step(name, optimizer);
    scope(() => step(name, optimizer));
    const after = memory();
    expect([after.tensors, after.bytes]).toEqual([before.tensors, before.bytes]);
  });
});

describeWithOracle('tensors in the place of numbers', (oracle) => {
  /** What Python says to options, and what we say. */
  async function complaints(name: string, python: string, make: () => unknown): Promise<[string, string]> {
    let [theirs, ours] = ['', ''];
    try {
      await oracle().run(`torch.optim.${name}([torch.ones(3, 2, requires_grad=True)], ${python})`);
    } catch (error) {
      if (!(error instanceof OracleError)) throw error;
      theirs = error.message;
    }
    try {
      make();
    } catch (error) {
      ours = (error as Error).message;
    }
    return [theirs, ours];
  }

  it.each(classes)('%s refuses in the words of Python what can be no rate', async (name, Class) => {
    for (const [python, lr] of [
      ['torch.tensor([0.1, 0.2])', rate([0.1, 0.2])],
      ['torch.tensor([])', rate([])],
      ['torch.tensor(-0.5)', rate(-0.5)],
      ['torch.tensor([-0.1])', rate([-0.1])],
    ] as const) {
      const [theirs, ours] = await complaints(name, `lr=${python}`, () => new Class([leaf()], { lr }));
      expect(theirs).not.toBe('');
      expect([python, ours]).toEqual([python, theirs]);
    }
    expect(() => new Class([leaf()], { lr: tensor(true) })).toThrow('expected a real number, or a tensor of one');
    expect(() => new Class([leaf()], { lr: null })).toThrow('expected a number for argument `lr`');
  });

  it.each(['Adam', 'AdamW'] as const)('%s refuses in the words of Python what its steps do not take', async (name) => {
    const Class = optim[name] as unknown as OptimizerClass;
    const betas = [tensor(0.9), tensor(0.99)];
    const pair = '(torch.tensor(0.9), torch.tensor(0.99))';
    for (const [python, options] of [
      ['lr=torch.tensor(0.1), foreach=True', { lr: rate(), foreach: true }],
      [`betas=${pair}, foreach=True`, { betas, foreach: true }],
      ['betas=(torch.tensor(0.9), 0.99)', { betas: [betas[0], 0.99] }],
      ['betas=(0.9, torch.tensor(0.99))', { betas: [0.9, betas[1]] }],
      ['betas=(torch.tensor(1.5), torch.tensor(0.99))', { betas: [tensor(1.5), betas[1]] }],
    ] as const) {
      const [theirs, ours] = await complaints(name, python, () => new Class([leaf()], options));
      expect(theirs).not.toBe('');
      expect([python, ours]).toEqual([python, theirs]);
    }
    expect(() => new Class([leaf()], { betas: [tensor([0.9, 0.8]), betas[1]] })).toThrow('betas[0] must be 1-element');
    // Where an option was changed on the way it is refused at the step, as in Python.
    const optimizer = new Class([leaf()], { lr: rate() });
    Object.assign(optimizer.paramGroups[0] as object, { foreach: true });
    expect(() => step(name, optimizer)).toThrow(
      'lr as a Tensor is not supported for capturable=False and foreach=True',
    );
  });

  it('are printed as in Python', async () => {
    const { printed } = await oracle().run(
      `
      p = [torch.ones(1, requires_grad=True)]
      t = torch.tensor
      printed = [str(o) for o in (
          torch.optim.SGD(p, lr=t(0.1)), torch.optim.SGD(p, lr=t([0.1])), torch.optim.SGD(p, lr=t(2.)), torch.optim.SGD(p, lr=t(2)),
          torch.optim.Adam(p, betas=(t(0.9), t([0.99]))))]
      `,
      { outputs: { printed: 'strings' } },
    );
    const p = [leaf()];
    const floats = (value: number | number[]): Tensor => tensor(value, { dtype: 'float32' });
    const ours = [
      new optim.SGD(p, { lr: floats(0.1) }),
      new optim.SGD(p, { lr: floats([0.1]) }),
      new optim.SGD(p, { lr: floats(2) }),
      new optim.SGD(p, { lr: tensor(2) }),
      new optim.Adam(p, { betas: [floats(0.9), floats([0.99])] }),
    ];
    expect(ours.map(String)).toEqual(printed);
  });

  it('are copied by loadStateDict as by Python: what is shared stays shared', async () => {
    const { facts } = await oracle().run(
      `
      make = lambda: [{'params': [torch.ones(2, requires_grad=True)]} for _ in range(3)]
      lr = torch.tensor([0.1], dtype=torch.float64)
      given = torch.optim.SGD(make(), lr=lr)
      given.param_groups[2]['lr'] = torch.tensor(0.3, requires_grad=True)
      other = torch.optim.SGD(make(), lr=0.5)
      state = given.state_dict()
      other.load_state_dict(state)
      first, second, third = [g['lr'] for g in other.param_groups]
      facts = [state['param_groups'][0]['lr'] is lr, first is lr, first is second, str(first), str(third), third.requires_grad]
      `,
      { outputs: { facts: 'value' } },
    );
    const make = (): { params: Tensor[] }[] => Array.from({ length: 3 }, () => ({ params: [leaf()] }));
    const lr = tensor([0.1], { dtype: 'float64' });
    const given = new optim.SGD<Tensor>(make(), { lr });
    (given.paramGroups[2] as { lr: Tensor }).lr = rate(0.3).requiresGrad_();
    const other: AnyOptimizer = new optim.SGD(make(), { lr: 0.5 });
    const state = given.stateDict();
    // In a scope, which must not free what the optimizer has from then on.
    scope(() => other.loadStateDict(state));
    const [first, second, third] = other.paramGroups.map((group) => group.lr as Tensor) as [Tensor, Tensor, Tensor];
    const shared = state.param_groups[0]?.['lr'] === lr;
    expect([shared, first === lr, first === second, String(first), String(third), third.requiresGrad]).toEqual(facts);
  });

  it('go through files to Python and back', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'libtorch-node-optim-'));
    try {
      const [ours, theirs] = [path.join(folder, 'ours.pt'), path.join(folder, 'theirs.pt')];
      const start = randn([7]);
      const make = (): [Tensor, optim.Adam<Tensor>, optim.LRScheduler] => {
        const param = start.clone().requiresGrad_();
        const betas = [tensor(0.9, { dtype: 'float32' }), tensor(0.99, { dtype: 'float32' })] as const;
        const adam = new optim.Adam([param], { lr: rate(), betas });
        return [param, adam, new optim.lrScheduler.ExponentialLR(adam, 0.9)];
      };
      const walk = ([param, optimizer, schedule]: ReturnType<typeof make>, steps: number): void => {
        for (let i = 0; i < steps; i++) {
          param.grad = param.detach().sin();
          optimizer.step();
          schedule.step();
        }
      };
      const walker = make();
      walk(walker, 3);
      save({ param: walker[0].detach(), optimizer: walker[1].stateDict(), schedule: walker[2].stateDict() }, ours);
      const expected = await oracle().run(
        `
        def make(start):
            p = start.clone().requires_grad_()
            optimizer = torch.optim.Adam([p], lr=torch.tensor(0.5), betas=(torch.tensor(0.5), torch.tensor(0.5)))
            return p, optimizer, torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        def walk(p, optimizer, schedule, steps):
            for i in range(steps):
                p.grad = p.detach().sin()
                optimizer.step()
                schedule.step()
        state = torch.load(ours)
        p, optimizer, schedule = make(state['param'])
        schedule.load_state_dict(state['schedule'])
        optimizer.load_state_dict(state['optimizer'])
        walk(p, optimizer, schedule, 4)
        torch.save({'param': p.detach(), 'optimizer': optimizer.state_dict(), 'schedule': schedule.state_dict()}, theirs)
        walk(p, optimizer, schedule, 4)
        end, lr = p.detach(), optimizer.param_groups[0]['lr']
        `,
        { inputs: { ours, theirs }, outputs: { end: 'tensor', lr: 'tensor' } },
      );
      const state = load(theirs) as Record<string, never>;
      const resumed = make();
      resumed[0].data = state['param'] as never;
      resumed[2].loadStateDict(state['schedule'] as never);
      resumed[1].loadStateDict(state['optimizer'] as never);
      walk(resumed, 4);
      expectSameBits(resumed[0].detach(), expected.end, 'parameter');
      expectSameBits(resumed[1].paramGroups[0]?.lr as Tensor, expected.lr, 'lr');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  const recorded = classes.filter(([, Class]) => 'differentiable' in defaultsOf(Class));

  it.each(recorded)('%s: steps that are recorded give them the gradients of Python', async (name, Class) => {
    const [start, slope, weight] = [randn([4, 3]), randn([4, 3]), randn([4, 3])];
    const isAdam = name === 'Adam' || name === 'AdamW';
    const expected = await oracle().run(
      `
      lr = torch.tensor(0.1, requires_grad=True)
      betas = [torch.tensor(b, requires_grad=True) for b in (0.9, 0.99)]
      p = start.clone().requires_grad_().clone()
      p.retain_grad()
      p.grad = slope
      failed, end, gradients = False, None, []
      try:
          optimizer = torch.optim.${name}([p], lr=lr, differentiable=True${isAdam ? ', betas=betas' : ''})
          optimizer.step()
          end = p.detach().clone()
          gradients = torch.autograd.grad((p * weight).sum(), [lr${isAdam ? ', *betas' : ''}], allow_unused=True)
          gradients = [torch.zeros(()) if g is None else g for g in gradients]
      except Exception as error:
          failed = True
      `,
      {
        inputs: { start, slope, weight },
        outputs: { failed: 'boolean', end: 'value', gradients: 'tensors' },
      },
    );
    const leaves = [0.1, ...(isAdam ? [0.9, 0.99] : [])].map((value) => rate(value).requiresGrad_());
    const [lr, ...betas] = leaves as [Tensor, ...Tensor[]];
    const param = start.clone().requiresGrad_().clone();
    param.grad = slope.clone();
    const make = (): AnyOptimizer => new Class([param], { lr, differentiable: true, ...(isAdam ? { betas } : {}) });
    if (expected.failed) {
      expect(() => make().step()).toThrow('which autograd cannot follow');
      return;
    }
    make().step();
    expectSameBits(param.detach(), expected.end as Tensor, 'end');
    param.mul(weight).sum().backward();
    for (const [index, each] of leaves.entries()) {
      expectSameBits(each.grad ?? zeros([]), expected.gradients[index] as Tensor, `gradient ${index}`);
    }
  });

  it('a rate with a gradient moves the parameters of SGD as in Python, recorded or not', async () => {
    const [start, slope] = [randn([33]), randn([33])];
    for (const foreach of [false, true]) {
      const { end } = await oracle().run(
        `
        p = start.clone().requires_grad_()
        optimizer = torch.optim.SGD([p], lr=torch.tensor(0.1, requires_grad=True), momentum=0.9, foreach=foreach)
        for i in range(5):
            p.grad = slope * (i + 1)
            optimizer.step()
        end = p.detach()
        `,
        { inputs: { start, slope, foreach }, outputs: ['end'] },
      );
      const param = start.clone().requiresGrad_();
      const optimizer = new optim.SGD([param], { lr: rate(0.1).requiresGrad_(), momentum: 0.9, foreach });
      for (let i = 0; i < 5; i++) {
        param.grad = slope.mul(i + 1);
        optimizer.step();
      }
      expectSameBits(param.detach(), end, `foreach ${foreach}`);
    }
  });
});

it('the rate of a group is a number in types, unless a tensor was given', () => {
  const optimizer = new optim.SGD([leaf()], { lr: 0.5 });
  for (const group of optimizer.paramGroups) group.lr *= 0.5;
  const typed: optim.SGD = optimizer;
  const byTensor = new optim.AdamW([leaf()], { lr: rate() });
  // @ts-expect-error -- it may be a tensor
  const refused: optim.AdamW = byTensor;
  expect([typed.paramGroups[0]?.lr, refused.paramGroups.length]).toEqual([0.25, 1]);
});
