// A user's module, as docs/data.md has it.
import * as torch from '../../../index.mjs';

export class Squares {
  /** @param {number} length */
  constructor(length) {
    this.length = length;
  }

  /** @param {number} index */
  getItem(index) {
    return torch.tensor([index, index ** 2]);
  }
}

/** @param {torch.Tensor[]} samples */
export const collate = (samples) => torch.stack(samples).sum(0);

torch.data.forWorkers(import.meta.url, { Squares, collate });
