import type { Care, Cares } from './care';
import type { Arguments } from './generator';
import { isFloatingDType } from '../../lib/tensor/dtype';

/** A dtype that linear algebra is written for. */
const wide = (g: Arguments) =>
  isFloatingDType(g.dtype) && g.dtype.length > 7 && g.dtype !== 'bfloat16'
    ? g.dtype
    : g.dtype === 'complex64'
      ? g.dtype
      : 'float32';
const m = (g: Arguments, sizes: string) => g.t(sizes, 'plain', wide(g) === 'float16' ? 'float32' : wide(g));
const spd = (g: Arguments, sizes: string) => g.t(sizes, 'spd', wide(g) === 'float16' ? 'float32' : wide(g));
const batch = (g: Arguments): string => g.choose.pick(['', 'n ']);

const square: Care = (g) => {
  const A = spd(g, `${batch(g)}a a`);
  return { self: A, A, input: A };
};
const rectangle: Care = (g) => {
  const A = m(g, `${batch(g)}a b`);
  return { self: A, A, input: A };
};

export const careForMatrices: Cares = [
  [
    'mm',
    (g, overload) => ({
      self: g.t('a b'),
      mat2: g.t('b c'),
      outDtype: overload === 'dtype' ? { dtype: g.dtype } : undefined,
    }),
  ],
  [
    'bmm',
    (g, overload) => ({
      self: g.t('n a b'),
      mat2: g.t('n b c'),
      outDtype: overload === 'dtype' ? { dtype: g.dtype } : undefined,
    }),
  ],
  ['mv', (g) => ({ self: g.t('a b'), vec: g.t('b') })],
  ['dot vdot', (g) => ({ self: g.t('a'), other: g.t('a'), tensor: g.t('a') })],
  ['inner', (g) => ({ self: g.t('a b'), other: g.t('c b') })],
  ['outer ger', (g) => ({ self: g.t('a'), vec2: g.t('b') })],
  [
    'matmul linalg_matmul',
    (g) => {
      const [left, right] = g.choose.pick<[string, string]>([
        ['a b', 'b c'],
        ['b', 'b'],
        ['n a b', 'b c'],
        ['n a b', 'n b c'],
        ['a b', 'b'],
        ['b', 'b c'],
        ['2 n a b', 'n b c'],
      ]);
      return { self: g.t(left), other: g.t(right) };
    },
  ],
  [
    'addmm',
    (g, overload) => ({
      self: g.t(g.choose.pick(['a c', 'c'])),
      mat1: g.t('a b'),
      mat2: g.t('b c'),
      outDtype: overload === 'dtype' ? { dtype: g.dtype } : undefined,
    }),
  ],
  ['addmv', (g) => ({ self: g.t('a'), mat: g.t('a b'), vec: g.t('b') })],
  ['addr', (g) => ({ self: g.t('a b'), vec1: g.t('a'), vec2: g.t('b') })],
  ['addbmm', (g) => ({ self: g.t('a c'), batch1: g.t('n a b'), batch2: g.t('n b c') })],
  [
    'baddbmm',
    (g, overload) => ({
      self: g.t('n a c'),
      batch1: g.t('n a b'),
      batch2: g.t('n b c'),
      outDtype: overload === 'dtype' ? { dtype: g.dtype } : undefined,
    }),
  ],
  [
    'chain_matmul linalg_multi_dot',
    (g) => ({ matrices: [m(g, 'a b'), m(g, 'b c'), m(g, 'c d')], tensors: [m(g, 'a b'), m(g, 'b c'), m(g, 'c d')] }),
  ],
  ['kron', (g) => ({ self: g.t('a b'), other: g.t('c d') })],
  ['linear', (g) => ({ input: g.f('n a'), weight: g.f('b a'), bias: g.choose.pick([undefined, g.f('b')]) })],
  ['bilinear', (g) => ({ input1: g.f('n a'), input2: g.f('n b'), weight: g.f('c a b'), bias: g.f('c') })],
  [
    'det logdet slogdet inverse pinverse cholesky matrix_exp linalg_matrix_exp linalg_det linalg_slogdet linalg_inv linalg_inv_ex linalg_cholesky linalg_cholesky_ex linalg_eigh linalg_eigvalsh linalg_ldl_factor linalg_ldl_factor_ex linalg_lu_factor linalg_lu_factor_ex',
    square,
  ],
  ['linalg_eig linalg_eigvals', square],
  ['linalg_lu', (g) => ({ ...rectangle(g, ''), pivot: undefined })],
  ['cholesky_inverse', (g) => ({ self: spd(g, 'a a') })],
  ['cholesky_solve', (g) => ({ self: m(g, 'a b'), input2: spd(g, 'a a') })],
  ['trace', (g) => ({ self: g.t('a b') })],
  [
    'qr linalg_qr geqrf svd linalg_svdvals',
    (g) => ({ ...rectangle(g, ''), mode: g.choose.pick(['reduced', 'complete', 'r']), driver: undefined }),
  ],
  ['linalg_svd', (g) => ({ ...rectangle(g, ''), driver: undefined, fullMatrices: g.choose.pick([undefined, false]) })],
  [
    'linalg_pinv',
    (g, overload) => {
      const self = m(g, 'a b');
      const tolerance = overload.endsWith('tensor') ? g.t('', 'unit', 'float32') : 0.01;
      return {
        self,
        rcond: overload === 'rcond_tensor' ? g.t('', 'unit', 'float32') : 0.01,
        atol: overload.startsWith('atol') ? tolerance : undefined,
        rtol: undefined,
        hermitian: undefined,
      };
    },
  ],
  [
    'linalg_matrix_rank',
    (g, overload) => {
      const self = m(g, 'a b');
      const tensor = /tensor/.test(overload) ? g.t('', 'unit', 'float32') : 0.01;
      return { self, input: self, tol: tensor, atol: tensor, rtol: undefined, hermitian: undefined };
    },
  ],
  [
    'linalg_cond',
    (g, overload) => ({ self: spd(g, 'a a'), p: overload === 'p_str' ? g.choose.pick(['fro', 'nuc']) : undefined }),
  ],
  [
    'linalg_norm',
    (g, overload) => ({
      self: m(g, 'a b'),
      ord: overload === 'ord_str' ? g.choose.pick(['fro', 'nuc']) : g.choose.pick([undefined, 1, 2, -1]),
      dim: g.choose.pick([undefined, [0, 1]]),
      dtype: undefined,
    }),
  ],
  [
    'linalg_matrix_norm',
    (g, overload) => ({
      self: m(g, 'n a b'),
      ord: overload === 'str_ord' ? g.choose.pick(['fro', 'nuc']) : g.choose.pick([1, -1, 2]),
      dim: undefined,
      dtype: undefined,
    }),
  ],
  ['linalg_vector_norm', (g) => ({ self: m(g, 'a b'), dtype: undefined })],
  ['linalg_matrix_power matrix_power', (g) => ({ self: spd(g, `${batch(g)}a a`), n: g.choose.int(-2, 3) })],
  [
    'linalg_solve linalg_solve_ex',
    (g) => ({ A: spd(g, 'a a'), B: m(g, 'a b'), left: g.choose.pick([undefined, true]) }),
  ],
  [
    'linalg_solve_triangular',
    (g) => ({ self: spd(g, 'a a'), B: m(g, 'a b'), left: true, upper: g.choose.chance(0.5) }),
  ],
  ['triangular_solve', (g) => ({ self: m(g, 'a b'), A: spd(g, 'a a') })],
  [
    // Without a driver it is gelsy, which starts from memory that nothing has written to.
    'linalg_lstsq',
    (g) => ({
      self: m(g, '4 b'),
      b: m(g, '4 c'),
      rcond: undefined,
      driver: g.choose.pick(['gels', 'gelsd', 'gelss']),
    }),
  ],
  ['linalg_tensorinv', (g) => ({ self: spd(g, '4 4'), ind: 1 })],
  ['linalg_tensorsolve', (g) => ({ self: spd(g, 'a a'), other: m(g, 'a'), dims: undefined })],
  ['linalg_vecdot', (g) => ({ x: g.t('a b'), y: g.t('a b'), dim: -1 })],
  ['linalg_diagonal', (g) => ({ A: g.t('a b c'), dim1: undefined, dim2: undefined })],
  [
    'linalg_householder_product orgqr',
    (g) => ({ input: m(g, '4 3'), self: m(g, '4 3'), tau: m(g, '3'), input2: m(g, '3') }),
  ],
  ['ormqr', (g) => ({ self: m(g, '4 3'), input2: m(g, '3'), input3: m(g, '4 2'), left: true })],
  ['lu_solve', (g) => ({ self: m(g, 'a b'), LUData: spd(g, 'a a'), LUPivots: g.t([g.size('a')], [1, 1], 'int32') })],
  [
    'linalg_lu_solve',
    (g) => ({ LU: spd(g, 'a a'), pivots: g.t([g.size('a')], [1, 1], 'int32'), B: m(g, 'a b'), left: undefined }),
  ],
  [
    'linalg_ldl_solve',
    (g) => ({ LD: spd(g, 'a a'), pivots: g.t([g.size('a')], [1, 1], 'int32'), B: m(g, 'a b'), hermitian: undefined }),
  ],
  ['lu_unpack', (g) => ({ LUData: m(g, 'a a'), LUPivots: g.t([g.size('a')], [1, 1], 'int32') })],
  [
    'cdist',
    (g) => ({
      x1: g.f('n a c'),
      x2: g.f('n b c'),
      p: g.choose.pick([1, 2, 1.5]),
      computeMode: g.choose.pick([undefined, 1, 2]),
    }),
  ],
  ['pdist', (g) => ({ self: g.f('a b'), p: g.choose.pick([undefined, 1]) })],
  ['pairwise_distance cosine_similarity', (g) => ({ x1: g.f('a b'), x2: g.f('a b'), dim: 1 })],
  ['cov corrcoef', (g) => ({ self: g.f('a 4'), fweights: undefined, aweights: undefined })],
  [
    'norm',
    (g, overload) => ({
      self: g.f('a b'),
      p: g.choose.pick([1, 2, 0.5]),
      dim: [0],
      dtype: overload.includes('dtype') ? { dtype: 'float64' } : undefined,
    }),
  ],
  ['norm_except_dim', (g) => ({ v: g.f('a b'), pow: 2, dim: 0 })],
  ['nuclear_norm', (g, overload) => ({ self: m(g, 'a b'), dim: overload === 'dim' ? [0, 1] : undefined })],
  ['frobenius_norm', (g) => ({ self: m(g, 'a b'), dim: g.choose.pick([[0], [0, 1]]) })],
  ['adjoint mH mT', (g) => ({ self: g.t('n a b') })],
  ['matrix_H', (g) => ({ self: g.t('a b') })],
  ['numpy_T t', (g) => ({ self: g.t('a b') })],
  ['tril triu', (g) => ({ self: g.t('n a b'), diagonal: g.choose.int(-2, 2) })],
  ['diag', (g) => ({ self: g.t(g.choose.pick(['a', 'a b'])) })],
];
