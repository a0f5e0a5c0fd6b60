/** Distances and similarities of vectors. */
import type { Tensor } from '../tensor';
import type { Tail } from '../tensor/tail';
import { readOptions } from './arguments';
import * as F from './functional';
import { Module } from './module';

/** Options of {@link PairwiseDistance}. */
export interface PairwiseDistanceOptions {
  /** The order of the norm. */
  p?: number;
  /** Added to the differences. */
  eps?: number;
  /** Keep the last dimension, with 1 element. */
  keepdim?: boolean;
}

/** ‖x₁ − x₂ + ε‖ₚ of vectors: [N, D] or [D] to [N] or [] (`torch.nn.PairwiseDistance`). */
export class PairwiseDistance extends Module<[x1: Tensor, x2: Tensor]> {
  readonly norm: number;
  readonly eps: number;
  readonly keepdim: boolean;

  constructor(...rest: Tail<PairwiseDistanceOptions, ['p', 'eps', 'keepdim']>) {
    super();
    const { p, eps, keepdim } = readOptions('PairwiseDistance', { p: 2, eps: 1e-6, keepdim: false }, rest);
    this.norm = p;
    this.eps = eps;
    this.keepdim = keepdim;
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    return F.pairwiseDistance(x1, x2, this.norm, this.eps, this.keepdim);
  }
}

/** Options of {@link CosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** The dimension of the vectors' elements. */
  dim?: number;
  /** The least product of the norms. */
  eps?: number;
}

/** The cosine of the angle between vectors along one dimension, which goes (`torch.nn.CosineSimilarity`). */
export class CosineSimilarity extends Module<[x1: Tensor, x2: Tensor]> {
  readonly dim: number;
  readonly eps: number;

  constructor(...rest: Tail<CosineSimilarityOptions, ['dim', 'eps']>) {
    super();
    const { dim, eps } = readOptions('CosineSimilarity', { dim: 1, eps: 1e-8 }, rest);
    this.dim = dim;
    this.eps = eps;
  }

  forward(x1: Tensor, x2: Tensor): Tensor {
    return F.cosineSimilarity(x1, x2, this.dim, this.eps);
  }
}
