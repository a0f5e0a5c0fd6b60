/** Dropout: zeroes at random in training, and returns its input in evaluation. The shape stays. */
import { ArgumentError, describe } from '../engine';
import type { Tensor } from '../tensor';
import type { Tail } from '../tensor/tail';
import { readOptions } from './arguments';
import * as F from './functional';
import { Module } from './module';
import { boolRepr, floatRepr } from './repr';

/** Options of {@link Dropout} and its like. */
export interface DropoutOptions {
  /** Probability of an element, or of a channel, to become zero. */
  p?: number;
  /** Write the result into the input. */
  inplace?: boolean;
}

/** What all dropouts share (`torch.nn.modules.dropout._DropoutNd`). */
abstract class AnyDropout extends Module {
  p: number;
  readonly inplace: boolean;

  constructor(...rest: Tail<DropoutOptions, ['p', 'inplace']>) {
    super();
    const { p, inplace } = readOptions(new.target.name, { p: 0.5, inplace: false }, rest);
    if (!(p >= 0 && p <= 1)) {
      throw new ArgumentError(`dropout probability has to be between 0 and 1, but got ${describe(p)}`, 'TORCH_VALUE');
    }
    this.p = p;
    this.inplace = inplace;
  }

  override extraRepr(): string {
    return `p=${floatRepr(this.p)}, inplace=${boolRepr(this.inplace)}`;
  }
}

/**
 * In training zeroes elements with probability p, each by itself, and divides the others by 1 − p; in evaluation returns
 * its input (`torch.nn.Dropout`). Any shape.
 */
export class Dropout extends AnyDropout {
  forward(input: Tensor): Tensor {
    return F.dropout(input, this.p, this.training, this.inplace);
  }
}

/** {@link Dropout} of whole channels of [N, C, L] or [C, L] (`torch.nn.Dropout1d`). */
export class Dropout1d extends AnyDropout {
  forward(input: Tensor): Tensor {
    return F.dropout1d(input, this.p, this.training, this.inplace);
  }
}

/** {@link Dropout} of whole channels of [N, C, H, W]; three dimensions are taken for [N, C, L] (`torch.nn.Dropout2d`). */
export class Dropout2d extends AnyDropout {
  forward(input: Tensor): Tensor {
    return F.dropout2d(input, this.p, this.training, this.inplace);
  }
}

/** {@link Dropout} of whole channels of [N, C, D, H, W] or [C, D, H, W] (`torch.nn.Dropout3d`). */
export class Dropout3d extends AnyDropout {
  forward(input: Tensor): Tensor {
    return F.dropout3d(input, this.p, this.training, this.inplace);
  }
}

/**
 * Sets elements to what SELU gives far below zero, and scales and shifts all so that mean and variance stay
 * (`torch.nn.AlphaDropout`, Klambauer et al. 2017). Any shape. As in Python, `inplace` has no effect.
 */
export class AlphaDropout extends AnyDropout {
  forward(input: Tensor): Tensor {
    return F.alphaDropout(input, this.p, this.training);
  }
}

/** {@link AlphaDropout} of whole channels of [N, C, *] (`torch.nn.FeatureAlphaDropout`). `inplace` has no effect. */
export class FeatureAlphaDropout extends AnyDropout {
  forward(input: Tensor): Tensor {
    return F.featureAlphaDropout(input, this.p, this.training);
  }
}
