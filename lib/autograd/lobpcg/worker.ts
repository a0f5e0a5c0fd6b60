/** The iteration: locally optimal block preconditioned conjugate gradients (Knyazev 2001; Stathopoulos and Wu 2002). */

import { ArgumentError, libm, TorchError } from '../../engine';
import {
  eye,
  linalgCholesky,
  linalgQr,
  linalgSolveTriangular,
  matmul,
  norm,
  type Tensor,
  where,
  zeros,
} from '../../tensor';
import { columns, product, quadratic, symmetricEigen } from './algebra';

/** What decides the iteration, with all defaults filled in. */
export interface Parameters {
  readonly k: number;
  readonly niter: number;
  readonly tol: number;
  readonly largest: boolean;
  readonly method: 'ortho' | 'basic';
  readonly orthoIMax: number;
  readonly orthoJMax: number;
  readonly orthoTol: number;
  readonly orthoTolDrop: number;
  readonly orthoTolReplace: number;
  readonly orthoUseDrop: boolean;
}

/** 1/x as Python computes `x ** -1`. */
const inverse = (x: number): number => libm.pow(x, -1);

/** The state of one problem, a matrix A [M, M] and N vectors; what `tracker` gets. */
export class LobpcgWorker {
  /** Eigenvalues so far, [N]. */
  E: Tensor;
  /** Residuals, [M, N]. */
  R: Tensor;
  /** The subspace that is searched, [M, 3 N]. */
  S: Tensor;
  /** Relative residuals, [N]. */
  rerr: Tensor | null = null;
  istep = 0;
  convergedCount = 0;
  iterationsLeft: number;
  /** Set to true, by `tracker`, it ends the iteration. */
  forceStop = false;
  private convergedEnd = 0;
  private normA = 0;
  private normB = 0;

  constructor(
    readonly A: Tensor,
    readonly B: Tensor | null,
    /** Eigenvectors so far, [M, N]. */
    public X: Tensor,
    readonly iK: Tensor | null,
    private readonly parameters: Parameters,
  ) {
    const [m, n] = [X.size(0), X.size(1)];
    const options = { dtype: X.dtype, device: X.device };
    this.E = zeros([n], options);
    this.R = zeros([m, n], options);
    this.S = zeros([m, 3 * n], options);
    this.iterationsLeft = parameters.niter;
  }

  /** Iterates until all pairs are exact enough, or the iterations are used up. */
  run(tracker: ((worker: LobpcgWorker) => void) | null): void {
    do {
      this.update();
      tracker?.(this);
    } while (!this.isDone());
  }

  private isDone(): boolean {
    return this.forceStop || this.iterationsLeft === 0 || this.convergedCount >= this.parameters.k;
  }

  private update(): void {
    if (this.istep === 0) {
      const scale = inverse(norm(this.X).item());
      this.normA = norm(product(this.A, this.X)).item() * scale;
      this.normB = norm(product(this.B, this.X)).item() * scale;
    }
    if (this.parameters.method === 'ortho') this.updateOrtho();
    else this.updateBasic();
    this.iterationsLeft -= 1;
    this.istep += 1;
  }

  private updateResidual(): void {
    this.R = product(this.A, this.X).sub(product(this.B, this.X).mul(this.E));
  }

  /** Counts the leading pairs that have converged (Duersch et al. 2018, section 4.3). */
  private updateConvergedCount(): number {
    const { X, E, R } = this;
    const scale = E.narrow(0, 0, X.size(-1)).abs().mul(this.normB).add(this.normA);
    const rerr = norm(R, 2, [0]).div(norm(X, 2, [0]).mul(scale));
    const flags = rerr.lt(this.parameters.tol).tolist() as boolean[];
    const first = flags.indexOf(false);
    const count = first === -1 ? flags.length : first;
    if (count < this.convergedCount) {
      throw new TorchError(
        `lobpcg(): the number of converged eigenpairs (was ${this.convergedCount}, got ${count}) cannot decrease`,
      );
    }
    this.convergedCount = count;
    this.rerr = rerr;
    return count;
  }

  /** Puts eigenvectors, the last step's directions and new ones side by side. */
  private fillSubspace(P: Tensor | null, directions: () => Tensor): void {
    const n = this.X.size(1);
    const np = P?.size(-1) ?? 0;
    columns(this.S, 0, n).copy_(this.X);
    if (P !== null) columns(this.S, n, n + np).copy_(P);
    const W = directions();
    this.convergedEnd = n + np + W.size(-1);
    columns(this.S, n + np, this.convergedEnd).copy_(W);
  }

  private updateBasic(): void {
    const n = this.X.size(1);
    const { largest } = this.parameters;
    const before = this.convergedCount;
    if (this.istep === 0) {
      const Ri = this.rayleighRitz(this.X);
      const [E, Z] = symmetricEigen(quadratic(quadratic(this.A, this.X), Ri), largest);
      this.X.copy_(matmul(this.X, matmul(Ri, Z)));
      this.E.copy_(E);
      this.updateResidual();
      this.updateConvergedCount();
      this.fillSubspace(null, () => product(this.iK, this.R));
      return;
    }
    const S = columns(this.S, before, this.convergedEnd);
    const Ri = this.rayleighRitz(S);
    const [E, Z] = symmetricEigen(quadratic(quadratic(this.A, S), Ri), largest);
    columns(this.X, before).copy_(matmul(S, matmul(Ri, columns(Z, 0, n - before))));
    columns(this.E, before).copy_(columns(E, 0, n - before));
    const P = matmul(S, matmul(Ri, columns(Z, n, 2 * n - before)));
    this.updateResidual();
    const now = this.updateConvergedCount();
    this.fillSubspace(P, () => product(this.iK, columns(this.R, now)));
  }

