import type { Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { each, readOptions, type Sizes } from './arguments';
import * as F from './functional';
import { Module } from './module';
import { tupleRepr } from './repr';

/** Options of {@link MaxUnpool1d}, {@link MaxUnpool2d} and {@link MaxUnpool3d}: those of the pooling. */
export interface UnpoolOptions {
  /** By default the kernel's size. */
  stride?: Sizes | null;
  padding?: Sizes;
}

type UnpoolArguments = Arguments<
  [kernelSize: Sizes],
  { kernelSize: Sizes } & UnpoolOptions,
  ['kernelSize', 'stride', 'padding']
>;

/**
 * What is unpooled: the pooled values, their places, and perhaps the size that was pooled, with batch and channels or without.
 * @inline
 */
type UnpoolInputs = [input: Tensor, indices: Tensor, outputSize?: readonly number[] | null];

/** What the unpoolings share (`torch.nn.modules.pooling._MaxUnpoolNd`). */
abstract class MaxUnpool extends Module<UnpoolInputs> {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  private readonly unpool: typeof F.maxUnpool2d;

  /** @internal */
  constructor(dims: number, unpool: typeof F.maxUnpool2d, args: readonly unknown[]) {
    super();
    this.unpool = unpool;
    const { name } = new.target;
    const { kernelSize, stride, padding } = readOptions<{ kernelSize: Sizes } & Required<UnpoolOptions>>(
      name,
      { kernelSize: required, stride: null, padding: 0 },
      args,
      ['padding'],
    );
    this.kernelSize = each(name, 'kernelSize', kernelSize, dims);
    this.stride = each(name, 'stride', stride ?? kernelSize, dims);
    this.padding = each(name, 'padding', padding, dims);
  }

  /**
   * Puts the values back.
   * @param outputSize which of the sizes that pool to the input's; null takes the smallest
   */
  forward(input: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return this.unpool(input, indices, this.kernelSize, this.stride, this.padding, outputSize);
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding } = this;
    return `kernel_size=${tupleRepr(kernelSize)}, stride=${tupleRepr(stride)}, padding=${tupleRepr(padding)}`;
  }
}

/** Puts values of [N, C, L] or [C, L] back to where `MaxPool1d` took them from, zeros elsewhere (`torch.nn.MaxUnpool1d`). */
export class MaxUnpool1d extends MaxUnpool {
  constructor(...args: UnpoolArguments) {
    super(1, F.maxUnpool1d, args);
  }
}

/**
 * Puts values of [N, C, H, W] or [C, H, W] back to where `MaxPool2d` took them from, zeros elsewhere
 * (`torch.nn.MaxUnpool2d`).
 *
 * @example
 * ```ts
 * const image = torch.arange(16, { dtype: 'float32' }).view([1, 1, 4, 4]);
 * const [values, indices] = new nn.MaxPool2d(2, { returnIndices: true }).forward(image);
 * console.log(new nn.MaxUnpool2d(2).forward(values, indices).at(0, 0, 3)); // tensor([ 0., 13.,  0., 15.])
 * ```
 */
export class MaxUnpool2d extends MaxUnpool {
  constructor(...args: UnpoolArguments) {
    super(2, F.maxUnpool2d, args);
  }
}

/** Puts values of [N, C, D, H, W] or [C, D, H, W] back to where `MaxPool3d` took them from (`torch.nn.MaxUnpool3d`). */
export class MaxUnpool3d extends MaxUnpool {
  constructor(...args: UnpoolArguments) {
    super(3, F.maxUnpool3d, args);
  }
}
