/** Objects of the exported classes, which are found by calling constructors with what a program might give them. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { Draws } from './random';

export type Class = new (...args: unknown[]) => object;

export interface NamedClass {
  readonly name: string;
  readonly type: Class;
}

/** Constructors are tried so often, and so many of the argument lists that they took are kept. */
const TRIES = 400;
const KEPT = 4;

export function isClass(value: unknown): value is Class {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

/** A tensor such as layers and losses are given. */
function usualTensor(draws: Draws): Tensor {
  const shape = draws.pick([[4], [2, 4], [2, 3, 4], [2, 4, 4], [2, 3, 4, 4], [2, 4, 4, 4, 4], []]);
  if (draws.chance(0.2)) return torch.randint(0, 3, shape);
  return torch.rand(shape, { requiresGrad: draws.chance(0.3) });
}

/** Leaves such as optimizers are given, some with a gradient. */
function parameters(draws: Draws): Tensor[] {
  return Array.from({ length: 1 + draws.below(2) }, () => {
    const parameter = torch.rand([2, 3], { requiresGrad: true });
    if (draws.chance(0.7)) parameter.grad = torch.ones([2, 3]);
    return parameter;
  });
}

/** Words of a function's text, among which its options' names are. */
function wordsOf(value: unknown): string[] {
  if (typeof value !== 'function') return [];
  return (
    Function.prototype.toString
      .call(value)
      .slice(0, 1500)
      .match(/\b[a-z]\w{2,}\b/g) ?? []
  );
}

/** An argument that a program might give; `callee` is whom. */
export function usual(draws: Draws, callee: unknown): unknown {
  switch (draws.below(16)) {
    case 0:
    case 1:
    case 2:
      return draws.pick([1, 2, 3, 4]);
    case 3:
    case 4:
      return usualTensor(draws);
    case 5:
      return draws.pick([0.5, 0.1, 0, 1e-3]);
    case 6:
      return draws.chance(0.5);
    case 7:
      return draws.pick<unknown>([[1, 2], [2, 2], [0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0]]);
    case 8:
      return parameters(draws);
    case 9:
      return draws.pick<unknown>([(x: unknown) => x, () => torch.ones([2]), (x: Tensor) => x.mul(2).sum(), () => 1]);
    case 10:
      return draws.chance(0.5) ? new torch.nn.Linear(4, 4) : [new torch.nn.Linear(4, 4), new torch.nn.ReLU()];
    case 11:
      return new torch.data.TensorDataset(torch.rand([4, 2]), torch.arange(4));
    case 12:
      return draws.chance(0.5) ? new torch.optim.SGD(parameters(draws), { lr: 0.1 }) : new torch.Generator();
    case 13:
      return draws.pick<unknown>([
        null,
        'float32',
        'cpu',
        'mean',
        'weight',
        'a-file',
        new Uint8Array(48),
        new Map(),
        undefined,
      ]);
    case 14:
      return draws.pick<unknown>([
        { width: 2, height: 2, channels: 3, data: new Uint8Array(12) },
        [usualTensor(draws)],
      ]);
    default:
      return draws.chance(0.3) ? {} : option(draws, callee, draws.pick([1, 2, 3, 0.1, true, false, 'mean', null]));
  }
}

/** An options object with one option, as far as its name can be guessed. */
export function option(draws: Draws, callee: unknown, value: unknown): unknown {
  const words = wordsOf(callee);
  return words.length === 0 ? {} : { [draws.pick(words)]: value };
}

export function usualList(draws: Draws, callee: unknown): unknown[] {
  const least = typeof callee === 'function' ? Math.min(callee.length, 4) : 0;
  return Array.from({ length: least + draws.below(3) }, () => usual(draws, callee));
}

const { lrScheduler } = torch.optim;
const optimizer = (): torch.optim.SGD => new torch.optim.SGD([torch.ones([2], { requiresGrad: true })], { lr: 0.1 });

function chained(): object {
  const scheduled = optimizer();
  return new lrScheduler.ChainedScheduler([
    new lrScheduler.ExponentialLR(scheduled, 0.9),
    new lrScheduler.StepLR(scheduled, 2),
  ]);
}

function sequential(): object {
  const scheduled = optimizer();
  const parts = [new lrScheduler.ConstantLR(scheduled), new lrScheduler.ExponentialLR(scheduled, 0.9)];
  return new lrScheduler.SequentialLR(scheduled, parts, [2]);
}

/** Metrics that take others, and one that has seen a batch. */
const metrics: readonly (() => object)[] = [
  () => new torch.metrics.MetricCollection([new torch.metrics.BinaryRecall(), new torch.metrics.BinaryPrecision()]),
  () => new torch.metrics.ClasswiseWrapper(new torch.metrics.MulticlassRecall(3, { average: 'none' })),
  () => new torch.metrics.MinMaxMetric(new torch.metrics.BinaryRecall()),
  () => new torch.metrics.Running(new torch.metrics.BinaryRecall(), 2),
  () => new torch.metrics.BinaryRecall().add(1),
  () => new torch.metrics.MulticlassFBetaScore(0.5, 3),
  () => new torch.metrics.MultilabelFBetaScore(0.5, 3),
  () => new torch.metrics.MultilabelAveragePrecision(3),
];

/** A matrix and its mean, of one size and dtype. */
const whitening = (): [Tensor, Tensor] => [torch.rand([48, 48]), torch.rand([48])];

/** Objects that no constructor call makes, because functions hand them out, or its arguments depend on one another. */
const HANDED_OUT: readonly (() => object | null)[] = [
  () => new torch.Generator(),
  () => new torch.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2]),
  () => torch.nn.utils.rnn.packSequence([torch.rand([3, 4]), torch.rand([2, 4])]),
  () => new torch.data.DataLoader(new torch.data.TensorDataset(torch.rand([4, 2]))).iterate(),
  () => torch.nn.utils.prune.L1Unstructured.apply(new torch.nn.Linear(4, 4), 'weight', 3),
  () => torch.data.concat([new torch.data.TensorDataset(torch.rand([4, 2]))]),
  () => new torch.nn.Bilinear(2, 2, 2),
  () => new torch.nn.TransformerEncoder(new torch.nn.TransformerEncoderLayer(4, 2, 8), 1),
  () => new torch.data.ConcatDataset([{ length: 2, getItem: (index: number) => index }]),
  () => new torch.data.StackDataset([{ length: 2, getItem: (index: number) => index }]),
  () => new torch.data.ChainDataset([['a', 'b']]),
  () => new torch.data.DistributedSampler({ length: 5 }, { numReplicas: 2, rank: 0 }),
  () => new torch.data.SubsetRandomSampler([1, 2]),
  () => new torch.data.WeightedRandomSampler([1, 2], 3),
  () => torch.ones([2], { requiresGrad: true }).mul(2).gradFn,
  () => torch.ones([2], { requiresGrad: true }).registerHook(() => undefined),
  () => new lrScheduler.OneCycleLR(optimizer(), 0.1, { totalSteps: 10 }),
  () => new lrScheduler.CosineAnnealingWarmRestarts(optimizer(), 4),
  chained,
  sequential,
  ...metrics,
  () => new torch.losses.DiceLoss('multiclass'),
  () => new torch.losses.JaccardLoss('multilabel'),
  () => new torch.losses.FocalLoss('multiclass', { gamma: 1 }),
  () => new torch.losses.LovaszLoss('binary'),
  () => new torch.vision.LinearTransformation(...whitening()),
  () => new torch.vision.v2.LinearTransformation(...whitening()),
  () => new torch.vision.v2.ConvertBoundingBoxFormat('XYWH'),
  () => new torch.vision.v2.ToDtype('float32', true),
  () => new torch.vision.tvTensors.BoundingBoxes([[1, 2, 3, 4]], { format: 'XYXY', canvasSize: [9, 9] }),
];

