/**
 * Every schedule beside Python: 200 epochs of equal float64, equal states, taken up in the middle from a state dict, ours and
 * Python's. A schedule that is exported and has no case here fails.
 */
import * as optim from '../../lib/optim';
import { lrScheduler, SGD } from '../../lib/optim';
import type { AnyOptimizer } from '../../lib/optim';
import { ones, Tensor } from '../../lib/tensor';
import { describeWithOracle, type OracleInput } from '../oracle/oracle';
import { all, cases, makeOptimizer, rates, type Scheduler, scores, step } from './lr-scheduler-cases';

const {
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  ExponentialLR,
  LinearLR,
  LRScheduler,
  MultiplicativeLR,
  PolynomialLR,
  StepLR,
} = lrScheduler;

/** What a schedule may change. */
function changing(optimizer: AnyOptimizer): number[] {
  return optimizer.paramGroups.flatMap((group) => {
    const { momentum, betas } = group as { momentum?: number; betas?: readonly number[] };
    return [Number(group.lr), momentum ?? 0, ...(betas ?? [])];
  });
}

/** State dicts with their tensors taken apart, to be compared. */
function plain(value: unknown): unknown {
  if (value instanceof Tensor) return { dtype: value.dtype, shape: [...value.shape], value: value.tolist() };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

/** A deep copy of state dicts. */
function copyOf(value: unknown): unknown {
  if (value instanceof Tensor) return value.clone();
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copyOf(each)]));
}

const pythonSide = `
from torch.optim.lr_scheduler import *
import warnings
warnings.simplefilter('ignore')
def make():
    lrs = [torch.tensor(rates[0]), torch.tensor([rates[1]], dtype=torch.float64)] if tensors else rates
    groups = [{'params': [torch.ones(1, requires_grad=True)], 'lr': lr} for lr in lrs]
    optimizer = torch.optim.Adam(groups) if kind == 'Adam' else torch.optim.SGD(groups, momentum=0.5)
    return optimizer, eval(source)
def changing(optimizer):
    return [float(v) for g in optimizer.param_groups for v in (g['lr'], g.get('momentum', 0), *g.get('betas', ()))]
def last(scheduler):
    return [float(lr) for lr in scheduler.get_last_lr()]
def step(optimizer, scheduler, epoch):
    optimizer.step()
    scheduler.step(*([scores[epoch]] if isinstance(scheduler, ReduceLROnPlateau) else []))
`;

const exported = Object.entries({ ...lrScheduler, ...optim.swaUtils }).flatMap(([name, value]) =>
  typeof value === 'function' && (value as { prototype: unknown }).prototype instanceof LRScheduler ? [name] : [],
);

it('there is a case of every schedule', () => {
  expect(exported.sort()).toEqual(Object.keys(cases).sort());
  expect(exported.length).toBeGreaterThan(15);
});

