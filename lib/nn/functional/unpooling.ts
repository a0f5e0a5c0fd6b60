/** The way back from max pooling. */
import { ArgumentError, checkList, checkTensors } from '../../engine';
import * as ops from '../../tensor';
import type { Tensor } from '../../tensor';
import { type Arguments, readTail, required } from '../../tensor/tail';
import type { Sizes } from './pooling';

/** Options of {@link maxUnpool2d} and its like. */
export interface MaxUnpoolOptions {
  /** By default the kernel's size. */
  stride?: Sizes | null;
  padding?: Sizes;
  /** Which of the sizes that pool to the input's; with the batch's and the channels' or without. */
  outputSize?: readonly number[] | null;
}

/** @inline */
interface MaxUnpoolArguments extends MaxUnpoolOptions {
  indices: Tensor;
  kernelSize: Sizes;
}

type UnpoolTail = Arguments<
  [indices: Tensor, kernelSize: Sizes],
  MaxUnpoolArguments,
  ['indices', 'kernelSize', 'stride', 'padding', 'outputSize']
>;

const DEFAULTS: Required<MaxUnpoolArguments> = {
  indices: required,
  kernelSize: required,
  stride: null,
  padding: 0,
  outputSize: null,
};

interface Unpooling {
  readonly indices: Tensor;
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputSize: readonly number[];
}

const each = (size: Sizes, dims: number): readonly number[] =>
  typeof size === 'number' ? new Array<number>(dims).fill(size) : size;

/** Without the sizes of batch and channels; Python takes either form. */
function spatial(name: string, outputSize: readonly number[], dims: number): readonly number[] {
  if (outputSize.length === dims) return outputSize;
  if (outputSize.length === dims + 2) return outputSize.slice(2);
  throw new ArgumentError(
    `${name}: expected ${dims} or ${dims + 2} sizes for \`outputSize\`, received ${outputSize.length}`,
    'TORCH_VALUE',
  );
}

function plan(name: string, input: Tensor, dims: number, rest: UnpoolTail): Unpooling {
  const options = readTail(name, DEFAULTS, rest);
  const { indices, kernelSize } = options;
  checkTensors(name, { input, indices });
  if (typeof kernelSize !== 'number') checkList(name, 'kernelSize', kernelSize);
  const kernel = each(kernelSize, dims);
  const [stride, padding] = [each(options.stride ?? kernelSize, dims), each(options.padding, dims)];
  if (input.ndim < dims || [kernel, stride, padding].some(({ length }) => length !== dims)) {
    throw new ArgumentError(
      `${name}: expected ${dims} numbers for kernel, stride and padding and an input of at least as many dimensions, ` +
        `received ${kernel.length}, ${stride.length}, ${padding.length} and ${input.ndim}`,
      'TORCH_VALUE',
    );
  }
  const smallest = input.shape
    .slice(-dims)
    .map((size, d) => (size - 1) * (stride[d] as number) + (kernel[d] as number) - 2 * (padding[d] as number));
  const outputSize = options.outputSize === null ? smallest : spatial(name, options.outputSize, dims);
  for (const [d, size] of outputSize.entries()) {
    const [usual, step] = [smallest[d] as number, stride[d] as number];
    if (size >= 0 && (options.outputSize === null || Math.abs(size - usual) < step)) continue;
    throw new ArgumentError(
      `${name}: expected a size above ${usual - step} and below ${usual + step} for dimension ${d} of \`outputSize\`, ` +
        `received [${outputSize.join(', ')}]`,
      'TORCH_VALUE',
    );
  }
  return { indices, stride, padding, outputSize };
}

/** Puts values of [*, L] back to the places that `maxPool1d` took them from; zeros elsewhere. */
export function maxUnpool1d(input: Tensor, ...rest: UnpoolTail): Tensor {
  const { indices, outputSize } = plan('maxUnpool1d', input, 1, rest);
  return ops.maxUnpool2d(input.unsqueeze(-1), indices.unsqueeze(-1), [...outputSize, 1]).squeeze(-1);
}

/** Puts values of [*, H, W] back to the places that `maxPool2d` took them from; zeros elsewhere. */
export function maxUnpool2d(input: Tensor, ...rest: UnpoolTail): Tensor {
  const { indices, outputSize } = plan('maxUnpool2d', input, 2, rest);
  return ops.maxUnpool2d(input, indices, outputSize);
}

/** Puts values of [*, D, H, W] back to the places that `maxPool3d` took them from; zeros elsewhere. */
export function maxUnpool3d(input: Tensor, ...rest: UnpoolTail): Tensor {
  const { indices, outputSize, stride, padding } = plan('maxUnpool3d', input, 3, rest);
  return ops.maxUnpool3d(input, indices, outputSize, stride, padding);
}
