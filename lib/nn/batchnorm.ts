import { checkTensor } from '../engine';
import type { Tensor } from '../tensor';
import { required } from '../tensor/tail';
import * as F from './functional';
import { batchNormDefaults, type BatchNormArguments, checkDims, NormBase, readNorm } from './norm-base';

/** What the batch norms of 1, 2 and 3 dimensions share (`torch.nn.modules.batchnorm._BatchNorm`). */
abstract class BatchNorm extends NormBase {
  constructor(...args: BatchNormArguments) {
    const { numFeatures, ...options } = readNorm(
      new.target.name,
      { numFeatures: required, ...batchNormDefaults },
      args,
    );
    super(numFeatures, options);
  }

  forward(input: Tensor): Tensor {
    checkTensor(`${this.constructor.name}.forward()`, 'input', input);
    this.checkInput(input);
    let factor = this.momentum ?? 0;
    if (this.training && this.trackRunningStats && this.numBatchesTracked !== null) {
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
}

/** Batch normalisation of [N, C] or [N, C, L] per channel (`torch.nn.BatchNorm1d`, Ioffe and Szegedy 2015). */
export class BatchNorm1d extends BatchNorm {
  protected override checkInput(input: Tensor): void {
    checkDims(input, [2, 3]);
  }
}

/** Batch normalisation of [N, C, H, W] per channel (`torch.nn.BatchNorm2d`). */
export class BatchNorm2d extends BatchNorm {
  protected override checkInput(input: Tensor): void {
    checkDims(input, [4]);
  }
}

/** Batch normalisation of [N, C, D, H, W] per channel (`torch.nn.BatchNorm3d`). */
export class BatchNorm3d extends BatchNorm {
  protected override checkInput(input: Tensor): void {
    checkDims(input, [5]);
  }
}
