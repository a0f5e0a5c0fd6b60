/** Pooling to as many windows as the output is to have elements, whatever the input's size. */
import type { Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { ArgumentError, describe } from '../engine';
import { readOptions } from './arguments';
import * as F from './functional';
import { Module } from './module';
import type { Pooled } from './pooling';
import { optionalRepr, tupleRepr } from './repr';

function checkedSize(callee: string, given: F.AdaptiveSizes, dims: number): F.AdaptiveSizes {
  const sizes: unknown = typeof given === 'number' ? [given] : given;
  const isSize = (size: unknown): boolean => size === null || (Number.isSafeInteger(size) && (size as number) >= 0);
  if (Array.isArray(sizes) && (sizes.length === dims || typeof given === 'number') && sizes.every(isSize)) {
    return typeof given === 'number' ? given : [...given];
  }
  throw new ArgumentError(
    `${callee}: expected one whole number${dims === 1 ? '' : ` or ${dims}`} of 0 or more for \`outputSize\`, received ${describe(given)}`,
  );
}

function outputSizeRepr(size: F.AdaptiveSizes): string {
  if (typeof size === 'number') return `output_size=${size}`;
  return `output_size=${tupleRepr(size.map((one) => optionalRepr(one)))}`;
}

/** @inline */
interface OutputSize {
  outputSize: F.AdaptiveSizes;
}

type AdaptiveAvgArguments = Arguments<[outputSize: F.AdaptiveSizes], OutputSize, ['outputSize']>;

abstract class AdaptiveAvgPool extends Module {
  readonly outputSize: F.AdaptiveSizes;

  /** @internal */
  constructor(dims: number, args: readonly unknown[]) {
    super();
    const { outputSize } = readOptions<OutputSize>(new.target.name, { outputSize: required }, args);
    this.outputSize = checkedSize(new.target.name, outputSize, dims);
  }

  override extraRepr(): string {
    return outputSizeRepr(this.outputSize);
  }
}

/** Means of `outputSize` windows of [N, C, L] or [C, L] (`torch.nn.AdaptiveAvgPool1d`). */
export class AdaptiveAvgPool1d extends AdaptiveAvgPool {
  declare readonly outputSize: number | readonly number[];

  constructor(
    ...args: Arguments<
      [outputSize: number | readonly number[]],
      { outputSize: number | readonly number[] },
      ['outputSize']
    >
  ) {
    super(1, args);
  }

  forward(input: Tensor): Tensor {
    return F.adaptiveAvgPool1d(input, this.outputSize);
  }
}

/** Means of `outputSize` windows of [N, C, H, W] or [C, H, W]; null keeps a size (`torch.nn.AdaptiveAvgPool2d`). */
export class AdaptiveAvgPool2d extends AdaptiveAvgPool {
  constructor(...args: AdaptiveAvgArguments) {
    super(2, args);
  }

  forward(input: Tensor): Tensor {
    return F.adaptiveAvgPool2d(input, this.outputSize);
  }
}

/** Means of `outputSize` windows of [N, C, D, H, W] or [C, D, H, W]; null keeps a size (`torch.nn.AdaptiveAvgPool3d`). */
export class AdaptiveAvgPool3d extends AdaptiveAvgPool {
  constructor(...args: AdaptiveAvgArguments) {
    super(3, args);
  }

  forward(input: Tensor): Tensor {
    return F.adaptiveAvgPool3d(input, this.outputSize);
  }
}

/** Options of {@link AdaptiveMaxPool1d} and its like. */
export interface AdaptiveMaxPoolOptions<R extends boolean = boolean> {
  /** Return the places of the elements too. */
  returnIndices?: R;
}

type AdaptiveMaxPoolArguments<R extends boolean, Sizes = F.AdaptiveSizes> = Arguments<
  [outputSize: Sizes],
  { outputSize: Sizes } & AdaptiveMaxPoolOptions<R>,
  ['outputSize', 'returnIndices']
>;

abstract class AdaptiveMaxPool<R extends boolean> extends Module<[input: Tensor], Pooled<R>> {
  readonly outputSize: F.AdaptiveSizes;
  readonly returnIndices: boolean;
  private readonly pool: typeof F.adaptiveMaxPool1d;

  /** @internal */
  constructor(dims: number, pool: typeof F.adaptiveMaxPool1d, args: readonly unknown[]) {
    super();
    this.pool = pool;
    const { outputSize, returnIndices } = readOptions<OutputSize & { returnIndices: boolean }>(
      new.target.name,
      { outputSize: required, returnIndices: false },
      args,
    );
    this.outputSize = checkedSize(new.target.name, outputSize, dims);
    this.returnIndices = returnIndices;
  }

  forward(input: Tensor): Pooled<R> {
    const { outputSize } = this;
    return (this.returnIndices ? this.pool(input, outputSize, true) : this.pool(input, outputSize)) as Pooled<R>;
  }

  override extraRepr(): string {
    return outputSizeRepr(this.outputSize);
  }
}

/** The largest of each of `outputSize` windows of [N, C, L] or [C, L] (`torch.nn.AdaptiveMaxPool1d`). */
export class AdaptiveMaxPool1d<R extends boolean = false> extends AdaptiveMaxPool<R> {
  constructor(...args: AdaptiveMaxPoolArguments<R, number | readonly number[]>) {
    super(1, F.adaptiveMaxPool1d, args);
  }
}

/**
 * The largest of each of `outputSize` windows of [N, C, H, W] or [C, H, W]; null keeps a size
 * (`torch.nn.AdaptiveMaxPool2d`).
 */
export class AdaptiveMaxPool2d<R extends boolean = false> extends AdaptiveMaxPool<R> {
  constructor(...args: AdaptiveMaxPoolArguments<R>) {
    super(2, F.adaptiveMaxPool2d, args);
  }
}

/**
 * The largest of each of `outputSize` windows of [N, C, D, H, W] or [C, D, H, W]; null keeps a size
 * (`torch.nn.AdaptiveMaxPool3d`).
 */
export class AdaptiveMaxPool3d<R extends boolean = false> extends AdaptiveMaxPool<R> {
  constructor(...args: AdaptiveMaxPoolArguments<R>) {
    super(3, F.adaptiveMaxPool3d, args);
  }
}
