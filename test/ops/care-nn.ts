import type { Care, Cares } from './care';
import type { Arguments } from './generator';
import type { Value } from './values';

const SPACE = ['h', 'w', 'd'];

/** Input, weight and bias of a convolution over `dims` dimensions. */
function convolution(dims: number, transposed = false): Care {
  return (g, overload) => {
    const space = SPACE.slice(0, dims);
    for (const letter of space) g.size(letter, 4, 6);
    const groups = g.choose.pick([1, 2]);
    g.size('i', 1, 2);
    g.size('o', 1, 2);
    const kernel = space.map(() => g.choose.int(1, 3));
    const [input, output] = [g.size('i') * groups, g.size('o') * groups];
    const weight = transposed ? [input, g.size('o'), ...kernel] : [output, g.size('i'), ...kernel];
    return {
      input: g.f([g.size('n'), input, ...space.map((letter) => g.size(letter))]),
      weight: g.f(weight),
      bias: g.choose.pick([undefined, g.f([output])]),
      stride: overload === 'padding' ? 1 : g.choose.pick([undefined, 1, 2]),
      padding: overload === 'padding' ? g.choose.pick(['valid', 'same']) : g.choose.pick([undefined, 0, 1]),
      outputPadding: undefined,
      dilation: undefined,
      groups,
    };
  };
}

function pooling(dims: number): Care {
  return (g) => {
    const space = SPACE.slice(0, dims).map((letter) => g.size(letter, 4, 7));
    return {
      self: g.f([g.size('n'), g.size('c'), ...space]),
      kernelSize: g.choose.pick<Value>([2, 3, space.map(() => g.choose.int(1, 3))]),
      stride: g.choose.pick([undefined, 1, 2]),
      padding: g.choose.pick([undefined, 0, 1]),
      dilation: g.choose.pick([undefined, 1]),
      outputSize: dims === 1 ? [3] : space.map(() => g.choose.int(1, 3)),
      divisorOverride: g.choose.pick([undefined, 3]),
    };
  };
}

const image = (g: Arguments, dims: number): number[] => [
  g.size('n'),
  g.size('c'),
  ...SPACE.slice(0, dims).map((letter) => g.size(letter, 3, 5)),
];

function padding(dims: number): Care {
  return (g) => ({ self: g.f(image(g, dims)), padding: Array.from({ length: 2 * dims }, () => g.choose.int(0, 2)) });
}

function upsampling(dims: number): Care {
  return (g, overload) => {
    const factors = overload === 'vec';
    return {
      self: g.f(image(g, dims)),
      input: g.f(image(g, dims)),
      outputSize: factors ? null : Array.from({ length: dims }, () => g.choose.int(2, 7)),
      alignCorners: g.choose.chance(0.5),
      scaleFactors: factors ? Array.from({ length: dims }, () => g.choose.pick([0.5, 1.5, 2])) : undefined,
      scales: undefined,
      scalesH: undefined,
      scalesW: undefined,
      scalesD: undefined,
    };
  };
}

const pair: Care = (g) => ({ self: g.f('a b'), target: g.f('a b') });

const classes: Care = (g) => ({
  self: g.f('n c'),
  target: g.index('n', 'c'),
  weight: g.choose.pick([undefined, g.f('c', 'positive')]),
  ignoreIndex: g.choose.pick([undefined, 0]),
  reduction: g.choose.int(0, 2),
  labelSmoothing: g.choose.pick([undefined, 0.25]),
});

/** Input, states and weights of a recurrent net of one layer, or of one cell; `gates` rows of weights per unit. */
function recurrent(gates: number, states: number): Care {
  return (g, overload) => {
    const rows = gates * g.size('h');
    const packed = overload === 'data';
    const input = g.f(packed ? '6 i' : 't n i');
    const hidden = Array.from({ length: states }, () => g.f(packed ? '1 3 h' : '1 n h'));
    return {
      input,
      data: input,
      batchSizes: g.t([2], [3, 3], 'int64'),
      hx: states === 1 ? hidden[0] : hidden,
      params: [g.f([rows, g.size('i')]), g.f([rows, g.size('h')]), g.f([rows]), g.f([rows])],
      hasBiases: true,
      numLayers: 1,
      dropout: 0,
      train: false,
      bidirectional: false,
      batchFirst: false,
    };
  };
}

function cell(gates: number, states: number): Care {
  return (g) => {
    const rows = gates * g.size('h');
    const hidden = Array.from({ length: states }, () => g.f('n h'));
    return {
      input: g.f('n i'),
      hx: states === 1 ? hidden[0] : hidden,
      wIh: g.f([rows, g.size('i')]),
      wHh: g.f([rows, g.size('h')]),
      bIh: g.f([rows]),
      bHh: g.f([rows]),
    };
  };
}

