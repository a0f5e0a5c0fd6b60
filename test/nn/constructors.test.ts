/** What the constructors of modules refuse, in Python's sentences. */
import * as nn from '../../lib/nn';
import { ones } from '../../lib/tensor';
import { describeWithOracle, OracleError } from '../oracle/oracle';

/** Our call and Python's, which fail for the same reason. */
const refused: readonly [python: string, ours: () => unknown][] = [
  ['Conv2d(3, 4, 2, groups=2)', () => new nn.Conv2d(3, 4, 2, { groups: 2 })],
  ['Conv2d(4, 3, 2, groups=2)', () => new nn.Conv2d(4, 3, 2, { groups: 2 })],
  ['Conv1d(2, 2, 1, groups=0)', () => new nn.Conv1d(2, 2, 1, { groups: 0 })],
  ["Conv3d(1, 1, 2, 2, padding='same')", () => new nn.Conv3d(1, 1, 2, 2, { padding: 'same' })],
  [
    "ConvTranspose1d(1, 1, 2, padding_mode='circular')",
    () => new nn.ConvTranspose1d(1, 1, 2, { paddingMode: 'circular' as 'zeros' }),
  ],
  ['GroupNorm(2, 3)', () => new nn.GroupNorm(2, 3)],
  ['Dropout2d(1.5)', () => new nn.Dropout2d(1.5)],
  ['Dropout(-0.5)', () => new nn.Dropout(-0.5)],
  ['Hardtanh(1.0, 1.0)', () => new nn.Hardtanh(1, 1)],
  ['FractionalMaxPool2d(2)', () => new nn.FractionalMaxPool2d(2)],
  ['FractionalMaxPool3d(2)', () => new nn.FractionalMaxPool3d(2)],
  [
    'FractionalMaxPool2d(2, output_size=1, output_ratio=0.5)',
    () => new nn.FractionalMaxPool2d(2, { outputSize: 1, outputRatio: 0.5 }),
  ],
  ['FractionalMaxPool3d(2, output_ratio=1.5)', () => new nn.FractionalMaxPool3d(2, { outputRatio: 1.5 })],
  ['FractionalMaxPool3d(0, output_ratio=0.5)', () => new nn.FractionalMaxPool3d(0, { outputRatio: 0.5 })],
  ['AdaptiveLogSoftmaxWithLoss(4, 9, [])', () => new nn.AdaptiveLogSoftmaxWithLoss(4, 9, [])],
  ['AdaptiveLogSoftmaxWithLoss(4, 9, [5, 2])', () => new nn.AdaptiveLogSoftmaxWithLoss(4, 9, [5, 2])],
  ['AdaptiveLogSoftmaxWithLoss(4, 9, [9])', () => new nn.AdaptiveLogSoftmaxWithLoss(4, 9, [9])],
  ['Bilinear(0, 2, 2)', () => new nn.Bilinear(0, 2, 2)],
  ['Embedding(3, 2, _weight=torch.ones(2, 2))', () => new nn.Embedding(3, 2, { weight: ones([2, 2]) })],
  ['MultiMarginLoss(3)', () => new nn.MultiMarginLoss(3)],
  ['MultiMarginLoss(weight=torch.ones(2, 2))', () => new nn.MultiMarginLoss({ weight: ones([2, 2]) })],
  ['TripletMarginLoss(-0.5)', () => new nn.TripletMarginLoss(-0.5)],
  ['TripletMarginWithDistanceLoss(margin=-0.5)', () => new nn.TripletMarginWithDistanceLoss({ margin: -0.5 })],
  [
    'LinearCrossEntropyLoss(2, 3, label_smoothing=1.5)',
    () => new nn.LinearCrossEntropyLoss(2, 3, { labelSmoothing: 1.5 }),
  ],
  [
    'LinearCrossEntropyLoss(2, 3, weight=torch.ones(2))',
    () => new nn.LinearCrossEntropyLoss(2, 3, { weight: ones([2]) }),
  ],
  // And what forward refuses, of an input that no op has seen.
  ['Softmax2d()(torch.ones(2, 2))', () => new nn.Softmax2d().forward(ones([2, 2]))],
  ['CircularPad2d(1)(torch.ones(2, 2))', () => new nn.CircularPad2d(1).forward(ones([2, 2]))],
  ['CrossMapLRN2d(2)(torch.ones(2, 2))', () => new nn.CrossMapLRN2d(2).forward(ones([2, 2]))],
  [
    'InstanceNorm1d(2, affine=True)(torch.ones(1, 3, 4))',
    () => new nn.InstanceNorm1d(2, { affine: true }).forward(ones([1, 3, 4])),
  ],
  [
    'ConvTranspose1d(1, 1, 3)(torch.ones(1, 1, 4), output_size=[1, 2, 3, 4])',
    () => new nn.ConvTranspose1d(1, 1, 3).forward(ones([1, 1, 4]), [1, 2, 3, 4]),
  ],
];

describeWithOracle('constructors', (oracle) => {
  it.each(refused)('%s is refused with the sentence of Python', async (python, ours) => {
    const error: unknown = await oracle()
      .run(`torch.nn.${python}`)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OracleError);
    expect(ours).toThrow((error as OracleError).message);
  });
});

describe('constructors', () => {
  const wrong: readonly [expected: string, () => unknown][] = [
    ['ReLU(): expected a boolean for argument `inplace`, received 1', () => new nn.ReLU(1 as never)],
    ['ELU(): expected a number for argument `alpha`', () => new nn.ELU('1' as never)],
    ['L1Loss(): expected a string for argument `reduction`', () => new nn.L1Loss(3 as never)],
    [
      'Conv2d: expected one whole number or 2 for `kernelSize`, received [1, 2, 3]',
      () => new nn.Conv2d(1, 1, [1, 2, 3]),
    ],
    ['Conv1d: expected a whole number for `stride`, received 0.5', () => new nn.Conv1d(1, 1, 1, 0.5)],
    ['MaxPool2d: expected one whole number or 2 for `kernelSize`, received', () => new nn.MaxPool2d('2' as never)],
    ['ZeroPad2d: expected one whole number or 4 for `padding`', () => new nn.ZeroPad2d([1, 2])],
    ['BatchNorm1d: expected a whole number of at least 0 for `numFeatures`', () => new nn.BatchNorm1d(-1)],
    [
      'BatchNorm1d(): expected a number or null for argument `momentum`',
      () => new nn.BatchNorm1d(1, { momentum: '1' as never }),
    ],
    ['NLLLoss(): expected a Tensor for argument `weight`', () => new nn.NLLLoss({ weight: [1] as never })],
    ['Embedding(): expected a number or null for argument `paddingIdx`', () => new nn.Embedding(2, 2, 'a' as never)],
    ['Padding_idx must be within num_embeddings', () => new nn.Embedding(2, 2, 2)],
    [
      'Upsample(): expected a number, a list of numbers or null for argument `size`',
      () => new nn.Upsample('2' as never),
    ],
    ['unflattened_size must be a list of whole numbers', () => new nn.Unflatten(1, 4 as never)],
    ['received `kernel`', () => new nn.MaxPool1d(2, { kernel: 2 } as never)],
  ];

  it.each(wrong)('of wrong arguments say: %s', (expected, make) => {
    expect(make).toThrow(expect.objectContaining({ name: 'ArgumentError' }) as Error);
    expect(make).toThrow(expected);
  });
});