/** What constructors are given of which any other object takes a second to make. */
const SMALL = new Map<Class, readonly unknown[]>([
  [torch.nn.Transformer as unknown as Class, [4, 2, 1, 1, 4]],
  [
    torch.models.VisionTransformerForSegmentation as Class,
    [{ imageSize: 4, patchSize: 2, inChannels: 3, outChannels: 3, embedSize: 4, numBlocks: 1, numHeads: 2 }],
  ],
  [
    torch.models.SegFormer as Class,
    [
      {
        ...{ hiddenSizes: [4], depths: [1], numAttentionHeads: [1], srRatios: [1], patchSizes: [3], strides: [2] },
        ...{ mlpRatios: [1], decoderHiddenSize: 4 },
      },
    ],
  ],
  [torch.models.SegNet as Class, [{ width: 1 }]],
  [torch.models.SegNetDsc as Class, [{ width: 1 }]],
  [torch.models.UNet as Class, [{ width: 1, depth: 1 }]],
  [
    torch.models.VisionTransformer as Class,
    [{ imageSize: 4, patchSize: 2, numLayers: 1, numHeads: 1, hiddenDim: 4, mlpDim: 4, numClasses: 2 }],
  ],
]);

/** Seeds of argument lists that a constructor takes. They follow from its name, so that a call can be repeated. */
const found = new Map<Class, readonly string[]>();

function seedsOf({ name, type }: NamedClass): readonly string[] {
  const known = found.get(type);
  if (known !== undefined) return known;
  const seeds: string[] = [];
  for (let number = 0; number < TRIES && seeds.length < KEPT; number += 1) {
    const seed = `instance of ${name} ${number}`;
    try {
      Reflect.construct(type, usualList(new Draws(seed), type));
      seeds.push(seed);
    } catch {
      // These arguments it does not take.
    }
  }
  found.set(type, seeds);
  return seeds;
}

/** An object of this class or of one that is derived from it; null where no constructor took what it was given. */
export function instanceOf(type: Class, classes: readonly NamedClass[], draws: Draws): object | null {
  for (const make of HANDED_OUT) {
    const made = make();
    if (made instanceof type) return made;
  }
  const derived = classes.filter((other) => other.type === type || other.type.prototype instanceof type);
  for (let tries = 0; tries < 3 && derived.length > 0; tries += 1) {
    const chosen = draws.pick(derived);
    const small = SMALL.get(chosen.type);
    if (small !== undefined) return Reflect.construct(chosen.type, small);
    const seeds = seedsOf(chosen);
    if (seeds.length > 0) return Reflect.construct(chosen.type, usualList(new Draws(draws.pick(seeds)), chosen.type));
  }
  return null;
}