const grid =
  (dims: number): Care =>
  (g) => ({
    input: g.f(image(g, dims)),
    grid: g.t([g.size('n'), ...Array.from({ length: dims }, () => 3), dims], [-1.2, 1.2], g.floating),
    interpolationMode: g.choose.int(0, dims === 2 ? 2 : 1),
    paddingMode: g.choose.int(0, 2),
    alignCorners: g.choose.chance(0.5),
  });

const normalisation = (g: Arguments): Record<string, Value | undefined> => ({
  input: g.f('2 c 3'),
  weight: g.choose.pick([null, g.f('c')]),
  bias: g.choose.pick([null, g.f('c')]),
  runningMean: g.t('c', 'plain', g.floating),
  runningVar: g.t('c', 'positive', g.floating),
  momentum: 0.1,
  eps: 1e-5,
});
const frozen = (value: Value | undefined): Value | undefined =>
  typeof value === 'object' && value !== null && 'tensor' in value ? { ...value, grad: false } : value;

export const careForNetworks: Cares = [
  ['conv1d', convolution(1)],
  ['conv2d', convolution(2)],
  ['conv3d', convolution(3)],
  ['conv_transpose1d', convolution(1, true)],
  ['conv_transpose2d', convolution(2, true)],
  ['conv_transpose3d', convolution(3, true)],
  [
    'convolution',
    (g) => ({
      ...convolution(2)(g, ''),
      bias: null,
      stride: [1, 1],
      padding: [1, 1],
      dilation: [1, 1],
      transposed: false,
      outputPadding: [0, 0],
    }),
  ],
  ['conv_tbc', (g) => ({ self: g.f('5 n i'), weight: g.f('2 i o'), bias: g.f('o'), pad: g.choose.int(0, 1) })],
  [
    'slow_conv3d slow_conv3d_forward',
    (g) => ({
      self: g.f('n i 4 4 4'),
      weight: g.f('o i 2 2 2'),
      kernelSize: [2, 2, 2],
      bias: g.f('o'),
      stride: 1,
      padding: 0,
    }),
  ],
  [
    'slow_conv_dilated2d thnn_conv2d slow_conv_transpose2d',
    (g) => ({
      self: g.f('n 2 5 5'),
      weight: g.f('2 2 2 2'),
      kernelSize: [2, 2],
      bias: g.f('2'),
      stride: 1,
      padding: 0,
      outputPadding: 0,
      dilation: 1,
    }),
  ],
  [
    'slow_conv_dilated3d slow_conv_transpose3d',
    (g) => ({
      self: g.f('n 2 4 4 4'),
      weight: g.f('2 2 2 2 2'),
      kernelSize: [2, 2, 2],
      bias: g.f('2'),
      stride: 1,
      padding: 0,
      outputPadding: 0,
      dilation: 1,
    }),
  ],
  ['avg_pool1d max_pool1d max_pool1d_with_indices adaptive_avg_pool1d adaptive_max_pool1d', pooling(1)],
  ['avg_pool2d max_pool2d max_pool2d_with_indices adaptive_avg_pool2d adaptive_max_pool2d', pooling(2)],
  ['avg_pool3d max_pool3d max_pool3d_with_indices adaptive_avg_pool3d adaptive_max_pool3d', pooling(3)],
  ['max_unpool2d', (g) => ({ self: g.f('n c 1 1'), indices: g.t('n c 1 1', [0, 15], 'int64'), outputSize: [4, 4] })],
  [
    'max_unpool3d',
    (g) => ({
      self: g.f('n c 1 1 1'),
      indices: g.t('n c 1 1 1', [0, 26], 'int64'),
      outputSize: [3, 3, 3],
      stride: [1, 1, 1],
      padding: [0, 0, 0],
    }),
  ],
  [
    'fractional_max_pool2d',
    (g) => ({
      self: g.f('n c 6 6'),
      kernelSize: 2,
      outputSize: [3, 3],
      randomSamples: g.t('n c 2', 'unit', g.floating),
    }),
  ],
  [
    'fractional_max_pool3d',
    (g) => ({
      self: g.f('n c 6 6 6'),
      kernelSize: 2,
      outputSize: [3, 3, 3],
      randomSamples: g.t('n c 3', 'unit', g.floating),
    }),
  ],
  ['reflection_pad1d replication_pad1d', padding(1)],
  ['reflection_pad2d replication_pad2d', padding(2)],
  ['reflection_pad3d replication_pad3d', padding(3)],
  ['constant_pad_nd', (g) => ({ self: g.t('a b c'), pad: [1, g.choose.int(-1, 2), 0, 1] })],
  [
    'pad',
    (g) => ({
      self: g.f('n c 4 4'),
      pad: [1, 0, 2, 1],
      mode: g.choose.pick(['constant', 'reflect', 'replicate', 'circular']),
      value: undefined,
    }),
  ],
  ['upsample_nearest1d upsample_linear1d', upsampling(1)],
  ['upsample_nearest2d upsample_bilinear2d upsample_bicubic2d', upsampling(2)],
  ['upsample_nearest3d upsample_trilinear3d', upsampling(3)],
  ['grid_sampler grid_sampler_2d', grid(2)],
  ['grid_sampler_3d', grid(3)],
  ['affine_grid_generator', (g) => ({ theta: g.f('n 2 3'), size: [g.size('n'), 2, 3, 4] })],
  [
    'im2col',
    (g) => ({
      self: g.f('n c 5 6'),
      kernelSize: [2, g.choose.int(1, 3)],
      dilation: [1, 1],
      padding: [0, 1],
      stride: [1, 2],
    }),
  ],
  [
    'col2im',
    (g) => ({
      self: g.f('n 8 9'),
      outputSize: [4, 4],
      kernelSize: [2, 2],
      dilation: [1, 1],
      padding: [0, 0],
      stride: [1, 1],
    }),
  ],
  ['l1_loss mse_loss smooth_l1_loss huber_loss soft_margin_loss', pair],
  ['kl_div', pair],
  ['hinge_embedding_loss', pair],
  [
    'poisson_nll_loss',
    (g) => ({
      input: g.f('a b'),
      target: g.f('a b', 'positive'),
      logInput: true,
      full: g.choose.chance(0.5),
      eps: 1e-8,
    }),
  ],
  [
    'binary_cross_entropy',
    (g) => ({
      self: g.f('a b', 'unit'),
      target: g.t('a b', 'unit', g.floating),
      weight: g.choose.pick([undefined, g.t('b', 'unit', g.floating)]),
    }),
  ],
  [
    'binary_cross_entropy_with_logits',
    (g) => ({
      self: g.f('a b'),
      target: g.f('a b', 'unit'),
      weight: g.choose.pick([undefined, g.t('b', 'unit', g.floating)]),
      posWeight: undefined,
    }),
  ],
  ['cross_entropy_loss nll_loss nll_loss_nd', classes],
  ['nll_loss_forward', (g) => ({ ...classes(g, ''), ignoreIndex: -100, weight: null })],
  [
    'nll_loss2d',
    (g) => ({
      self: g.f('n c 2 3'),
      target: g.index('n 2 3', 'c'),
      weight: g.choose.pick([undefined, g.f('c', 'positive')]),
      ignoreIndex: undefined,
    }),
  ],
  [
    'nll_loss2d_forward',
    (g) => ({ self: g.f('n c 2 3'), target: g.index('n 2 3', 'c'), weight: null, reduction: 1, ignoreIndex: -100 }),
  ],
  [
    'multi_margin_loss',
    (g) => ({ self: g.f('n c'), target: g.index('n', 'c'), p: g.choose.pick([undefined, 1, 2]), weight: undefined }),
  ],
  [
    'multilabel_margin_loss multilabel_margin_loss_forward',
    (g) => ({ self: g.f('n c'), target: g.index('n c', 'c'), reduction: g.choose.int(0, 2) }),
  ],
  ['margin_ranking_loss', (g) => ({ input1: g.f('a'), input2: g.f('a'), target: g.f('a') })],
  ['cosine_embedding_loss', (g) => ({ input1: g.f('n c'), input2: g.f('n c'), target: g.t('n', [1, 1], 'int64') })],
  ['triplet_margin_loss', (g) => ({ anchor: g.f('n c'), positive: g.f('n c'), negative: g.f('n c') })],
  [
    'ctc_loss',
    (g, overload) => ({
      logProbs: g.f('6 2 4'),
      targets: g.t([2, 3], [1, 3], 'int64'),
      inputLengths: overload === 'IntList' ? [6, 6] : g.t([2], [6, 6], 'int64'),
      targetLengths: overload === 'IntList' ? [3, 2] : g.t([2], [2, 3], 'int64'),
      blank: undefined,
      reduction: g.choose.int(0, 2),
    }),
  ],
  [
    'embedding',
    (g) => ({
      weight: g.f('5 c'),
      indices: g.index('a b', 5),
      paddingIdx: g.choose.pick([undefined, 1]),
      sparse: undefined,
      scaleGradByFreq: undefined,
    }),
  ],
  [
    'embedding_bag',
    (g) => ({
      weight: g.f('5 c'),
      indices: g.index('6', 5),
      offsets: g.t([1], [0, 0], 'int64'),
      mode: g.choose.int(0, 2),
      sparse: false,
      scaleGradByFreq: false,
      perSampleWeights: undefined,
      paddingIdx: -1,
      includeLastOffset: false,
    }),
  ],
  ['embedding_renorm', (g) => ({ self: g.f('5 c'), indices: g.index('a', 5), maxNorm: 1, normType: 2 })],
  [
    'batch_norm',
    (g) => {
      const all = normalisation(g);
      return {
        ...all,
        runningMean: frozen(all['runningMean']),
        runningVar: frozen(all['runningVar']),
        training: g.choose.chance(0.5),
        cudnnEnabled: false,
      };
    },
  ],
  [
    'native_batch_norm',
    (g) => {
      const all = normalisation(g);
      return {
        ...all,
        weight: g.f('c'),
        bias: g.f('c'),
        runningMean: frozen(all['runningMean']),
        runningVar: frozen(all['runningVar']),
        training: g.choose.chance(0.5),
      };
    },
  ],
  ['batch_norm_update_stats', (g) => ({ ...normalisation(g) })],
  [
    'instance_norm',
    (g) => {
      const all = normalisation(g);
      return {
        ...all,
        runningMean: frozen(all['runningMean']),
        runningVar: frozen(all['runningVar']),
        useInputStats: g.choose.chance(0.5),
        cudnnEnabled: false,
      };
    },
  ],
  [
    'group_norm',
    (g) => ({
      input: g.f('n 4 3'),
      numGroups: g.choose.pick([1, 2, 4]),
      weight: g.choose.pick([undefined, g.f('4')]),
      bias: g.choose.pick([undefined, g.f('4')]),
      eps: undefined,
    }),
  ],
  [
    'native_group_norm',
    (g) => ({ input: g.f('2 4 3'), weight: g.f('4'), bias: g.f('4'), N: 2, C: 4, HxW: 3, group: 2, eps: 1e-5 }),
  ],
  [
    'layer_norm native_layer_norm',
    (g) => ({ input: g.f('n a b'), normalizedShape: [g.size('b')], weight: g.f('b'), bias: g.f('b'), eps: 1e-5 }),
  ],
  [
    'rms_norm',
    (g) => ({
      input: g.f('n a b'),
      normalizedShape: [g.size('b')],
      weight: g.f('b'),
      eps: g.choose.pick([undefined, 1e-5]),
    }),
  ],
  ['native_norm', (g) => ({ self: g.f('a b') })],
  ['prelu', (g) => ({ self: g.f('n c a'), weight: g.f('c') })],
  ['glu', (g) => ({ self: g.f('a 4'), dim: g.choose.pick([undefined, 1]) })],
  [
    'rrelu_with_noise rrelu_with_noise_functional',
    (g) => ({ self: g.f('a b'), noise: frozen(g.f('a b')), training: g.choose.chance(0.5), lower: 0.1, upper: 0.3 }),
  ],
  [
    'dropout feature_dropout alpha_dropout feature_alpha_dropout native_dropout',
    (g) => ({ input: g.f('n c a'), self: g.f('n c a'), p: g.choose.pick([0, 0.5, 1]), train: g.choose.chance(0.7) }),
  ],
  ['gru', recurrent(3, 1)],
  ['rnn_tanh rnn_relu', recurrent(1, 1)],
  ['lstm', recurrent(4, 2)],
  ['gru_cell', cell(3, 1)],
  ['rnn_tanh_cell rnn_relu_cell', cell(1, 1)],
  ['lstm_cell', cell(4, 2)],
  [
    'scaled_dot_product_attention',
    (g) => ({
      query: g.f('n h l e'),
      key: g.f('n h s e'),
      value: g.f('n h s v'),
      attnMask: undefined,
      dropoutP: undefined,
      isCausal: g.choose.chance(0.4),
      scale: g.choose.pick([undefined, 0.5]),
      enableGqa: undefined,
    }),
  ],
  ['gelu', (g) => ({ self: g.f('a b') })],
  [
    'softmax log_softmax special_softmax special_log_softmax',
    (g) => ({ self: g.f('a b c'), dim: g.choose.int(-3, 2) }),
  ],
];
