import * as torch from '../../lib';
import { nn, type Tensor } from '../../lib';
import { differences, type Call } from '../ops/calls';
import { Choices } from '../ops/random';
import { describeWithOracle } from '../oracle/oracle';

const F = nn.functional;
type Inputs = Record<
  | 'x'
  | 'y'
  | 'u'
  | 'image'
  | 'wave'
  | 'volume'
  | 'weight'
  | 'perClass'
  | 'classes'
  | 'grid'
  | 'theta'
  | 'words'
  | 'table'
  | 'sign',
  Tensor
>;

function inputs(seed: number): Inputs {
  const choose = new Choices(seed);
  const [n, c, h, w] = [choose.int(1, 3), choose.int(2, 4), choose.int(5, 8), choose.int(5, 8)];
  torch.manualSeed(seed);
  return {
    x: torch.randn([n + 1, c]),
    y: torch.randn([n + 1, c]),
    u: torch.rand([n + 1, c]),
    image: torch.randn([n, c, h, w]),
    wave: torch.randn([n, c, w]),
    volume: torch.randn([n, c, 4, 5, 6]),
    weight: torch.randn([2, c, 3, 3]),
    perClass: torch.rand([c]),
    classes: torch.randint(0, c, [n + 1]),
    grid: torch.rand([n, 3, 4, 2]).mul(2.4).sub(1.2),
    theta: torch.randn([n, 2, 3]),
    words: torch.randint(0, 6, [2, 3]),
    table: torch.randn([6, c]),
    sign: torch
      .randint(0, 2, [n + 1])
      .mul(2)
      .sub(1),
  };
}

const activations: Call<Inputs>[] = [
  ['F.elu(x, 0.5)', ({ x }) => F.elu(x, 0.5)],
  ['F.elu(x, inplace=True)', ({ x }) => F.elu(x, { inplace: true })],
  ['F.celu(x, 0.5)', ({ x }) => F.celu(x, { alpha: 0.5 })],
  ['F.selu(x)', ({ x }) => F.selu(x)],
  ['F.relu6(x)', ({ x }) => F.relu6(x)],
  ['F.silu(x, True)', ({ x }) => F.silu(x, true)],
  ['F.mish(x)', ({ x }) => F.mish(x)],
  ['F.hardsigmoid(x)', ({ x }) => F.hardsigmoid(x)],
  ['F.hardswish(x)', ({ x }) => F.hardswish(x)],
  ['F.leaky_relu(x)', ({ x }) => F.leakyRelu(x)],
  ['F.leaky_relu(x, 0.2, True)', ({ x }) => F.leakyRelu(x, 0.2, true)],
  ['F.hardtanh(x, -0.5, 0.75)', ({ x }) => F.hardtanh(x, -0.5, 0.75)],
  ['F.hardtanh(x, 1, -1)', ({ x }) => F.hardtanh(x, 1, -1)],
  ['F.threshold(x, 0.1, 20)', ({ x }) => F.threshold(x, 0.1, 20)],
  ['F.rrelu(x, training=True)', ({ x }) => F.rrelu(x, { training: true })],
  ['F.softmin(x, 1)', ({ x }) => F.softmin(x, 1)],
  ['F.softsign(x)', ({ x }) => F.softsign(x)],
  ['F.tanhshrink(x)', ({ x }) => F.tanhshrink(x)],
  ['F.gumbel_softmax(x, 0.5)', ({ x }) => F.gumbelSoftmax(x, 0.5)],
  ['F.gumbel_softmax(x, hard=True)', ({ x }) => F.gumbelSoftmax(x, { hard: true })],
  ['F.softplus(x, 2)', ({ x }) => F.softplus(x, 2)],
  ['F.logsigmoid(x)', ({ x }) => F.logsigmoid(x)],
  ['F.hardshrink(x)', ({ x }) => F.hardshrink(x)],
  ['F.softshrink(x)', ({ x }) => F.softshrink(x)],
  ['F.prelu(x, perClass)', ({ x, perClass }) => F.prelu(x, perClass)],
  ['F.glu(image, 2)', ({ image }) => F.glu(image, 2)],
];

