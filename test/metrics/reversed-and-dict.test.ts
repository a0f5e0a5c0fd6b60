/** Arithmetic with a number before a metric, and the methods of a collection that are a dict's, beside torchmetrics. */
import { BinaryPrecision, BinaryRecall, MetricCollection } from '../../lib/metrics';
import { rand, randint, tensor, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

const IMPORT = `
import_torchvision()
from torchmetrics import MetricCollection
from torchmetrics.classification import BinaryPrecision, BinaryRecall
`;

describeWithOracle('metrics', (oracle) => {
  it('stand behind a number or a tensor in arithmetic', async () => {
    const [preds, target] = [rand([50]), randint(0, 2, [50])];
    const { scores } = await oracle().run(
      `${IMPORT}
made = [1 - BinaryPrecision(), 0.3 / BinaryPrecision(), 2.5 ** BinaryPrecision(), torch.tensor(0.7) - BinaryPrecision()]
for metric in made: metric.update(preds, target)
scores = [metric.compute() for metric in made]
`,
      { inputs: { preds, target }, outputs: { scores: 'tensors' } },
    );
    const precision = (): BinaryPrecision => new BinaryPrecision();
    const made = [precision().rsub(1), precision().rdiv(0.3), precision().rpow(2.5), precision().rsub(tensor(0.7))];
    for (const [index, metric] of made.entries()) {
      metric.update(preds, target);
      expectSameBits(metric.compute(), scores[index]!, `score ${index}`);
    }
  });

  it('in a collection are had as from a dict', async () => {
    const [preds, target] = [rand([50]), randint(0, 2, [50])];
    const { keys, bare, names, values, left, scores, empty } = await oracle().run(
      `${IMPORT}
collection = MetricCollection([BinaryPrecision(), BinaryRecall()], prefix='val/')
collection.update(preds, target)
keys, bare = list(collection.keys()), list(collection.keys(keep_base=True))
names = [name for name, _ in collection.items()]
values = [metric.compute() for metric in collection.values()]
popped = collection.pop('BinaryPrecision')
left = list(collection.keys())
# What is left cannot be computed: the groups still name the one that is gone.
scores = [popped.compute()]
collection.clear()
empty = list(collection.keys())
`,
      {
        inputs: { preds, target },
        outputs: {
          keys: 'strings',
          bare: 'strings',
          names: 'strings',
          values: 'tensors',
          left: 'strings',
          scores: 'tensors',
          empty: 'strings',
        },
      },
    );
    const collection = new MetricCollection([new BinaryPrecision(), new BinaryRecall()], { prefix: 'val/' });
    collection.update(preds, target);
    expect([collection.keys(), collection.keys(true)]).toEqual([keys, bare]);
    expect(collection.items().map(([name]) => name)).toEqual(names);
    for (const [index, metric] of collection.values().entries()) {
      expectSameBits(metric.compute() as Tensor, values[index]!, `value ${index}`);
    }
    const popped = collection.pop('BinaryPrecision');
    expect(collection.keys()).toEqual(left);
    expectSameBits(popped.compute() as Tensor, scores[0]!, 'score');
    expectSameBits(collection.compute()['val/BinaryRecall']!, values[1]!, 'what is left');
    expect(() => collection.pop('BinaryPrecision')).toThrow('there is no metric `BinaryPrecision`');
    collection.clear();
    expect(collection.keys()).toEqual(empty);
  });
});
