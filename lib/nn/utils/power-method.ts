/** The largest singular value of a weight by the power method, which both forms of spectral normalisation share. */
import { noGrad } from '../../autograd';
import { checkInteger } from '../../engine';
import type { Tensor } from '../../tensor';
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from '../conv-transpose';
import * as F from '../functional';
import type { AnyModule } from '../module';
import { Buffer } from '../parameter';

/** Options of both `spectralNorm`. */
export interface SpectralNormOptions {
  /** The tensor, by the property's name or PyTorch's. */
  name?: string;
  /** Steps of the power method at each use in training. */
  nPowerIterations?: number;
  /** The least norm that is divided by. */
  eps?: number;
  /** The dimension of the outputs; 0, but 1 for transposed convolutions. */
  dim?: number | null;
}

/** The dimension of the outputs in a module's weight. */
export function outputDim(module: AnyModule, dim: number | null): number {
  if (dim !== null) return dim;
  const transposed: readonly unknown[] = [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d];
  return transposed.some((type) => (module as unknown) instanceof (type as typeof ConvTranspose1d)) ? 1 : 0;
}

/** A weight as a matrix [outputs, everything else]. */
export function asMatrix(weight: Tensor, dim: number): Tensor {
  if (dim === 0) return weight.flatten(1);
  const others = [...weight.shape.keys()].filter((other) => other !== dim);
  return weight.permute([dim, ...others]).flatten(1);
}

/** A drawn vector of norm 1 in place of a singular one. */
export function drawnVector(like: Tensor, size: number, eps: number): Buffer {
  return noGrad(() => new Buffer(normalized(like.newEmpty([size]).normal_(0, 1), eps)));
}

/** A vector of norm 1. */
export function normalized(vector: Tensor, eps: number): Tensor {
  return F.normalize(vector, { dim: 0, eps });
}

/** Refuses a number of iterations that is none. */
export function checkIterations(callee: string, nPowerIterations: number): void {
  checkInteger(callee, 'nPowerIterations', nPowerIterations, 1);
}