const losses: Call<Inputs>[] = [
  ...(['mean', 'sum', 'none'] as const).flatMap((reduction): Call<Inputs>[] => [
    [`F.mse_loss(x, y, reduction='${reduction}')`, ({ x, y }) => F.mseLoss(x, y, { reduction })],
    [
      `F.mse_loss(x, y, reduction='${reduction}', weight=u)`,
      ({ x, y, u }) => F.mseLoss(x, y, { reduction, weight: u }),
    ],
    [`F.l1_loss(x, y, reduction='${reduction}')`, ({ x, y }) => F.l1Loss(x, y, reduction)],
    [`F.smooth_l1_loss(x, y, reduction='${reduction}', beta=0.5)`, ({ x, y }) => F.smoothL1Loss(x, y, reduction, 0.5)],
    [`F.huber_loss(x, y, reduction='${reduction}', delta=0.5)`, ({ x, y }) => F.huberLoss(x, y, reduction, 0.5)],
    [`F.soft_margin_loss(x, y, reduction='${reduction}')`, ({ x, y }) => F.softMarginLoss(x, y, { reduction })],
    [
      `F.nll_loss(x, classes, perClass, ignore_index=1, reduction='${reduction}')`,
      ({ x, classes, perClass }) => F.nllLoss(x, classes, perClass, { ignoreIndex: 1, reduction }),
    ],
    [
      `F.binary_cross_entropy(u, u.flip(0), perClass, reduction='${reduction}')`,
      ({ u, perClass }) => F.binaryCrossEntropy(u, u.flip(0), perClass, reduction),
    ],
    [
      `F.binary_cross_entropy_with_logits(x, u, pos_weight=perClass, reduction='${reduction}')`,
      ({ x, u, perClass }) => F.binaryCrossEntropyWithLogits(x, u, { posWeight: perClass, reduction }),
    ],
    [`F.kl_div(x, u, reduction='${reduction}')`, ({ x, u }) => F.klDiv(x, u, reduction)],
    [
      `F.poisson_nll_loss(x, u, full=True, reduction='${reduction}')`,
      ({ x, u }) => F.poissonNllLoss(x, u, { full: true, reduction }),
    ],
    [
      `F.multilabel_soft_margin_loss(x, u, perClass, reduction='${reduction}')`,
      ({ x, u, perClass }) => F.multilabelSoftMarginLoss(x, u, perClass, reduction),
    ],
    [
      `F.multi_margin_loss(x, classes, margin=0.5, reduction='${reduction}')`,
      ({ x, classes }) => F.multiMarginLoss(x, classes, { margin: 0.5, reduction }),
    ],
    [
      `F.triplet_margin_loss(x, y, u, 0.5, swap=True, reduction='${reduction}')`,
      ({ x, y, u }) => F.tripletMarginLoss(x, y, u, 0.5, { swap: true, reduction }),
    ],
    [
      `F.cosine_embedding_loss(x, y, sign, 0.25, reduction='${reduction}')`,
      ({ x, y, sign }) => F.cosineEmbeddingLoss(x, y, sign, 0.25, { reduction }),
    ],
    [
      `F.margin_ranking_loss(x[:, 0], y[:, 0], sign, 0.25, reduction='${reduction}')`,
      ({ x, y, sign }) => F.marginRankingLoss(x.select(1, 0), y.select(1, 0), sign, 0.25, reduction),
    ],
    [
      `F.hinge_embedding_loss(x[:, 0], sign, reduction='${reduction}')`,
      ({ x, sign }) => F.hingeEmbeddingLoss(x.select(1, 0), sign, { reduction }),
    ],
  ]),
  ["F.kl_div(x, u, reduction='batchmean', log_target=True)", ({ x, u }) => F.klDiv(x, u, 'batchmean', true)],
  ['F.binary_cross_entropy(u, u[:1])', ({ u }) => F.binaryCrossEntropy(u, u.narrow(0, 0, 1))],
  ["F.mse_loss(x, y, reduction='median')", ({ x, y }) => F.mseLoss(x, y, { reduction: 'median' as 'mean' })],
];

