/** Dropout of whole channels, and dropout that keeps mean and variance. */
import { ArgumentError, checkNumbers, checkTensor } from '../../engine';
import { tellWarning } from '../../engine/warnings';
import * as ops from '../../tensor';
import type { Tensor } from '../../tensor';
import { readTail, type Tail } from '../../tensor/tail';

function checkProbability(name: string, p: number): void {
  checkNumbers(name, { p });
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

function dropping(name: string, op: DropOp, inplaceOp: DropOp) {
  return (input: Tensor, ...rest: DropTail): Tensor => {
    const options = readTail(name, { p: 0.5, training: false, inplace: false }, rest);
    checkProbability(name, options.p);
    return (options.inplace ? inplaceOp : op)(input, options.p, options.training);
  };
}

const feature: readonly [DropOp, DropOp] = [
  (...args) => ops.featureDropout(...args),
  (...args) => ops.featureDropout_(...args),
];

type FeatureOptions = Required<Drop>;

function readFeature(name: string, input: Tensor, rest: DropTail): FeatureOptions {
  checkTensor(`${name}()`, 'input', input);
  const options = readTail(name, { p: 0.5, training: true, inplace: false }, rest);
  checkProbability(name, options.p);
  return options;
}

/** Drops whole channels of an input without the batch's dimension, which it gets for the op. */
function dropUnbatched(input: Tensor, { p, training, inplace }: FeatureOptions): Tensor {
  if (inplace) return feature[1](input.unsqueeze_(0), p, training).squeeze_(0);
  return feature[0](input.unsqueeze(0), p, training).squeeze(0);
}

function dropBatched(input: Tensor, { p, training, inplace }: FeatureOptions): Tensor {
  return feature[inplace ? 1 : 0](input, p, training);
}

/** Zeroes whole channels of [N, C, L] or [C, L]. */
export function dropout1d(input: Tensor, ...rest: DropTail): Tensor {
  const options = readFeature('dropout1d', input, rest);
  if (input.ndim !== 2 && input.ndim !== 3) {
    throw new ArgumentError(`dropout1d: expected [N, C, L] or [C, L], received ${input.ndim} dimensions`);
  }
  return input.ndim === 3 ? dropBatched(input, options) : dropUnbatched(input, options);
}

/**
 * Zeroes whole channels of [N, C, H, W]. Three dimensions are taken for [N, C, L], with Python's warning that this is
 * going to change.
 */
export function dropout2d(input: Tensor, ...rest: DropTail): Tensor {
  const options = readFeature('dropout2d', input, rest);
  if (input.ndim === 3) {
    tellWarning('dropout2d: three dimensions are taken for [N, C, L], not for [C, H, W]; use dropout1d for the former');
  } else if (input.ndim !== 4) warnOfDimensions('dropout2d', '[N, C, H, W] or [C, H, W]', input);
  return dropBatched(input, options);
}

/** Zeroes whole channels of [N, C, D, H, W] or [C, D, H, W]. */
export function dropout3d(input: Tensor, ...rest: DropTail): Tensor {
  const options = readFeature('dropout3d', input, rest);
  if (input.ndim !== 4 && input.ndim !== 5) warnOfDimensions('dropout3d', '[N, C, D, H, W] or [C, D, H, W]', input);
  return input.ndim === 5 ? dropBatched(input, options) : dropUnbatched(input, options);
}

function warnOfDimensions(name: string, expected: string, { ndim }: Tensor): void {
  tellWarning(`${name}: expected ${expected}, received ${ndim} dimensions; this is deprecated, use dropout`);
}

/** Keeps mean and variance of what SELU gives. @function */
export const alphaDropout = dropping(
  'alphaDropout',
  (...args) => ops.alphaDropout(...args),
  (...args) => ops.alphaDropout_(...args),
);
/** {@link alphaDropout} of whole channels. @function */
export const featureAlphaDropout = dropping(
  'featureAlphaDropout',
  (...args) => ops.featureAlphaDropout(...args),
  (...args) => ops.featureAlphaDropout_(...args),
);
