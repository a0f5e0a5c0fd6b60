/** Aggregation, running windows, wrappers and arithmetic beside torchmetrics: random values, several updates. */
import { scope } from '../../lib/engine';
import {
  BinaryPrecision,
  BinaryRecall,
  CatMetric,
  ClasswiseWrapper,
  CompositionalMetric,
  MaxMetric,
  MeanMetric,
  type Metric,
  type MetricLike,
  MetricCollection,
  MinMaxMetric,
  MinMetric,
  MulticlassAccuracy,
  MulticlassConfusionMatrix,
  MulticlassF1Score,
  MulticlassJaccardIndex,
  MulticlassPrecision,
  MulticlassRecall,
  MulticlassStatScores,
  Running,
  RunningMean,
  RunningSum,
  SumMetric,
} from '../../lib/metrics';
import { rand, randint, randn, rsub, tensor, type Tensor, where } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { describeWithOracle, expectSameBits, type OracleInput } from '../oracle/oracle';
import { differenceOf } from './compare';
import { multiclassBatches, seed } from './inputs';

type Value = number | Tensor;
type Gatherer = Metric<[value: Value, weight?: Value]>;

const SETUP = `
import warnings
warnings.simplefilter('ignore')
import_torchvision()
import torchmetrics
from torchmetrics import *
from torchmetrics.aggregation import RunningMean, RunningSum
from torchmetrics.classification import *
from torchmetrics.wrappers import ClasswiseWrapper, MinMaxMetric, Running
`;

describeWithOracle('aggregation', (oracle) => {
  const gatherers: Record<string, (nan: number | string) => Gatherer> = {
    MeanMetric: (nan) => new MeanMetric({ nanStrategy: nan as number }),
    SumMetric: (nan) => new SumMetric({ nanStrategy: nan as number }),
    MaxMetric: (nan) => new MaxMetric({ nanStrategy: nan as number }),
    MinMetric: (nan) => new MinMetric({ nanStrategy: nan as number }),
    CatMetric: (nan) => new CatMetric({ nanStrategy: nan as number }),
    RunningMean: (nan) => new RunningMean(3, { nanStrategy: nan as number }),
    RunningSum: (nan) => new RunningSum(3, { nanStrategy: nan as number }),
  };

  it.each(Object.keys(gatherers))('%s', async (name) => {
    const draws = new Draws(name.length);
    for (let round = 0; round < 25; round++) {
      seed(draws);
      const nan = draws.pick(['warn', 'ignore', 'error', 'disable', 0.5]);
      // torchmetrics gives all values of a batch the weight 1 where one NaN is replaced; here only that one has it.
      const weighted = name.includes('Mean') && typeof nan !== 'number';
      const withNan = draws.flag();
      const values = Array.from({ length: 7 }, (): Value => {
        if (draws.next() < 0.3) return draws.next() * 10 + 0.25;
        const value = randn(draws.pick(name === 'CatMetric' ? [[], [3], [0]] : [[], [3], [2, 3], [0], [40, 7]])).mul(5);
        const given = draws.next() < 0.2 ? value.to('float64') : value;
        return withNan ? where(rand([...value.shape]).lt(0.2), NaN, given) : given;
      });
      const batches = values.map((value): OracleInput[] =>
        weighted && draws.flag() ? [value, draws.flag() ? 0.75 : 2.5] : [value],
      );
      const { theirs } = await oracle().run(
        `${SETUP}
def attempt(run):
  try: return run()
  except Exception as error: return str(error)

metric = ${name}(${name.startsWith('Running') ? '3, ' : ''}nan_strategy=nan)
whole = metric.clone()
theirs = [attempt(lambda: metric(*batch)) for batch in batches]
if not any(isinstance(value, str) for value in theirs):
  theirs += [metric.compute()]
  for batch in batches: whole.update(*batch)
  theirs += [whole.compute()]
`,
        { inputs: { nan, batches }, outputs: { theirs: 'value' } },
      );
      const attempt = (run: () => Tensor): Tensor | string => {
        try {
          return run();
        } catch (error) {
          return (error as Error).message;
        }
      };
      const metric = gatherers[name]!(nan);
      const whole = metric.clone();
      const mine = batches.map((batch) => attempt(() => metric.forward(...(batch as [Value]))));
      if (!mine.some((value) => typeof value === 'string')) {
        mine.push(metric.compute());
        for (const batch of batches) scope(() => whole.update(...(batch as [Value])));
        mine.push(whole.compute());
      }
      // Where nothing was gathered, Python hands out its empty list.
      const kept = (theirs as (Tensor | string | [])[]).map((value, at) => (Array.isArray(value) ? mine[at]! : value));
      expect(differenceOf(mine, kept)).toBeNull();
    }
  });

  it('RunningMean at any window', async () => {
    const values = Array.from({ length: 11 }, (_, at) => Math.fround(Math.sin(at) * 3));
    const python = `${SETUP}
theirs = []
for window in [1, 2, 5, 20]:
  metric = RunningMean(window)
  for value in values:
    metric.update(value)
    theirs.append(metric.compute())
`;
    const { theirs } = await oracle().run(python, { inputs: { values }, outputs: { theirs: 'tensors' } });
    let at = 0;
    for (const window of [1, 2, 5, 20]) {
      const metric = new RunningMean(window);
      for (const value of values) {
        metric.update(value);
        expectSameBits(metric.compute(), theirs[at++]!, `window ${window}`);
      }
    }
  });
});