const pooling: Call<Inputs>[] = [
  ['F.max_pool2d(image, 2)', ({ image }) => F.maxPool2d(image, 2)],
  [
    'F.max_pool2d(image, [2, 3], 2, 1, ceil_mode=True)',
    ({ image }) => F.maxPool2d(image, [2, 3], 2, 1, { ceilMode: true }),
  ],
  ['F.max_pool2d(image, 2, return_indices=True)', ({ image }) => F.maxPool2d(image, 2, { returnIndices: true })],
  [
    'F.max_unpool2d(*F.max_pool2d(image, 2, return_indices=True), 2, output_size=image.shape)',
    ({ image }) => F.maxUnpool2d(...F.maxPool2d(image, 2, { returnIndices: true }), 2, { outputSize: image.shape }),
  ],
  [
    'F.max_unpool2d(*F.max_pool2d(image, 2, return_indices=True), 2)',
    ({ image }) => F.maxUnpool2d(...F.maxPool2d(image, 2, { returnIndices: true }), 2),
  ],
  ['F.max_pool1d(wave, 2, 1)', ({ wave }) => F.maxPool1d(wave, 2, 1)],
  ['F.max_pool3d(volume, 2, return_indices=True)', ({ volume }) => F.maxPool3d(volume, 2, { returnIndices: true })],
  [
    'F.avg_pool2d(image, 2, count_include_pad=False, padding=1)',
    ({ image }) => F.avgPool2d(image, 2, { countIncludePad: false, padding: 1 }),
  ],
  ['F.adaptive_avg_pool1d(wave, 3)', ({ wave }) => F.adaptiveAvgPool1d(wave, 3)],
  ['F.adaptive_avg_pool2d(image, (None, 2))', ({ image }) => F.adaptiveAvgPool2d(image, [null, 2])],
  ['F.adaptive_avg_pool3d(volume, 2)', ({ volume }) => F.adaptiveAvgPool3d(volume, 2)],
  ['F.adaptive_max_pool1d(wave, 2)', ({ wave }) => F.adaptiveMaxPool1d(wave, 2)],
  ['F.adaptive_max_pool2d(image, 2, return_indices=True)', ({ image }) => F.adaptiveMaxPool2d(image, 2, true)],
  ['F.adaptive_max_pool3d(volume, (None, 2, 1))', ({ volume }) => F.adaptiveMaxPool3d(volume, [null, 2, 1])],
  ['F.conv2d(image, weight, padding="same")', ({ image, weight }) => F.conv2d(image, weight, { padding: 'same' })],
  [
    'F.conv_transpose2d(image[:, :2], weight, stride=2)',
    ({ image, weight }) => F.convTranspose2d(image.narrow(1, 0, 2), weight, { stride: 2 }),
  ],
];

const images: Call<Inputs>[] = [
  ...(['nearest', 'nearest-exact', 'bilinear', 'bicubic', 'area', 'linear', 'trilinear'] as const).flatMap((mode) =>
    (['image', 'wave', 'volume'] as const).flatMap((name): Call<Inputs>[] => [
      [
        `F.interpolate(${name}, scale_factor=1.7, mode='${mode}')`,
        (t) => F.interpolate(t[name], { scaleFactor: 1.7, mode }),
      ],
      [`F.interpolate(${name}, 3, mode='${mode}')`, (t) => F.interpolate(t[name], 3, { mode })],
      [
        `F.interpolate(${name}, scale_factor=0.6, mode='${mode}', recompute_scale_factor=True)`,
        (t) => F.interpolate(t[name], { scaleFactor: 0.6, mode, recomputeScaleFactor: true }),
      ],
      [
        `F.interpolate(${name}, 6, mode='${mode}', align_corners=True)`,
        (t) => F.interpolate(t[name], { size: 6, mode, alignCorners: true }),
      ],
      [
        `F.interpolate(${name}, [3, 9], mode='${mode}', antialias=True)`,
        (t) => F.interpolate(t[name], { size: [3, 9], mode, antialias: true }),
      ],
    ]),
  ),
  ['F.interpolate(image)', ({ image }) => F.interpolate(image)],
  ['F.interpolate(image, 3, 2.0)', ({ image }) => F.interpolate(image, 3, 2)],
  ...(['constant', 'reflect', 'replicate', 'circular'] as const).flatMap((mode): Call<Inputs>[] => [
    [`F.pad(image, (1, 2, 2, 1), mode='${mode}')`, ({ image }) => F.pad(image, [1, 2, 2, 1], mode)],
    [`F.pad(wave, (2, 1), mode='${mode}')`, ({ wave }) => F.pad(wave, [2, 1], { mode })],
    [`F.pad(volume, (1, 1, 0, 2, 1, 0), mode='${mode}')`, ({ volume }) => F.pad(volume, [1, 1, 0, 2, 1, 0], { mode })],
    [`F.pad(image, (1, 2), mode='${mode}', value=0.5)`, ({ image }) => F.pad(image, [1, 2], mode, 0.5)],
  ]),
  ['F.pad(image, (-1, 2))', ({ image }) => F.pad(image, [-1, 2])],
  ...(['bilinear', 'nearest', 'bicubic'] as const).flatMap((mode) =>
    (['zeros', 'border', 'reflection'] as const).map((paddingMode): Call<Inputs> => [
      `F.grid_sample(image, grid, '${mode}', '${paddingMode}', True)`,
      ({ image, grid }) => F.gridSample(image, grid, mode, paddingMode, true),
    ]),
  ),
  ['F.grid_sample(image, grid)', ({ image, grid }) => F.gridSample(image, grid)],
  ['F.affine_grid(theta, [theta.size(0), 2, 3, 4])', ({ theta }) => F.affineGrid(theta, [theta.size(0), 2, 3, 4])],
  ['F.affine_grid(theta, [theta.size(0), 2, 3])', ({ theta }) => F.affineGrid(theta, [theta.size(0), 2, 3])],
];

