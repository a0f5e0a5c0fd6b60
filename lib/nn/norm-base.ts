import { noGrad } from '../autograd';
import { ArgumentError } from '../engine';
import { empty, ones, tensor, zeros, type Tensor } from '../tensor';
import type { Arguments, Tail } from '../tensor/tail';
import { checkCount, checkOptionalNumbers, readOptions } from './arguments';
import * as init from './init';
import { hasUninitialized } from './lazy';
import type { FactoryOptions } from './linear';
import { Module } from './module';
import { snakeCase } from './names';
import { Buffer, Parameter } from './parameter';
import { boolRepr, floatRepr, optionalRepr } from './repr';
import { holdInSlot } from './slots';

/** Options of the batch and the instance norms. */
export interface BatchNormOptions extends FactoryOptions {
  /** Added to the variance before its root is taken. */
  eps?: number;
  /** Share of the newest batch in the running statistics; null averages all batches since the start. */
  momentum?: number | null;
  /** Learn a weight and a bias per channel. */
  affine?: boolean;
  /** Keep running statistics, which evaluation uses in place of the batch's. */
  trackRunningStats?: boolean;
  /** Learn a bias beside the weight. */
  bias?: boolean;
}

type BatchNormNames = ['eps', 'momentum', 'affine', 'trackRunningStats', 'device', 'dtype', 'bias'];

/** Arguments of the batch and the instance norms. */
export type BatchNormArguments = Arguments<
  [numFeatures: number],
  { numFeatures: number } & BatchNormOptions,
  ['numFeatures', ...BatchNormNames]
>;

/** Arguments of their lazy forms, which learn the first one. */
export type BatchNormTail = Tail<BatchNormOptions, BatchNormNames>;

/** @internal What batch norms take where an option is left out. */
export const batchNormDefaults: Required<BatchNormOptions> = {
  eps: 1e-5,
  momentum: 0.1,
  affine: true,
  trackRunningStats: true,
  device: null,
  dtype: null,
  bias: true,
};

/** @internal */
export function readNorm<D extends Required<BatchNormOptions>>(
  callee: string,
  defaults: D,
  args: readonly unknown[],
): D {
  const options = readOptions(callee, defaults, args, ['momentum']);
  checkOptionalNumbers(callee, { momentum: options.momentum });
  return options;
}

/** @internal The count of batches: no parameter's dtype, whatever the module's is. */
export function batchCount({ device }: FactoryOptions): Buffer {
  return new Buffer(tensor(0, { dtype: 'int64', device: device ?? undefined }));
}

/** What the batch and the instance norms of 1, 2 and 3 dimensions share (`torch.nn.modules.batchnorm._NormBase`). */
export abstract class NormBase extends Module {
  numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  affine: boolean;
  trackRunningStats: boolean;
  weight: Parameter | null;
  bias: Parameter | null;
  runningMean: Tensor | null;
  runningVar: Tensor | null;
  numBatchesTracked: Tensor | null;

  /** @internal */
  constructor(numFeatures: number, options: Required<BatchNormOptions>) {
    super();
    const { eps, momentum, affine, trackRunningStats, bias, ...factory } = options;
    checkCount(new.target.name, 'numFeatures', numFeatures);
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    this.weight = affine ? new Parameter(empty([numFeatures], factory)) : null;
    this.bias = affine && bias ? new Parameter(empty([numFeatures], factory)) : null;
    this.runningMean = trackRunningStats ? new Buffer(zeros([numFeatures], factory)) : null;
    this.runningVar = trackRunningStats ? new Buffer(ones([numFeatures], factory)) : null;
    this.numBatchesTracked = trackRunningStats ? batchCount(factory) : null;
    for (const property of ['runningMean', 'runningVar', 'numBatchesTracked'] as const) {
      holdInSlot(this, property, snakeCase(property), this[property], true);
    }
    this.resetParameters();
  }

  /** Refuses inputs of another number of dimensions. */
  protected abstract checkInput(input: Tensor): void;

  /** Forgets the batches seen so far. */
  resetRunningStats(): void {
    noGrad(() => {
      this.runningMean?.zero_();
      this.runningVar?.fill_(1);
      this.numBatchesTracked?.zero_();
    });
  }

  /** Sets weight and bias back to ones and zeros, and forgets the batches seen so far. */
  resetParameters(): void {
    if (hasUninitialized(this)) return;
    this.resetRunningStats();
    if (this.weight !== null) init.ones_(this.weight);
    if (this.bias !== null) init.zeros_(this.bias);
  }

  /** State dicts from before PyTorch 0.4.1 lack the count of batches. */
  override optionalState(): readonly string[] {
    return ['num_batches_tracked'];
  }

  override extraRepr(): string {
    return (
      `${this.numFeatures}, eps=${floatRepr(this.eps)}, momentum=${optionalRepr(this.momentum, floatRepr)}, ` +
      `affine=${boolRepr(this.affine)}, bias=${boolRepr(this.bias !== null)}, ` +
      `track_running_stats=${boolRepr(this.trackRunningStats)}`
    );
  }
}

/** @internal Refuses an input of another number of dimensions. */
export function checkDims(input: Tensor, expected: readonly number[]): void {
  if (expected.includes(input.dim())) return;
  throw new ArgumentError(
    `expected ${expected.map((dims) => `${dims}D`).join(' or ')} input (got ${input.dim()}D input of shape [${input.shape.join(', ')}])`,
    'TORCH_VALUE',
  );
}