describeWithOracle('wrappers', (oracle) => {
  it('ClasswiseWrapper, MinMaxMetric, Running and arithmetic', async () => {
    const draws = new Draws(3);
    seed(draws);
    const batches = multiclassBatches(draws, 3, null, { scores: true }).filter(([preds]) => preds.numel() > 0);
    const python = `${SETUP}
def run(metric):
  values = [metric(*batch) for batch in batches]
  return values + [metric.compute()]
accuracy = lambda: MulticlassAccuracy(3, average=None)
labels = ['a', 'b', 'c']
theirs = [
  run(ClasswiseWrapper(accuracy())), run(ClasswiseWrapper(accuracy(), labels)),
  run(ClasswiseWrapper(accuracy(), labels, prefix='p_', postfix='_q')),
  run(MinMaxMetric(MulticlassAccuracy(3))),
  run(Running(MulticlassConfusionMatrix(3), window=2)),
  run(MulticlassAccuracy(3) + MulticlassRecall(3)), run(MulticlassAccuracy(3) * 2.5), run(MulticlassAccuracy(3) - other),
  run(MulticlassAccuracy(3) / MulticlassF1Score(3)), run(abs(accuracy() - 0.75)), run(-accuracy()), run(accuracy()[1]),
  run(accuracy() ** 2), run(accuracy() > 0.5), run(accuracy() % 0.3), run(accuracy() // 0.3), run(accuracy() @ other),
  run(MulticlassConfusionMatrix(3) & 1), run(~MulticlassConfusionMatrix(3)), run(accuracy() == 1.0),
  run(torchmetrics.metric.CompositionalMetric(torch.rsub, MulticlassAccuracy(3), 1.0)),
]
`;
    const other = rand([3]);
    const { theirs } = await oracle().run(python, {
      inputs: { batches: batches.map((batch) => [...batch]), other },
      outputs: { theirs: 'value' },
    });
    const run = (metric: MetricLike<[Tensor, Tensor], unknown>): unknown[] => [
      ...batches.map((batch) => metric.forward(...batch)),
      metric.compute(),
    ];
    const accuracy = (): MulticlassAccuracy => new MulticlassAccuracy(3, { average: null });
    const labels = ['a', 'b', 'c'];
    const mine = [
      run(new ClasswiseWrapper(accuracy())),
      run(new ClasswiseWrapper(accuracy(), { labels })),
      run(new ClasswiseWrapper(accuracy(), { labels, prefix: 'p_', postfix: '_q' })),
      run(new MinMaxMetric(new MulticlassAccuracy(3))),
      run(new Running(new MulticlassConfusionMatrix(3), 2)),
      run(new MulticlassAccuracy(3).add(new MulticlassRecall(3))),
      run(new MulticlassAccuracy(3).mul(2.5)),
      run(new MulticlassAccuracy(3).sub(other)),
      run(new MulticlassAccuracy(3).div(new MulticlassF1Score(3))),
      run(accuracy().sub(0.75).abs()),
      run(accuracy().neg()),
      run(accuracy().at(1)),
      run(accuracy().pow(2)),
      run(accuracy().gt(0.5)),
      run(accuracy().fmod(0.3)),
      run(accuracy().floorDivide(0.3)),
      run(accuracy().matmul(other)),
      run(new MulticlassConfusionMatrix(3).bitwiseAnd(1)),
      run(new MulticlassConfusionMatrix(3).bitwiseNot()),
      run(accuracy().eq(1)),
      run(new CompositionalMetric((a, b) => rsub(a, b as number), new MulticlassAccuracy(3), 1)),
    ];
    mine.forEach((values, at) => expect([at, differenceOf(values as never, (theirs as [])[at]!)]).toEqual([at, null]));
  });
});

