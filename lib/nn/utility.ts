import { ArgumentError, checkNumbers, checkTensor, describe } from '../engine';
import type { Tensor } from '../tensor';
import { Module } from './module';
import { tupleRepr } from './repr';

/** Returns its input (`torch.nn.Identity`). */
export class Identity extends Module {
  forward(input: Tensor): Tensor {
    return input;
  }
}

/** Joins the dimensions from startDim to endDim into one (`torch.nn.Flatten`): [N, C, H, W] to [N, C·H·W]. */
export class Flatten extends Module {
  constructor(
    readonly startDim = 1,
    readonly endDim = -1,
  ) {
    super();
    checkNumbers('Flatten', { startDim, endDim });
  }

  forward(input: Tensor): Tensor {
    checkTensor('Flatten.forward()', 'input', input);
    return input.flatten(this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/** Splits one dimension into several (`torch.nn.Unflatten`): with dim 1 and [C, H, W], [N, C·H·W] to [N, C, H, W]. */
export class Unflatten extends Module {
  /**
   * @param dim the dimension that is split; negative ones count from the end
   * @param unflattenedSize the sizes that it is split into, one of which may be −1
   */
  constructor(
    readonly dim: number,
    readonly unflattenedSize: readonly number[],
  ) {
    super();
    checkNumbers('Unflatten', { dim });
    if (!Array.isArray(unflattenedSize) || !unflattenedSize.every(Number.isSafeInteger)) {
      throw new ArgumentError(
        `unflattened_size must be a list of whole numbers, received ${describe(unflattenedSize)}`,
      );
    }
  }

  forward(input: Tensor): Tensor {
    checkTensor('Unflatten.forward()', 'input', input);
    return input.unflatten(this.dim, this.unflattenedSize);
  }

  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${tupleRepr(this.unflattenedSize)}`;
  }
}
