import type { Cares } from './care';
import type { Arguments } from './generator';
import type { Value } from './values';

const rankOf = (g: Arguments): number => g.choose.int(1, 3);
const someShape = (g: Arguments): number[] => Array.from({ length: rankOf(g) }, () => g.choose.int(1, 4));
const dimOf = (g: Arguments, shape: readonly number[]): number => g.choose.int(-shape.length, shape.length - 1);
const at = (shape: readonly number[], dim: number): number => shape.at(dim) ?? 1;
const withSize = (shape: readonly number[], dim: number, size: number): number[] =>
  shape.map((old, index) => (index === (dim + shape.length) % shape.length ? size : old));

/** A tensor, a dimension of it, and an index into that dimension of the shape that `scatter` and `gather` want. */
function alongDim(g: Arguments): Record<string, Value | undefined> {
  const shape = someShape(g);
  const dim = dimOf(g, shape);
  const part = withSize(shape, dim, g.choose.int(1, 4));
  return {
    self: g.t(shape),
    dim,
    index: g.index(part, at(shape, dim)),
    src: g.t(part),
    value: g.choose.pick([1, 2, 3]),
    reduce: undefined,
  };
}

/** A tensor, a dimension, and a list of places in it. */
function placesInDim(g: Arguments): Record<string, Value | undefined> {
  const shape = someShape(g);
  const dim = dimOf(g, shape);
  const places = g.choose.int(1, 3);
  return {
    self: g.t(shape),
    dim,
    index: g.index([places], at(shape, dim)),
    source: g.t(withSize(shape, dim, places)),
  };
}

function view(g: Arguments): Record<string, Value | undefined> {
  const shape = someShape(g);
  const count = shape.reduce((product, size) => product * size, 1);
  const forms = [[count], [-1], [1, count], [...shape].reverse(), [1, ...shape], [at(shape, 0), -1]];
  return { self: g.t(shape), size: g.choose.pick(forms), shape: g.choose.pick(forms) };
}

function pieces(g: Arguments): Record<string, Value | undefined> {
  const shape = someShape(g);
  const dim = g.choose.int(0, shape.length - 1);
  const size = at(shape, dim);
  const first = g.choose.int(0, size);
  return {
    self: g.t(shape),
    dim,
    splitSizes: [first, size - first],
    splitSize: [first, size - first],
    chunks: g.choose.int(1, 4),
  };
}

