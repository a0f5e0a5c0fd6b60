/** Embeddings, and dropout of whole channels. */
import { ArgumentError } from '../../engine';
import * as ops from '../../tensor';
import type { Tensor } from '../../tensor';
import { binding } from '../../engine';
import { readTail, type Tail } from '../../tensor/tail';

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** A row that gets no gradient. */
  paddingIdx?: number | null;
  /** Rows that are used are shortened to this norm, in place. */
  maxNorm?: number | null;
  normType?: number;
  scaleGradByFreq?: boolean;
  sparse?: boolean;
}

/** The rows of `weight` [V, E] at the indices [*], as [*, E]. */
export function embedding(
  input: Tensor,
  weight: Tensor,
  ...rest: Tail<EmbeddingOptions, ['paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'sparse']>
): Tensor {
  const { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = readTail<Required<EmbeddingOptions>>(
    'embedding',
    { paddingIdx: null, maxNorm: null, normType: 2, scaleGradByFreq: false, sparse: false },
    rest,
  );
  const rows = weight.size(0);
  if (paddingIdx !== null && (paddingIdx >= rows || paddingIdx < -rows)) {
    throw new ArgumentError(`embedding: expected a row below ${rows} for \`paddingIdx\`, received ${paddingIdx}`);
  }
  const padding = paddingIdx === null ? -1 : paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
  if (maxNorm !== null) renormalize(weight, input, maxNorm, normType);
  return ops.embedding(weight, input, padding, scaleGradByFreq, sparse);
}

/** Not recorded, as in Python: the rows that the gradient belongs to are the shortened ones. */
function renormalize(weight: Tensor, input: Tensor, maxNorm: number, normType: number): void {
  const recording = binding.isGradEnabled();
  binding.setGradEnabled(false);
  try {
    ops.embeddingRenorm_(weight, input.contiguous(), maxNorm, normType);
  } finally {
    binding.setGradEnabled(recording);
  }
}

function checkProbability(name: string, p: number): void {
  if (!(p >= 0 && p <= 1)) {
    throw new ArgumentError(`${name}: expected a probability from 0 to 1, received ${p}`, 'TORCH_VALUE');
  }
}

/** @inline */
interface Drop {
  p?: number;
  training?: boolean;
  inplace?: boolean;
}

type DropTail = Tail<Drop, ['p', 'training', 'inplace']>;
type DropOp = (input: Tensor, p: number, train: boolean) => Tensor;

function dropping(name: string, op: DropOp, inplaceOp: DropOp, training: boolean) {
  return (input: Tensor, ...rest: DropTail): Tensor => {
    const options = readTail(name, { p: 0.5, training, inplace: false }, rest);
    checkProbability(name, options.p);
    return (options.inplace ? inplaceOp : op)(input, options.p, options.training);
  };
}

const feature: readonly [DropOp, DropOp] = [
  (...args) => ops.featureDropout(...args),
  (...args) => ops.featureDropout_(...args),
];

/** Zeroes whole channels of [N, C, L] or [C, L]. */
export function dropout1d(input: Tensor, ...rest: DropTail): Tensor {
  const { p, training, inplace } = readTail('dropout1d', { p: 0.5, training: true, inplace: false }, rest);
  checkProbability('dropout1d', p);
  if (input.ndim !== 2 && input.ndim !== 3) {
    throw new ArgumentError(`dropout1d: expected [N, C, L] or [C, L], received ${input.ndim} dimensions`);
  }
  const op = inplace ? feature[1] : feature[0];
  if (input.ndim === 3) return op(input, p, training);
  return op(inplace ? input.unsqueeze_(0) : input.unsqueeze(0), p, training)[inplace ? 'squeeze_' : 'squeeze'](0);
}

/** Zeroes whole channels of [N, C, H, W]. @function */
export const dropout2d = dropping('dropout2d', ...feature, true);
/** Keeps mean and variance of what SELU gives. @function */
export const alphaDropout = dropping(
  'alphaDropout',
  (...args) => ops.alphaDropout(...args),
  (...args) => ops.alphaDropout_(...args),
  false,
);
/** {@link alphaDropout} of whole channels. @function */
export const featureAlphaDropout = dropping(
  'featureAlphaDropout',
  (...args) => ops.featureAlphaDropout(...args),
  (...args) => ops.featureAlphaDropout_(...args),
  false,
);
