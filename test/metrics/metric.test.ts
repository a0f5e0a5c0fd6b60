/** What a metric is, whatever it measures: states, scopes, devices, state dicts, copies, memory, and what is refused. */
import { inferenceMode } from '../../lib/autograd';
import { memory, scope } from '../../lib/engine';
import * as metrics from '../../lib/metrics';
import { Metric, MulticlassAccuracy, MulticlassConfusionMatrix, MulticlassF1Score } from '../../lib/metrics';
import * as nn from '../../lib/nn';
import { maximum, ones, rand, randint, randn, tensor, type Tensor, zeros } from '../../lib/tensor';
import { describeWithOracle } from '../oracle/oracle';
import { snakeCase } from './compare';

class Gathered extends Metric<[value: Tensor]> {
  declare largest: Tensor;
  declare values: Tensor[];

  constructor() {
    super();
    this.addState('largest', tensor(-Infinity), 'max');
    this.addState('values', [], 'cat');
  }

  update(value: Tensor): void {
    this.largest = maximum(this.largest, value.max());
    this.values.push(value.mul(2));
  }

  compute(): Tensor {
    return this.largest;
  }
}

describe('Metric', () => {
  it('survives the scopes and modes in which it is updated, and resets', () => {
    const metric = new MulticlassConfusionMatrix(2);
    scope(() => metric.update(tensor([0, 1, 1]), tensor([0, 0, 1])));
    inferenceMode(() => scope(() => metric.update(tensor([0, 1, 1]), tensor([0, 0, 1]))));
    metric.update(tensor([1]), tensor([1]));
    expect(metric.compute().tolist()).toEqual([[2, 2], [0, 3]]); // prettier-ignore
    expect([metric.updateCount, metric.updateCalled]).toEqual([3, true]);
    metric.reset();
    expect(metric.compute().tolist()).toEqual([[0, 0], [0, 0]]); // prettier-ignore
    expect(metric.updateCalled).toBe(false);
  });

  it('hands out scores of the caller’s own, which later updates leave alone', () => {
    const metric = new metrics.SumMetric();
    metric.update(2);
    const first = metric.compute();
    metric.update(3);
    expect([first.item(), metric.compute().item()]).toEqual([2, 5]);
    first.dispose();
    expect(metric.compute().item()).toBe(5);
  });

  it('keeps its state where a batch is refused', () => {
    const metric = new MulticlassAccuracy(3, { average: 'micro' });
    metric.update(tensor([1, 1]), tensor([1, 2]));
    expect(() => metric.forward(tensor([1]), tensor([7]))).toThrow('expected labels from 0 to 2');
    expect(() => metric.update(tensor([1]), tensor([1, 2]))).toThrow('should have the same shape');
    expect([metric.compute().item(), metric.updateCount]).toEqual([0.5, 1]);
  });

  it('can be derived from, with states of both kinds', () => {
    const metric = new Gathered();
    expect(metric.forward(tensor([1, 4])).item()).toBe(4);
    scope(() => metric.update(tensor([3, 2])));
    expect(metric.forward(tensor([-1])).item()).toBe(-1);
    expect(metric.compute().item()).toBe(4);
    expect(metric.values.map((value) => value.tolist())).toEqual([[2, 8], [6, 4], [-2]]);
    const copy = metric.clone();
    copy.update(tensor([9]));
    expect([metric.compute().item(), copy.compute().item(), copy.values.length]).toEqual([4, 9, 4]);
    expect(copy).toBeInstanceOf(Gathered);
    for (const used of [metric, copy]) used.reset();
  });

  it('refuses states that are none', () => {
    class Wrong extends Metric<[]> {
      declare total: unknown;

      constructor(initial: unknown, reduction: unknown) {
        super();
        this.addState('total', initial as Tensor, reduction as 'sum');
      }

      update(): void {
        this.total = 3;
      }

      compute(): Tensor {
        return zeros([]);
      }
    }
    expect(() => new Wrong([ones([1])], 'sum')).toThrow('state variable must be a tensor or any empty list');
    expect(() => new Wrong(tensor(0), 'median')).toThrow("`dist_reduce_fx` must be callable or one of ['mean', 'sum'");
    expect(() => new Wrong(tensor(0), 'sum').update()).toThrow('for the state `total`, received 3');
  });

  it('is part of a module: its states move with it, and are saved where they are persistent', () => {
    class Model extends nn.Module {
      readonly layer = new nn.Linear(2, 2);
      readonly f1 = new MulticlassF1Score(2);

      forward(x: Tensor): Tensor {
        return this.layer.forward(x);
      }
    }
    const model = new Model();
    expect([...model.stateDict().keys()]).toEqual(['layer.weight', 'layer.bias']);
    model.f1.update(tensor([0, 1]), tensor([1, 1]));
    model.f1.persistent(true);
    const state = model.stateDict();
    expect([...state.keys()]).toEqual(['layer.weight', 'layer.bias', 'f1.tp', 'f1.fp', 'f1.tn', 'f1.fn']);
    const other = new Model();
    other.f1.persistent(true);
    other.loadStateDict(state);
    other.f1.update(tensor([1]), tensor([1]));
    model.f1.update(tensor([1]), tensor([1]));
    expect(other.f1.compute().item()).toBe(model.f1.compute().item());
    expect([model.to('cpu').f1.device, model.f1.to('float64').tp]).toMatchObject(['cpu', { dtype: 'int64' }]);
    expect(() => new metrics.CatMetric().persistent(true)).toThrow('is a list, which a state dict cannot hold');
  });

  it('merges what another has seen', () => {
    const [here, there, both] = [0, 1, 2].map(() => new MulticlassConfusionMatrix(3));
    for (const metric of [here!, there!]) {
      const batch = [randint(3, [9]), randint(3, [9])] as const;
      metric.update(...batch);
      both!.update(...batch);
    }
    here!.mergeState(there!);
    expect(here!.compute().tolist()).toEqual(both!.compute().tolist());
    expect(() => here!.mergeState(new MulticlassF1Score(3))).toThrow('to be an instance of MulticlassConfusionMatrix');
  });

  it('leaves memory flat in a plain loop', () => {
    const collection = new metrics.MetricCollection([new MulticlassF1Score(5), new MulticlassConfusionMatrix(5)]);
    const loss = new metrics.RunningMean(3);
    const step = (): void => {
      collection.update(randn([64, 5]), randint(5, [64]));
      collection.forward(randn([64, 5]), randint(5, [64]));
      loss.update(0.5);
      collection.compute();
      loss.compute();
    };
    for (let warm = 0; warm < 3; warm++) scope(step);
    const before = memory().tensors;
    for (let round = 0; round < 20; round++) scope(step);
    expect(memory().tensors).toBe(before);
    // Without a scope garbage waits to be found, but does not pile up.
    for (let round = 0; round < 3000; round++) step();
    expect(memory().tensors).toBeLessThan(before + 40_000);
    collection.reset();
    loss.reset();
  });
});

