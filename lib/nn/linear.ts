import { ArgumentError, describe } from '../engine';
import { empty, type Device, type DType, type Tensor } from '../tensor';
import { readTail, type Tail } from '../tensor/tail';
import * as F from './functional';
import * as init from './init';
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
  readonly inFeatures: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, ...rest: Tail<LinearOptions, ['bias', 'device', 'dtype']>) {
    super();
    const defaults = { bias: true, device: null, dtype: null };
    const { bias, ...factory } = readTail<Required<LinearOptions>>('Linear', defaults, rest);
    checkSize('inFeatures', inFeatures);
    checkSize('outFeatures', outFeatures);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = new Parameter(empty([outFeatures, inFeatures], factory));
    this.bias = bias ? new Parameter(empty([outFeatures], factory)) : null;
    this.resetParameters();
  }

  /** Draws the parameters anew. */
  resetParameters(): void {
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

function checkSize(name: string, size: number): void {
  if (Number.isInteger(size) && size >= 0) return;
  throw new ArgumentError(
    `Linear: expected a whole number of at least 0 for \`${name}\`, received ${describe(size)}`,
    'TORCH_VALUE',
  );
}