describeWithOracle('every schedule beside Python', (oracle) => {
  let warn: jest.SpyInstance;
  beforeEach(() => {
    warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  });
  afterEach(() => warn.mockRestore());
  const counts = new Map<string, number>();
  afterAll(() => {
    const lines = [...counts].map(([name, count]) => `${name.padEnd(32)}${String(count).padStart(12)}`);
    process.stdout.write(`\n${'200 epochs of'.padEnd(32)}${'equal rates'.padStart(12)}\n${lines.join('\n')}\n`);
  });

  const byKind = (['numbers', 'tensors'] as const).flatMap((of) =>
    all.map(([python, each]) => [python, of, each] as const),
  );

  it.each(byKind)('%s, of %s', async (python, of, { make, optimizer: kind }) => {
    const inputs = { rates, scores, kind: kind ?? 'SGD', source: python, tensors: of === 'tensors' };
    const expected = await oracle().run(
      `${pythonSide}
import copy
optimizer, scheduler = make()
history = []
for epoch in range(200):
    history.append(changing(optimizer) + last(scheduler))
    if epoch == 90:
        middle = copy.deepcopy([optimizer.state_dict(), scheduler.state_dict()])
    step(optimizer, scheduler, epoch)
history.append(changing(optimizer) + last(scheduler))
end = [optimizer.state_dict(), scheduler.state_dict()]
`,
      { inputs, outputs: { history: 'value', middle: 'value', end: 'value' } },
    );
    const optimizer = makeOptimizer(kind, rates, of);
    const scheduler = make(optimizer);
    const lrs = optimizer.paramGroups.map(({ lr }) => lr);
    const history: number[][] = [];
    let middle: unknown[] = [];
    for (let epoch = 0; epoch < 200; epoch++) {
      history.push([...changing(optimizer), ...scheduler.getLastLr()]);
      if (epoch === 90) middle = copyOf([optimizer.stateDict(), scheduler.stateDict()]) as unknown[];
      step(scheduler, epoch);
    }
    history.push([...changing(optimizer), ...scheduler.getLastLr()]);
    expect(history).toEqual(expected.history);
    expect(plain(middle)).toEqual(plain(expected.middle));
    expect(plain([optimizer.stateDict(), scheduler.stateDict()])).toEqual(plain(expected.end));
    // A tensor is filled, not replaced.
    if (of === 'tensors') for (const [index, { lr }] of optimizer.paramGroups.entries()) expect(lr).toBe(lrs[index]);
    const name = scheduler.constructor.name;
    counts.set(name, (counts.get(name) ?? 0) + history.flat().length);

    // Goes on from the state in the middle, Python's here and ours there.
    const resumedOptimizer = makeOptimizer(kind, [1, 2], of);
    const resumed = make(resumedOptimizer);
    const [optimizerState, schedulerState] = expected.middle as [never, never];
    resumed.loadStateDict(schedulerState);
    resumedOptimizer.loadStateDict(optimizerState);
    const resumedHistory: number[][] = [];
    for (let epoch = 90; epoch < 200; epoch++) {
      step(resumed, epoch);
      resumedHistory.push([...changing(resumedOptimizer), ...resumed.getLastLr()]);
    }
    expect(resumedHistory).toEqual(history.slice(91));

    const { went } = await oracle().run(
      `${pythonSide}
optimizer, scheduler = make()
state = middle[1]
if 'milestones' in state:
    state['milestones'] = collections.Counter({int(k): v for k, v in state['milestones'].items()})
for part in state.get('_schedulers', []):
    if 'milestones' in part:
        part['milestones'] = collections.Counter({int(k): v for k, v in part['milestones'].items()})
scheduler.load_state_dict(state)
optimizer.load_state_dict({'state': {}, 'param_groups': middle[0]['param_groups']})
went = []
for epoch in range(90, 200):
    step(optimizer, scheduler, epoch)
    went.append(changing(optimizer) + last(scheduler))
`,
      { inputs: { ...inputs, middle: middle as OracleInput }, outputs: { went: 'value' } },
    );
    expect(went).toEqual(history.slice(91));
  });

  it.each(byKind.filter(([, , { chainedOnly }]) => chainedOnly !== true))(
    '%s, of %s, by its closed form',
    async (python, of, { make, optimizer: kind }) => {
      const epochs = [...Array.from({ length: 200 }, (_, epoch) => epoch), 17, 3, 140];
      const { history } = await oracle().run(
        `${pythonSide}
optimizer, scheduler = make()
history = []
for epoch in epochs:
    optimizer.step()
    scheduler.step(epoch)
    history.append(changing(optimizer) + last(scheduler))
`,
        {
          inputs: { rates, scores, kind: kind ?? 'SGD', source: python, epochs, tensors: of === 'tensors' },
          outputs: { history: 'value' },
        },
      );
      const optimizer = makeOptimizer(kind, rates, of);
      const scheduler = make(optimizer);
      const ours = epochs.map((epoch) => {
        optimizer.step();
        scheduler.step(epoch);
        return [...changing(optimizer), ...scheduler.getLastLr()];
      });
      expect(ours).toEqual(history);
      // Where a fraction of an epoch has its use, Python does not warn of it.
      if (scheduler instanceof CosineAnnealingWarmRestarts) expect(warn).not.toHaveBeenCalled();
      else expect(warn).toHaveBeenCalledWith(expect.stringContaining('The epoch parameter'));
    },
  );

  it('goes on from lastEpoch, as in Python', async () => {
    const sources = [
      ['StepLR(optimizer, 3, 0.5, last_epoch=4)', (o) => new StepLR(o, 3, 0.5, 4)],
      ['CosineAnnealingLR(optimizer, 20, 0.01, last_epoch=4)', (o) => new CosineAnnealingLR(o, 20, 0.01, 4)],
      ['LinearLR(optimizer, 0.2, 1.0, 20, last_epoch=4)', (o) => new LinearLR(o, 0.2, 1, 20, 4)],
      ['ExponentialLR(optimizer, 0.9, last_epoch=4)', (o) => new ExponentialLR(o, 0.9, 4)],
      ['PolynomialLR(optimizer, 30, 0.9, last_epoch=4)', (o) => new PolynomialLR(o, 30, 0.9, 4)],
      ['MultiplicativeLR(optimizer, lambda e: 0.9, last_epoch=4)', (o) => new MultiplicativeLR(o, () => 0.9, 4)],
      [
        'CosineAnnealingWarmRestarts(optimizer, 7, last_epoch=4)',
        (o) => new CosineAnnealingWarmRestarts(o, 7, { lastEpoch: 4 }),
      ],
    ] as readonly (readonly [string, (optimizer: AnyOptimizer) => Scheduler])[];
    for (const [source, make] of sources) {
      const { history } = await oracle().run(
        `${pythonSide}
groups = [{'params': [torch.ones(1, requires_grad=True)], 'lr': lr, 'initial_lr': 2 * lr} for lr in rates]
optimizer = torch.optim.SGD(groups)
scheduler = eval(source)
history = []
for epoch in range(20):
    history.append(scheduler.get_last_lr() + [scheduler.last_epoch])
    optimizer.step()
    scheduler.step()
`,
        { inputs: { rates, source }, outputs: { history: 'value' } },
      );
      const groups = rates.map((lr) => ({ params: [ones([1], { requiresGrad: true })], lr, initialLr: 2 * lr }));
      const optimizer = new SGD(groups as never);
      const scheduler = make(optimizer);
      const ours = Array.from({ length: 20 }, () => {
        const now = [...scheduler.getLastLr(), scheduler.lastEpoch];
        optimizer.step();
        scheduler.step();
        return now;
      });
      expect([source, ours]).toEqual([source, history]);
    }
  });
});
