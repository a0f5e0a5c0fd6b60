/** Max pooling over windows whose places are drawn, as few or as many as the output has elements. */
import { ArgumentError, checkTensor } from '../../engine';
import * as ops from '../../tensor';
import type { Tensor } from '../../tensor';
import { type Arguments, readTail, required } from '../../tensor/tail';
import type { Sizes } from './pooling';

/** Options of {@link fractionalMaxPool2d} and its like: `outputSize` or `outputRatio` is needed. */
export interface FractionalMaxPoolOptions {
  outputSize?: Sizes | null;
  /** Of the input's sizes, each between 0 and 1; the sizes are rounded down. */
  outputRatio?: Sizes | null;
}

/** @inline */
type Options = FractionalMaxPoolOptions & {
  kernelSize: Sizes;
  /** Also the place of each element, as `maxUnpool2d` takes it. */
  returnIndices?: boolean;
  /** Numbers between 0 and 1, [N, C, dims], from which the windows follow; drawn by default. Python's `_random_samples`. */
  randomSamples?: Tensor | null;
};

type FractionalTail = Arguments<
  [kernelSize: Sizes],
  Options,
  ['kernelSize', 'outputSize', 'outputRatio', 'returnIndices', 'randomSamples']
>;
/** @inline */
type Pair = [output: Tensor, indices: Tensor];
type Op = (input: Tensor, kernelSize: Sizes, outputSize: Sizes, randomSamples: Tensor) => Pair;

/** @inline */
interface FractionalMaxPool {
  (input: Tensor, kernelSize: Sizes, options: Omit<Options, 'kernelSize'> & { returnIndices: true }): Pair;
  (input: Tensor, options: Options & { returnIndices: true }): Pair;
  (input: Tensor, ...rest: FractionalTail): Tensor;
}

const DEFAULTS: Required<Options> = {
  kernelSize: required,
  outputSize: null,
  outputRatio: null,
  returnIndices: false,
  randomSamples: null,
};

function sizeOf(name: string, dims: number, input: Tensor, { outputSize, outputRatio }: Required<Options>): Sizes {
  if (outputSize !== null) return outputSize;
  if (outputRatio === null) {
    throw new ArgumentError(`${name}: expected either \`outputSize\` or \`outputRatio\``, 'TORCH_VALUE');
  }
  const ratios = typeof outputRatio === 'number' ? new Array<number>(dims).fill(outputRatio) : outputRatio;
  if (ratios.length !== dims) {
    throw new ArgumentError(
      `${name}: expected one or ${dims} numbers for \`outputRatio\`, received ${ratios.length}`,
      'TORCH_VALUE',
    );
  }
  return ratios.map((ratio, index) => Math.trunc(input.size(index - dims) * ratio));
}

function run(name: string, dims: number, op: Op, input: Tensor, options: Required<Options>): Pair {
  checkTensor(`${name}()`, 'input', input);
  const outputSize = sizeOf(name, dims, input, options);
  const batch = input.ndim === dims + 1 ? 1 : input.size(0);
  const { dtype, device } = input;
  const samples = options.randomSamples ?? ops.rand([batch, input.size(-dims - 1), dims], { dtype, device });
  return op(input, options.kernelSize, outputSize, samples);
}

function fractional(name: string, dims: number, op: Op): FractionalMaxPool {
  const pool = (input: Tensor, ...rest: FractionalTail): Tensor | Pair => {
    const options = readTail(name, DEFAULTS, rest);
    const [output, indices] = run(name, dims, op, input, options);
    if (options.returnIndices) return [output, indices];
    indices.dispose();
    return output;
  };
  return pool as FractionalMaxPool;
}

function withIndices(name: string, dims: number, op: Op) {
  return (input: Tensor, ...rest: FractionalTail): Pair => run(name, dims, op, input, readTail(name, DEFAULTS, rest));
}

const op2d: Op = (...args) => ops.fractionalMaxPool2d(...args);
const op3d: Op = (...args) => ops.fractionalMaxPool3d(...args);

/** The largest of each of `outputSize` drawn windows of [*, C, H, W]. @function */
export const fractionalMaxPool2d = fractional('fractionalMaxPool2d', 2, op2d);
/** The largest of each of `outputSize` drawn windows of [*, C, D, H, W]. @function */
export const fractionalMaxPool3d = fractional('fractionalMaxPool3d', 3, op3d);
/** {@link fractionalMaxPool2d} with `returnIndices`. @function */
export const fractionalMaxPool2dWithIndices = withIndices('fractionalMaxPool2dWithIndices', 2, op2d);
/** {@link fractionalMaxPool3d} with `returnIndices`. @function */
export const fractionalMaxPool3dWithIndices = withIndices('fractionalMaxPool3dWithIndices', 3, op3d);
