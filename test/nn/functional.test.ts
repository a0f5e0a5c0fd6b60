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
  | 'sign'
  | 'square'
  | 'samples'
  | 'samples3d'
  | 'eighths'
  | 'groups',
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
    square: torch.randn([c, c]),
    samples: torch.rand([n, c, 2]),
    samples3d: torch.rand([n, c, 3]),
    eighths: torch.randn([16, 32]),
    groups: torch.tensor([choose.int(1, 7), 8], { dtype: 'int32' }),
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
  ...(['mean', 'sum', 'none'] as const).flatMap((reduction): Call<Inputs>[] => [
    [
      `F.gaussian_nll_loss(x, y, u, reduction='${reduction}')`,
      ({ x, y, u }) => F.gaussianNllLoss(x, y, u, { reduction }),
    ],
    [
      `F.gaussian_nll_loss(x, y, u[:, :1], True, 0.3, '${reduction}')`,
      ({ x, y, u }) => F.gaussianNllLoss(x, y, u.narrow(1, 0, 1), true, 0.3, reduction),
    ],
    [
      `F.triplet_margin_with_distance_loss(x, y, u, reduction='${reduction}')`,
      ({ x, y, u }) => F.tripletMarginWithDistanceLoss(x, y, u, { reduction }),
    ],
    [
      `F.linear_cross_entropy(x, square, classes, linear_bias=perClass, weight=perClass, reduction='${reduction}')`,
      ({ x, square, classes, perClass }) =>
        F.linearCrossEntropy(x, square, classes, { linearBias: perClass, weight: perClass, reduction }),
    ],
  ]),
  ['F.gaussian_nll_loss(x, y, u[:, 0], full=True)', ({ x, y, u }) => F.gaussianNllLoss(x, y, u.select(1, 0), true)],
  ['F.gaussian_nll_loss(x, y, 0.7)', ({ x, y }) => F.gaussianNllLoss(x, y, 0.7)],
  ['F.gaussian_nll_loss(x, y, x)', ({ x, y }) => F.gaussianNllLoss(x, y, x)],
  ['F.gaussian_nll_loss(x, y, u[:, :1].T)', ({ x, y, u }) => F.gaussianNllLoss(x, y, u.narrow(1, 0, 1).T)],
  [
    'F.triplet_margin_with_distance_loss(x, y, u, distance_function=lambda a, b: (a - b).abs().sum(-1), margin=0.5, swap=True)',
    ({ x, y, u }) =>
      F.tripletMarginWithDistanceLoss(x, y, u, {
        distanceFunction: (a, b) => a.sub(b).abs().sum(-1),
        margin: 0.5,
        swap: true,
      }),
  ],
  [
    'F.triplet_margin_with_distance_loss(x, y, u, margin=0.0)',
    ({ x, y, u }) => F.tripletMarginWithDistanceLoss(x, y, u, { margin: 0 }),
  ],
  [
    'F.triplet_margin_with_distance_loss(x, y[0], u)',
    ({ x, y, u }) => F.tripletMarginWithDistanceLoss(x, y.select(0, 0), u),
  ],
  [
    'F.linear_cross_entropy(x, square, classes, ignore_index=1, label_smoothing=0.2)',
    ({ x, square, classes }) => F.linearCrossEntropy(x, square, classes, { ignoreIndex: 1, labelSmoothing: 0.2 }),
  ],
  [
    'F.linear_cross_entropy(x, square, u.softmax(1))',
    ({ x, square, u }) => F.linearCrossEntropy(x, square, u.softmax(1)),
  ],
  [
    'F.linear_cross_entropy(x, square, u.softmax(1), ignore_index=1)',
    ({ x, square, u }) => F.linearCrossEntropy(x, square, u.softmax(1), { ignoreIndex: 1 }),
  ],
  [
    'F.linear_cross_entropy(x, torch.stack([square, square], 1), torch.stack([classes, classes], 1))',
    ({ x, square, classes }) =>
      F.linearCrossEntropy(x, torch.stack([square, square], 1), torch.stack([classes, classes], 1)),
  ],
  [
    'F.linear_cross_entropy(x[0], square, classes[0])',
    ({ x, square, classes }) => F.linearCrossEntropy(x.at(0), square, classes.at(0)),
  ],
  ['F.linear_cross_entropy(x, y.T, classes)', ({ x, y, classes }) => F.linearCrossEntropy(x, y.T, classes)],
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
  [
    'F.max_unpool2d(*F.max_pool2d(image, 2, return_indices=True), 2, output_size=image.shape[1:])',
    ({ image }) => F.maxUnpool2d(...F.maxPool2dWithIndices(image, 2), 2, { outputSize: image.shape.slice(1) }),
  ],
  [
    'F.max_unpool2d(*F.max_pool2d(image, 2, return_indices=True), 2, output_size=[2, 2])',
    ({ image }) => F.maxUnpool2d(...F.maxPool2dWithIndices(image, 2), 2, { outputSize: [2, 2] }),
  ],
  [
    'F.max_unpool1d(*F.max_pool1d(wave, 2, return_indices=True), 2, output_size=wave.shape)',
    ({ wave }) => F.maxUnpool1d(...F.maxPool1dWithIndices(wave, 2), 2, { outputSize: wave.shape }),
  ],
  [
    'F.max_unpool1d(*F.max_pool1d(wave, 3, 2, 1, return_indices=True), 3, 2, 1)',
    ({ wave }) => F.maxUnpool1d(...F.maxPool1dWithIndices(wave, 3, 2, 1), 3, 2, 1),
  ],
  [
    'F.max_unpool3d(*F.max_pool3d(volume, 2, return_indices=True), 2, output_size=volume.shape)',
    ({ volume }) => F.maxUnpool3d(...F.maxPool3dWithIndices(volume, 2), 2, { outputSize: volume.shape }),
  ],
  [
    'F.max_unpool3d(*F.max_pool3d(volume, [2, 1, 2], return_indices=True), [2, 1, 2])',
    ({ volume }) => F.maxUnpool3d(...F.maxPool3dWithIndices(volume, [2, 1, 2]), [2, 1, 2]),
  ],
  ...([2, 3, 1, 0.5, Infinity, -Infinity] as const).flatMap((p): Call<Inputs>[] => {
    const python = Number.isFinite(p) ? String(p) : `float('${p}')`;
    return [
      [`F.lp_pool1d(wave, ${python}, 2)`, ({ wave }) => F.lpPool1d(wave, p, 2)],
      [`F.lp_pool2d(image, ${python}, (2, 3), 1)`, ({ image }) => F.lpPool2d(image, p, [2, 3], 1)],
      [
        `F.lp_pool3d(volume, ${python}, 2, ceil_mode=True)`,
        ({ volume }) => F.lpPool3d(volume, p, 2, { ceilMode: true }),
      ],
    ];
  }),
  [
    'F.fractional_max_pool2d(image, 2, output_size=(3, 2))',
    ({ image }) => F.fractionalMaxPool2d(image, 2, { outputSize: [3, 2] }),
  ],
  [
    'F.fractional_max_pool2d(image, 2, output_ratio=(0.5, 0.6), return_indices=True)',
    ({ image }) => F.fractionalMaxPool2d(image, 2, { outputRatio: [0.5, 0.6], returnIndices: true }),
  ],
  [
    'F.fractional_max_pool2d_with_indices(image, (2, 3), 3, _random_samples=samples)',
    ({ image, samples }) => F.fractionalMaxPool2dWithIndices(image, [2, 3], 3, { randomSamples: samples }),
  ],
  ['F.fractional_max_pool2d(image[0], 2, 3)', ({ image }) => F.fractionalMaxPool2d(image.at(0), 2, 3)],
  ['F.fractional_max_pool2d(image, 2)', ({ image }) => F.fractionalMaxPool2d(image, 2)],
  ['F.fractional_max_pool3d(volume, 2, (2, 3, 2))', ({ volume }) => F.fractionalMaxPool3d(volume, 2, [2, 3, 2])],
  [
    'F.fractional_max_pool3d(volume, 2, output_ratio=0.5, return_indices=True)',
    ({ volume }) => F.fractionalMaxPool3d(volume, 2, { outputRatio: 0.5, returnIndices: true }),
  ],
  [
    'F.fractional_max_pool3d_with_indices(volume, 2, 2, None, False, samples3d)',
    ({ volume, samples3d }) => F.fractionalMaxPool3dWithIndices(volume, 2, 2, null, false, samples3d),
  ],
  ['F.max_pool1d_with_indices(wave, 2, 1)', ({ wave }) => F.maxPool1dWithIndices(wave, 2, 1)],
  ['F.max_pool2d_with_indices(image, 2, 1, 1)', ({ image }) => F.maxPool2dWithIndices(image, 2, 1, 1)],
  [
    'F.max_pool3d_with_indices(volume, 2, dilation=2)',
    ({ volume }) => F.maxPool3dWithIndices(volume, 2, { dilation: 2 }),
  ],
  ['F.adaptive_max_pool1d_with_indices(wave, 2)', ({ wave }) => F.adaptiveMaxPool1dWithIndices(wave, 2)],
  [
    'F.adaptive_max_pool2d_with_indices(image, (3, None))',
    ({ image }) => F.adaptiveMaxPool2dWithIndices(image, [3, null]),
  ],
  ['F.adaptive_max_pool3d_with_indices(volume, 2)', ({ volume }) => F.adaptiveMaxPool3dWithIndices(volume, 2)],
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
  ['F.upsample_nearest(image, scale_factor=2)', ({ image }) => F.upsampleNearest(image, { scaleFactor: 2 })],
  ['F.upsample_bilinear(image, (9, 7))', ({ image }) => F.upsampleBilinear(image, [9, 7])],
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
  ...(['sum', 'mean', 'max'] as const).flatMap((mode): Call<Inputs>[] => [
    [`F.embedding_bag(words, table, mode='${mode}')`, ({ words, table }) => F.embeddingBag(words, table, { mode })],
    [
      `F.embedding_bag(words.flatten(), table, torch.tensor([0, 2, 2]), mode='${mode}')`,
      ({ words, table }) => F.embeddingBag(words.flatten(), table, torch.tensor([0, 2, 2]), { mode }),
    ],
    [
      `F.embedding_bag(words.flatten(), table, torch.tensor([0, 3, 6]), mode='${mode}', include_last_offset=True)`,
      ({ words, table }) =>
        F.embeddingBag(words.flatten(), table, torch.tensor([0, 3, 6]), { mode, includeLastOffset: true }),
    ],
    [
      `F.embedding_bag(words, table, mode='${mode}', padding_idx=words[0, 0].item())`,
      ({ words, table }) => F.embeddingBag(words, table, { mode, paddingIdx: words.at(0, 0).item() }),
    ],
    [
      `F.embedding_bag(words, table, mode='${mode}', per_sample_weights=u[:2, :2].repeat(1, 2)[:, :3])`,
      ({ words, table, u }) =>
        F.embeddingBag(words, table, {
          mode,
          perSampleWeights: u.narrow(0, 0, 2).narrow(1, 0, 2).repeat([1, 2]).narrow(1, 0, 3),
        }),
    ],
    [
      `F.embedding_bag(words, table, mode='${mode}', sparse=True)`,
      ({ words, table }) => F.embeddingBag(words, table, { mode, sparse: true }),
    ],
    [
      `F.embedding_bag(words, table, mode='${mode}', scale_grad_by_freq=True)`,
      ({ words, table }) => F.embeddingBag(words, table, { mode, scaleGradByFreq: true }),
    ],
    [
      `F.embedding_bag(words, table, None, 0.7, 1.0, mode='${mode}')`,
      ({ words, table }) => F.embeddingBag(words, table, null, 0.7, 1, { mode }),
    ],
  ]),
  ['F.embedding_bag(words.flatten(), table)', ({ words, table }) => F.embeddingBag(words.flatten(), table)],
  [
    'F.embedding_bag(words, table, torch.tensor([0]))',
    ({ words, table }) => F.embeddingBag(words, table, torch.tensor([0])),
  ],
  ['F.embedding_bag(words, table[0])', ({ words, table }) => F.embeddingBag(words, table.at(0))],
  [
    'F.grouped_mm(eighths[:8].bfloat16(), eighths.bfloat16().reshape(2, 8, 32).mT.contiguous(), offs=groups)',
    ({ eighths, groups }) =>
      F.groupedMm(eighths.narrow(0, 0, 8).bfloat16(), eighths.bfloat16().reshape([2, 8, 32]).mT.contiguous(), {
        offs: groups,
      }),
  ],
  [
    'F.grouped_mm(eighths.reshape(2, 8, 32), eighths.reshape(2, 8, 32).mT)',
    ({ eighths }) => F.groupedMm(eighths.reshape([2, 8, 32]), eighths.reshape([2, 8, 32]).mT),
  ],
  [
    'F.scaled_mm(eighths.to(torch.float8_e4m3fn), eighths.to(torch.float8_e4m3fn).t(), torch.tensor(0.5), F.ScalingType.TensorWise, torch.tensor(2.0), F.ScalingType.TensorWise)',
    ({ eighths }) =>
      F.scaledMm(
        eighths.to('float8_e4m3fn'),
        eighths.to('float8_e4m3fn').t(),
        torch.tensor(0.5),
        'TensorWise',
        torch.tensor(2, { dtype: 'float32' }),
        'TensorWise',
      ),
  ],
  [
    'F.scaled_mm(eighths.to(torch.float8_e4m3fn), eighths.to(torch.float8_e4m3fn).t(), [torch.tensor(0.5)], [F.ScalingType.TensorWise], torch.tensor(2.0), F.ScalingType.TensorWise, output_dtype=torch.float32)',
    ({ eighths }) =>
      F.scaledMm(
        eighths.to('float8_e4m3fn'),
        eighths.to('float8_e4m3fn').t(),
        [torch.tensor(0.5)],
        ['TensorWise'],
        torch.tensor(2, { dtype: 'float32' }),
        'TensorWise',
        { outputDtype: 'float32' },
      ),
  ],
  [
    'F.scaled_grouped_mm(eighths, eighths.t(), torch.tensor(1.0), F.ScalingType.TensorWise, torch.tensor(1.0), F.ScalingType.TensorWise)',
    ({ eighths }) =>
      F.scaledGroupedMm(eighths, eighths.t(), torch.tensor(0.5), 'TensorWise', torch.tensor(0.5), 'TensorWise'),
  ],
  ['F.one_hot(words)', ({ words }) => F.oneHot(words)],
  ['F.dropout1d(wave)', ({ wave }) => F.dropout1d(wave)],
  ['F.dropout1d(x)', ({ x }) => F.dropout1d(x)],
  ['F.dropout2d(wave)', ({ wave }) => F.dropout2d(wave)],
  ['F.dropout2d(x, 0.5, True, True)', ({ x }) => F.dropout2d(x, 0.5, true, true)],
  ['F.dropout3d(volume, 0.3)', ({ volume }) => F.dropout3d(volume, 0.3)],
  ['F.dropout3d(volume[0], inplace=True)', ({ volume }) => F.dropout3d(volume.at(0), { inplace: true })],
  ['F.dropout3d(image.clone(), inplace=True)', ({ image }) => F.dropout3d(image.clone(), { inplace: true })],
  ['F.dropout3d(wave)', ({ wave }) => F.dropout3d(wave)],
  ['F.dropout3d(volume, training=False)', ({ volume }) => F.dropout3d(volume, { training: false })],
  ['F.dropout3d(volume, -0.1)', ({ volume }) => F.dropout3d(volume, -0.1)],
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
