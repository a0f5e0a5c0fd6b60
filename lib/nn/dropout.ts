import { ArgumentError, checkNumbers } from '../engine';
import type { Tensor } from '../tensor';
import { readTail, type Tail } from '../tensor/tail';
import * as F from './functional';
import { Module } from './module';
import { boolRepr, floatRepr } from './repr';

/** Options of {@link Dropout}. */
export interface DropoutOptions {
  /** Probability of an element to become zero. */
  p?: number;
  /** Write the result into the input. */
  inplace?: boolean;
}

/**
 * In training zeroes elements with probability p, each by itself, and divides the others by 1 − p; in evaluation returns
 * its input (`torch.nn.Dropout`). Any shape.
 */
export class Dropout extends Module {
  p: number;
  readonly inplace: boolean;

  constructor(...rest: Tail<DropoutOptions, ['p', 'inplace']>) {
    super();
    const { p, inplace } = readTail('Dropout', { p: 0.5, inplace: false }, rest);
    checkNumbers('Dropout', { p });
    if (!(p >= 0 && p <= 1)) {
      throw new ArgumentError(`dropout probability has to be between 0 and 1, but got ${p}`, 'TORCH_VALUE');
    }
    this.p = p;
    this.inplace = inplace;
  }

  forward(input: Tensor): Tensor {
    return F.dropout(input, this.p, this.training, this.inplace);
  }

  override extraRepr(): string {
    return `p=${floatRepr(this.p)}, inplace=${boolRepr(this.inplace)}`;
  }
}
