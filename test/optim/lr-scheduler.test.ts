/**
 * Every schedule beside Python: 200 epochs of equal float64, equal states, taken up in the middle from a state dict, ours and
 * Python's. A schedule that is exported and has no case here fails.
 */
import * as optim from '../../lib/optim';
import { lrScheduler, SGD } from '../../lib/optim';
import type { AnyOptimizer } from '../../lib/optim';
import { memory, sweep } from '../../lib/engine';
import { ones, Tensor, tensor } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { describeWithOracle, type OracleInput } from '../oracle/oracle';

type Scheduler = optim.LRScheduler;

interface Case {
  make: (optimizer: AnyOptimizer) => Scheduler;
  /** Makes `scheduler` of `optimizer`. */
  python: string;
  /** Of a rate that falls: with the names of its groups' options that change, too. */
  optimizer?: 'SGD' | 'Adam';
  /** There is no closed form, so that `step(epoch)` is not compared. */
  chainedOnly?: boolean;
  epochs?: number;
}

const {
  ChainedScheduler,
  ConstantLR,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  LRScheduler,
  MultiplicativeLR,
  MultiStepLR,
  OneCycleLR,
  PolynomialLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
} = lrScheduler;

const draws = new Draws(8);
const [p, q, r] = [draws.next(), draws.next(), draws.next()];
const lambda = (epoch: number): number => 1 / (1 + p * epoch);

