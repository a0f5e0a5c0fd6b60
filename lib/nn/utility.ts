import { checkTensor } from '../engine';
import type { Tensor } from '../tensor';
import { Module } from './module';

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
  }

  forward(input: Tensor): Tensor {
    checkTensor('Flatten.forward()', 'input', input);
    return input.flatten(this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}
