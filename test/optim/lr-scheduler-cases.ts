/** A case or more of every schedule, and what they are tried on. */
import * as optim from '../../lib/optim';
import { lrScheduler, SGD } from '../../lib/optim';
import type { AnyOptimizer } from '../../lib/optim';
import { ones, type Tensor, tensor } from '../../lib/tensor';
import { Draws } from '../nn/draws';

export type Scheduler = optim.LRScheduler;

export interface Case {
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

export const cases: Readonly<Record<string, readonly Case[]>> = {
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

/** All of them, by their source. */
export const all = Object.values(cases).flatMap((some) => some.map((each) => [each.python, each] as const));

/** Of the optimizer's two groups. */
export const rates = [draws.next() * 0.1, draws.next()];

/** What the optimizer's rates are; tensors of several dtypes and shapes. */
export type Kind = 'numbers' | 'tensors';

export function makeOptimizer(
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

/** What `ReduceLROnPlateau` is told, epoch by epoch. */
export const scores = Array.from({ length: 200 }, (_, epoch) => Math.abs(Math.sin(epoch / 25)) + draws.next() / 5);

export function step(scheduler: Scheduler, epoch: number): void {
  scheduler.optimizer.step();
  if (scheduler instanceof ReduceLROnPlateau) scheduler.step(scores[epoch]);
  else scheduler.step();
}