const cases: Readonly<Record<string, readonly Case[]>> = {
  StepLR: [
    { make: (o) => new StepLR(o, { stepSize: 7, gamma: 0.8 }), python: 'StepLR(optimizer, 7, 0.8)' },
    { make: (o) => new StepLR(o, 30), python: 'StepLR(optimizer, 30)' },
    { make: (o) => new StepLR(o, 1, p), python: `StepLR(optimizer, 1, ${p})` },
  ],
  MultiStepLR: [
    { make: (o) => new MultiStepLR(o, [3, 60, 61, 130], 0.7), python: 'MultiStepLR(optimizer, [3, 60, 61, 130], 0.7)' },
    { make: (o) => new MultiStepLR(o, { milestones: [50, 50, 90] }), python: 'MultiStepLR(optimizer, [50, 50, 90])' },
  ],
  ConstantLR: [
    { make: (o) => new ConstantLR(o), python: 'ConstantLR(optimizer)' },
    { make: (o) => new ConstantLR(o, p, 40), python: `ConstantLR(optimizer, ${p}, 40)` },
  ],
  LinearLR: [
    { make: (o) => new LinearLR(o), python: 'LinearLR(optimizer)' },
    {
      make: (o) => new LinearLR(o, { startFactor: 1, endFactor: 0.05, totalIters: 170 }),
      python: 'LinearLR(optimizer, 1.0, 0.05, 170)',
    },
    { make: (o) => new LinearLR(o, p / 9, q, 33), python: `LinearLR(optimizer, ${p / 9}, ${q}, 33)` },
  ],
  ExponentialLR: [
    { make: (o) => new ExponentialLR(o, 0.97), python: 'ExponentialLR(optimizer, 0.97)' },
    { make: (o) => new ExponentialLR(o, { gamma: 1 - r / 50 }), python: `ExponentialLR(optimizer, ${1 - r / 50})` },
  ],
  PolynomialLR: [
    { make: (o) => new PolynomialLR(o), python: 'PolynomialLR(optimizer)' },
    { make: (o) => new PolynomialLR(o, 180, 0.9), python: 'PolynomialLR(optimizer, 180, 0.9)' },
    { make: (o) => new PolynomialLR(o, { totalIters: 250, power: 2.5 }), python: 'PolynomialLR(optimizer, 250, 2.5)' },
  ],
  CosineAnnealingLR: [
    { make: (o) => new CosineAnnealingLR(o, 200), python: 'CosineAnnealingLR(optimizer, 200)' },
    { make: (o) => new CosineAnnealingLR(o, 23, 1e-3), python: 'CosineAnnealingLR(optimizer, 23, 1e-3)' },
    {
      make: (o) => new CosineAnnealingLR(o, { tMax: 1, etaMin: p / 9 }),
      python: `CosineAnnealingLR(optimizer, 1, ${p / 9})`,
    },
  ],
  CosineAnnealingWarmRestarts: [
    {
      make: (o) => new CosineAnnealingWarmRestarts(o, 17),
      python: 'CosineAnnealingWarmRestarts(optimizer, 17)',
    },
    {
      make: (o) => new CosineAnnealingWarmRestarts(o, { t0: 5, tMult: 2, etaMin: 1e-4 }),
      python: 'CosineAnnealingWarmRestarts(optimizer, 5, 2, 1e-4)',
    },
  ],
  LambdaLR: [
    { make: (o) => new LambdaLR(o, lambda), python: `LambdaLR(optimizer, lambda epoch: 1 / (1 + ${p} * epoch))` },
    {
      make: (o) => new LambdaLR(o, { lrLambda: [lambda, (epoch) => Math.floor(epoch / 30)] }),
      python: `LambdaLR(optimizer, [lambda epoch: 1 / (1 + ${p} * epoch), lambda epoch: epoch // 30])`,
    },
  ],
  MultiplicativeLR: [
    {
      make: (o) => new MultiplicativeLR(o, (epoch) => 1 - 1 / (epoch + 7)),
      python: 'MultiplicativeLR(optimizer, lambda epoch: 1 - 1 / (epoch + 7))',
    },
  ],
  CyclicLR: [
    { make: (o) => new CyclicLR(o, 0.01, 0.1, 11), python: 'CyclicLR(optimizer, 0.01, 0.1, 11)', chainedOnly: true },
    {
      make: (o) =>
        new CyclicLR(o, [p / 10, 0.02], [p, 0.5], {
          stepSizeUp: 7,
          stepSizeDown: 15,
          mode: 'triangular2',
          baseMomentum: [0.7, 0.5],
          maxMomentum: 0.9,
        }),
      python: `CyclicLR(optimizer, [${p / 10}, 0.02], [${p}, 0.5], 7, 15, 'triangular2', base_momentum=[0.7, 0.5], max_momentum=0.9)`,
      optimizer: 'Adam',
      chainedOnly: true,
    },
    {
      make: (o) =>
        new CyclicLR(o, {
          baseLr: 0.01,
          maxLr: 0.3,
          stepSizeUp: 9,
          mode: 'exp_range',
          gamma: 0.99,
          cycleMomentum: false,
        }),
      python: "CyclicLR(optimizer, 0.01, 0.3, 9, mode='exp_range', gamma=0.99, cycle_momentum=False)",
      chainedOnly: true,
    },
    {
      make: (o) => new CyclicLR(o, 0.01, 0.3, { stepSizeUp: 9, scaleFn: (x) => 1 / (x + 5), scaleMode: 'iterations' }),
      python: "CyclicLR(optimizer, 0.01, 0.3, 9, scale_fn=lambda x: 1 / (x + 5), scale_mode='iterations')",
      chainedOnly: true,
    },
  ],
  OneCycleLR: [
    { make: (o) => new OneCycleLR(o, 0.3, 200), python: 'OneCycleLR(optimizer, 0.3, 200)', chainedOnly: true },
    {
      make: (o) =>
        new OneCycleLR(o, [p, q], {
          epochs: 10,
          stepsPerEpoch: 21,
          pctStart: 0.25,
          annealStrategy: 'linear',
          baseMomentum: [0.8, 0.7],
          divFactor: 10,
          finalDivFactor: 100,
        }),
      python: `OneCycleLR(optimizer, [${p}, ${q}], epochs=10, steps_per_epoch=21, pct_start=0.25, anneal_strategy='linear', base_momentum=[0.8, 0.7], div_factor=10, final_div_factor=100)`,
      optimizer: 'Adam',
      chainedOnly: true,
    },
    {
      make: (o) => new OneCycleLR(o, { maxLr: 0.1, totalSteps: 230, threePhase: true, cycleMomentum: false }),
      python: 'OneCycleLR(optimizer, 0.1, total_steps=230, three_phase=True, cycle_momentum=False)',
      chainedOnly: true,
    },
  ],
  SequentialLR: [
    {
      make: (o) => new SequentialLR(o, [new LinearLR(o, 0.1, 1, 20), new CosineAnnealingLR(o, 180)], [20]),
      python: 'SequentialLR(optimizer, [LinearLR(optimizer, 0.1, 1, 20), CosineAnnealingLR(optimizer, 180)], [20])',
      chainedOnly: true,
    },
    {
      make: (o) =>
        new SequentialLR(
          o,
          [
            new ConstantLR(o, 0.5, 10),
            new StepLR(o, 5, 0.9),
            new CosineAnnealingWarmRestarts(o, 9),
            new ExponentialLR(o, 0.95),
          ],
          [15, 60, 120],
        ),
      python:
        'SequentialLR(optimizer, [ConstantLR(optimizer, 0.5, 10), StepLR(optimizer, 5, 0.9), CosineAnnealingWarmRestarts(optimizer, 9), ExponentialLR(optimizer, 0.95)], [15, 60, 120])',
      chainedOnly: true,
    },
    {
      make: (o) =>
        new SequentialLR(
          o,
          [new SequentialLR(o, [new ConstantLR(o, 0.5, 4), new ExponentialLR(o, 0.9)], [6]), new PolynomialLR(o, 150)],
          [40],
        ),
      python:
        'SequentialLR(optimizer, [SequentialLR(optimizer, [ConstantLR(optimizer, 0.5, 4), ExponentialLR(optimizer, 0.9)], [6]), PolynomialLR(optimizer, 150)], [40])',
      chainedOnly: true,
    },
  ],
  ChainedScheduler: [
    {
      make: (o) => new ChainedScheduler([new ConstantLR(o, 0.1, 20), new ExponentialLR(o, 0.99)]),
      python: 'ChainedScheduler([ConstantLR(optimizer, 0.1, 20), ExponentialLR(optimizer, 0.99)])',
      chainedOnly: true,
    },
    {
      make: (o) =>
        new ChainedScheduler(
          [new LinearLR(o, 0.2, 1, 30), new MultiStepLR(o, [50, 100]), new CosineAnnealingLR(o, 90)],
          o,
        ),
      python:
        'ChainedScheduler([LinearLR(optimizer, 0.2, 1, 30), MultiStepLR(optimizer, [50, 100]), CosineAnnealingLR(optimizer, 90)], optimizer)',
      chainedOnly: true,
    },
    {
      make: (o) =>
        new SequentialLR(
          o,
          [new ChainedScheduler([new ConstantLR(o, 0.1, 20), new ExponentialLR(o, 0.99)]), new StepLR(o, 9)],
          [70],
        ),
      python:
        'SequentialLR(optimizer, [ChainedScheduler([ConstantLR(optimizer, 0.1, 20), ExponentialLR(optimizer, 0.99)]), StepLR(optimizer, 9)], [70])',
      chainedOnly: true,
    },
  ],
  ReduceLROnPlateau: [
    { make: (o) => new ReduceLROnPlateau(o), python: 'ReduceLROnPlateau(optimizer)', chainedOnly: true },
    {
      make: (o) => new ReduceLROnPlateau(o, 'max', { factor: 0.7, patience: 3, cooldown: 4, minLr: [1e-3, 0.2] }),
      python: "ReduceLROnPlateau(optimizer, 'max', factor=0.7, patience=3, cooldown=4, min_lr=[1e-3, 0.2])",
      chainedOnly: true,
    },
    {
      make: (o) =>
        new ReduceLROnPlateau(o, { thresholdMode: 'abs', threshold: 0.05, patience: 2, factor: 0.9, eps: 1e-3 }),
      python: "ReduceLROnPlateau(optimizer, threshold_mode='abs', threshold=0.05, patience=2, factor=0.9, eps=1e-3)",
      chainedOnly: true,
    },
    {
      make: (o) => new ReduceLROnPlateau(o, { mode: 'max', thresholdMode: 'abs', patience: 0, minLr: 0.01 }),
      python: "ReduceLROnPlateau(optimizer, mode='max', threshold_mode='abs', patience=0, min_lr=0.01)",
      chainedOnly: true,
    },
  ],
  SWALR: [
    {
      make: (o) => new optim.swaUtils.SWALR(o, 0.05),
      python: 'torch.optim.swa_utils.SWALR(optimizer, 0.05)',
      chainedOnly: true,
    },
    {
      make: (o) => new optim.swaUtils.SWALR(o, { swaLr: [0.5, p], annealEpochs: 80, annealStrategy: 'linear' }),
      python: `torch.optim.swa_utils.SWALR(optimizer, [0.5, ${p}], 80, 'linear')`,
      chainedOnly: true,
    },
    {
      make: (o) => new optim.swaUtils.SWALR(o, 0.02, 0),
      python: 'torch.optim.swa_utils.SWALR(optimizer, 0.02, 0)',
      chainedOnly: true,
    },
  ],
};

