/** The modules behind `parametrizations.weightNorm` and `spectralNorm`, under the names that Python prints. */
import { noGrad } from '../../autograd';
import { scope } from '../../engine';
import { callOp, normExceptDim, type Tensor } from '../../tensor';
import { Module } from '../module';
import type { Buffer } from '../parameter';
import { asMatrix, drawnVector, normalized } from './power-method';

/** A tensor from its length along a dimension, or in all for −1, and its direction. */
export class _WeightNorm extends Module<[g: Tensor, v: Tensor]> {
  constructor(readonly dim: number) {
    super();
  }

  forward(g: Tensor, v: Tensor): Tensor {
    return callOp<Tensor>('aten::_weight_norm', [v, g, this.dim]);
  }

  rightInverse(weight: Tensor): [g: Tensor, v: Tensor] {
    return [normExceptDim(weight, 2, this.dim), weight];
  }
}

/** A tensor divided by its largest singular value. */
export class _SpectralNorm extends Module {
  readonly nPowerIterations: number;
  readonly dim: number;
  readonly eps: number;
  /** The first left and right singular vectors, as far as they are known; null for a vector, of which the norm is. */
  readonly _u: Buffer | null = null;
  readonly _v: Buffer | null = null;

  constructor(weight: Tensor, nPowerIterations: number, dim: number, eps: number) {
    super();
    this.nPowerIterations = nPowerIterations;
    this.dim = dim;
    this.eps = eps;
    if (weight.dim() === 1) return;
    const matrix = noGrad(() => asMatrix(weight, dim));
    this._u = drawnVector(matrix, matrix.size(0), eps);
    this._v = drawnVector(matrix, matrix.size(1), eps);
    this.powerMethod(matrix, this._u, this._v, 15);
  }

  forward(weight: Tensor): Tensor {
    if (this._u === null || this._v === null) return normalized(weight, this.eps);
    const matrix = asMatrix(weight, this.dim);
    if (this.training) this.powerMethod(matrix, this._u, this._v, this.nPowerIterations);
    // Copies, since the next use changes the vectors, and a second backward may still need these.
    const [u, v] = [this._u, this._v].map((vector) => vector.clone({ memoryFormat: 'contiguous_format' })) as [
      Tensor,
      Tensor,
    ];
    return weight.div(u.vdot(matrix.mv(v)));
  }

  rightInverse(value: Tensor): Tensor {
    return value;
  }

  private powerMethod(matrix: Tensor, u: Buffer, v: Buffer, iterations: number): void {
    noGrad(() =>
      scope(() => {
        for (let iteration = 0; iteration < iterations; iteration++) {
          u.copy_(normalized(matrix.mv(v), this.eps));
          v.copy_(normalized(matrix.mH.mv(u), this.eps));
        }
      }),
    );
  }
}
