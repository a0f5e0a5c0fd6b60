/** Small helpers of the method, in the order of operations that PyTorch has. */

import { callOp } from '../../tensor/dispatch';
import { linalgEigh, matmul, type Tensor } from '../../tensor';

/** A product in which null stands for the identity, and a sparse matrix may come first. */
export function product(A: Tensor | null, X: Tensor): Tensor {
  if (A === null) return X;
  return A.isSparse ? callOp<Tensor>('aten::_sparse_mm', [A, X]) : matmul(A, X);
}

/** Sᵀ A S */
export function quadratic(A: Tensor | null, S: Tensor): Tensor {
  return product(S.mT, product(A, S));
}

/** Eigenvalues and eigenvectors of a symmetric matrix, the smallest or the largest first. */
export function symmetricEigen(A: Tensor, largest = false): [E: Tensor, Z: Tensor] {
  const [E, Z] = linalgEigh(A, 'U');
  return largest ? [E.flip([-1]), Z.flip([-1])] : [E, Z];
}

/** The columns from `start` up to `end`, or to the last. */
export function columns(X: Tensor, start: number, end = X.size(-1)): Tensor {
  const last = Math.min(end, X.size(-1));
  const first = Math.min(start, last);
  return X.narrow(-1, first, last - first);
}
