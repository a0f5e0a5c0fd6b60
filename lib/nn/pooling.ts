/** Pooling over windows: the largest, the mean, the norm, and windows whose places are drawn. */
import { checkNumbers } from '../engine';
import type { Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { asGiven, checkOptionalNumbers, each, readOptions, type Sizes } from './arguments';
import * as F from './functional';
import { Module } from './module';
import { boolRepr, numberRepr, optionalRepr, sizeRepr } from './repr';

/** What a pooling module returns: with `returnIndices` also the place of each element, as `MaxUnpool2d` takes it. */
export type Pooled<R> = R extends true ? [output: Tensor, indices: Tensor] : Tensor;

/** Options of {@link MaxPool1d}, {@link MaxPool2d} and {@link MaxPool3d}; one number stands for all dimensions. */
export interface MaxPoolOptions<R extends boolean = boolean> extends F.MaxPoolOptions {
  /** Return the places of the elements too. */
  returnIndices?: R;
}

/** @inline */
interface Kernel {
  kernelSize: Sizes;
}

type MaxPoolArguments<R extends boolean> = Arguments<
  [kernelSize: Sizes],
  Kernel & MaxPoolOptions<R>,
  ['kernelSize', 'stride', 'padding', 'dilation', 'returnIndices', 'ceilMode']
>;

/** What the max poolings of 1, 2 and 3 dimensions share (`torch.nn.modules.pooling._MaxPoolNd`). */
abstract class MaxPool<R extends boolean> extends Module<[input: Tensor], Pooled<R>> {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly returnIndices: boolean;
  readonly ceilMode: boolean;
  private readonly pool: typeof F.maxPool1d;

  /** @internal */
  constructor(dims: number, pool: typeof F.maxPool1d, args: readonly unknown[]) {
    super();
    this.pool = pool;
    const { name } = new.target;
    const { kernelSize, ...options } = readOptions<Kernel & Required<MaxPoolOptions>>(
      name,
      { kernelSize: required, stride: null, padding: 0, dilation: 1, returnIndices: false, ceilMode: false },
      args,
      ['padding', 'dilation'],
    );
    this.kernelSize = asGiven(name, 'kernelSize', kernelSize, dims);
    this.stride = asGiven(name, 'stride', options.stride ?? kernelSize, dims);
    this.padding = asGiven(name, 'padding', options.padding, dims);
    this.dilation = asGiven(name, 'dilation', options.dilation, dims);
    this.returnIndices = options.returnIndices;
    this.ceilMode = options.ceilMode;
  }

  forward(input: Tensor): Pooled<R> {
    const { kernelSize, stride, padding, dilation, ceilMode, returnIndices } = this;
    return this.pool(input, kernelSize, stride, padding, dilation, ceilMode, returnIndices) as Pooled<R>;
  }

  override extraRepr(): string {
    return (
      `kernel_size=${sizeRepr(this.kernelSize)}, stride=${sizeRepr(this.stride)}, padding=${sizeRepr(this.padding)}, ` +
      `dilation=${sizeRepr(this.dilation)}, ceil_mode=${boolRepr(this.ceilMode)}`
    );
  }
}

/** The largest of each window of [N, C, L] or [C, L] (`torch.nn.MaxPool1d`). */
export class MaxPool1d<R extends boolean = false> extends MaxPool<R> {
  constructor(...args: MaxPoolArguments<R>) {
    super(1, F.maxPool1d, args);
  }
}

/**
 * The largest of each window of [N, C, H, W] or [C, H, W] (`torch.nn.MaxPool2d`).
 *
 * @example
 * ```ts
 * const [output, indices] = new nn.MaxPool2d(2, { returnIndices: true }).forward(torch.rand([1, 3, 8, 8]));
 * console.log(output.shape, indices.dtype); // [ 1, 3, 4, 4 ] int64
 * ```
 */
export class MaxPool2d<R extends boolean = false> extends MaxPool<R> {
  constructor(...args: MaxPoolArguments<R>) {
    super(2, F.maxPool2d, args);
  }
}

/** The largest of each window of [N, C, D, H, W] or [C, D, H, W] (`torch.nn.MaxPool3d`). */
export class MaxPool3d<R extends boolean = false> extends MaxPool<R> {
  constructor(...args: MaxPoolArguments<R>) {
    super(3, F.maxPool3d, args);
  }
}

/** Options of {@link AvgPool1d}. */
export interface AvgPool1dOptions {
  /** By default the kernel's size. */
  stride?: Sizes | null;
  /** Zeros at both ends. */
  padding?: Sizes;
  /** Round the size of the result up. */
  ceilMode?: boolean;
  /** Count the zeros that were added in the mean. */
  countIncludePad?: boolean;
}

/** Options of {@link AvgPool2d} and {@link AvgPool3d}; one number stands for all dimensions. */
export interface AvgPoolOptions extends AvgPool1dOptions {
  /** What the sums are divided by, in the place of the number of elements. */
  divisorOverride?: number | null;
}

type AvgPoolArguments = Arguments<
  [kernelSize: Sizes],
  Kernel & AvgPoolOptions,
  ['kernelSize', 'stride', 'padding', 'ceilMode', 'countIncludePad', 'divisorOverride']
>;

/** What the mean poolings share (`torch.nn.modules.pooling._AvgPoolNd`). */
abstract class AvgPool extends Module {
  readonly kernelSize: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;

  /** @internal */
  constructor(sizeOf: (name: string, size: unknown) => Sizes, options: Kernel & Required<AvgPool1dOptions>) {
    super();
    this.kernelSize = sizeOf('kernelSize', options.kernelSize);
    this.stride = sizeOf('stride', options.stride ?? options.kernelSize);
    this.padding = sizeOf('padding', options.padding);
    this.ceilMode = options.ceilMode;
    this.countIncludePad = options.countIncludePad;
  }

  override extraRepr(): string {
    return `kernel_size=${sizeRepr(this.kernelSize)}, stride=${sizeRepr(this.stride)}, padding=${sizeRepr(this.padding)}`;
  }
}

const avgDefaults = { kernelSize: required, stride: null, padding: 0, ceilMode: false, countIncludePad: true };

/** Means over windows of [N, C, L] or [C, L] (`torch.nn.AvgPool1d`). */
export class AvgPool1d extends AvgPool {
  constructor(
    ...args: Arguments<
      [kernelSize: Sizes],
      Kernel & AvgPool1dOptions,
      ['kernelSize', 'stride', 'padding', 'ceilMode', 'countIncludePad']
    >
  ) {
    const options = readOptions<Kernel & Required<AvgPool1dOptions>>('AvgPool1d', avgDefaults, args, ['padding']);
    super((name, size) => each('AvgPool1d', name, size, 1), options);
  }

  forward(input: Tensor): Tensor {
    return F.avgPool1d(input, this.kernelSize, this.stride, this.padding, this.ceilMode, this.countIncludePad);
  }
}

/** What the mean poolings of 2 and 3 dimensions share: the divisor. */
abstract class AvgPoolWithDivisor extends AvgPool {
  readonly divisorOverride: number | null;
  private readonly pool: typeof F.avgPool2d;

  /** @internal */
  constructor(dims: number, pool: typeof F.avgPool2d, args: readonly unknown[]) {
    const { name: callee } = new.target;
    const defaults = { ...avgDefaults, divisorOverride: null };
    const options = readOptions<Kernel & Required<AvgPoolOptions>>(callee, defaults, args, ['padding']);
    super((name, size) => asGiven(callee, name, size, dims), options);
    this.pool = pool;
    checkOptionalNumbers(callee, { divisorOverride: options.divisorOverride });
    this.divisorOverride = options.divisorOverride;
  }

  forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return this.pool(input, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride);
  }
}

