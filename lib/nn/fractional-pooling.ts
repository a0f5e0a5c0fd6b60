import { ArgumentError, checkNumbers, describe, valueError } from '../engine';
import type { Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { each, optionalBuffer, readOptions, type Sizes } from './arguments';
import * as F from './functional';
import { Module } from './module';
import type { Buffer } from './parameter';
import type { Pooled } from './pooling';
import { floatRepr, tupleRepr } from './repr';

/** Options of {@link FractionalMaxPool2d} and {@link FractionalMaxPool3d}: one of the first two is needed. */
export interface FractionalPoolOptions<R extends boolean = boolean> extends F.FractionalMaxPoolOptions {
  /** Return the places of the elements too. */
  returnIndices?: R;
  /**
   * Numbers between 0 and 1, [N, C, dims], from which the windows follow; drawn by default. Python's `_random_samples`, a
   * buffer.
   */
  randomSamples?: Tensor | null;
}

type FractionalArguments<R extends boolean> = Arguments<
  [kernelSize: Sizes],
  { kernelSize: Sizes } & FractionalPoolOptions<R>,
  ['kernelSize', 'outputSize', 'outputRatio', 'returnIndices', 'randomSamples']
>;

function ratiosOf(callee: string, given: Sizes, dims: number): readonly number[] {
  const ratios = typeof given === 'number' ? Array<number>(dims).fill(given) : given;
  if (!Array.isArray(ratios) || ratios.length !== dims) {
    throw new ArgumentError(
      `${callee}: expected one number or ${dims} for \`outputRatio\`, received ${describe(given)}`,
    );
  }
  for (const ratio of ratios as readonly number[]) checkNumbers(callee, { outputRatio: ratio });
  return ratios as readonly number[];
}

function shown(ratio: Sizes): string {
  return typeof ratio === 'number' ? floatRepr(ratio) : tupleRepr(ratio.map(floatRepr));
}

abstract class FractionalMaxPool<R extends boolean> extends Module<[input: Tensor], Pooled<R>> {
  readonly kernelSize: readonly number[];
  readonly returnIndices: boolean;
  /** Python's name, which is the key in the state dict too. */
  readonly _random_samples: Buffer | null;
  readonly outputSize: readonly number[] | null;
  readonly outputRatio: readonly number[] | null;
  private readonly pool: typeof F.fractionalMaxPool2d;

  /** @internal */
  constructor(dims: number, pool: typeof F.fractionalMaxPool2d, args: readonly unknown[]) {
    super();
    this.pool = pool;
    const { name } = new.target;
    const { kernelSize, outputSize, outputRatio, returnIndices, randomSamples } = readOptions<
      { kernelSize: Sizes } & Required<FractionalPoolOptions>
    >(
      name,
      { kernelSize: required, outputSize: null, outputRatio: null, returnIndices: false, randomSamples: null },
      args,
    );
    this.kernelSize = each(name, 'kernelSize', kernelSize, dims);
    if (this.kernelSize.some((size) => size <= 0)) {
      throw valueError(`kernel_size must be greater than 0, but got ${describe(kernelSize)}`);
    }
    if (outputSize === null && outputRatio === null) {
      throw valueError(`${name} requires specifying either an output size, or a pooling ratio`);
    }
    if (outputSize !== null && outputRatio !== null) {
      throw valueError('only one of output_size and output_ratio may be specified');
    }
    this.returnIndices = returnIndices;
    this._random_samples = optionalBuffer(name, 'randomSamples', randomSamples);
    this.outputSize = outputSize === null ? null : each(name, 'outputSize', outputSize, dims);
    this.outputRatio = outputRatio === null ? null : ratiosOf(name, outputRatio, dims);
    if (outputRatio !== null && this.outputRatio?.every((ratio) => ratio > 0 && ratio < 1) !== true) {
      throw valueError(`output_ratio must be between 0 and 1 (got ${shown(outputRatio)})`);
    }
  }

  forward(input: Tensor): Pooled<R> {
    const { kernelSize, outputSize, outputRatio, returnIndices, _random_samples: randomSamples } = this;
    return this.pool(input, kernelSize, outputSize, outputRatio, returnIndices, randomSamples) as Pooled<R>;
  }
}

/**
 * The largest of each of `outputSize` windows of [N, C, H, W] or [C, H, W], whose places are drawn in training and
 * evaluation alike (`torch.nn.FractionalMaxPool2d`, Graham 2014).
 */
export class FractionalMaxPool2d<R extends boolean = false> extends FractionalMaxPool<R> {
  constructor(...args: FractionalArguments<R>) {
    super(2, F.fractionalMaxPool2d, args);
  }
}

/** {@link FractionalMaxPool2d} for [N, C, D, H, W] or [C, D, H, W] (`torch.nn.FractionalMaxPool3d`). */
export class FractionalMaxPool3d<R extends boolean = false> extends FractionalMaxPool<R> {
  constructor(...args: FractionalArguments<R>) {
    super(3, F.fractionalMaxPool3d, args);
  }
}