const others: Call<Inputs>[] = [
  ['F.normalize(x)', ({ x }) => F.normalize(x)],
  ['F.normalize(image, 1, 2)', ({ image }) => F.normalize(image, 1, 2)],
  ['F.group_norm(image, 1)', ({ image }) => F.groupNorm(image, 1)],
  [
    'F.group_norm(image, image.size(1), perClass, perClass)',
    ({ image, perClass }) => F.groupNorm(image, image.size(1), perClass, perClass),
  ],
  ['F.rms_norm(x, [x.size(1)], perClass)', ({ x, perClass }) => F.rmsNorm(x, [x.size(1)], perClass)],
  ['F.instance_norm(image)', ({ image }) => F.instanceNorm(image)],
  ['F.instance_norm(image[:, :, :1, :1])', ({ image }) => F.instanceNorm(image.narrow(2, 0, 1).narrow(3, 0, 1))],
  ['F.local_response_norm(image, 3)', ({ image }) => F.localResponseNorm(image, 3)],
  ['F.local_response_norm(wave, 2, 0.1)', ({ wave }) => F.localResponseNorm(wave, 2, 0.1)],
  ['F.local_response_norm(volume, 2, k=2)', ({ volume }) => F.localResponseNorm(volume, 2, { k: 2 })],
  ['F.embedding(words, table)', ({ words, table }) => F.embedding(words, table)],
  ['F.embedding(words, table, -1, 1.0)', ({ words, table }) => F.embedding(words, table, -1, 1)],
  ['F.embedding(words, table, 6)', ({ words, table }) => F.embedding(words, table, 6)],
  ['F.one_hot(words)', ({ words }) => F.oneHot(words)],
  ['F.dropout1d(wave)', ({ wave }) => F.dropout1d(wave)],
  ['F.dropout1d(x)', ({ x }) => F.dropout1d(x)],
  ['F.dropout2d(image, 0.25)', ({ image }) => F.dropout2d(image, 0.25)],
  ['F.dropout2d(image, 1.5)', ({ image }) => F.dropout2d(image, 1.5)],
  ['F.alpha_dropout(x, training=True)', ({ x }) => F.alphaDropout(x, { training: true })],
  ['F.feature_alpha_dropout(image, 0.5, True)', ({ image }) => F.featureAlphaDropout(image, 0.5, true)],
  ['F.cosine_similarity(x, y)', ({ x, y }) => F.cosineSimilarity(x, y)],
  ['F.pairwise_distance(x, y)', ({ x, y }) => F.pairwiseDistance(x, y)],
];

describeWithOracle('nn.functional', (oracle) => {
  it.each([
    ['activations', activations],
    ['losses', losses],
    ['pooling and convolution', pooling],
    ['resizing, padding and sampling', images],
    ['the others', others],
  ] as const)('has the bits of Python: %s', async (_, calls) => {
    for (const seed of [1, 2]) {
      const { different, values } = await differences(oracle(), inputs(seed), calls);
      expect(different).toEqual([]);
      expect(values).toBeGreaterThan(calls.length / 3);
    }
  });
});