type Refusal = readonly [python: string, run: () => unknown];

/** The same mistake on both sides: Python's sentence, with the names of arguments in camelCase, must be ours. */
const refusals: readonly Refusal[] = [
  ['BinaryAccuracy(threshold=1.5)', () => new metrics.BinaryAccuracy({ threshold: 1.5 })],
  ['BinaryAccuracy(multidim_average="all")', () => new metrics.BinaryAccuracy({ multidimAverage: 'all' as 'global' })],
  ['BinaryAccuracy(ignore_index=0.5)', () => new metrics.BinaryAccuracy({ ignoreIndex: 0.5 })],
  ['BinaryPrecision(zero_division=3)', () => new metrics.BinaryPrecision({ zeroDivision: 3 })],
  ['MulticlassAccuracy(1)', () => new MulticlassAccuracy(1)],
  ['MulticlassAccuracy(None)', () => new MulticlassAccuracy(null)],
  ['MulticlassAccuracy(3, average="mean")', () => new MulticlassAccuracy(3, { average: 'mean' as 'macro' })],
  ['MulticlassAccuracy(3, top_k=4)', () => new MulticlassAccuracy(3, { topK: 4 })],
  ['MultilabelRecall(1)', () => new metrics.MultilabelRecall(1)],
  ['MultilabelRecall(3, threshold=2.5)', () => new metrics.MultilabelRecall(3, { threshold: 2.5 })],
  ['BinaryFBetaScore(-0.5)', () => new metrics.BinaryFBetaScore(-0.5)],
  ['BinaryConfusionMatrix(normalize="rows")', () => new metrics.BinaryConfusionMatrix({ normalize: 'rows' as 'all' })],
  ['MulticlassJaccardIndex(3, average="mean")', () => new metrics.MulticlassJaccardIndex(3, { average: 'mean' as 'macro' })],
  ['BinaryCohenKappa(weights="cubic")', () => new metrics.BinaryCohenKappa({ weights: 'cubic' as 'linear' })],
  ['DiceScore(0)', () => new metrics.DiceScore(0)],
  ['DiceScore(3, average="mean")', () => new metrics.DiceScore(3, { average: 'mean' as 'macro' })],
  ['DiceScore(3, input_format="label")', () => new metrics.DiceScore(3, { inputFormat: 'label' as 'index' })],
  ['DiceScore(3, aggregation_level="all")', () => new metrics.DiceScore(3, { aggregationLevel: 'all' as 'global' })],
  ['GeneralizedDiceScore(3, weight_type="cubic")', () => new metrics.GeneralizedDiceScore(3, { weightType: 'cubic' as 'square' })],
  ['MeanIoU(input_format="index")', () => new metrics.MeanIoU(null, { inputFormat: 'index' })],
  ['HausdorffDistance(3, distance_metric="l3")', () => new metrics.HausdorffDistance(3, { distanceMetric: 'l3' as 'taxicab' })],
  ['MeanMetric(nan_strategy="drop")', () => new metrics.MeanMetric({ nanStrategy: 'drop' as 'warn' })],
  ['RunningMean(0)', () => new metrics.RunningMean(0)],
  ['binary_accuracy(zeros(3), zeros(4))', () => metrics.binaryAccuracy(zeros([3]), zeros([4]))],
  ['binary_accuracy(zeros(3), tensor([0, 1, 3]))', () => metrics.binaryAccuracy(zeros([3]), tensor([0, 1, 3]))],
  ['binary_accuracy(zeros(3), tensor([0, 1, 3]), ignore_index=-1)', () => metrics.binaryAccuracy(zeros([3]), tensor([0, 1, 3]), { ignoreIndex: -1 })],
  ['binary_accuracy(tensor([0, 2]), tensor([0, 1]))', () => metrics.binaryAccuracy(tensor([0, 2]), tensor([0, 1]))],
  ['binary_confusion_matrix(tensor([0, 2]), tensor([0, 1]))', () => metrics.binaryConfusionMatrix(tensor([0, 2]), tensor([0, 1]))],
  ['binary_accuracy(zeros(3), tensor([0, 1, 1]), multidim_average="samplewise")', () => metrics.binaryAccuracy(zeros([3]), tensor([0, 1, 1]), { multidimAverage: 'samplewise' })],
  ['multilabel_accuracy(zeros(3, 2), zeros(3, 2), 4)', () => metrics.multilabelAccuracy(zeros([3, 2]), zeros([3, 2]), 4)],
  ['multilabel_accuracy(zeros(3, 2), zeros(3, 2), 2, multidim_average="samplewise")', () => metrics.multilabelAccuracy(zeros([3, 2]), zeros([3, 2]), 2, { multidimAverage: 'samplewise' })],
  ['multiclass_accuracy(tensor([[1, 2]]), tensor([1]), 2)', () => metrics.multiclassAccuracy(tensor([[1, 2]]), tensor([1]), 2)],
  ['multiclass_accuracy(zeros(1, 3), tensor([1]), 2)', () => metrics.multiclassAccuracy(zeros([1, 3]), tensor([1]), 2)],
  ['multiclass_accuracy(zeros(1, 2, 4), tensor([[1, 1]]), 2)', () => metrics.multiclassAccuracy(zeros([1, 2, 4]), tensor([[1, 1]]), 2)],
  ['multiclass_accuracy(tensor([1, 0]), tensor([1]), 2)', () => metrics.multiclassAccuracy(tensor([1, 0]), tensor([1]), 2)],
  ['multiclass_accuracy(tensor([1]), tensor([[1, 0]]), 2)', () => metrics.multiclassAccuracy(tensor([1]), tensor([[1, 0]]), 2)],
  ['multiclass_accuracy(tensor([1, 0, 1]), tensor([1, 3, 0]), 2)', () => metrics.multiclassAccuracy(tensor([1, 0, 1]), tensor([1, 3, 0]), 2)],
  ['multiclass_accuracy(tensor([1, 0, 3]), tensor([1, 1, 0]), 2)', () => metrics.multiclassAccuracy(tensor([1, 0, 3]), tensor([1, 1, 0]), 2)],
  ['multiclass_confusion_matrix(tensor([1, 0, 1]), tensor([1, 3, 0]), 2)', () => metrics.multiclassConfusionMatrix(tensor([1, 0, 1]), tensor([1, 3, 0]), 2)],
  ['multiclass_accuracy(tensor([1, 0]), tensor([1, 0]), 2, multidim_average="samplewise")', () => metrics.multiclassAccuracy(tensor([1, 0]), tensor([1, 0]), 2, { multidimAverage: 'samplewise' })],
  ['multiclass_accuracy(zeros(2, 2), tensor([1, 0]), 2, multidim_average="samplewise")', () => metrics.multiclassAccuracy(zeros([2, 2]), tensor([1, 0]), 2, { multidimAverage: 'samplewise' })],
  ['BinaryAUROC(thresholds=1)', () => new metrics.BinaryAUROC({ thresholds: 1 })],
  ['BinaryAUROC(thresholds=zeros(2, 2))', () => new metrics.BinaryAUROC({ thresholds: zeros([2, 2]) })],
  ['binary_auroc(zeros(2), tensor([0, 1]), thresholds="all")', () => metrics.binaryAuroc(zeros([2]), tensor([0, 1]), { thresholds: 'all' as never })],
  ['MulticlassAUROC(3, average="micro")', () => new metrics.MulticlassAUROC(3, { average: 'micro' as 'macro' })],
  ['MulticlassROC(3, average="weighted")', () => new metrics.MulticlassROC(3, { average: 'weighted' as 'macro' })],
  ['BinaryCalibrationError(n_bins=0)', () => new metrics.BinaryCalibrationError({ nBins: 0 })],
  ['BinaryCalibrationError(norm="l3")', () => new metrics.BinaryCalibrationError({ norm: 'l3' as 'l1' })],
  ['binary_roc(tensor([1, 0]), tensor([1, 0]))', () => metrics.binaryRoc(tensor([1, 0]), tensor([1, 0]))],
  ['binary_roc(zeros(2), zeros(2))', () => metrics.binaryRoc(zeros([2]), zeros([2]))],
  ['binary_calibration_error(tensor([1, 0]), tensor([1, 0]))', () => metrics.binaryCalibrationError(tensor([1, 0]), tensor([1, 0]))],
  ['multiclass_roc(zeros(2), tensor([1, 0]), 2)', () => metrics.multiclassRoc(zeros([2]), tensor([1, 0]), 2)],
  ['multiclass_roc(zeros(2, 2), zeros(2), 2)', () => metrics.multiclassRoc(zeros([2, 2]), zeros([2]), 2)],
  ['multiclass_roc(tensor([[1, 0]]), tensor([1]), 2)', () => metrics.multiclassRoc(tensor([[1, 0]]), tensor([1]), 2)],
  ['multiclass_roc(zeros(2, 3), tensor([1, 0]), 2)', () => metrics.multiclassRoc(zeros([2, 3]), tensor([1, 0]), 2)],
  ['multiclass_roc(zeros(3, 2), tensor([1, 0]), 2)', () => metrics.multiclassRoc(zeros([3, 2]), tensor([1, 0]), 2)],
  ['multilabel_roc(zeros(3, 2), tensor([[1, 0]] * 3), 3)', () => metrics.multilabelRoc(zeros([3, 2]), tensor([[1, 0], [1, 0], [1, 0]]), 3)],
  ['dice_score(zeros(2, 3), zeros(2, 4), 3)', () => metrics.diceScore(zeros([2, 3]), zeros([2, 4]), 3)],
  ['dice_score(zeros(2, 3, 3), zeros(2, 4), 3, input_format="mixed")', () => metrics.diceScore(zeros([2, 3, 3]), zeros([2, 4]), 3, { inputFormat: 'mixed' })],
  ['mean_iou(zeros(2, 0, 3), zeros(2, 0, 3))', () => metrics.meanIou(zeros([2, 0, 3]), zeros([2, 0, 3]))],
]; // prettier-ignore

