/** Activations that are linear in pieces or have a slope below zero. Any shape, which stays, unless it is said otherwise. */
import { checkNumbers, valueError } from '../engine';
import { empty, type Tensor } from '../tensor';
import { type Arguments, required, type Tail } from '../tensor/tail';
import type { InplaceOptions, InplaceTail } from './activation';
import { checkCount, readOptions } from './arguments';
import * as F from './functional';
import * as init from './init';
import type { FactoryOptions } from './linear';
import { Module } from './module';
import { Parameter } from './parameter';
import { floatRepr, numberRepr } from './repr';

const inplaceRepr = ({ inplace }: { readonly inplace: boolean }): string => (inplace ? ', inplace=True' : '');

/** @inline */
interface ThresholdArguments extends InplaceOptions {
  threshold: number;
  value: number;
}

/** x where it is above a threshold, else a value (`torch.nn.Threshold`). */
export class Threshold extends Module {
  readonly inplace: boolean;

  /**
   * @param threshold what x must be above
   * @param value what takes the place of all others
   * @param rest `inplace`: write the result into the input
   */
  readonly threshold: number;
  readonly value: number;

  constructor(
    ...args: Arguments<[threshold: number, value: number], ThresholdArguments, ['threshold', 'value', 'inplace']>
  ) {
    super();
    const { threshold, value, inplace } = readOptions<Required<ThresholdArguments>>(
      'Threshold',
      { threshold: required, value: required, inplace: false },
      args,
    );
    checkNumbers('Threshold', { threshold, value });
    this.threshold = threshold;
    this.value = value;
    this.inplace = inplace;
  }

  forward(input: Tensor): Tensor {
    return F.threshold(input, this.threshold, this.value, this.inplace);
  }

  override extraRepr(): string {
    return `threshold=${numberRepr(this.threshold)}, value=${numberRepr(this.value)}${inplaceRepr(this)}`;
  }
}

/** Options of {@link Hardtanh}. */
export interface HardtanhOptions extends InplaceOptions {
  minVal?: number;
  maxVal?: number;
}

/** x, kept between minVal and maxVal (`torch.nn.Hardtanh`; its deprecated `min_value` and `max_value` are left out). */
export class Hardtanh extends Module {
  readonly minVal: number;
  readonly maxVal: number;
  readonly inplace: boolean;

  constructor(...rest: Tail<HardtanhOptions, ['minVal', 'maxVal', 'inplace']>) {
    super();
    const { minVal, maxVal, inplace } = readOptions(new.target.name, { minVal: -1, maxVal: 1, inplace: false }, rest);
    if (!(maxVal > minVal)) {
      throw valueError(`max_val (${floatRepr(maxVal)}) must be greater than min_val (${floatRepr(minVal)})`);
    }
    this.minVal = minVal;
    this.maxVal = maxVal;
    this.inplace = inplace;
  }

  forward(input: Tensor): Tensor {
    return F.hardtanh(input, this.minVal, this.maxVal, this.inplace);
  }

  override extraRepr(): string {
    return `min_val=${floatRepr(this.minVal)}, max_val=${floatRepr(this.maxVal)}${inplaceRepr(this)}`;
  }
}

/** min(max(0, x), 6) (`torch.nn.ReLU6`). */
export class ReLU6 extends Hardtanh {
  constructor(...rest: InplaceTail) {
    super(0, 6, readOptions('ReLU6', { inplace: false }, rest).inplace);
  }

  override extraRepr(): string {
    return this.inplace ? 'inplace=True' : '';
  }
}

/** Options of {@link LeakyReLU}. */
export interface LeakyReLUOptions extends InplaceOptions {
  /** The slope below 0. */
  negativeSlope?: number;
}

