import {
  type ConfusionMetric,
  iouLoss,
  MulticlassAccuracy,
  multiclassAccuracy,
  multiclassConfusionMatrix,
  MulticlassConfusionMatrix,
  MulticlassJaccardIndex,
  segmentationScores,
  softIoU,
  type Average,
} from '../../lib/metrics';
import { scope } from '../../lib/engine';
import { manualSeed, rand, randint, randn, tensor, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

interface Case {
  readonly name: string;
  readonly classes: number;
  readonly preds: (seed: number) => Tensor;
  readonly target: (seed: number) => Tensor;
}

const labels = (high: number, shape: number[]) => () => randint(high, shape);

const cases: Case[] = [
  { name: 'labels', classes: 3, preds: labels(3, [5, 1, 7, 6]), target: labels(3, [5, 1, 7, 6]) },
  { name: 'scores', classes: 4, preds: () => randn([3, 4, 9, 5]), target: labels(4, [3, 9, 5]) },
  { name: 'labels as floats', classes: 3, preds: () => randint(3, [2, 30]).to('float32'), target: labels(3, [2, 30]) },
  { name: 'uint8 truth', classes: 3, preds: labels(3, [40]), target: () => randint(3, [40]).to('uint8') },
  { name: 'a class that is absent', classes: 5, preds: labels(3, [50]), target: labels(4, [50]) },
  { name: 'nothing right', classes: 2, preds: () => tensor([0, 0, 0]), target: () => tensor([1, 1, 1]) },
  { name: 'many pixels', classes: 3, preds: () => randn([2, 3, 64, 64]), target: labels(3, [2, 64, 64]) },
];
const averages: Average[] = ['micro', 'macro', 'weighted', 'none'];

describeWithOracle('metrics and torchmetrics', (oracle) => {
  const python = `
    import_torchvision()
    from torchmetrics.classification import MulticlassAccuracy, MulticlassConfusionMatrix, MulticlassJaccardIndex
    values = []
    for average in ['micro', 'macro', 'weighted', 'none']:
      for ignore in ignores:
        for metric in [MulticlassAccuracy, MulticlassJaccardIndex]:
          metric = metric(classes, average=average, ignore_index=ignore)
          values += [metric(p, t) for p, t in zip(preds, target)] + [metric.compute()]
    for ignore in ignores:
      matrix = MulticlassConfusionMatrix(classes, ignore_index=ignore)
      values += [matrix(p, t) for p, t in zip(preds, target)] + [matrix.compute()]
  `;

  it.each(cases)('have the same bits, batch by batch and over all: $name', async ({ classes, preds, target }) => {
    manualSeed(9);
    const batches = [1, 2, 3].map((seed) => [preds(seed), target(seed)] as const);
    const ignores = [null, 1, 255];
    const { values } = await oracle().run(python, {
      inputs: { classes, ignores, preds: batches.map(([p]) => p), target: batches.map(([, t]) => t) },
      outputs: { values: 'tensors' },
    });
    const ours: [string, Tensor][] = [];
    const run = (name: string, metric: ConfusionMetric) => {
      for (const [p, t] of batches) ours.push([`${name}, a batch`, metric.forward(p, t)]);
      ours.push([`${name}, all`, metric.compute()]);
    };
    for (const average of averages) {
      for (const ignore of ignores) {
        const options = { average, ignoreIndex: ignore ?? undefined };
        run(`accuracy ${average} without ${ignore}`, new MulticlassAccuracy(classes, options));
        run(`jaccard ${average} without ${ignore}`, new MulticlassJaccardIndex(classes, options));
      }
    }
    for (const ignore of ignores) {
      run(`matrix without ${ignore}`, new MulticlassConfusionMatrix(classes, { ignoreIndex: ignore ?? undefined }));
    }
    expect(ours).toHaveLength(values.length);
    ours.forEach(([name, value], at) => expectSameBits(value, values[at] as Tensor, name));
  });

  it('leaves out an ignored label that is no class', async () => {
    const preds = randint(3, [60]);
    const target = tensor((randint(4, [60]).tolist() as number[]).map((label) => (label === 3 ? 255 : label)));
    const { accuracy, jaccard } = await oracle().run(
      `
      import_torchvision()
      from torchmetrics.functional.classification import multiclass_accuracy, multiclass_jaccard_index
      accuracy = multiclass_accuracy(preds, target, 3, average='micro', ignore_index=255)
      jaccard = multiclass_jaccard_index(preds, target, 3, average='micro', ignore_index=255)
      `,
      { inputs: { preds, target }, outputs: ['accuracy', 'jaccard'] },
    );
    const options = { average: 'micro', ignoreIndex: 255 } as const;
    expectSameBits(multiclassAccuracy(preds, target, 3, options), accuracy);
    expectSameBits(new MulticlassJaccardIndex(3, options).forward(preds, target), jaccard);
  });
});

describeWithOracle('softIoU, iouLoss', (oracle) => {
  const python = `
    def soft_iou(pred, gt, softmax):
      if softmax: pred = torch.nn.Softmax(dim=1)(pred)
      gt = torch.cat([(gt == i) for i in range(pred.shape[1])], dim=1)
      intersection = gt * pred
      union = gt + pred - intersection
      iou = (intersection.sum(dim=(1, 2, 3)) + 0.001) / (union.sum(dim=(1, 2, 3)) + 0.001)
      return iou.mean()

    pred.requires_grad_()
    score = soft_iou(pred, target, softmax)
    loss = -(soft_iou(pred, target, softmax).log())
    loss.backward()
    gradient = pred.grad
  `;

  it.each([true, false])('have the bits of the article, gradient included; softmax: %s', async (softmax) => {
    for (const [batch, classes, height, width] of [
      [3, 3, 8, 5],
      [1, 2, 1, 1],
      [21, 3, 64, 64],
    ] as const) {
      const pred = softmax ? randn([batch, classes, height, width]) : rand([batch, classes, height, width]);
      const target = randint(classes, [batch, 1, height, width]);
      const inputs = { pred: pred.clone(), target, softmax };
      const theirs = await oracle().run(python, { inputs, outputs: ['score', 'loss', 'gradient'] });
      pred.requiresGrad = true;
      expectSameBits(softIoU(pred, target, { softmax }), theirs.score, 'score');
      const loss = iouLoss(pred, target.squeeze(1), { softmax });
      expectSameBits(loss, theirs.loss, 'loss');
      loss.backward();
      expectSameBits(pred.grad as Tensor, theirs.gradient, 'gradient');
    }
  });
});

describe('metrics', () => {
  it('survive the scopes in which they are updated, and reset', () => {
    const metric = new MulticlassConfusionMatrix(2);
    for (let round = 0; round < 2; round++) scope(() => metric.update(tensor([0, 1, 1]), tensor([0, 0, 1])));
    expect(metric.compute().tolist()).toEqual([[2, 2], [0, 2]]); // prettier-ignore
    metric.reset();
    expect(metric.compute().tolist()).toEqual([[0, 0], [0, 0]]); // prettier-ignore
    expect(new MulticlassAccuracy(2, { average: 'micro' }).compute().item()).toBe(0);
  });

  it('take a batch without pixels', () => {
    expect(multiclassConfusionMatrix(tensor([1]), tensor([0]), 2, { ignoreIndex: 0 }).tolist()).toEqual([[0, 0], [0, 0]]); // prettier-ignore
  });

  it('refuse shapes and labels that do not fit', () => {
    const metric = new MulticlassAccuracy(3);
    expect(() => metric.update(randn([2, 4, 5]), randint(3, [2, 5]))).toThrow(
      'received preds Tensor[2, 4, 5] float32 and target Tensor[2, 5] int64',
    );
    expect(() => metric.update(randint(3, [2, 3, 5]), randint(3, [2, 5]))).toThrow('floating scores [N, 3, …]');
    expect(() => metric.update(randint(3, [4]), randint(3, [5]))).toThrow('labels of the shape of `target`');
    expect(() => metric.update(tensor([0]), tensor([3]))).toThrow(
      'expected labels from 0 to 2 in argument `target`, received 3',
    );
    expect(() => metric.update(tensor([-1]), tensor([1]))).toThrow('in argument `preds`, received -1');
    expect(() => new MulticlassAccuracy(1)).toThrow('expected an integer larger than 1 for argument `numClasses`');
    expect(() => new MulticlassJaccardIndex(3, { average: 'mean' as Average })).toThrow(
      'one of micro, macro, weighted, none',
    );
    expect(() => softIoU(randn([2, 3, 4, 4]), randint(3, [2, 1, 4, 5]))).toThrow(
      'received input Tensor[2, 3, 4, 4] float32',
    );
  });
});

describeWithOracle('segmentationScores', (oracle) => {
  it('are the float64 scores of the whole matrix, absent classes left out', async () => {
    const matrix = tensor([
      [50, 3, 0, 2],
      [4, 60, 0, 9],
      [0, 0, 0, 0],
      [1, 0, 0, 7],
    ]);
    const { pixel, iou, accuracy, miou, mean } = await oracle().run(
      `
      m = matrix.double()
      hits, truth, predicted = m.diag(), m.sum(1), m.sum(0)
      iou, accuracy = hits / (truth + predicted - hits), hits / truth
      pixel, miou, mean = (hits.sum() / m.sum()).item(), iou.nanmean().item(), accuracy.nanmean().item()
      iou, accuracy = iou.tolist(), accuracy.tolist()
      `,
      {
        inputs: { matrix },
        outputs: { pixel: 'number', iou: 'numbers', accuracy: 'numbers', miou: 'number', mean: 'number' },
      },
    );
    expect(segmentationScores(matrix)).toEqual({
      pixelAccuracy: pixel,
      classIoU: iou,
      classAccuracy: accuracy,
      mIoU: miou,
      meanAccuracy: mean,
    });
    expect(() => segmentationScores(randn([2, 3]))).toThrow('expected a square matrix [C, C]');
  });
});
