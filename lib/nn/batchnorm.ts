import { noGrad } from '../autograd';
import { ArgumentError, checkTensor } from '../engine';
import { empty, ones, tensor, zeros, type Tensor } from '../tensor';
import { readTail, type Tail } from '../tensor/tail';
import * as F from './functional';
import * as init from './init';
import type { FactoryOptions } from './linear';
import { Module } from './module';
import { Buffer, Parameter } from './parameter';
import { boolRepr, floatRepr } from './repr';

export interface BatchNormOptions extends FactoryOptions {
  /** Added to the variance before its root is taken. */
  eps?: number;
  /** Share of the newest batch in the running statistics; null averages all batches since the start. */
  momentum?: number | null;
  /** Learn a weight and a bias per channel. */
  affine?: boolean;
  /** Keep running statistics, which evaluation uses in place of the batch's. */
  trackRunningStats?: boolean;
}

type BatchNormTail = Tail<BatchNormOptions, ['eps', 'momentum', 'affine', 'trackRunningStats', 'device', 'dtype']>;

/** What the batch norms of 1, 2 and 3 dimensions share (`torch.nn.modules.batchnorm._BatchNorm`). */
abstract class BatchNorm extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  weight: Parameter | null;
  bias: Parameter | null;
  runningMean: Buffer | null;
  runningVar: Buffer | null;
  numBatchesTracked: Buffer | null;

  constructor(numFeatures: number, ...rest: BatchNormTail) {
    super();
    const defaults = { eps: 1e-5, momentum: 0.1, affine: true, trackRunningStats: true, device: null, dtype: null };
    const options = readTail<Required<BatchNormOptions>>(this.constructor.name, defaults, rest);
    const { eps, momentum, affine, trackRunningStats, ...factory } = options;
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    this.weight = affine ? new Parameter(empty([numFeatures], factory)) : null;
    this.bias = affine ? new Parameter(empty([numFeatures], factory)) : null;
    this.runningMean = trackRunningStats ? new Buffer(zeros([numFeatures], factory)) : null;
    this.runningVar = trackRunningStats ? new Buffer(ones([numFeatures], factory)) : null;
    this.numBatchesTracked = trackRunningStats
      ? new Buffer(tensor(0, { dtype: 'int64', device: factory.device ?? undefined }))
      : null;
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

  /** Sets weight and bias back to ones and zeros. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight !== null) init.ones_(this.weight);
    if (this.bias !== null) init.zeros_(this.bias);
  }

  forward(input: Tensor): Tensor {
    checkTensor(`${this.constructor.name}.forward()`, 'input', input);
    this.checkInput(input);
    let factor = this.momentum ?? 0;
    if (this.training && this.numBatchesTracked !== null) {
      this.numBatchesTracked.add_(1);
      if (this.momentum === null) factor = 1 / this.numBatchesTracked.item();
    }
    // In training without tracking the running statistics must not change; in evaluation without them the batch's serve.
    const useRunning = !this.training || this.trackRunningStats;
    return F.batchNorm(
      input,
      useRunning ? this.runningMean : null,
      useRunning ? this.runningVar : null,
      this.weight,
      this.bias,
      this.training || this.runningMean === null,
      factor,
      this.eps,
    );
  }

  /** State dicts from before PyTorch 0.4.1 lack the count of batches. */
  override optionalState(): readonly string[] {
    return ['num_batches_tracked'];
  }

  override extraRepr(): string {
    return (
      `${this.numFeatures}, eps=${floatRepr(this.eps)}, ` +
      `momentum=${this.momentum === null ? 'None' : floatRepr(this.momentum)}, affine=${boolRepr(this.affine)}, ` +
      `bias=${boolRepr(this.bias !== null)}, track_running_stats=${boolRepr(this.trackRunningStats)}`
    );
  }
}

/** Batch normalisation of [N, C] or [N, C, L] per channel (`torch.nn.BatchNorm1d`, Ioffe and Szegedy 2015). */
export class BatchNorm1d extends BatchNorm {
  protected override checkInput(input: Tensor): void {
    if (input.dim() !== 2 && input.dim() !== 3) refuseInput('2D or 3D', input);
  }
}

/** Batch normalisation of [N, C, H, W] per channel (`torch.nn.BatchNorm2d`). */
export class BatchNorm2d extends BatchNorm {
  protected override checkInput(input: Tensor): void {
    if (input.dim() !== 4) refuseInput('4D', input);
  }
}

/** Batch normalisation of [N, C, D, H, W] per channel (`torch.nn.BatchNorm3d`). */
export class BatchNorm3d extends BatchNorm {
  protected override checkInput(input: Tensor): void {
    if (input.dim() !== 5) refuseInput('5D', input);
  }
}

function refuseInput(expected: string, input: Tensor): never {
  throw new ArgumentError(
    `expected ${expected} input (got ${input.dim()}D input of shape [${input.shape.join(', ')}])`,
    'TORCH_VALUE',
  );
}
