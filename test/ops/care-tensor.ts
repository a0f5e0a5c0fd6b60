/** Arguments of what computes: arithmetic, statistics, searching, transforms. */

import type { Cares } from './care';

const fft: Cares[number][1] = (g) => {
  const shape = Array.from({ length: g.choose.int(2, 3) }, () => g.choose.int(1, 4));
  return {
    self: g.t(shape),
    n: g.choose.pick([undefined, 2, 5]),
    s: undefined,
    dim: undefined,
    norm: g.choose.pick([undefined, 'ortho', 'forward', 'backward']),
  };
};

export const careForTensors: Cares = [
  ['add sub subtract', (_, overload) => (overload === 'Scalar' ? { alpha: undefined } : {})],
  ['rsub', (_, overload) => (overload === 'Scalar' ? { alpha: undefined } : {})],
  ['gcd lcm', (g) => ({ self: g.t('a b', 'whole', 'int64'), other: g.t('b', 'whole', 'int32') })],
  [
    'bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift',
    (g, overload) => {
      const dtype = g.choose.pick(['int64', 'int32', 'uint8', 'bool'] as const);
      const [self, other] = [g.t('a b', 'whole', dtype), g.t('b', 'whole', dtype)];
      return {
        self: overload === 'Scalar_Tensor' ? 3 : self,
        other: /Scalar$/.test(overload) ? g.choose.pick([1, 2, 3]) : other,
      };
    },
  ],
  [
    'einsum',
    (g) => {
      const calls: [string, string[]][] = [
        ['ij,jk->ik', ['a b', 'b c']],
        ['bij,bjk', ['n a b', 'n b c']],
        ['ii->i', ['a a']],
        ['...i,i', ['n a b', 'b']],
        ['ij->', ['a b']],
      ];
      const [equation, shapes] = g.choose.pick(calls);
      return { equation, tensors: shapes.map((shape) => g.t(shape)), path: undefined };
    },
  ],
  ['diff', (g) => ({ self: g.t('a 5'), n: g.choose.int(0, 2), dim: -1, prepend: undefined, append: undefined })],
  [
    'gradient',
    (g, overload) => ({
      self: g.f('3 4'),
      dim: /^scalarint$|^scalarrayint$|^tensorarrayint$/.test(overload) ? 0 : [0],
      spacing: overload.startsWith('tensorarray')
        ? [g.f('3', 'positive')]
        : overload.startsWith('scalarray')
          ? [0.5]
          : 0.5,
      edgeOrder: 1,
    }),
  ],
  ['trapezoid trapz cumulative_trapezoid', (g) => ({ y: g.t('a b'), x: g.t('b'), dx: 0.5, dim: -1 })],
  ['bincount', (g) => ({ self: g.t('a', [0, 6], 'int64'), weights: g.choose.pick([undefined, g.f('a')]) })],
  ['histc', (g) => ({ self: g.f('a b'), bins: g.choose.int(1, 5), min: -2, max: 2 })],
  [
    'histogram',
    (g, overload) => ({
      self: g.f('a b'),
      bins: overload === 'bins_tensor' ? g.t([3], 'positive', g.floating) : g.choose.int(1, 4),
      range: overload === 'bins_tensor' ? undefined : [-2, 2],
      weight: undefined,
    }),
  ],
  [
    'histogramdd',
    (g, overload) => ({
      self: g.f('a 2'),
      bins: overload === 'TensorList_bins' ? [g.f('3'), g.f('3')] : overload === 'int_bins' ? 2 : [2, 3],
      range: undefined,
      weight: undefined,
    }),
  ],
  [
    'searchsorted',
    (g, overload) => ({
      sortedSequence: g.t([4], [0, 1], 'float32'),
      self: overload === 'Scalar' ? 0.5 : g.t('a b', 'unit', 'float32'),
      sorter: undefined,
      side: undefined,
    }),
  ],
  [
    'bucketize',
    (g, overload) => ({
      boundaries: g.t([4], [0, 1], 'float32'),
      self: overload === 'Scalar' ? 0.5 : g.t('a b', 'unit', 'float32'),
    }),
  ],
  ['topk', (g) => ({ self: g.t('a 5'), k: g.choose.int(0, 5), dim: -1 })],
  ['kthvalue', (g) => ({ self: g.t('a 5'), k: g.choose.int(1, 5), dim: -1 })],
  [
    'quantile nanquantile',
    (g, overload) => ({
      self: g.f('a b'),
      q: overload === 'scalar' ? g.choose.pick([0, 0.25, 1]) : g.t([2], 'unit', g.floating),
      dim: g.choose.pick([undefined, 0, 1]),
    }),
  ],
  [
    'isin',
    (g, overload) => ({
      elements: overload.startsWith('Scalar') ? 2 : g.t('a b', 'whole'),
      testElements: overload.endsWith('Scalar') ? 2 : g.t('c', 'whole'),
      testElement: 2,
      element: 2,
    }),
  ],
  ['cross linalg_cross', (g) => ({ self: g.t('a 3'), other: g.t('a 3'), dim: g.choose.pick([1, -1]) })],
  ['one_hot', (g) => ({ self: g.t('a b', [0, 4], 'int64'), numClasses: g.choose.pick([-1, 6]) })],
  ['renorm', (g) => ({ self: g.t('a b'), p: 2, dim: 0, maxnorm: 1 })],
  ['tensordot', (g) => ({ self: g.t('a b c'), other: g.t('c b a'), dimsSelf: [1, 2], dimsOther: [1, 0] })],
  ['fill', (g, overload) => ({ self: g.t('a b'), value: overload === 'Tensor' ? g.t('') : g.choose.pick([2, 0.5]) })],
  ['fill_diagonal', (g) => ({ self: g.t('a b'), fillValue: 2 })],
  [
    'stft',
    (g) => ({
      self: g.f('n 24'),
      nFft: 8,
      hopLength: g.choose.pick([undefined, 2]),
      winLength: undefined,
      window: g.choose.pick([undefined, g.t([8], 'positive', g.floating)]),
      returnComplex: true,
      onesided: g.choose.pick([undefined, true, false]),
      alignToWindow: undefined,
      center: g.choose.chance(0.5),
      padMode: 'reflect',
    }),
  ],
  [
    'istft',
    (g) => ({
      self: g.t('n 5 7', 'plain', 'complex64'),
      nFft: 8,
      hopLength: undefined,
      winLength: undefined,
      window: g.choose.pick([undefined, g.t([8], 'positive', 'float32')]),
      center: true,
      onesided: true,
      length: undefined,
      returnComplex: undefined,
    }),
  ],
  [
    'fft_fft fft_fft2 fft_fftn fft_ifft fft_ifft2 fft_ifftn fft_rfft fft_rfft2 fft_rfftn fft_ihfft fft_ihfft2 fft_ihfftn',
    fft,
  ],
  [
    'fft_irfft fft_irfft2 fft_irfftn fft_hfft fft_hfft2 fft_hfftn',
    (g) => ({ ...fft(g, ''), n: g.choose.pick([5, 6]), s: [2, 4], dim: undefined }),
  ],
  ['polygamma special_polygamma', (g) => ({ n: g.choose.int(0, 3), self: g.f('a b', 'positive') })],
  ['mvlgamma special_multigammaln', (g) => ({ self: g.f('a b', [2, 5]), p: 2 })],
  ['copy', (g) => ({ self: g.t('a b'), src: g.t('b') })],
  [
    'to',
    (g, overload) => ({
      self: g.t('a b'),
      other: g.t('c'),
      dtype: overload === 'dtype_layout' ? undefined : { dtype: 'float64' },
      memoryFormat: undefined,
      pinMemory: undefined,
    }),
  ],
  ['unique_dim unique_dim_consecutive', (g) => ({ self: g.t('a b', 'whole'), dim: g.choose.int(0, 1) })],
  ['unique_consecutive', (g) => ({ self: g.t('a b', 'whole'), dim: g.choose.pick([undefined, 0, 1]) })],
  [
    'result_type',
    (g, overload) => ({
      tensor: overload.endsWith('Scalar_Tensor') ? g.t('a') : g.t('a'),
      tensor1: g.t('a'),
      other: overload === 'Tensor' ? g.t('', 'plain', 'float64') : 1.5,
      scalar: 1.5,
    }),
  ],
  ['size sym_size stride sym_stride', (g) => ({ self: g.t('a b'), dim: g.choose.int(-2, 1) })],
  ['is_nonzero item', (g) => ({ self: g.t('1') })],
  ['equal', (g) => ({ self: g.t('2', 'unit', 'int64'), other: g.t('2', 'unit', 'int64') })],
  [
    'clamp clip',
    (g, overload) =>
      overload === 'Tensor'
        ? { self: g.t('a b'), min: g.t('b'), max: g.choose.pick([undefined, g.t('a b')]) }
        : { max: g.choose.pick([undefined, 2, 1.5]), min: g.choose.pick([-1, -0.5]) },
  ],
  [
    'segment_reduce',
    (g) => ({
      data: g.f('6 b'),
      reduce: g.choose.pick(['sum', 'mean', 'max', 'min']),
      lengths: undefined,
      indices: undefined,
      offsets: g.t([3], [0, 0], 'int64'),
      axis: 0,
      unsafe: true,
      initial: undefined,
    }),
  ],
];
