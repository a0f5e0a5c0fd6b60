import { valueError } from '../engine';
import { empty, type Device, type DType, type Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { checkCount, readOptions } from './arguments';
import * as F from './functional';
import * as init from './init';
import { hasUninitialized } from './lazy';
import { Module } from './module';
import { Parameter } from './parameter';
import { boolRepr } from './repr';

/** Where the parameters of a module are made, and of which dtype; the defaults are the CPU and float32. */
export interface FactoryOptions {
  device?: Device | null;
  dtype?: DType | null;
}

export interface LinearOptions extends FactoryOptions {
  /** Add a learned bias. */
  bias?: boolean;
}

/**
 * y = x Aᵀ + b, from [*, inFeatures] to [*, outFeatures] (`torch.nn.Linear`).
 *
 * Weight [outFeatures, inFeatures] and bias [outFeatures] are drawn evenly from ±1/√inFeatures, the weight first.
 *
 * @example
 * ```ts
 * const layer = new nn.Linear(3, 2, { bias: false });
 * console.log(layer); // Linear(in_features=3, out_features=2, bias=False)
 * console.log(layer.forward(torch.ones([5, 3])).shape); // [ 5, 2 ]
 * ```
 */
export class Linear extends Module {
  inFeatures: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    ...args: Arguments<
      [inFeatures: number, outFeatures: number],
      LinearOptions & { inFeatures: number; outFeatures: number },
      ['inFeatures', 'outFeatures', 'bias', 'device', 'dtype']
    >
  ) {
    super();
    const defaults = { inFeatures: required, outFeatures: required, bias: true, device: null, dtype: null };
    const options = readOptions<Required<LinearOptions> & { inFeatures: number; outFeatures: number }>(
      'Linear',
      defaults,
      args,
    );
    const { inFeatures, outFeatures, bias, ...factory } = options;
    checkCount('Linear', 'inFeatures', inFeatures);
    checkCount('Linear', 'outFeatures', outFeatures);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = new Parameter(empty([outFeatures, inFeatures], factory));
    this.bias = bias ? new Parameter(empty([outFeatures], factory)) : null;
    this.resetParameters();
  }

  /** Draws the parameters anew; of a lazy module without a shape, nothing. */
  resetParameters(): void {
    if (hasUninitialized(this)) return;
    // a = √5 makes Kaiming's bound 1/√inFeatures, but with the rounding of the long way round.
    init.kaimingUniform_(this.weight, Math.sqrt(5));
    if (this.bias === null) return;
    const bound = this.inFeatures > 0 ? 1 / Math.sqrt(this.inFeatures) : 0;
    init.uniform_(this.bias, -bound, bound);
  }

  forward(input: Tensor): Tensor {
    return F.linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${boolRepr(this.bias !== null)}`;
  }
}

/** The output projection of `MultiheadAttention`: a {@link Linear} that Python prints under this name. */
export class NonDynamicallyQuantizableLinear extends Linear {}

/** @inline */
interface BilinearArguments extends LinearOptions {
  in1Features: number;
  in2Features: number;
  outFeatures: number;
}

/**
 * y = x₁ᵀ A x₂ + b for each output, from [*, in1Features] and [*, in2Features] to [*, outFeatures] (`torch.nn.Bilinear`).
 *
 * Weight [outFeatures, in1Features, in2Features] and bias [outFeatures] are drawn evenly from ±1/√in1Features.
 */
export class Bilinear extends Module<[input1: Tensor, input2: Tensor]> {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(
    ...args: Arguments<
      [in1Features: number, in2Features: number, outFeatures: number],
      BilinearArguments,
      ['in1Features', 'in2Features', 'outFeatures', 'bias', 'device', 'dtype']
    >
  ) {
    super();
    const { in1Features, in2Features, outFeatures, bias, ...factory } = readOptions<Required<BilinearArguments>>(
      'Bilinear',
      {
        in1Features: required,
        in2Features: required,
        outFeatures: required,
        bias: true,
        device: null,
        dtype: null,
      },
      args,
    );
    checkCount('Bilinear', 'in2Features', in2Features);
    checkCount('Bilinear', 'outFeatures', outFeatures);
    checkCount('Bilinear', 'in1Features', in1Features);
    if (in1Features === 0) throw valueError(`in1_features must be > 0, but got (in1_features=${in1Features})`);
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = new Parameter(empty([outFeatures, in1Features, in2Features], factory));
    this.bias = bias ? new Parameter(empty([outFeatures], factory)) : null;
    this.resetParameters();
  }

  /** Draws the parameters anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    init.uniform_(this.weight, -bound, bound);
    if (this.bias !== null) init.uniform_(this.bias, -bound, bound);
  }

  forward(input1: Tensor, input2: Tensor): Tensor {
    return F.bilinear(input1, input2, this.weight, this.bias);
  }

  override extraRepr(): string {
    return (
      `in1_features=${this.in1Features}, in2_features=${this.in2Features}, out_features=${this.outFeatures}, ` +
      `bias=${boolRepr(this.bias !== null)}`
    );
  }
}