  private updateOrtho(): void {
    const n = this.X.size(1);
    const { largest } = this.parameters;
    const before = this.convergedCount;
    if (this.istep === 0) {
      const Ri = this.rayleighRitz(this.X);
      const [, Z] = symmetricEigen(quadratic(quadratic(this.A, this.X), Ri), largest);
      this.X = matmul(this.X, matmul(Ri, Z));
      this.updateResidual();
      this.updateConvergedCount();
      this.fillSubspace(null, () => this.orthogonal(this.R, this.X));
      return;
    }
    const S = columns(this.S, before, this.convergedEnd);
    const [E, Z] = symmetricEigen(quadratic(this.A, S), largest);
    const kept = n - before;
    columns(this.X, before).copy_(matmul(S, columns(Z, 0, kept)));
    columns(this.E, before).copy_(columns(E, 0, kept));
    const rest = columns(Z, kept);
    const P = matmul(S, matmul(rest, linalgQr(rest.narrow(0, 0, kept).mT)[0]));
    this.updateResidual();
    const now = this.updateConvergedCount();
    this.fillSubspace(P, () => this.orthogonal(columns(this.R, now), columns(this.S, 0, n + P.size(-1))));
  }

  /** What turns the generalized problem in the subspace S into a standard one; an upper triangular matrix. */
  private rayleighRitz(S: Tensor): Tensor {
    const SBS = quadratic(this.B, S);
    const row = SBS.diagonal(0, -2, -1).pow(-0.5);
    const column = row.reshape([row.size(0), 1]);
    const R = linalgCholesky(SBS.mul(row).mul(column), { upper: true });
    return linalgSolveTriangular(R, row.diagEmbed(), { upper: true, left: false });
  }

  /** The columns of U made B-orthonormal, without those that add little where `drop`. */
  private orthonormal(given: Tensor, drop: boolean, tau: number): Tensor {
    if (given.numel() === 0) return given;
    let U = given;
    let UBU = quadratic(this.B, U);
    let d = UBU.diagonal(0, -2, -1);
    const nonzero = d.abs().ne(0).nonzero().select(1, 0);
    if (nonzero.numel() < d.numel()) {
      U = U.indexSelect(1, nonzero);
      if (U.numel() === 0) return U;
      UBU = quadratic(this.B, U);
      d = UBU.diagonal(0, -2, -1);
    }
    let column = d.pow(-0.5).reshape([d.size(0), 1]);
    let [E, Z] = symmetricEigen(UBU.mul(column).mul(column.mT));
    const least = E.abs().max().mul(tau);
    if (drop) {
      const keep = E.gt(least).nonzero().select(1, 0);
      E = E.indexSelect(0, keep);
      Z = Z.indexSelect(1, keep);
      column = column.indexSelect(0, keep);
    } else E = where(E.lt(least), least, E);
    return matmul(U.mul(column.mT), Z.mul(E.pow(-0.5)));
  }

  /** The columns of U made B-orthonormal and B-orthogonal to V; none where all lie in V. */
  private orthogonal(given: Tensor, V: Tensor): Tensor {
    const { orthoTol, orthoTolDrop, orthoTolReplace, orthoIMax, orthoJMax, orthoUseDrop } = this.parameters;
    const normBV = norm(product(this.B, V));
    let U = given;
    let BU = product(this.B, U);
    let VBU = matmul(V.mT, BU);
    for (let i = 0; i < orthoIMax; i += 1) {
      U = U.sub(matmul(V, VBU));
      for (let j = 0; j < orthoJMax; j += 1) {
        const isFirst = j === 0;
        U = this.orthonormal(U, orthoUseDrop && !isFirst, orthoUseDrop && isFirst ? orthoTolDrop : orthoTolReplace);
        if (U.numel() === 0) return U;
        BU = product(this.B, U);
        const UBU = matmul(U.mT, BU);
        const length = norm(U);
        const { dtype, device } = UBU;
        const error = UBU.sub(eye(UBU.size(-1), { dtype, device }));
        if (norm(error).item() * inverse(norm(BU).mul(length).item()) < orthoTol) break;
      }
      VBU = matmul(V.mT, BU);
      const length = norm(U);
      if (norm(VBU).item() * inverse(normBV.mul(length).item()) < orthoTol) break;
      if (this.A.size(-1) < U.size(-1) + V.size(-1)) {
        throw new ArgumentError(
          `lobpcg(): ${U.size(-1)} and ${V.size(-1)} vectors cannot be independent in ${this.A.size(-1)} dimensions`,
          'TORCH_VALUE',
        );
      }
    }
    return U;
  }
}
