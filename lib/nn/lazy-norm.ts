/** Batch and instance norms that take the number of channels from the first input. */
import { checkTensor } from '../engine';
import type { Tensor } from '../tensor';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from './batchnorm';
import { InstanceNorm1d, InstanceNorm2d, InstanceNorm3d } from './instancenorm';
import { become, hasUninitialized } from './lazy';
import {
  batchCount,
  batchNormDefaults,
  type BatchNormOptions,
  type BatchNormTail,
  type NormBase,
  readNorm,
} from './norm-base';
import { isLazy, UninitializedBuffer, UninitializedParameter } from './uninitialized';

/** Both kinds are affine and track by default when they are lazy, as in Python. */
const read = (callee: string, rest: readonly unknown[]): Required<BatchNormOptions> =>
  readNorm(callee, batchNormDefaults, rest);

/** The options for the base class, which then makes nothing. */
const bare = (options: Required<BatchNormOptions>): Required<BatchNormOptions> => ({
  ...options,
  affine: false,
  trackRunningStats: false,
});

function forgetShapes(module: NormBase, options: Required<BatchNormOptions>): void {
  const { affine, trackRunningStats, bias, device, dtype } = options;
  module.affine = affine;
  module.trackRunningStats = trackRunningStats;
  if (affine) module.weight = new UninitializedParameter({ device, dtype });
  if (affine && bias) module.bias = new UninitializedParameter({ device, dtype });
  if (!trackRunningStats) return;
  module.runningMean = new UninitializedBuffer({ device, dtype });
  module.runningVar = new UninitializedBuffer({ device, dtype });
  module.numBatchesTracked = batchCount({ device });
}

/** Learns from an input how many channels there are (`_LazyNormBase.initialize_parameters`). */
function initialize(module: NormBase, input: Tensor): void {
  checkTensor(`${module.constructor.name}.forward()`, 'input', input);
  if (!hasUninitialized(module)) return;
  module.numFeatures = input.size(1);
  for (const member of [module.weight, module.bias, module.runningMean, module.runningVar]) {
    if (isLazy(member)) member.materialize([module.numFeatures]);
  }
  module.resetParameters();
}

/**
 * A {@link BatchNorm1d} that takes the number of channels from its first input and becomes a BatchNorm1d then
 * (`torch.nn.LazyBatchNorm1d`).
 */
export class LazyBatchNorm1d extends BatchNorm1d {
  constructor(...rest: BatchNormTail) {
    const options = read('LazyBatchNorm1d', rest);
    super(0, bare(options));
    forgetShapes(this, options);
  }

  override forward(input: Tensor): Tensor {
    initialize(this, input);
    become(this, BatchNorm1d);
    return super.forward(input);
  }
}

/** A {@link BatchNorm2d} that takes the number of channels from its first input (`torch.nn.LazyBatchNorm2d`). */
export class LazyBatchNorm2d extends BatchNorm2d {
  constructor(...rest: BatchNormTail) {
    const options = read('LazyBatchNorm2d', rest);
    super(0, bare(options));
    forgetShapes(this, options);
  }

  override forward(input: Tensor): Tensor {
    initialize(this, input);
    become(this, BatchNorm2d);
    return super.forward(input);
  }
}

/** A {@link BatchNorm3d} that takes the number of channels from its first input (`torch.nn.LazyBatchNorm3d`). */
export class LazyBatchNorm3d extends BatchNorm3d {
  constructor(...rest: BatchNormTail) {
    const options = read('LazyBatchNorm3d', rest);
    super(0, bare(options));
    forgetShapes(this, options);
  }

  override forward(input: Tensor): Tensor {
    initialize(this, input);
    become(this, BatchNorm3d);
    return super.forward(input);
  }
}

/**
 * An {@link InstanceNorm1d} that takes the number of channels from dimension 1 of its first input, which must have that of
 * the batch (`torch.nn.LazyInstanceNorm1d`). Unlike InstanceNorm1d it is affine and tracks statistics by default.
 */
export class LazyInstanceNorm1d extends InstanceNorm1d {
  constructor(...rest: BatchNormTail) {
    const options = read('LazyInstanceNorm1d', rest);
    super(0, bare(options));
    forgetShapes(this, options);
  }

  override forward(input: Tensor): Tensor {
    initialize(this, input);
    become(this, InstanceNorm1d);
    return super.forward(input);
  }
}

/** A lazy {@link InstanceNorm2d} (`torch.nn.LazyInstanceNorm2d`), see {@link LazyInstanceNorm1d}. */
export class LazyInstanceNorm2d extends InstanceNorm2d {
  constructor(...rest: BatchNormTail) {
    const options = read('LazyInstanceNorm2d', rest);
    super(0, bare(options));
    forgetShapes(this, options);
  }

  override forward(input: Tensor): Tensor {
    initialize(this, input);
    become(this, InstanceNorm2d);
    return super.forward(input);
  }
}

/** A lazy {@link InstanceNorm3d} (`torch.nn.LazyInstanceNorm3d`), see {@link LazyInstanceNorm1d}. */
export class LazyInstanceNorm3d extends InstanceNorm3d {
  constructor(...rest: BatchNormTail) {
    const options = read('LazyInstanceNorm3d', rest);
    super(0, bare(options));
    forgetShapes(this, options);
  }

  override forward(input: Tensor): Tensor {
    initialize(this, input);
    become(this, InstanceNorm3d);
    return super.forward(input);
  }
}
