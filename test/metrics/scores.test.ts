import { iouLoss, segmentationScores, softIoU } from '../../lib/metrics';
import { rand, randint, randn, tensor, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

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

describe('softIoU', () => {
  it('refuses shapes that do not fit', () => {
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
