/** Pooling: the ops, and where Python adds to them. Sizes of one number stand for all dimensions. */
import { ArgumentError, checkList, checkTensor } from '../../engine';
import * as ops from '../../tensor';
import type { Tensor } from '../../tensor';
import { type Arguments, readTail, required } from '../../tensor/tail';

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

/** @inline */
interface MaxPoolArguments extends MaxPoolOptions {
  kernelSize: Sizes;
  returnIndices?: boolean;
}

type MaxPoolTail = Arguments<
  [kernelSize: Sizes],
  MaxPoolArguments,
  ['kernelSize', 'stride', 'padding', 'dilation', 'ceilMode', 'returnIndices']
>;

const maxPoolDefaults: Required<MaxPoolArguments> = {
  kernelSize: required,
  stride: null,
  padding: 0,
  dilation: 1,
  ceilMode: false,
  returnIndices: false,
};

/** @inline */
interface MaxPool {
  (
    input: Tensor,
    kernelSize: Sizes,
    options: MaxPoolOptions & { returnIndices: true },
  ): [output: Tensor, indices: Tensor];
  (input: Tensor, options: MaxPoolArguments & { returnIndices: true }): [output: Tensor, indices: Tensor];
  (input: Tensor, ...rest: MaxPoolTail): Tensor;
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
  const pool = (input: Tensor, ...rest: readonly unknown[]): Tensor | [Tensor, Tensor] => {
    const options = readTail(name, maxPoolDefaults, rest);
    const { kernelSize, stride, padding, dilation, ceilMode, returnIndices } = options;
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
type WithIndices = (input: Tensor, ...rest: MaxPoolTail) => [output: Tensor, indices: Tensor];

/** `F.max_pool2d_with_indices` and its like: `returnIndices` is there in Python, and has no effect. */
function maxPoolWithIndices(name: string, op: MaxPoolOp<[Tensor, Tensor]>): WithIndices {
  return (input, ...rest) => {
    const { kernelSize, stride, padding, dilation, ceilMode } = readTail(name, maxPoolDefaults, rest);
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

/** @inline */
interface OutputSize {
  outputSize: AdaptiveSizes;
}

type AdaptiveAvgTail = Arguments<[outputSize: AdaptiveSizes], OutputSize, ['outputSize']>;

/** Means over windows, as many as `outputSize` says. */
export function adaptiveAvgPool2d(input: Tensor, ...rest: AdaptiveAvgTail): Tensor {
  const { outputSize } = readTail<OutputSize>('adaptiveAvgPool2d', { outputSize: required }, rest);
  return ops.adaptiveAvgPool2d(input, adaptiveSize(input, outputSize, 2));
}

/** Means over windows, as many as `outputSize` says. */
export function adaptiveAvgPool3d(input: Tensor, ...rest: AdaptiveAvgTail): Tensor {
  const { outputSize } = readTail<OutputSize>('adaptiveAvgPool3d', { outputSize: required }, rest);
  return ops.adaptiveAvgPool3d(input, adaptiveSize(input, outputSize, 3));
}

/** @inline */
interface AdaptiveMaxPool {
  (
    input: Tensor,
    ...rest: Arguments<
      [outputSize: AdaptiveSizes],
      OutputSize & { returnIndices?: false },
      ['outputSize', 'returnIndices']
    >
  ): Tensor;
  (
    input: Tensor,
    ...rest: Arguments<
      [outputSize: AdaptiveSizes, returnIndices: true],
      OutputSize & { returnIndices: true },
      ['outputSize', 'returnIndices']
    >
  ): Pair;
}

/** @inline */
type Pair = [output: Tensor, indices: Tensor];

type AdaptiveMaxOp = (input: Tensor, size: readonly number[]) => [Tensor, Tensor];

/** What adaptive max pooling finds, and whether `returnIndices` was asked for. */
function adaptiveMax(
  dims: number,
  op: AdaptiveMaxOp,
  name: string,
  input: Tensor,
  rest: readonly unknown[],
): { found: Pair; returnIndices: boolean } {
  const { outputSize, returnIndices } = readTail<OutputSize & { returnIndices: boolean }>(
    name,
    { outputSize: required, returnIndices: false },
    rest,
  );
  return { found: op(input, adaptiveSize(input, outputSize, dims)), returnIndices };
}

function adaptiveMaxPool(dims: number, op: AdaptiveMaxOp): AdaptiveMaxPool {
  const pool = (input: Tensor, ...rest: readonly unknown[]): Tensor | Pair => {
    const { found, returnIndices } = adaptiveMax(dims, op, `adaptiveMaxPool${dims}d`, input, rest);
    if (returnIndices) return found;
    const [output, indices] = found;
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

type AdaptiveMaxTail = Arguments<
  [outputSize: AdaptiveSizes],
  OutputSize & { returnIndices?: boolean },
  ['outputSize', 'returnIndices']
>;

/** `F.adaptive_max_pool2d_with_indices` and its like: `returnIndices` is there in Python, and has no effect. */
function adaptiveMaxPoolWithIndices(dims: number, op: AdaptiveMaxOp) {
  return (input: Tensor, ...rest: AdaptiveMaxTail): Pair =>
    adaptiveMax(dims, op, `adaptiveMaxPool${dims}dWithIndices`, input, rest).found;
}

/** {@link adaptiveMaxPool1d} with `returnIndices`. @function */
export const adaptiveMaxPool1dWithIndices = adaptiveMaxPoolWithIndices(1, (...args) => ops.adaptiveMaxPool1d(...args));
/** {@link adaptiveMaxPool2d} with `returnIndices`. @function */
export const adaptiveMaxPool2dWithIndices = adaptiveMaxPoolWithIndices(2, (...args) => ops.adaptiveMaxPool2d(...args));
/** {@link adaptiveMaxPool3d} with `returnIndices`. @function */
export const adaptiveMaxPool3dWithIndices = adaptiveMaxPoolWithIndices(3, (...args) => ops.adaptiveMaxPool3d(...args));
