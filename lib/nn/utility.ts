import { ArgumentError, checkNumbers, checkTensor, describe } from '../engine';
import type { Tensor } from '../tensor';
import { type Arguments, required, type Tail } from '../tensor/tail';
import { readOptions } from './arguments';
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
  readonly startDim: number;
  readonly endDim: number;

  constructor(...rest: Tail<{ startDim?: number; endDim?: number }, ['startDim', 'endDim']>) {
    super();
    const { startDim, endDim } = readOptions('Flatten', { startDim: 1, endDim: -1 }, rest);
    this.startDim = startDim;
    this.endDim = endDim;
  }

  forward(input: Tensor): Tensor {
    checkTensor('Flatten.forward()', 'input', input);
    return input.flatten(this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/** @inline */
interface Unflattening {
  dim: number;
  unflattenedSize: readonly number[];
}

/** Splits one dimension into several (`torch.nn.Unflatten`): with dim 1 and [C, H, W], [N, C·H·W] to [N, C, H, W]. */
export class Unflatten extends Module {
  /**
   * @param dim the dimension that is split; negative ones count from the end
   * @param unflattenedSize the sizes that it is split into, one of which may be −1
   */
  readonly dim: number;
  readonly unflattenedSize: readonly number[];

  constructor(
    ...args: Arguments<[dim: number, unflattenedSize: readonly number[]], Unflattening, ['dim', 'unflattenedSize']>
  ) {
    super();
    const defaults: Unflattening = { dim: required, unflattenedSize: required };
    const { dim, unflattenedSize } = readOptions('Unflatten', defaults, args);
    checkNumbers('Unflatten', { dim });
    if (!Array.isArray(unflattenedSize) || !unflattenedSize.every(Number.isSafeInteger)) {
      throw new ArgumentError(
        `unflattened_size must be a list of whole numbers, received ${describe(unflattenedSize)}`,
      );
    }
    this.dim = dim;
    this.unflattenedSize = unflattenedSize;
  }

  forward(input: Tensor): Tensor {
    checkTensor('Unflatten.forward()', 'input', input);
    return input.unflatten(this.dim, this.unflattenedSize);
  }

  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${tupleRepr(this.unflattenedSize)}`;
  }
}
