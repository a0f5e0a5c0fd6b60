import { checkTensor, valueError } from '../engine';
import { tellWarning } from '../engine/warnings';
import type { Tensor } from '../tensor';
import { required } from '../tensor/tail';
import * as F from './functional';
import { batchNormDefaults, type BatchNormArguments, checkDims, NormBase, readNorm } from './norm-base';
import type { RefusedState } from './state-dict';

const defaults = { ...batchNormDefaults, affine: false, trackRunningStats: false };

/**
 * What the instance norms of 1, 2 and 3 dimensions share (`torch.nn.modules.instancenorm._InstanceNorm`). Unlike batch
 * norms they learn nothing and track nothing unless they are told to.
 */
abstract class InstanceNorm extends NormBase {
  constructor(...args: BatchNormArguments) {
    const { numFeatures, ...options } = readNorm(new.target.name, { numFeatures: required, ...defaults }, args);
    super(numFeatures, options);
  }

  /** Number of dimensions of an input without that of the batch. */
  protected abstract readonly unbatched: number;

  protected override checkInput(input: Tensor): void {
    checkDims(input, [this.unbatched, this.unbatched + 1]);
    const channels = input.dim() - this.unbatched;
    const found = input.size(channels);
    if (found === this.numFeatures) return;
    if (this.affine) {
      throw valueError(
        `expected input's size at dim=${channels} to match num_features (${this.numFeatures}), but got: ${found}.`,
      );
    }
    tellWarning(
      `${this.constructor.name}: the input's size at dimension ${channels} is not numFeatures, which is not used without affine`,
    );
  }

  private normalize(input: Tensor): Tensor {
    return F.instanceNorm(
      input,
      this.runningMean,
      this.runningVar,
      this.weight,
      this.bias,
      this.training || !this.trackRunningStats,
      this.momentum ?? 0,
      this.eps,
    );
  }

  /** Before PyTorch 0.4 instance norms tracked statistics by default. */
  override refusedState(): RefusedState {
    const { name } = this.constructor;
    return {
      names: ['running_mean', 'running_var'],
      sentence: (keys) =>
        `Unexpected running stats buffer(s) ${keys.map((key) => `"${key}"`).join(' and ')} for ${name} with ` +
        'track_running_stats=False. If state_dict is a checkpoint saved before 0.4.0, this may be expected because ' +
        `${name} does not track running stats by default since 0.4.0. Please remove these keys from state_dict. If the ` +
        `running stats are actually needed, instead set track_running_stats=True in ${name} to enable them. See the ` +
        `documentation of ${name} for details.`,
    };
  }

  forward(input: Tensor): Tensor {
    checkTensor(`${this.constructor.name}.forward()`, 'input', input);
    this.checkInput(input);
    if (input.dim() === this.unbatched) return this.normalize(input.unsqueeze(0)).squeeze(0);
    return this.normalize(input);
  }
}

/** Normalises each channel of each sample of [N, C, L] or [C, L] (`torch.nn.InstanceNorm1d`, Ulyanov et al. 2016). */
export class InstanceNorm1d extends InstanceNorm {
  protected get unbatched(): number {
    return 2;
  }
}

/** Normalises each channel of each sample of [N, C, H, W] or [C, H, W] (`torch.nn.InstanceNorm2d`). */
export class InstanceNorm2d extends InstanceNorm {
  protected get unbatched(): number {
    return 3;
  }
}

/** Normalises each channel of each sample of [N, C, D, H, W] or [C, D, H, W] (`torch.nn.InstanceNorm3d`). */
export class InstanceNorm3d extends InstanceNorm {
  protected get unbatched(): number {
    return 4;
  }
}