const window: Cares[number][1] = (g) => ({
  windowLength: g.choose.int(0, 9),
  dtype: g.choose.pick([undefined, { dtype: 'float64' }]),
});

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
  ['binomial', (g) => ({ count: g.f('a b', 'whole'), prob: g.f('a b', 'unit') })],
  ['bernoulli', (g, overload) => ({ self: g.f('a b', 'unit'), p: overload === 'Tensor' ? g.f('a b', 'unit') : 0.25 })],
  ['poisson', (g) => ({ self: g.f('a b', 'positive') })],
  ['multinomial', (g) => ({ self: g.f('a 4', 'positive'), numSamples: g.choose.int(1, 3) })],
  [
    'normal',
    (g, overload) => ({
      mean: overload.startsWith('Tensor') ? g.f('a b') : 0.5,
      std: overload.endsWith('Tensor') ? g.f('a b', 'positive') : 1.5,
      size: [g.size('a'), g.size('b')],
      ...(overload === '' ? { self: g.f('a b') } : {}),
    }),
  ],
  ['normal_functional', (g) => ({ self: g.f('a b') })],
  [
    'log_normal cauchy geometric exponential uniform random',
    (g, overload) => ({
      self: g.f('a b'),
      p: 0.25,
      std: 0.5,
      sigma: 0.5,
      lambd: 1.5,
      from: overload === '' || overload === 'from' ? g.choose.pick([0, -2]) : undefined,
      to: g.choose.pick([1, 7]),
    }),
  ],
  ['randint', (g) => ({ low: g.choose.int(-3, 0), high: g.choose.int(1, 9), dtype: undefined })],
  [
    'randint_like',
    (g, overload) => ({
      self: g.f('a b'),
      low: g.choose.int(-3, 0),
      high: overload.startsWith('Tensor') ? g.t('', [1, 9], 'int64') : g.choose.int(1, 9),
      dtype: undefined,
    }),
  ],
  ['randperm', (g) => ({ n: g.choose.int(0, 9), dtype: undefined })],
  [
    'rand randn rand_like randn_like',
    (g) => ({ self: g.f('a b'), dtype: g.choose.pick([undefined, { dtype: 'float64' }]) }),
  ],
  [
    'arange',
    (g) => ({
      start: g.choose.pick([0, 1, 0.5]),
      end: g.choose.pick([3, 4.5, 9]),
      step: g.choose.pick([1, 2, 0.25]),
      dtype: undefined,
    }),
  ],
  [
    'range',
    (g) => ({
      start: g.choose.pick([0, 1, 0.5]),
      end: g.choose.pick([3, 4.5, 9]),
      step: g.choose.pick([1, 2, 0.25]),
      dtype: undefined,
    }),
  ],
  [
    'linspace logspace',
    (g, overload) => ({
      start: overload.startsWith('Tensor') ? g.f('') : g.choose.pick([0, 0.5]),
      end: overload.endsWith('Tensor') ? g.f('') : g.choose.pick([3, 2.5]),
      steps: g.choose.int(0, 6),
      base: undefined,
      dtype: undefined,
    }),
  ],
  ['tril_indices triu_indices', (g) => ({ row: g.choose.int(0, 4), col: g.choose.int(0, 4), dtype: undefined })],
  ['bartlett_window blackman_window hamming_window hann_window', window],
  ['kaiser_window', window],
  ['full', (g) => ({ fillValue: g.choose.pick([1, 0.5]), dtype: undefined, names: undefined })],
  ['eye', (g) => ({ n: g.choose.int(0, 4), m: g.choose.int(0, 4) })],
  ['scalar_tensor', () => ({ s: 1.5 })],
  ['complex', (g) => ({ real: g.f('a b'), imag: g.f('a b') })],
  ['polar', (g) => ({ abs: g.f('a b'), angle: g.f('a b') })],
  ['view_as_complex', (g) => ({ self: g.f('a b 2') })],
  ['view_as_real imag', (g) => ({ self: g.t('a b', 'plain', 'complex64') })],
  ['gather scatter_add', alongDim],
  [
    'scatter',
    (g, overload) => ({
      ...alongDim(g),
      ...(overload.endsWith('reduce') ? { reduce: g.choose.pick(['add', 'multiply']) } : {}),
    }),
  ],
  ['scatter_reduce', (g) => ({ ...alongDim(g), reduce: g.choose.pick(['sum', 'prod', 'mean', 'amax', 'amin']) })],
  [
    'take_along_dim',
    (g) => {
      const { self, dim, index } = alongDim(g);
      return { self, dim, indices: index };
    },
  ],
  ['index_select index_add index_copy', placesInDim],
  ['index_fill', (g, overload) => ({ ...placesInDim(g), value: overload.endsWith('Tensor') ? g.t('') : 2 })],
  ['index_reduce', (g) => ({ ...placesInDim(g), reduce: g.choose.pick(['prod', 'mean', 'amax', 'amin']) })],
  [
    'index',
    (g) => ({
      self: g.t('a b c'),
      indices: g.choose.pick([[g.index('3', 'a')], [null, g.index('2', 'b')], [g.index('2', 'a'), g.index('2', 'b')]]),
    }),
  ],
  ['index_put', (g) => ({ self: g.t('a b'), indices: [g.index('3', 'a')], values: g.t('b') })],
  ['take', (g) => ({ self: g.t('a b'), index: g.index('3 2', g.size('a') * g.size('b')) })],
  ['put', (g) => ({ self: g.t('a b'), index: g.index('3', g.size('a') * g.size('b')), source: g.t('3') })],
  ['masked_scatter', (g) => ({ self: g.t('a b'), mask: g.t('a b', 'any', 'bool'), source: g.t('4 4') })],
  [
    'masked_fill',
    (g, overload) => ({
      self: g.t('a b'),
      mask: g.t('a b', 'any', 'bool'),
      value: overload === 'Tensor' ? g.t('') : 2,
    }),
  ],
  [
    'where',
    (g, overload) => ({
      condition: g.t('a b', 'any', 'bool'),
      ...(overload === ''
        ? {}
        : {
            self: /Scalar$|ScalarSelf$/.test(overload) ? 2 : g.t('a b'),
            other: /Scalar$|ScalarOther$/.test(overload) ? 1.5 : g.t('b'),
          }),
    }),
  ],
  [
    'select',
    (g) => {
      const shape = someShape(g);
      const dim = dimOf(g, shape);
      return { self: g.t(shape), dim, index: g.choose.int(0, at(shape, dim) - 1) };
    },
  ],
  ['select_scatter', (g) => ({ self: g.t('a b c'), src: g.t('a c'), dim: 1, index: g.choose.int(0, g.size('b') - 1) })],
  ['slice_scatter', (g) => ({ self: g.t('a b'), src: g.t('a 1'), dim: 1, start: 0, end: 1, step: 1 })],
  [
    'slice',
    (g) => ({
      self: g.t('a 5'),
      dim: 1,
      start: g.choose.pick([undefined, 1]),
      end: g.choose.pick([4, 9]),
      step: g.choose.pick([1, 2]),
    }),
  ],
  ['slice_inverse', (g) => ({ self: g.t('a 1'), src: g.t('a b'), dim: 1, start: 0, end: 1, step: 1 })],
  [
    'diagonal diag_embed',
    (g) => ({ self: g.t('a b c'), dim1: 0, dim2: g.choose.pick([1, -1]), offset: g.choose.int(-1, 1) }),
  ],
  ['diagonal_scatter', (g) => ({ self: g.t('a a'), src: g.t('a'), offset: 0, dim1: 0, dim2: 1 })],
  [
    'as_strided',
    (g) => ({
      self: g.t('3 4'),
      size: [2, 2],
      stride: g.choose.pick([
        [1, 2],
        [2, 1],
      ]),
      storageOffset: g.choose.pick([0, 1]),
    }),
  ],
  [
    'as_strided_scatter',
    (g) => ({ self: g.t('3 4'), src: g.t('2 2'), size: [2, 2], stride: [2, 1], storageOffset: 0 }),
  ],
  ['view reshape', (g, overload) => (overload === 'dtype' ? { self: g.t('4 4') } : view(g))],
  ['view_as reshape_as', (g) => ({ self: g.t('2 6'), other: g.t('3 4') })],
  ['flatten', (g) => ({ self: g.t('a b c'), startDim: g.choose.int(0, 1), endDim: g.choose.int(1, 2) })],
  [
    'unflatten',
    (g) => ({
      self: g.t('a 6'),
      dim: 1,
      sizes: g.choose.pick([
        [2, 3],
        [-1, 2],
      ]),
    }),
  ],
  ['expand', (g) => ({ self: g.t('1 b'), size: [g.choose.int(1, 4), g.size('b')] })],
  ['broadcast_to', (g) => ({ self: g.t('1 b'), size: [g.choose.int(1, 4), g.size('b')] })],
  ['expand_as', (g) => ({ self: g.t('1 b'), other: g.t('a b') })],
  ['sum_to_size', (g) => ({ self: g.t('a b'), size: [1, g.size('b')] })],
  ['permute', (g) => ({ self: g.t('a b c'), dims: g.choose.shuffle([0, 1, 2]) })],
  ['repeat tile', (g) => ({ self: g.t('a b'), repeats: [g.choose.int(0, 2), 2], dims: [2, g.choose.int(1, 3)] })],
  [
    'repeat_interleave',
    (g, overload) => ({
      self: g.t('a b'),
      repeats: overload === 'self_int' ? 2 : g.index(overload === 'Tensor' ? '4' : 'b', 3),
      dim: overload === 'self_Tensor' ? 1 : undefined,
      outputSize: undefined,
    }),
  ],
  ['roll', (g) => ({ self: g.t('a b'), shifts: [1, g.choose.int(-3, 3)], dims: [0, 1] })],
  [
    'rot90',
    (g) => ({
      self: g.t('a b c'),
      k: g.choose.int(-2, 5),
      dims: g.choose.pick([
        [0, 1],
        [1, 2],
      ]),
    }),
  ],
  [
    'movedim moveaxis',
    (g, overload) => ({
      self: g.t('a b c'),
      ...(overload === 'int'
        ? { source: 0, destination: g.choose.int(-3, 2) }
        : { source: [0, 2], destination: [1, 0] }),
    }),
  ],
  [
    'narrow',
    (g, overload) => ({
      self: g.t('4 b'),
      dim: 0,
      start: overload === 'Tensor' ? g.index('', 3) : g.choose.int(0, 2),
      length: g.choose.int(0, 2),
    }),
  ],
  ['chunk unsafe_chunk split_with_sizes unsafe_split_with_sizes', pieces],
  [
    'split unsafe_split',
    (g, overload) => ({ ...pieces(g), ...(overload === 'sizes' ? {} : { splitSize: g.choose.int(1, 3) }) }),
  ],
  [
    'tensor_split',
    (g, overload) => ({
      self: g.t('5 b'),
      dim: 0,
      sections: g.choose.int(1, 4),
      indices: [1, g.choose.int(1, 6)],
      tensorIndicesOrSections: overload === 'tensor_indices_or_sections' ? g.t('', [1, 3], 'int64') : undefined,
    }),
  ],
  ['hsplit', (g) => ({ self: g.t('2 4 2'), sections: g.choose.pick([1, 2]), indices: [1, 3] })],
  ['vsplit', (g) => ({ self: g.t('4 2'), sections: g.choose.pick([1, 2]), indices: [1, 3] })],
  ['dsplit', (g) => ({ self: g.t('1 2 4'), sections: g.choose.pick([1, 2]), indices: [1, 3] })],
  ['pixel_shuffle', (g) => ({ self: g.t('n 8 a b'), upscaleFactor: 2 })],
  ['pixel_unshuffle', (g) => ({ self: g.t('n c 4 6'), downscaleFactor: 2 })],
  ['channel_shuffle native_channel_shuffle', (g) => ({ self: g.t('n 6 a b'), groups: g.choose.pick([2, 3]) })],
  ['unfold', (g) => ({ self: g.t('a 6'), dimension: 1, size: g.choose.int(1, 4), step: g.choose.int(1, 3) })],
  ['cat concat concatenate', (g) => ({ tensors: [g.t('a b'), g.t('a c')], dim: g.choose.pick([1, -1]) })],
  ['flatten_dense_tensors', (g) => ({ tensors: [g.t('a b'), g.t('c')] })],
  ['unflatten_dense_tensors', (g) => ({ flat: g.t('6'), tensors: [g.t('2 2'), g.t('2')] })],
  ['pad_sequence', (g) => ({ sequences: [g.t('a c'), g.t('b c')] })],
  ['cartesian_prod', (g) => ({ tensors: [g.t('a'), g.t('b')] })],
  ['combinations', (g) => ({ self: g.t('4'), r: g.choose.int(0, 3) })],
  ['meshgrid', (g) => ({ tensors: [g.t('a'), g.t('b')] })],
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
  ['fft_fftfreq fft_rfftfreq', (g) => ({ n: g.choose.int(1, 9), d: undefined, dtype: undefined })],
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
  ['squeeze', (g, overload) => ({ self: g.t('a 1 b 1'), dim: overload === 'dims' ? [1, 3] : g.choose.int(-4, 3) })],
  [
    'transpose swapaxes swapdims',
    (g) => ({
      self: g.t('a b c'),
      dim0: g.choose.int(-3, 2),
      dim1: g.choose.int(-3, 2),
      axis0: g.choose.int(-3, 2),
      axis1: g.choose.int(-3, 2),
    }),
  ],
  ['index_fill_', (g, overload) => ({ ...placesInDim(g), value: overload.endsWith('Tensor') ? g.t('') : 2 })],
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
  ['nonzero_static', (g) => ({ self: g.t('a b', 'whole'), size: g.choose.int(0, 6), fillValue: undefined })],
  ['vander linalg_vander', (g) => ({ x: g.t('a'), N: g.choose.int(1, 4) })],
  [
    'sparse_coo_tensor',
    (g) => ({
      indices: g.index('2 3', 4),
      values: g.t('3'),
      size: [4, 4],
      dtype: undefined,
      layout: undefined,
      isCoalesced: undefined,
    }),
  ],
];
