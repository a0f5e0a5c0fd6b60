/** Activations that work on each element alike. Any shape, which stays; those with parameters are in rectifiers.ts. */
import type { Tensor } from '../tensor';
import * as ops from '../tensor';
import type { Tail } from '../tensor/tail';
import { readOptions } from './arguments';
import * as F from './functional';
import { Module } from './module';
import { floatRepr } from './repr';

/** Options of activations that can work in place. */
export interface InplaceOptions {
  /** Write the result into the input. */
  inplace?: boolean;
}

/** Arguments of activations that know no other option. */
export type InplaceTail = Tail<InplaceOptions, ['inplace']>;

/** An activation whose only option is `inplace`. */
abstract class InplaceActivation extends Module {
  readonly inplace: boolean;

  constructor(...rest: InplaceTail) {
    super();
    this.inplace = readOptions(new.target.name, { inplace: false }, rest).inplace;
  }

  override extraRepr(): string {
    return this.inplace ? 'inplace=True' : '';
  }
}

/** max(0, x) for every element (`torch.nn.ReLU`). Any shape. */
export class ReLU extends InplaceActivation {
  forward(input: Tensor): Tensor {
    return F.relu(input, this.inplace);
  }
}

/** Scaled ELU: λ·x above 0, λα·(exp(x) − 1) below, which keeps mean 0 and variance 1 (`torch.nn.SELU`). Any shape. */
export class SELU extends InplaceActivation {
  forward(input: Tensor): Tensor {
    return F.selu(input, this.inplace);
  }
}

/** x·σ(x), also called swish (`torch.nn.SiLU`). Any shape. */
export class SiLU extends InplaceActivation {
  forward(input: Tensor): Tensor {
    return F.silu(input, this.inplace);
  }
}

/** x·tanh(softplus(x)) (`torch.nn.Mish`). Any shape. */
export class Mish extends InplaceActivation {
  forward(input: Tensor): Tensor {
    return F.mish(input, this.inplace);
  }
}

/** x·relu6(x + 3) / 6 (`torch.nn.Hardswish`). Any shape. */
export class Hardswish extends InplaceActivation {
  forward(input: Tensor): Tensor {
    return F.hardswish(input, this.inplace);
  }

  /** Python's prints no option. */
  override extraRepr(): string {
    return '';
  }
}

/** relu6(x + 3) / 6 (`torch.nn.Hardsigmoid`). Any shape. */
export class Hardsigmoid extends InplaceActivation {
  forward(input: Tensor): Tensor {
    return F.hardsigmoid(input, this.inplace);
  }

  /** Python's prints no option. */
  override extraRepr(): string {
    return '';
  }
}

/** 1 / (1 + exp(−x)) (`torch.nn.Sigmoid`). Any shape. */
export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return ops.sigmoid(input);
  }
}

/** log(1 / (1 + exp(−x))) (`torch.nn.LogSigmoid`). Any shape. */
export class LogSigmoid extends Module {
  forward(input: Tensor): Tensor {
    return F.logsigmoid(input);
  }
}

/** The hyperbolic tangent (`torch.nn.Tanh`). Any shape. */
export class Tanh extends Module {
  forward(input: Tensor): Tensor {
    return ops.tanh(input);
  }
}

/** x − tanh(x) (`torch.nn.Tanhshrink`). Any shape. */
export class Tanhshrink extends Module {
  forward(input: Tensor): Tensor {
    return F.tanhshrink(input);
  }
}

/** x / (1 + |x|) (`torch.nn.Softsign`). Any shape. */
export class Softsign extends Module {
  forward(input: Tensor): Tensor {
    return F.softsign(input);
  }
}

/** Options of {@link Softplus}. */
export interface SoftplusOptions {
  /** Steepness of the bend. */
  beta?: number;
  /** Where β·x is above this, the result is x. */
  threshold?: number;
}

/** log(1 + exp(β·x)) / β, a ReLU without the corner (`torch.nn.Softplus`). Any shape. */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;

  constructor(...rest: Tail<SoftplusOptions, ['beta', 'threshold']>) {
    super();
    const { beta, threshold } = readOptions('Softplus', { beta: 1, threshold: 20 }, rest);
    this.beta = beta;
    this.threshold = threshold;
  }

  forward(input: Tensor): Tensor {
    return F.softplus(input, this.beta, this.threshold);
  }

  override extraRepr(): string {
    return `beta=${floatRepr(this.beta)}, threshold=${floatRepr(this.threshold)}`;
  }
}

/** Options of {@link Hardshrink} and {@link Softshrink}. */
export interface ShrinkOptions {
  /** Half the width of what becomes zero. */
  lambd?: number;
}

/** What the shrinking activations share: λ. */
abstract class Shrink extends Module {
  readonly lambd: number;

  constructor(...rest: Tail<ShrinkOptions, ['lambd']>) {
    super();
    this.lambd = readOptions(new.target.name, { lambd: 0.5 }, rest).lambd;
  }

  override extraRepr(): string {
    return floatRepr(this.lambd);
  }
}

/** x where |x| is above λ, else 0 (`torch.nn.Hardshrink`). Any shape. */
export class Hardshrink extends Shrink {
  forward(input: Tensor): Tensor {
    return F.hardshrink(input, this.lambd);
  }
}

/** x − λ above λ, x + λ below −λ, else 0 (`torch.nn.Softshrink`). Any shape. */
export class Softshrink extends Shrink {
  forward(input: Tensor): Tensor {
    return F.softshrink(input, this.lambd);
  }
}

/** Options of {@link GELU}. */
export interface GELUOptions {
  /** `tanh` computes an approximation with the hyperbolic tangent, `none` the exact function. */
  approximate?: F.GeluApproximation;
}

/** x·Φ(x) for every element, Φ the normal distribution's share below x (`torch.nn.GELU`, Hendrycks and Gimpel 2016). */
export class GELU extends Module {
  readonly approximate: F.GeluApproximation;

  constructor(...rest: Tail<GELUOptions, ['approximate']>) {
    super();
    this.approximate = readOptions<Required<GELUOptions>>('GELU', { approximate: 'none' }, rest).approximate;
  }

  forward(input: Tensor): Tensor {
    return F.gelu(input, this.approximate);
  }

  override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}
