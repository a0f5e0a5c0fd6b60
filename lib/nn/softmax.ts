/** Softmax and its relatives, and the gated linear unit: activations along one dimension. */
import { checkTensor, valueError } from '../engine';
import { tellWarning } from '../engine/warnings';
import type { Tensor } from '../tensor';
import type { Tail } from '../tensor/tail';
import { checkOptionalNumbers, readOptions } from './arguments';
import * as F from './functional';
import { Module } from './module';
import { optionalRepr } from './repr';

/** Options of {@link Softmax}, {@link Softmin} and {@link LogSoftmax}. */
export interface SoftmaxOptions {
  /** The dimension whose elements sum to 1; negative ones count from the end. */
  dim?: number | null;
}

abstract class AlongDimension extends Module {
  readonly dim: number | null;

  constructor(...rest: Tail<SoftmaxOptions, ['dim']>) {
    super();
    this.dim = readOptions<Required<SoftmaxOptions>>(new.target.name, { dim: null }, rest).dim;
    checkOptionalNumbers(new.target.name, { dim: this.dim });
  }

  /** The dimension for an input: without one Python takes the first or the second, and warns that it should be given. */
  protected dimension(input: Tensor): number {
    if (this.dim !== null) return this.dim;
    checkTensor(`${this.constructor.name}.forward()`, 'input', input);
    tellWarning(`${this.constructor.name}: the choice of a dimension by the input's is deprecated; give \`dim\``);
    return [0, 1, 3].includes(input.dim()) ? 0 : 1;
  }

  override extraRepr(): string {
    return `dim=${optionalRepr(this.dim)}`;
  }
}

/** exp(x) / Σ exp(x) along one dimension (`torch.nn.Softmax`). The shape stays. */
export class Softmax extends AlongDimension {
  forward(input: Tensor): Tensor {
    return F.softmax(input, this.dimension(input));
  }
}

/** {@link Softmax} of −x (`torch.nn.Softmin`). The shape stays. */
export class Softmin extends AlongDimension {
  forward(input: Tensor): Tensor {
    return F.softmin(input, this.dimension(input));
  }
}

/** The logarithm of {@link Softmax}, computed without leaving the range of the dtype (`torch.nn.LogSoftmax`). */
export class LogSoftmax extends AlongDimension {
  forward(input: Tensor): Tensor {
    return F.logSoftmax(input, this.dimension(input));
  }
}

/** {@link Softmax} over the channels of [N, C, H, W] or [C, H, W] (`torch.nn.Softmax2d`). */
export class Softmax2d extends Module {
  forward(input: Tensor): Tensor {
    checkTensor('Softmax2d.forward()', 'input', input);
    const dims = input.dim();
    if (dims !== 3 && dims !== 4) {
      throw valueError(`Softmax2d: expected input to be 3D or 4D, got ${dims}D instead`);
    }
    return F.softmax(input, -3);
  }
}

/** Options of {@link GLU}. */
export interface GLUOptions {
  /** The dimension that is halved. */
  dim?: number;
}

/** The first half of a dimension times σ of the second (`torch.nn.GLU`): [*, 2·M, *] to [*, M, *]. */
export class GLU extends Module {
  readonly dim: number;

  constructor(...rest: Tail<GLUOptions, ['dim']>) {
    super();
    this.dim = readOptions('GLU', { dim: -1 }, rest).dim;
  }

  forward(input: Tensor): Tensor {
    return F.glu(input, this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