const rates = [draws.next() * 0.1, draws.next()];

/** What the optimizer's rates are; tensors of several dtypes and shapes. */
type Kind = 'numbers' | 'tensors';

function makeOptimizer(
  name: 'SGD' | 'Adam' = 'SGD',
  lrs: readonly number[] = rates,
  kind: Kind = 'numbers',
): AnyOptimizer {
  const asTensor = (lr: number, index: number): Tensor =>
    index === 0 ? tensor(lr, { dtype: 'float32' }) : tensor([lr], { dtype: 'float64' });
  const groups = lrs.map((lr, index) => ({
    params: [ones([1], { requiresGrad: true })],
    lr: kind === 'tensors' ? asTensor(lr, index) : lr,
  }));
  return name === 'Adam' ? new optim.Adam(groups) : new SGD(groups, { momentum: 0.5 });
}

/** What a schedule may change. */
function changing(optimizer: AnyOptimizer): number[] {
  return optimizer.paramGroups.flatMap((group) => {
    const { momentum, betas } = group as { momentum?: number; betas?: readonly number[] };
    return [Number(group.lr), momentum ?? 0, ...(betas ?? [])];
  });
}

const scores = Array.from({ length: 200 }, (_, epoch) => Math.abs(Math.sin(epoch / 25)) + draws.next() / 5);

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