/** Names of arguments as they are here. */
const camelCase = (sentence: string): string =>
  sentence.replace(/\b[a-z]+(_[a-z]+)+\b/g, (name) =>
    name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
  );

describeWithOracle('what is refused', (oracle) => {
  it('is refused in torchmetrics’ words', async () => {
    const { sentences } = await oracle().run(
      `
      import warnings
      warnings.simplefilter('ignore')
      import_torchvision()
      from torch import tensor, zeros
      from torchmetrics import *
      from torchmetrics.aggregation import RunningMean
      from torchmetrics.classification import *
      from torchmetrics.segmentation import *
      from torchmetrics.wrappers import Running
      from torchmetrics.functional.classification import *
      from torchmetrics.functional.segmentation import *
      sentences = []
      for source in sources:
        try:
          eval(source)
          sentences.append('no error')
        except Exception as error:
          sentences.append(''.join(error.args))
      `,
      { inputs: { sources: refusals.map(([source]) => source) }, outputs: { sentences: 'strings' } },
    );
    const mine = refusals.map(([source, run]) => {
      try {
        run();
        return [source, 'no error'];
      } catch (error) {
        return [source, (error as Error).message];
      }
    });
    expect(mine).toEqual(refusals.map(([source], at) => [source, camelCase(sentences[at]!)]));
  });

  it('is refused although torchmetrics would count it among another class', () => {
    expect(() => metrics.multiclassAccuracy(tensor([0]), tensor([3]), 3)).toThrow(
      'expected labels from 0 to 2 in argument `target`, received 3',
    );
    expect(() => metrics.multiclassAccuracy(tensor([-1]), tensor([1]), 3)).toThrow('in argument `preds`, received -1');
    expect(
      metrics
        .multiclassConfusionMatrix(tensor([1]), tensor([0]), 2, { ignoreIndex: 0 })
        .sum()
        .item(),
    ).toBe(0);
  });

  it('keeps counts where torchmetrics’ class fails: micro, with thresholds', () => {
    const [preds, target] = [rand([40, 3]), randint(3, [40])];
    const options = { average: 'micro', thresholds: 9 } as const;
    const curve = new metrics.MulticlassROC(3, options);
    curve.update(preds.narrow(0, 0, 25), target.narrow(0, 0, 25));
    curve.update(preds.narrow(0, 25, 15), target.narrow(0, 25, 15));
    const whole = metrics.multiclassRoc(preds, target, 3, options) as Tensor[];
    expect((curve.compute() as Tensor[]).map((values) => values.tolist())).toEqual(
      whole.map((values) => values.tolist()),
    );
    curve.reset();
  });

  it('names misspelt options and what is no tensor', () => {
    expect(() => new MulticlassAccuracy(3, { avarage: 'micro' } as never)).toThrow('unknown option `avarage`');
    expect(() => metrics.binaryAccuracy(3 as never, rand([3]))).toThrow('expected a Tensor for argument `preds`');
    expect(() => new metrics.MeanMetric().update('1' as never)).toThrow('expected a number or a Tensor');
    expect(() => metrics.Precision({ task: 'regression' as 'binary' })).toThrow(
      "Invalid Classification: expected one of ['binary', 'multiclass', 'multilabel'], but got regression.",
    );
    expect(() => new metrics.Running(new metrics.MaxMetric())).toThrow('set to `False` but got true');
    expect(() => metrics.Accuracy(null as never)).toThrow('expected options { task, … }');
    expect(() => metrics.Accuracy({ task: 'multiclass' } as never)).toThrow('`numClasses` is expected to be `int`');
    expect(snakeCase('numClasses')).toBe('num_classes');
  });

  it('has the forms by task', () => {
    const [preds, target] = [randn([8, 3]), randint(3, [8])];
    const byTask = metrics.Accuracy({ task: 'multiclass', numClasses: 3 });
    expect(byTask).toBeInstanceOf(MulticlassAccuracy);
    expect(byTask.average).toBe('micro');
    expect(metrics.accuracy(preds, target, { task: 'multiclass', numClasses: 3 }).item()).toBe(
      metrics.multiclassAccuracy(preds, target, 3, { average: 'micro' }).item(),
    );
    expect(metrics.FBetaScore({ task: 'multilabel', numLabels: 2, beta: 0.5 }).beta).toBe(0.5);
    expect(metrics.CohenKappa({ task: 'binary' })).toBeInstanceOf(metrics.BinaryCohenKappa);
    expect(metrics.JaccardIndex({ task: 'multiclass', numClasses: 3 }).average).toBe('macro');
  });
});
