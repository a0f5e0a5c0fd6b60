import { defaultCollate } from '../../lib/data';
import { randn, type Tensor, tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

describeWithOracle('defaultCollate', (oracle) => {
  it('makes the tensors that Python makes', async () => {
    const images = [randn([3, 2]), randn([3, 2]), randn([3, 2])];
    const samples = images.map((image, at) => ({
      image,
      label: at,
      score: at + 0.5,
      seen: at > 0,
      name: `n${at}`,
      pair: [at, { z: image }],
    }));
    const { tensors, name } = await oracle().run(
      `
      from torch.utils.data import default_collate
      batch = default_collate(samples)
      name = batch['name']
      tensors = [batch['image'], batch['label'], batch['score'], batch['seen'], batch['pair'][0], batch['pair'][1]['z']]
      `,
      { inputs: { samples }, outputs: { tensors: 'tensors', name: 'value' } },
    );
    const batch = defaultCollate(samples);
    const [first, second] = batch.pair as unknown as [Tensor, { z: Tensor }];
    expect(batch.name).toEqual(name);
    expect(Object.keys(batch)).toEqual(Object.keys(samples[0] ?? {}));
    [batch.image, batch.label, batch.score, batch.seen, first, second.z].forEach((each, at) =>
      expectSameBits(each, tensors[at] as Tensor, `tensor ${at}`),
    );
  });
});

describe('defaultCollate', () => {
  it('stacks typed arrays and takes bigints as int64', () => {
    const batch = defaultCollate([
      [Float32Array.of(1, 2), 2n ** 60n],
      [Float32Array.of(3, 4), 1n],
    ] as [Float32Array, bigint][]);
    expectSameBits(batch[0], tensor([[1, 2], [3, 4]], { dtype: 'float32' })); // prettier-ignore
    expectSameBits(batch[1], tensor([2n ** 60n, 1n]));
  });

  it('says what does not fit', () => {
    expect(() => defaultCollate([randn([2]), randn([3])])).toThrow(
      'expected tensors of one shape, received Tensor[2] float32 first and Tensor[3] float32 as sample 1 of the batch',
    );
    expect(() => defaultCollate([1, 'a'])).toThrow(
      "expected samples of one kind, received 1 first and 'a' as sample 1",
    );
    expect(() => defaultCollate([[1], [1, 2]])).toThrow('expected arrays of one length, received 1 and 2');
    expect(() => defaultCollate<object>([{ a: 1 }, { b: 1 }])).toThrow(
      'expected objects of the same keys, received { a } and { b }',
    );
    expect(() => defaultCollate([null])).toThrow('received null');
    expect(() => defaultCollate([Promise.resolve(1)])).toThrow('received Promise');
  });
});
