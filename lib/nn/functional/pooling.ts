/** Pooling: the ops, and where Python adds to them. Sizes of one number stand for all dimensions. */
import { ArgumentError, checkBooleans, checkList, checkTensor } from '../../engine';
import * as ops from '../../tensor';
import type { Tensor } from '../../tensor';
import { readTail, type Tail } from '../../tensor/tail';

export { adaptiveAvgPool1d, avgPool1d, avgPool2d, avgPool3d } from '../../tensor';

/** A size for each dimension, or one for all. */
export type Sizes = number | readonly number[];

/** Options of {@link maxPool1d}, {@link maxPool2d} and {@link maxPool3d}. */
export interface MaxPoolOptions {
  /** By default the kernel's size. */
  stride?: Sizes | null;
  padding?: Sizes;
  dilation?: Sizes;
  /** Rounds the size of the result up. */
  ceilMode?: boolean;
}

type MaxPoolTail = Tail<
  MaxPoolOptions & { returnIndices?: boolean },
  ['stride', 'padding', 'dilation', 'ceilMode', 'returnIndices']
>;

/** @inline */
interface MaxPool {
  (
    input: Tensor,
    kernelSize: Sizes,
    options: MaxPoolOptions & { returnIndices: true },
  ): [output: Tensor, indices: Tensor];
  (input: Tensor, kernelSize: Sizes, ...rest: MaxPoolTail): Tensor;
}

type MaxPoolOp<R> = (
  input: Tensor,
  kernelSize: Sizes,
  stride: Sizes,
  padding: Sizes,
  dilation: Sizes,
  ceilMode: boolean,
) => R;

function maxPool(name: string, op: MaxPoolOp<Tensor>, withIndices: MaxPoolOp<[Tensor, Tensor]>): MaxPool {
  const pool = (input: Tensor, kernelSize: Sizes, ...rest: readonly unknown[]): Tensor | [Tensor, Tensor] => {
    const { stride, padding, dilation, ceilMode, returnIndices } = readTail<
      Required<MaxPoolOptions> & { returnIndices: boolean }
    >(name, { stride: null, padding: 0, dilation: 1, ceilMode: false, returnIndices: false }, rest);
    const chosen = returnIndices ? withIndices : op;
    return chosen(input, kernelSize, stride ?? [], padding, dilation, ceilMode);
  };
  return pool as MaxPool;
}

/** The largest of each window of [*, L]; with `returnIndices` also its place. @function */
export const maxPool1d = maxPool(
  'maxPool1d',
  (...args) => ops.maxPool1d(...args),
  (...args) => ops.maxPool1dWithIndices(...args),
);
/** The largest of each window of [*, H, W]; with `returnIndices` also its place. @function */
export const maxPool2d = maxPool(
  'maxPool2d',
  (...args) => ops.maxPool2d(...args),
  (...args) => ops.maxPool2dWithIndices(...args),
);
/** The largest of each window of [*, D, H, W]; with `returnIndices` also its place. @function */
export const maxPool3d = maxPool(
  'maxPool3d',
  (...args) => ops.maxPool3d(...args),
  (...args) => ops.maxPool3dWithIndices(...args),
);

/** @inline */
type WithIndices = (input: Tensor, kernelSize: Sizes, ...rest: MaxPoolTail) => [output: Tensor, indices: Tensor];

/** `F.max_pool2d_with_indices` and its like: `returnIndices` is there in Python, and has no effect. */
function maxPoolWithIndices(name: string, op: MaxPoolOp<[Tensor, Tensor]>): WithIndices {
  return (input, kernelSize, ...rest) => {
    const { stride, padding, dilation, ceilMode } = readTail<Required<MaxPoolOptions> & { returnIndices: boolean }>(
      name,
      { stride: null, padding: 0, dilation: 1, ceilMode: false, returnIndices: true },
      rest,
    );
    return op(input, kernelSize, stride ?? [], padding, dilation, ceilMode);
  };
}

