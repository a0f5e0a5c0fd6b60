/** The gradient of eigenvalues and of some eigenvectors of a symmetric matrix. */

import {
  addcmul,
  choleskySolve,
  diagEmbed,
  eye,
  Generator,
  linalgCholesky,
  matmul,
  randn,
  type Tensor,
} from '../../tensor';

/** With all eigenvectors, or within the space of those that there are. */
function completeEigenspace(gradD: Tensor, gradU: Tensor, D: Tensor, U: Tensor): Tensor {
  const F = D.unsqueeze(-2).sub(D.unsqueeze(-1));
  F.diagonal(0, -2, -1).fill_(Infinity);
  F.pow_(-1);
  const Ut = U.mT.contiguous();
  return matmul(U, matmul(diagEmbed(gradD).add(matmul(Ut, gradU).mul(F)), Ut));
}

/** The coefficients a0, a1, …, 1 of (x − r1)·…·(x − rn). */
function polynomialOf(roots: Tensor): Tensor {
  const order = roots.size(-1);
  let coefficients = roots.newZeros([...roots.shape.slice(0, -1), order + 2]);
  coefficients.select(-1, 0).fill_(1);
  coefficients.select(-1, -1).fill_(1);
  for (let i = 1; i <= order; i += 1) {
    // Each step has a node of its own in the graph.
    const next = roots.requiresGrad ? coefficients.clone() : coefficients;
    next
      .narrow(-1, order - i, i + 1)
      .sub_(roots.narrow(-1, i - 1, 1).mul(coefficients.narrow(-1, order - i + 1, i + 1)));
    coefficients = next;
  }
  return coefficients.narrow(-1, 1, order + 1);
}

/** The polynomial's values at each element of x, by Horner's rule. */
function valuesAt(polynomial: Tensor, x: Tensor): Tensor {
  let value = x.newOnes([1]).expand(x.shape).clone();
  for (let k = polynomial.size(-1) - 2; k >= 0; k -= 1) {
    value = addcmul(polynomial.select(-1, k).unsqueeze(-1), x, value);
  }
  return value;
}

/** The polynomial's value at a matrix. */
function matrixValueAt(polynomial: Tensor, A: Tensor): Tensor {
  const n = A.size(-1);
  const unit = eye(n, { dtype: A.dtype, device: A.device });
  let value = unit.view([...A.shape.slice(0, -2).map(() => 1), n, n]).clone();
  for (let k = polynomial.size(-1) - 2; k >= 0; k -= 1) {
    value = A.matmul(value);
    value.diagonal(0, -2, -1).add_(polynomial.select(-1, k).unsqueeze(-1));
  }
  return value;
}

/** The part outside of the eigenvectors' space solves a Sylvester equation, by a polynomial in A (Hu and Cheng 2006). */
function partialEigenspace(gradD: Tensor, gradU: Tensor, A: Tensor, D: Tensor, U: Tensor, largest: boolean): Tensor {
  const Ut = U.mT.contiguous();
  const projection = U.matmul(Ut).neg();
  projection.diagonal(0, -2, -1).add_(1);
  const count = D.size(-1);
  const { dtype, device } = A;
  // A generator of its own, so that the result does not depend on what was drawn before.
  const generator = new Generator(device);
  const drawn = randn([...A.shape.slice(0, -1), A.size(-1) - count], { dtype, device, generator });
  const outside = projection.matmul(drawn);
  const outsideT = outside.mT.contiguous();
  const polynomial = polynomialOf(D);
  let projected = gradU;
  const series = projected.newZeros(projected.shape);
  for (let k = 1; k <= count; k += 1) {
    const values = valuesAt(polynomial.narrow(-1, k, count + 1 - k), D);
    series.add_(projected.mul(values.unsqueeze(-2)));
    projected = A.matmul(projected);
  }
  const restricted = matmul(outsideT, matmul(matrixValueAt(polynomial, A), outside));
  const sign = largest && count % 2 === 1 ? -1 : 1;
  const L = linalgCholesky(restricted.mul(sign));
  const inside = completeEigenspace(gradD, gradU, D, U);
  return inside.sub_(outside.matmul(choleskySolve(outsideT.matmul(series), L).mul(sign)).matmul(Ut));
}

/** The gradient of A [*, M, M] from those of its eigenvalues D [*, K] and eigenvectors U [*, M, K]. */
export function eigenBackward(gradD: Tensor, gradU: Tensor, A: Tensor, D: Tensor, U: Tensor, largest: boolean): Tensor {
  return U.size(-1) === U.size(-2)
    ? completeEigenspace(gradD, gradU, D, U)
    : partialEigenspace(gradD, gradU, A, D, U, largest);
}