/** Means over windows of [N, C, H, W] or [C, H, W] (`torch.nn.AvgPool2d`). */
export class AvgPool2d extends AvgPoolWithDivisor {
  constructor(...args: AvgPoolArguments) {
    super(2, F.avgPool2d, args);
  }
}

/** Means over windows of [N, C, D, H, W] or [C, D, H, W] (`torch.nn.AvgPool3d`). */
export class AvgPool3d extends AvgPoolWithDivisor {
  constructor(...args: AvgPoolArguments) {
    super(3, F.avgPool3d, args);
  }
}

/** @inline */
type LPPoolOptions = Kernel & F.LpPoolOptions & { normType: number };
type LPPoolArguments = Arguments<
  [normType: number, kernelSize: Sizes],
  LPPoolOptions,
  ['normType', 'kernelSize', 'stride', 'ceilMode']
>;

/** What the norm poolings share (`torch.nn.modules.pooling._LPPoolNd`). */
abstract class LPPool extends Module {
  readonly normType: number;
  readonly kernelSize: Sizes;
  readonly stride: Sizes | null;
  readonly ceilMode: boolean;
  private readonly pool: typeof F.lpPool1d;

  /** @internal */
  constructor(dims: number, pool: typeof F.lpPool1d, args: readonly unknown[]) {
    super();
    this.pool = pool;
    const { name } = new.target;
    const defaults = { normType: required, kernelSize: required, stride: null, ceilMode: false };
    const { normType, kernelSize, stride, ceilMode } = readOptions<Required<LPPoolOptions>>(name, defaults, args);
    checkNumbers(name, { normType });
    this.normType = normType;
    this.kernelSize = asGiven(name, 'kernelSize', kernelSize, dims);
    this.stride = stride === null ? null : asGiven(name, 'stride', stride, dims);
    this.ceilMode = ceilMode;
  }

  forward(input: Tensor): Tensor {
    return this.pool(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }

  override extraRepr(): string {
    return (
      `norm_type=${numberRepr(this.normType)}, kernel_size=${sizeRepr(this.kernelSize)}, ` +
      `stride=${optionalRepr(this.stride, sizeRepr)}, ceil_mode=${boolRepr(this.ceilMode)}`
    );
  }
}

/** (Σ xᵖ)^(1/p) over windows of [N, C, L] or [C, L], p = normType (`torch.nn.LPPool1d`). */
export class LPPool1d extends LPPool {
  constructor(...args: LPPoolArguments) {
    super(1, F.lpPool1d, args);
  }
}

/** (Σ xᵖ)^(1/p) over windows of [N, C, H, W] or [C, H, W], p = normType (`torch.nn.LPPool2d`). */
export class LPPool2d extends LPPool {
  constructor(...args: LPPoolArguments) {
    super(2, F.lpPool2d, args);
  }
}

/** (Σ xᵖ)^(1/p) over windows of [N, C, D, H, W] or [C, D, H, W], p = normType (`torch.nn.LPPool3d`). */
export class LPPool3d extends LPPool {
  constructor(...args: LPPoolArguments) {
    super(3, F.lpPool3d, args);
  }
}