/** {@link maxPool1d} with `returnIndices`. @function */
export const maxPool1dWithIndices = maxPoolWithIndices('maxPool1dWithIndices', (...args) =>
  ops.maxPool1dWithIndices(...args),
);
/** {@link maxPool2d} with `returnIndices`. @function */
export const maxPool2dWithIndices = maxPoolWithIndices('maxPool2dWithIndices', (...args) =>
  ops.maxPool2dWithIndices(...args),
);
/** {@link maxPool3d} with `returnIndices`. @function */
export const maxPool3dWithIndices = maxPoolWithIndices('maxPool3dWithIndices', (...args) =>
  ops.maxPool3dWithIndices(...args),
);

/** The output size of adaptive pooling; null keeps a dimension's size. */
export type AdaptiveSizes = number | readonly (number | null)[];

/** The last `dims` sizes that are asked for. */
function adaptiveSize(input: Tensor, outputSize: AdaptiveSizes, dims: number): number[] {
  checkTensor('adaptive pooling', 'input', input);
  if (typeof outputSize !== 'number') checkList('adaptive pooling', 'outputSize', outputSize);
  const kept = input.shape.slice(-dims);
  if (typeof outputSize === 'number') return new Array<number>(dims).fill(outputSize);
  if (outputSize.length !== dims || input.ndim < dims) {
    throw new ArgumentError(
      `adaptive pooling: expected ${dims} sizes and an input of more dimensions, received ${outputSize.length} and ${input.ndim}`,
      'TORCH_VALUE',
    );
  }
  return outputSize.map((size, index) => size ?? (kept[index] as number));
}

/** Means over windows, as many as `outputSize` says. */
export function adaptiveAvgPool2d(input: Tensor, outputSize: AdaptiveSizes): Tensor {
  return ops.adaptiveAvgPool2d(input, adaptiveSize(input, outputSize, 2));
}

/** Means over windows, as many as `outputSize` says. */
export function adaptiveAvgPool3d(input: Tensor, outputSize: AdaptiveSizes): Tensor {
  return ops.adaptiveAvgPool3d(input, adaptiveSize(input, outputSize, 3));
}

/** @inline */
interface AdaptiveMaxPool {
  (input: Tensor, outputSize: AdaptiveSizes, returnIndices?: false): Tensor;
  (input: Tensor, outputSize: AdaptiveSizes, returnIndices: true): [output: Tensor, indices: Tensor];
}

function adaptiveMaxPool(
  dims: number,
  op: (input: Tensor, size: readonly number[]) => [Tensor, Tensor],
): AdaptiveMaxPool {
  const pool = (input: Tensor, outputSize: AdaptiveSizes, returnIndices = false): Tensor | [Tensor, Tensor] => {
    checkBooleans(`adaptiveMaxPool${dims}d`, { returnIndices });
    const [output, indices] = op(input, adaptiveSize(input, outputSize, dims));
    if (returnIndices) return [output, indices];
    indices.dispose();
    return output;
  };
  return pool as AdaptiveMaxPool;
}

/** The largest of each of `outputSize` windows of [*, L]. @function */
export const adaptiveMaxPool1d = adaptiveMaxPool(1, (...args) => ops.adaptiveMaxPool1d(...args));
/** The largest of each of `outputSize` windows of [*, H, W]. @function */
export const adaptiveMaxPool2d = adaptiveMaxPool(2, (...args) => ops.adaptiveMaxPool2d(...args));
/** The largest of each of `outputSize` windows of [*, D, H, W]. @function */
export const adaptiveMaxPool3d = adaptiveMaxPool(3, (...args) => ops.adaptiveMaxPool3d(...args));

/** {@link adaptiveMaxPool1d} with `returnIndices`. */
export function adaptiveMaxPool1dWithIndices(
  input: Tensor,
  outputSize: AdaptiveSizes,
): [output: Tensor, indices: Tensor] {
  return adaptiveMaxPool1d(input, outputSize, true);
}

/** {@link adaptiveMaxPool2d} with `returnIndices`. */
export function adaptiveMaxPool2dWithIndices(
  input: Tensor,
  outputSize: AdaptiveSizes,
): [output: Tensor, indices: Tensor] {
  return adaptiveMaxPool2d(input, outputSize, true);
}

/** {@link adaptiveMaxPool3d} with `returnIndices`. */
export function adaptiveMaxPool3dWithIndices(
  input: Tensor,
  outputSize: AdaptiveSizes,
): [output: Tensor, indices: Tensor] {
  return adaptiveMaxPool3d(input, outputSize, true);
}
