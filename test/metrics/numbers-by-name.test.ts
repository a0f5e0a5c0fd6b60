/** The numbers that metrics ask for, by their place or by name, as people write them in Python. */
import * as metrics from '../../lib/metrics';
import { manualSeed, rand, randint, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

beforeEach(() => manualSeed(5));

type Made = metrics.Metric<[Tensor, Tensor], unknown>;
type Maker = new (...args: unknown[]) => Made;

const classes = Object.entries(metrics as unknown as Record<string, Maker>);
const ofClasses = classes.filter(([name]) => /^(Multiclass|MeanIoU|DiceScore|Generalized|Hausdorff)/.test(name));
const ofLabels = classes.filter(([name]) => name.startsWith('Multilabel'));
const isAbstract = (name: string): boolean => /(Confusion|Curve|StatScores)Metric$/.test(name);
const fields = (metric: Made): string => JSON.stringify(Object.entries(metric));

it.each(
  [
    ...ofClasses.map(([name, Type]) => [name, 'numClasses', Type] as const),
    ...ofLabels.map(([name, Type]) => [name, 'numLabels', Type] as const),
  ].filter(([name]) => !isAbstract(name)),
)('%s takes %s by name', (name, number, Type) => {
  const [first, before] = name.includes('FBeta') ? [{ beta: 2 }, [2]] : [{}, []];
  const byPlace = fields(new Type(...before, 4));
  expect(fields(new Type({ ...first, [number]: 4 }))).toBe(byPlace);
  expect(fields(new Type(...before, { [number]: 4 }))).toBe(byPlace);
  expect(() => new Type(...before, 4, { [number]: 4 })).toThrow(`unknown option \`${number}\``);
  expect(() => new Type(...before, 4, { [`${number}s`]: 4 })).toThrow('unknown option');
});

describeWithOracle('numbers by name', (oracle) => {
  it("give Python's scores", async () => {
    const inputs = {
      preds: rand([20, 4]).softmax(1),
      target: randint(0, 4, [20]),
      masks: randint(0, 3, [2, 5, 5]),
      truth: randint(0, 3, [2, 5, 5]),
    };
    const { scores } = await oracle().run(
      `
      import_torchvision()
      from torchmetrics.classification import MulticlassFBetaScore, MulticlassAUROC
      from torchmetrics.segmentation import MeanIoU
      from torchmetrics.functional.classification import multiclass_precision
      scores = [
          MulticlassFBetaScore(beta=2.0, num_classes=4, average='none')(preds, target),
          MulticlassAUROC(num_classes=4)(preds, target),
          MeanIoU(num_classes=3, input_format='index')(masks, truth),
          multiclass_precision(preds, target, num_classes=4, average='macro'),
      ]
      `,
      { inputs, outputs: { scores: 'tensors' } },
    );
    const { preds, target, masks, truth } = inputs;
    const ours = [
      new metrics.MulticlassFBetaScore({ beta: 2, numClasses: 4, average: 'none' }).forward(preds, target),
      new metrics.MulticlassAUROC({ numClasses: 4 }).forward(preds, target),
      new metrics.MeanIoU({ numClasses: 3, inputFormat: 'index' }).forward(masks, truth),
      metrics.multiclassPrecision(preds, target, { numClasses: 4, average: 'macro' }),
    ];
    for (const [index, score] of ours.entries()) expectSameBits(score, scores[index]!, `score ${index}`);
  });
});
