/** Approximate decompositions of matrices of low rank, by randomized methods (Halko, Martinsson and Tropp, 2009). */

import { ArgumentError, checkTensor, describe } from '../engine';
import { callOp } from './dispatch';
import type { DType } from './dtype';
import * as ops from './generated/functions';
import { readTail, type Tail } from './tail';
import type { Tensor } from './tensor';

/** What both functions give: A is about U · diag(S) · Vᴴ. @inline */
type Decomposition = [U: Tensor, S: Tensor, V: Tensor];

/** @internal */
export function floatingDType({ dtype }: Tensor): DType {
  return dtype === 'float16' || dtype === 'float64' ? dtype : 'float32';
}

/** @internal A product that takes a sparse matrix, too. */
export function product(A: Tensor, B: Tensor): Tensor {
  return A.isSparse ? callOp<Tensor>('aten::_sparse_mm', [A, B]) : ops.matmul(A, B);
}

const difference = (whole: Tensor, mean: Tensor | null, factor: Tensor): Tensor =>
  mean === null ? product(whole, factor) : product(whole, factor).sub(product(mean, factor));

/** An orthonormal basis [*, M, q] of nearly all that A − M maps to. */
function approximateBasis(A: Tensor, q: number, niter: number, M: Tensor | null): Tensor {
  const basis = (X: Tensor): Tensor => ops.linalgQr(X)[0];
  const dtype = A.isComplex() ? A.dtype : floatingDType(A);
  const random = ops.randn([A.size(-1), q], { dtype, device: A.device });
  let Q = basis(difference(A, M, random));
  for (let round = 0; round < niter; round += 1) {
    Q = basis(difference(A.mH, M?.mH ?? null, Q));
    Q = basis(difference(A, M, Q));
  }
  return Q;
}

function decompose(A: Tensor, q: number, niter: number, M: Tensor | null): Decomposition {
  const isWide = A.size(-2) < A.size(-1);
  let mean = M?.broadcastTo(A.shape) ?? null;
  let whole = A;
  if (isWide) {
    whole = whole.mH;
    mean = mean?.mH ?? null;
  }
  const Q = approximateBasis(whole, q, niter, mean);
  let B = product(Q.mH, whole);
  if (mean !== null) B = B.sub(product(Q.mH, mean));
  const [inner, S, Vh] = ops.linalgSvd(B, false);
  const [U, V] = [Q.matmul(inner), Vh.mH];
  return isWide ? [V, S, U] : [U, S, V];
}

function checkCount(name: string, argument: string, value: number, most = Infinity): void {
  if (Number.isSafeInteger(value) && value >= 0 && value <= most) return;
  throw new ArgumentError(
    `${name}(): expected an integer from 0${most === Infinity ? '' : ` to ${most}`} for argument \`${argument}\`, received ${describe(value)}`,
    'TORCH_VALUE',
  );
}

function checkMatrix(name: string, A: Tensor): void {
  checkTensor(`${name}()`, 'A', A);
  if (A.ndim >= 2) return;
  throw new ArgumentError(
    `${name}(): expected matrices [*, M, N] for argument \`A\`, received ${describe(A)}`,
    'TORCH_VALUE',
  );
}

/** Options of {@link svdLowrank}. */
export interface SvdLowrankOptions {
  /** How many singular values, rather more than the rank; 6 by default. */
  q?: number | null;
  /** Rounds that make it more exact; 2 by default. */
  niter?: number | null;
  /** Is taken off `A`, to whose shape it broadcasts. */
  M?: Tensor | null;
}

/**
 * The singular value decomposition of matrices [*, M, N] of low rank, dense or sparse, by random draws:
 * `torch.svd_lowrank`.
 *
 * @returns U [*, M, q], S [*, q] and V [*, N, q]
 */
export function svdLowrank(A: Tensor, ...rest: Tail<SvdLowrankOptions, ['q', 'niter', 'M']>): Decomposition {
  const { q, niter, M } = readTail<Required<SvdLowrankOptions>>('svdLowrank', { q: 6, niter: 2, M: null }, rest);
  checkMatrix('svdLowrank', A);
  checkCount('svdLowrank', 'q', q ?? 6);
  return decompose(A, q ?? 6, niter ?? 2, M);
}

/** Options of {@link pcaLowrank}. */
export interface PcaLowrankOptions {
  /** How many components; the least of 6, M and N by default. */
  q?: number | null;
  /** Takes the columns' means off first. */
  center?: boolean;
  niter?: number;
}

/**
 * Principal components of M samples of N features, [*, M, N], dense or sparse, by random draws: `torch.pca_lowrank`.
 *
 * @returns U [*, M, q], S [*, q] and the directions V [*, N, q]; S² / (M − 1) are the variances
 */
export function pcaLowrank(A: Tensor, ...rest: Tail<PcaLowrankOptions, ['q', 'center', 'niter']>): Decomposition {
  const options = readTail<Required<PcaLowrankOptions>>('pcaLowrank', { q: null, center: true, niter: 2 }, rest);
  checkMatrix('pcaLowrank', A);
  const [m, n] = [A.size(-2), A.size(-1)];
  const q = options.q ?? Math.min(6, m, n);
  checkCount('pcaLowrank', 'q', q, Math.min(m, n));
  checkCount('pcaLowrank', 'niter', options.niter);
  if (!options.center) return decompose(A, q, options.niter, null);
  if (!A.isSparse) return decompose(A.sub(A.mean([-2], true)), q, options.niter, null);
  if (A.ndim !== 2) {
    throw new ArgumentError(
      `pcaLowrank(): expected a sparse matrix of two dimensions, received ${describe(A)}`,
      'TORCH_VALUE',
    );
  }
  return decompose(A, q, options.niter, sparseMeans(A));
}

/** The columns' means as a sparse matrix of A's shape with equal rows. */
function sparseMeans(A: Tensor): Tensor {
  const [m, n] = [A.size(0), A.size(1)];
  const dtype = floatingDType(A);
  const means = callOp<Tensor>('aten::_sparse_sum.dim', [A, [-2]])
    .div(m)
    .coalesce();
  const columns = means.indices().select(0, 0);
  const indices = ops.stack([columns, ops.zerosLike(columns)]);
  const column = ops.sparseCooTensor(indices, means.values(), [n, 1], { dtype, device: A.device });
  return product(column, ops.ones([1, m], { dtype, device: A.device })).mT;
}
