/** The module behind `parametrizations.orthogonal`, under the name that Python prints. */
import { noGrad } from '../../autograd';
import { NotImplementedError, valueError } from '../../engine';
import { add, allclose, cat, eye, finfo, geqrf, linalg, matrixExp, randn, type Tensor, zerosLike } from '../../tensor';
import { Module } from '../module';
import { Buffer } from '../parameter';

/** Ways to make an orthogonal matrix. */
export const orthogonalMaps = ['matrix_exp', 'cayley', 'householder'] as const;

/** How an orthogonal matrix is made: as the exponential or Cayley's map of a skew one, or as a product of reflections. */
export type OrthogonalMap = (typeof orthogonalMaps)[number];

/** An orthogonal matrix of the lower triangle of another. */
export class _Orthogonal extends Module {
  readonly shape: readonly number[];
  /** The matrix that is turned; null until there is one, and without trivialization. */
  base: Buffer | null = null;

  constructor(
    weight: Tensor,
    readonly orthogonalMap: OrthogonalMap,
    readonly useTrivialization: boolean,
  ) {
    super();
    // The reflections of a complex matrix have scalars of their own, which would not stay what they must be in training.
    if (weight.isComplex() && orthogonalMap === 'householder') {
      throw valueError('The householder parametrization does not support complex tensors.');
    }
    this.shape = weight.shape;
  }

  forward(input: Tensor): Tensor {
    const transposed = input.size(-2) < input.size(-1);
    const tall = transposed ? input.mT : input;
    let q = this.orthogonalMap === 'householder' ? reflections(tall) : this.rotation(tall);
    if (this.base !== null) q = this.base.matmul(q);
    return transposed ? q.mT : q;
  }

  rightInverse(given: Tensor): Tensor {
    if (given.shape.join() !== this.shape.join()) {
      throw valueError(
        `Expected a matrix or batch of matrices of shape [${this.shape.join(', ')}]. ` +
          `Got a tensor of shape [${given.shape.join(', ')}].`,
      );
    }
    return noGrad(() => {
      const transposed = given.size(-2) < given.size(-1);
      const tall = transposed ? given.mT : given;
      if (!this.useTrivialization) {
        const inverse = this.inverse(tall);
        return transposed ? inverse.mT : inverse;
      }
      this.base = new Buffer(completed(tall));
      // The diagonal counts for reflections only, which give the unit matrix for it.
      const start = zerosLike(given);
      start.diagonal(0, -2, -1).fill_(-1);
      return start;
    });
  }

  /** Needs n·k − k(k−1)/2 of the elements of an n×k matrix: its lower triangle, of which a skew matrix is made. */
  private rotation(tall: Tensor): Tensor {
    const [n, k] = [tall.size(-2), tall.size(-1)];
    let lower = tall.tril();
    if (n !== k) {
      const rest = lower.newZeros([n, n - k]).expand([...lower.shape.slice(0, -2), -1, -1]);
      lower = cat([lower, rest], -1);
    }
    const skew = lower.sub(lower.mH);
    let q: Tensor;
    if (this.orthogonalMap === 'matrix_exp') q = matrixExp(skew);
    else {
      const unit = eye(n, { dtype: skew.dtype, device: skew.device });
      q = linalg.solve(add(unit, skew, { alpha: -0.5 }), add(unit, skew, { alpha: 0.5 }));
    }
    return n === k ? q : q.narrow(-1, 0, k);
  }

  /** Without a base only the reflections of a matrix can be told from it. */
  private inverse(tall: Tensor): Tensor {
    if (this.orthogonalMap !== 'householder') {
      throw new NotImplementedError(
        'It is not possible to assign to the matrix exponential or the Cayley parametrizations when useTrivialization is false.',
      );
    }
    const [reflectors, tau] = geqrf(tall);
    const diagonal = reflectors.diagonal(0, -2, -1).sign_();
    // LAPACK gives exactly 0 for a reflection that it leaves out.
    diagonal.copy_(diagonal.neg().where(tau.eq(0), diagonal));
    return reflectors;
  }
}

function reflections(tall: Tensor): Tensor {
  const lower = tall.tril(-1);
  const tau = lower.mul(lower).sum(-2).add(1).reciprocal().mul(2);
  // Signs only, through which nothing is differentiated.
  const signs = tall.diagonal(0, -2, -1).int().unsqueeze(-2);
  return linalg.householderProduct(lower, tau).mul(signs);
}

/** A square orthogonal matrix whose first columns are those of the given one, made orthogonal where they are not. */
function completed(tall: Tensor): Tensor {
  const [n, k] = [tall.size(-2), tall.size(-1)];
  if (n === k) return isOrthogonal(tall) ? tall.clone() : madeOrthogonal(tall);
  const { dtype, device } = tall;
  const rest = randn([...tall.shape.slice(0, -2), n, n - k], { dtype, device });
  return madeOrthogonal(cat([tall, rest], -1));
}

function isOrthogonal(q: Tensor): boolean {
  const unit = eye(q.size(-1), { dtype: q.dtype, device: q.device });
  return allclose(q.mH.matmul(q), unit, { atol: 10 * q.size(-2) * finfo(q.dtype).eps });
}

/** The Q of A = QR for the R whose diagonal is not negative. */
function madeOrthogonal(tall: Tensor): Tensor {
  const [reflectors, tau] = geqrf(tall);
  return linalg.householderProduct(reflectors, tau).mul_(reflectors.diagonal(0, -2, -1).sgn().unsqueeze(-2));
}