function step(scheduler: Scheduler, epoch: number): void {
  scheduler.optimizer.step();
  if (scheduler instanceof ReduceLROnPlateau) scheduler.step(scores[epoch]);
  else scheduler.step();
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

const all = Object.values(cases).flatMap((some) => some.map((each) => [each.python, each] as const));

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

describe('optim.lrScheduler', () => {
  let warn: jest.SpyInstance;
  beforeEach(() => {
    warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  });
  afterEach(() => warn.mockRestore());

  it('warns when it steps before the optimizer, and only then', () => {
    new StepLR(makeOptimizer(), { stepSize: 1 }).step();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('before `optimizer.step()`'));
    warn.mockClear();
    const optimizer = makeOptimizer();
    const scheduler = new StepLR(optimizer, { stepSize: 1 });
    optimizer.step();
    scheduler.step();
    expect(warn).not.toHaveBeenCalled();
  });

  it('warns who asks for rates by getLr', () => {
    const scheduler = new ExponentialLR(makeOptimizer(), 0.5);
    expect(warn).not.toHaveBeenCalled();
    expect(scheduler.getLr()).toEqual(rates.map((lr) => lr * 0.5));
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('please use `getLastLr()`'));
  });

  it.each(all)('%s leaves no tensors behind', (_, { make, optimizer: kind }) => {
    const scheduler = make(makeOptimizer(kind, rates, 'tensors'));
    for (let epoch = 0; epoch < 3; epoch++) step(scheduler, epoch);
    sweep();
    const before = memory();
    for (let epoch = 3; epoch < 20; epoch++) step(scheduler, epoch);
    expect(memory()).toMatchObject({ tensors: before.tensors, bytes: before.bytes });
  });

  it('takes over a state that went through JSON', () => {
    const scheduler = new ReduceLROnPlateau(makeOptimizer());
    const resumed = new ReduceLROnPlateau(makeOptimizer());
    resumed.loadStateDict(JSON.parse(JSON.stringify(scheduler.stateDict())) as never);
    expect(resumed.stateDict()).toEqual(scheduler.stateDict());
    const steps = new MultiStepLR(makeOptimizer(), [3, 3, 9]);
    const resumedSteps = new MultiStepLR(makeOptimizer(), [1]);
    resumedSteps.loadStateDict(JSON.parse(JSON.stringify(steps.stateDict())) as never);
    expect(resumedSteps.stateDict()).toEqual(steps.stateDict());
  });

  it('takes schedules of users', () => {
    class Halving extends LRScheduler<number> {
      constructor(optimizer: AnyOptimizer) {
        super(optimizer);
        this.start(-1);
      }

      override getLr(): number[] {
        this.warnOutsideStep();
        return this.baseLrs.map((lr) => lr * 2 ** -this.lastEpoch);
      }

      protected override fields(): Record<string, string> {
        return {};
      }
    }
    const optimizer = makeOptimizer();
    const scheduler = new Halving(optimizer);
    optimizer.step();
    scheduler.step();
    expect(scheduler.getLastLr()).toEqual(rates.map((lr) => lr / 2));
  });

  it('refuses impossible arguments', () => {
    const optimizer = makeOptimizer();
    expect(() => new StepLR(optimizer, { stepSize: 0 })).toThrow('`stepSize`, received 0');
    expect(() => new StepLR(makeOptimizer(), { stepSize: 2, lastEpoch: 3 })).toThrow(
      "param 'initial_lr' is not specified",
    );
    expect(() => new StepLR({} as never, { stepSize: 2 })).toThrow('expected an Optimizer');
    expect(() => new ConstantLR(optimizer, 2)).toThrow('expected to be between 0 and 1');
    expect(() => new LinearLR(optimizer, 0)).toThrow('greater than 0 and less or equal to 1');
    expect(() => new LinearLR(optimizer, 1, 2)).toThrow('Ending multiplicative factor');
    expect(() => new MultiStepLR(optimizer, [1.5])).toThrow('`milestones[0]`, received 1.5');
    expect(() => new LambdaLR(optimizer, [() => 1])).toThrow('Expected 2 lr_lambdas, but got 1');
    expect(() => new LambdaLR(optimizer, 3 as never)).toThrow('lrLambda should be a function');
    expect(() => new CyclicLR(optimizer, 0.1, [1])).toThrow('must have the same length as optimizer.param_groups');
    expect(() => new CyclicLR(optimizer, 0.1, 1, 3, null, 'square' as never)).toThrow('mode is invalid');
    const plain = new optim.Rprop([ones([1], { requiresGrad: true })]);
    expect(() => new CyclicLR(plain, 0.1, 1)).toThrow('must support momentum or beta1');
    expect(() => new OneCycleLR(plain, 0.1, 10)).toThrow('must support momentum or beta1');
    expect(() => new OneCycleLR(optimizer, 0.1)).toThrow('either total_steps OR');
    expect(() => new OneCycleLR(optimizer, 0.1, 0)).toThrow('`totalSteps`, received 0');
    expect(() => new OneCycleLR(optimizer, 0.1, { totalSteps: 10, pctStart: 2 })).toThrow('between 0 and 1 pct_start');
    const short = new OneCycleLR(makeOptimizer(), 0.1, 3);
    for (let count = 0; count < 3; count++) short.step();
    expect(() => short.step()).toThrow('Tried to step 4 times');
    expect(() => new CosineAnnealingWarmRestarts(optimizer, 0)).toThrow('`t0`, received 0');
    expect(() => new ReduceLROnPlateau(optimizer, { factor: 1 })).toThrow('Factor should be < 1.0.');
    expect(() => new ReduceLROnPlateau(optimizer, 'low' as never)).toThrow('is unknown');
    expect(() => new ReduceLROnPlateau(optimizer).step()).toThrow('expected a number for `metrics`');
    expect(() => new SequentialLR(optimizer, [], [])).toThrow('at least one scheduler');
    const parts = [new StepLR(optimizer, 1), new StepLR(optimizer, 2)];
    expect(() => new SequentialLR(optimizer, parts, [])).toThrow('one more than the number of milestone points');
    expect(() => new SequentialLR(makeOptimizer(), parts, [1])).toThrow('belong to the same optimizer');
    expect(() => new ChainedScheduler([new ReduceLROnPlateau(optimizer)])).toThrow(
      'does not support `ReduceLROnPlateau`',
    );
    expect(() => new StepLR(optimizer, 1).loadStateDict({ gamma: 3 })).toThrow('expected base_lrs');
    const lacking = new StepLR(optimizer, 1).stateDict();
    delete lacking['gamma'];
    expect(() => new StepLR(optimizer, 1).loadStateDict(lacking)).toThrow(
      '`gamma` should be a number, received undefined',
    );
    const byLambda = new LambdaLR(optimizer, () => 1);
    optimizer.addParamGroup({ params: [ones([1], { requiresGrad: true })] });
    expect(() => byLambda.step()).toThrow('add groups before the scheduler is made');
  });
});
