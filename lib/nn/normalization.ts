import { checkList } from '../engine';
import { empty, type Tensor } from '../tensor';
import { readTail, type Tail } from '../tensor/tail';
import * as F from './functional';
import * as init from './init';
import type { FactoryOptions } from './linear';
import { Module } from './module';
import { Parameter } from './parameter';
import { boolRepr, floatRepr, tupleRepr } from './repr';

export interface LayerNormOptions extends FactoryOptions {
  /** Added to the variance before its root is taken. */
  eps?: number;
  /** Learn a weight and a bias per element. */
  elementwiseAffine?: boolean;
  /** Learn a bias beside the weight. */
  bias?: boolean;
}

/**
 * Brings the last dimensions to mean 0 and variance 1, then scales and shifts them (`torch.nn.LayerNorm`, Ba et al. 2016).
 * [*, ...normalizedShape] stays as it is; weight and bias have the normalised shape and begin as ones and zeros.
 */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(
    normalizedShape: number | readonly number[],
    ...rest: Tail<LayerNormOptions, ['eps', 'elementwiseAffine', 'bias', 'device', 'dtype']>
  ) {
    super();
    const defaults = { eps: 1e-5, elementwiseAffine: true, bias: true, device: null, dtype: null };
    const { eps, elementwiseAffine, bias, ...factory } = readTail<Required<LayerNormOptions>>(
      'LayerNorm',
      defaults,
      rest,
    );
    if (typeof normalizedShape !== 'number') checkList('LayerNorm', 'normalizedShape', normalizedShape);
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape];
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? new Parameter(empty(this.normalizedShape, factory)) : null;
    this.bias = elementwiseAffine && bias ? new Parameter(empty(this.normalizedShape, factory)) : null;
    this.resetParameters();
  }

  /** Sets weight and bias back to ones and zeros. */
  resetParameters(): void {
    if (this.weight !== null) init.ones_(this.weight);
    if (this.bias !== null) init.zeros_(this.bias);
  }

  forward(input: Tensor): Tensor {
    return F.layerNorm(input, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    return (
      `${tupleRepr(this.normalizedShape)}, eps=${floatRepr(this.eps)}, ` +
      `elementwise_affine=${boolRepr(this.elementwiseAffine)}, bias=${boolRepr(this.bias !== null)}`
    );
  }
}
