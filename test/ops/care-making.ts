/** Arguments of what makes tensors: constants, ranges, windows, random numbers. */

import type { Cares } from './care';

const window: Cares[number][1] = (g) => ({
  windowLength: g.choose.int(0, 9),
  dtype: g.choose.pick([undefined, { dtype: 'float64' }]),
});

export const careForMaking: Cares = [
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
  ['fft_fftfreq fft_rfftfreq', (g) => ({ n: g.choose.int(1, 9), d: undefined, dtype: undefined })],
  [
    // The degree `n` is finite: an infinite one is refused here, and is whatever the processor makes of it in Python.
    `special_hermite_polynomial_h special_hermite_polynomial_he special_laguerre_polynomial_l special_legendre_polynomial_p
     special_shifted_chebyshev_polynomial_t special_shifted_chebyshev_polynomial_u special_shifted_chebyshev_polynomial_v
     special_shifted_chebyshev_polynomial_w`,
    (g, overload) => ({
      x: overload === 'x_scalar' ? g.choose.pick([0.5, -0.25, 2]) : g.t('a b', 'any'),
      n: overload === 'n_scalar' ? g.choose.pick([0, 1, 3, 2.5]) : g.t(g.choose.pick(['a b', 'b', ''])),
    }),
  ],
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