describeWithOracle('MetricCollection', (oracle) => {
  const make = (): MetricCollection =>
    new MetricCollection(
      {
        precision: new MulticlassPrecision(3),
        recall: new MulticlassRecall(3),
        jaccard: new MulticlassJaccardIndex(3, { average: 'weighted' }),
        matrix: new MulticlassConfusionMatrix(3),
        stats: new MulticlassStatScores(3, { average: 'micro' }),
        classes: new ClasswiseWrapper(new MulticlassAccuracy(3, { average: null })),
      },
      { prefix: 'val_', postfix: '_end' },
    );

  it('has the results, names and compute groups of torchmetrics', async () => {
    const batches = Array.from({ length: 4 }, () => [randn([9, 3]), randint(3, [9])] as const);
    const python = `${SETUP}
collection = MetricCollection({
  'precision': MulticlassPrecision(3), 'recall': MulticlassRecall(3),
  'jaccard': MulticlassJaccardIndex(3, average='weighted'), 'matrix': MulticlassConfusionMatrix(3),
  'stats': MulticlassStatScores(3, average='micro'), 'classes': ClasswiseWrapper(MulticlassAccuracy(3, average=None)),
}, prefix='val_', postfix='_end')
theirs = [collection(*batches[0]), collection.compute()]
collection.update(*batches[1])
theirs += [collection.compute(), collection(*batches[2]), collection.compute()]
groups = [list(group) for group in collection.compute_groups.values()]
collection['recall'].update(*batches[3])
theirs += [collection.compute()]
collection.update(*batches[3])
theirs += [collection.compute()]
copy = collection.clone(prefix='test_')
collection.reset()
collection.update(*batches[3])
theirs += [collection.compute(), copy.compute()]
names = list(collection.keys())
`;
    const { theirs, groups, names } = await oracle().run(python, {
      inputs: { batches: batches.map((batch) => [...batch]) },
      outputs: { theirs: 'value', groups: 'value', names: 'strings' },
    });
    const collection = make();
    const mine: unknown[] = [collection.forward(...batches[0]!), collection.compute()];
    collection.update(...batches[1]!);
    mine.push(collection.compute(), collection.forward(...batches[2]!), collection.compute());
    expect(collection.computeGroups).toEqual(groups);
    collection.get('recall')!.update(...batches[3]!);
    mine.push(collection.compute());
    collection.update(...batches[3]!);
    mine.push(collection.compute());
    const copy = collection.clone({ prefix: 'test_' });
    collection.reset();
    collection.update(...batches[3]!);
    mine.push(collection.compute(), copy.compute());
    expect(collection.keys()).toEqual(names);
    (theirs as never[]).forEach((value, at) =>
      expect([at, differenceOf(mine[at] as never, value)]).toEqual([at, null]),
    );
  });

  it('updates one metric of each group', () => {
    let updates = 0;
    class CountedRecall extends MulticlassRecall {
      override update(preds: Tensor, target: Tensor): void {
        updates += 1;
        super.update(preds, target);
      }
    }
    const collection = new MetricCollection([new MulticlassPrecision(3), new CountedRecall(3)]);
    for (let round = 0; round < 3; round++) collection.update(randint(3, [5]), randint(3, [5]));
    expect(collection.computeGroups).toEqual([['MulticlassPrecision', 'CountedRecall']]);
    expect(updates).toBe(1);
    expect(collection.get('CountedRecall')!.updateCount).toBe(3);
    collection.reset();
  });

  it('refuses what is no metric, and two of one name', () => {
    expect(() => new MetricCollection([new BinaryRecall(), new BinaryRecall()])).toThrow(
      'Encountered two metrics both named BinaryRecall',
    );
    expect(() => new MetricCollection([3 as never])).toThrow('Input 3 to `MetricCollection` is not a instance');
    expect(() => new MetricCollection({ a: tensor(1) as never })).toThrow('belonging to key a is not an instance');
    expect(() => new MetricCollection(7 as never)).toThrow('Unknown input to MetricCollection');
    expect(() => new MetricCollection([new BinaryPrecision()], { computeGroups: [['x']] })).toThrow(
      'Input x in `computeGroups` argument does not match a metric',
    );
  });
});
