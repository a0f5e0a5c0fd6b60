/** Norms over windows. */
import { ArgumentError, checkList, checkTensor } from '../../engine';
import * as ops from '../../tensor';
import type { Tensor } from '../../tensor';
import { type Arguments, readTail, required } from '../../tensor/tail';
import { maxPool1d, maxPool2d, maxPool3d, type Sizes } from './pooling';

/** Options of {@link lpPool2d} and its like. */
export interface LpPoolOptions {
  /** By default the kernel's size. */
  stride?: Sizes | null;
  /** Rounds the size of the result up. */
  ceilMode?: boolean;
}

/** @inline */
interface LpPoolArguments extends LpPoolOptions {
  normType: number;
  kernelSize: Sizes;
}

interface Kinds {
  readonly max: (
    input: Tensor,
    kernelSize: Sizes,
    stride: Sizes | null,
    padding: 0,
    dilation: 1,
    ceilMode: boolean,
  ) => Tensor;
  readonly mean: (input: Tensor, kernelSize: Sizes, stride: Sizes, padding: 0, ceilMode: boolean) => Tensor;
}

function lpPool(name: string, dims: number, { max, mean }: Kinds) {
  return (
    input: Tensor,
    ...rest: Arguments<
      [normType: number, kernelSize: Sizes],
      LpPoolArguments,
      ['normType', 'kernelSize', 'stride', 'ceilMode']
    >
  ): Tensor => {
    const defaults = { normType: required, kernelSize: required, stride: null, ceilMode: false };
    const { normType, kernelSize, stride, ceilMode } = readTail<Required<LpPoolArguments>>(name, defaults, rest);
    checkTensor(`${name}()`, 'input', input);
    if (typeof kernelSize !== 'number') checkList(name, 'kernelSize', kernelSize);
    const kernel = typeof kernelSize === 'number' ? new Array<number>(dims).fill(kernelSize) : kernelSize;
    if (kernel.length !== dims) {
      throw new ArgumentError(
        `${name}: expected one or ${dims} sizes for \`kernelSize\`, received ${kernel.length}`,
        'TORCH_VALUE',
      );
    }
    if (normType === Infinity) return max(input.abs(), kernel, stride, 0, 1, ceilMode);
    if (normType === -Infinity) return max(input.abs().neg(), kernel, stride, 0, 1, ceilMode).neg();
    const means = mean(input.pow(normType), kernel, stride ?? [], 0, ceilMode);
    const elements = kernel.reduce((product, size) => product * size, 1);
    // The sign keeps odd powers; relu gives a mean of 0 the gradient 0, where a power below 1 would give infinity.
    const kept = ops.sign(means).mul(ops.relu(ops.abs(means)));
    return kept.mul(elements).pow(1 / normType);
  };
}

/** (Σ xᵖ)^(1/p) over each window of [*, L]; p is `normType`. @function */
export const lpPool1d = lpPool('lpPool1d', 1, { max: maxPool1d, mean: ops.avgPool1d });
/** (Σ xᵖ)^(1/p) over each window of [*, H, W]; p is `normType`. @function */
export const lpPool2d = lpPool('lpPool2d', 2, { max: maxPool2d, mean: ops.avgPool2d });
/** (Σ xᵖ)^(1/p) over each window of [*, D, H, W]; p is `normType`. @function */
export const lpPool3d = lpPool('lpPool3d', 3, { max: maxPool3d, mean: ops.avgPool3d });
