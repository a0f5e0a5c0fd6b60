import { checkOptions } from '../engine';
import type { Tensor } from '../tensor';
import * as F from './functional';
import { Module } from './module';

/** max(0, x) for every element (`torch.nn.ReLU`). Any shape. */
export class ReLU extends Module {
  readonly inplace: boolean;

  /** @param inplace write the result into the input */
  constructor(inplace: boolean | { inplace?: boolean } = false) {
    super();
    if (typeof inplace !== 'boolean') checkOptions('ReLU', inplace, ['inplace']);
    this.inplace = typeof inplace === 'boolean' ? inplace : (inplace.inplace ?? false);
  }

  forward(input: Tensor): Tensor {
    return F.relu(input, this.inplace);
  }

  override extraRepr(): string {
    return this.inplace ? 'inplace=True' : '';
  }
}

/** x·Φ(x) for every element, Φ the normal distribution's share below x (`torch.nn.GELU`, Hendrycks and Gimpel 2016). */
export class GELU extends Module {
  readonly approximate: F.GeluApproximation;

  /** @param approximate `tanh` computes an approximation with the hyperbolic tangent, `none` the exact function */
  constructor(approximate: F.GeluApproximation | { approximate?: F.GeluApproximation } = 'none') {
    super();
    if (typeof approximate !== 'string') checkOptions('GELU', approximate, ['approximate']);
    this.approximate = typeof approximate === 'string' ? approximate : (approximate.approximate ?? 'none');
  }

  forward(input: Tensor): Tensor {
    return F.gelu(input, this.approximate);
  }

  override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

/** exp(x) / Σ exp(x) along one dimension (`torch.nn.Softmax`). The shape stays. */
export class Softmax extends Module {
  /** @param dim the dimension whose elements sum to 1; negative ones count from the end */
  constructor(readonly dim: number) {
    super();
  }

  forward(input: Tensor): Tensor {
    return F.softmax(input, this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