/** x, or negativeSlope·x below 0 (`torch.nn.LeakyReLU`). */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;
  readonly inplace: boolean;

  constructor(...rest: Tail<LeakyReLUOptions, ['negativeSlope', 'inplace']>) {
    super();
    const { negativeSlope, inplace } = readOptions('LeakyReLU', { negativeSlope: 0.01, inplace: false }, rest);
    this.negativeSlope = negativeSlope;
    this.inplace = inplace;
  }

  forward(input: Tensor): Tensor {
    return F.leakyRelu(input, this.negativeSlope, this.inplace);
  }

  override extraRepr(): string {
    return `negative_slope=${floatRepr(this.negativeSlope)}${inplaceRepr(this)}`;
  }
}

/** Options of {@link RReLU}. */
export interface RReLUOptions extends InplaceOptions {
  /** The least slope below 0. */
  lower?: number;
  /** The largest slope below 0. */
  upper?: number;
}

/**
 * x, or below 0 x times a slope that is drawn for each element between lower and upper in training, and is their mean in
 * evaluation (`torch.nn.RReLU`).
 */
export class RReLU extends Module {
  readonly lower: number;
  readonly upper: number;
  readonly inplace: boolean;

  constructor(...rest: Tail<RReLUOptions, ['lower', 'upper', 'inplace']>) {
    super();
    const { lower, upper, inplace } = readOptions('RReLU', { lower: 1 / 8, upper: 1 / 3, inplace: false }, rest);
    this.lower = lower;
    this.upper = upper;
    this.inplace = inplace;
  }

  forward(input: Tensor): Tensor {
    return F.rrelu(input, this.lower, this.upper, this.training, this.inplace);
  }

  override extraRepr(): string {
    return `lower=${floatRepr(this.lower)}, upper=${floatRepr(this.upper)}${inplaceRepr(this)}`;
  }
}

/** Options of {@link ELU} and {@link CELU}. */
export interface ELUOptions extends InplaceOptions {
  /** Minus what the result goes to far below 0. */
  alpha?: number;
}

/** What the two exponential units share: α. */
abstract class Exponential extends Module {
  readonly alpha: number;
  readonly inplace: boolean;

  constructor(...rest: Tail<ELUOptions, ['alpha', 'inplace']>) {
    super();
    const { alpha, inplace } = readOptions(new.target.name, { alpha: 1, inplace: false }, rest);
    this.alpha = alpha;
    this.inplace = inplace;
  }

  override extraRepr(): string {
    return `alpha=${floatRepr(this.alpha)}${inplaceRepr(this)}`;
  }
}

/** x, or α·(exp(x) − 1) below 0 (`torch.nn.ELU`). */
export class ELU extends Exponential {
  forward(input: Tensor): Tensor {
    return F.elu(input, this.alpha, this.inplace);
  }
}

/** x, or α·(exp(x/α) − 1) below 0 (`torch.nn.CELU`). */
export class CELU extends Exponential {
  forward(input: Tensor): Tensor {
    return F.celu(input, this.alpha, this.inplace);
  }
}

/** Options of {@link PReLU}. */
export interface PReLUOptions extends FactoryOptions {
  /** Number of slopes: one for all channels, or one for each. */
  numParameters?: number;
  /** The slopes at the beginning. */
  init?: number;
}

/**
 * x, or below 0 x times a slope that is learnt (`torch.nn.PReLU`, He et al. 2015): one slope for any shape, or C of them for
 * [N, C, *]. The weight [numParameters] begins as `init`.
 */
export class PReLU extends Module {
  readonly numParameters: number;
  readonly init: number;
  weight: Parameter;

  constructor(...rest: Tail<PReLUOptions, ['numParameters', 'init', 'device', 'dtype']>) {
    super();
    const defaults = { numParameters: 1, init: 0.25, device: null, dtype: null };
    const { numParameters, init: slope, ...factory } = readOptions<Required<PReLUOptions>>('PReLU', defaults, rest);
    checkCount('PReLU', 'numParameters', numParameters);
    this.numParameters = numParameters;
    this.init = slope;
    this.weight = new Parameter(empty([numParameters], factory));
    this.resetParameters();
  }

  /** Sets all slopes back to `init`. */
  resetParameters(): void {
    init.constant_(this.weight, this.init);
  }

  forward(input: Tensor): Tensor {
    return F.prelu(input, this.weight);
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}
