import { valueError } from '../engine';
import { empty, type Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { checkCount, checkOptionalNumbers, readOptions, shapeOf } from './arguments';
import { crossMapLrn2d } from './cross-map-lrn';
import * as F from './functional';
import * as init from './init';
import type { FactoryOptions } from './linear';
import { Module } from './module';
import { Parameter } from './parameter';
import { boolRepr, floatRepr, numberRepr, optionalRepr, tupleRepr } from './repr';

/** @inline */
interface Normalized {
  normalizedShape: number | readonly number[];
}

/** @inline */
interface Grouped {
  numGroups: number;
  numChannels: number;
}

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
    ...args: Arguments<
      [normalizedShape: number | readonly number[]],
      Normalized & LayerNormOptions,
      ['normalizedShape', 'eps', 'elementwiseAffine', 'bias', 'device', 'dtype']
    >
  ) {
    super();
    const { normalizedShape, eps, elementwiseAffine, bias, ...factory } = readOptions<
      Normalized & Required<LayerNormOptions>
    >(
      'LayerNorm',
      { normalizedShape: required, eps: 1e-5, elementwiseAffine: true, bias: true, device: null, dtype: null },
      args,
    );
    this.normalizedShape = shapeOf('LayerNorm', 'normalizedShape', normalizedShape);
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

/** Options of {@link RMSNorm}. */
export interface RMSNormOptions extends FactoryOptions {
  /** Added to the mean of squares before its root is taken; null is the smallest step of the input's dtype. */
  eps?: number | null;
  /** Learn a weight per element. */
  elementwiseAffine?: boolean;
}

/**
 * Divides by the root of the mean of squares over the last dimensions, then scales (`torch.nn.RMSNorm`, Zhang and Sennrich
 * 2019). [*, ...normalizedShape] stays as it is; the weight has the normalised shape and begins as ones.
 */
export class RMSNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number | null;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;

  constructor(
    ...args: Arguments<
      [normalizedShape: number | readonly number[]],
      Normalized & RMSNormOptions,
      ['normalizedShape', 'eps', 'elementwiseAffine', 'device', 'dtype']
    >
  ) {
    super();
    const { normalizedShape, eps, elementwiseAffine, ...factory } = readOptions<Normalized & Required<RMSNormOptions>>(
      'RMSNorm',
      { normalizedShape: required, eps: null, elementwiseAffine: true, device: null, dtype: null },
      args,
    );
    checkOptionalNumbers('RMSNorm', { eps });
    this.normalizedShape = shapeOf('RMSNorm', 'normalizedShape', normalizedShape);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? new Parameter(empty(this.normalizedShape, factory)) : null;
    this.resetParameters();
  }

  /** Sets the weight back to ones. */
  resetParameters(): void {
    if (this.weight !== null) init.ones_(this.weight);
  }

  forward(input: Tensor): Tensor {
    return F.rmsNorm(input, this.normalizedShape, this.weight, this.eps);
  }

  override extraRepr(): string {
    return (
      `${tupleRepr(this.normalizedShape)}, eps=${optionalRepr(this.eps, floatRepr)}, ` +
      `elementwise_affine=${boolRepr(this.elementwiseAffine)}`
    );
  }
}

/** Options of {@link GroupNorm}. */
export interface GroupNormOptions extends FactoryOptions {
  /** Added to the variance before its root is taken. */
  eps?: number;
  /** Learn a weight and a bias per channel. */
  affine?: boolean;
  /** Learn a bias beside the weight. */
  bias?: boolean;
}

/**
 * Brings groups of the channels of [N, C, *] to mean 0 and variance 1, then scales and shifts each channel
 * (`torch.nn.GroupNorm`, Wu and He 2018). Weight and bias [numChannels] begin as ones and zeros.
 */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly affine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(
    ...args: Arguments<
      [numGroups: number, numChannels: number],
      Grouped & GroupNormOptions,
      ['numGroups', 'numChannels', 'eps', 'affine', 'device', 'dtype', 'bias']
    >
  ) {
    super();
    const { numGroups, numChannels, eps, affine, bias, ...factory } = readOptions<Grouped & Required<GroupNormOptions>>(
      'GroupNorm',
      {
        numGroups: required,
        numChannels: required,
        eps: 1e-5,
        affine: true,
        device: null,
        dtype: null,
        bias: true,
      },
      args,
    );
    checkCount('GroupNorm', 'numGroups', numGroups, 1);
    checkCount('GroupNorm', 'numChannels', numChannels);
    if (numChannels % numGroups !== 0) {
      throw valueError(`num_channels (${numChannels}) must be divisible by num_groups (${numGroups})`);
    }
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.affine = affine;
    this.weight = affine ? new Parameter(empty([numChannels], factory)) : null;
    this.bias = affine && bias ? new Parameter(empty([numChannels], factory)) : null;
    this.resetParameters();
  }

  /** Sets weight and bias back to ones and zeros. */
  resetParameters(): void {
    if (this.weight !== null) init.ones_(this.weight);
    if (this.bias !== null) init.zeros_(this.bias);
  }

  forward(input: Tensor): Tensor {
    return F.groupNorm(input, this.numGroups, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    return (
      `${this.numGroups}, ${this.numChannels}, eps=${floatRepr(this.eps)}, affine=${boolRepr(this.affine)}, ` +
      `bias=${boolRepr(this.bias !== null)}`
    );
  }
}

/** What the norms across neighbouring channels share. */
abstract class ResponseNorm extends Module {
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  readonly size: number;

  constructor(
    ...args: Arguments<[size: number], { size: number } & F.LocalResponseNormOptions, ['size', 'alpha', 'beta', 'k']>
  ) {
    super();
    const { name } = new.target;
    const { size, alpha, beta, k } = readOptions<{ size: number } & Required<F.LocalResponseNormOptions>>(
      name,
      { size: required, alpha: 1e-4, beta: 0.75, k: 1 },
      args,
    );
    checkCount(name, 'size', size, 1);
    this.size = size;
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }
}

/**
 * Divides by (k + α/size · Σ x²)^β, the sum over `size` neighbouring channels of [N, C, *] (`torch.nn.LocalResponseNorm`,
 * Krizhevsky et al. 2012).
 */
export class LocalResponseNorm extends ResponseNorm {
  forward(input: Tensor): Tensor {
    return F.localResponseNorm(input, this.size, this.alpha, this.beta, this.k);
  }

  override extraRepr(): string {
    return `${this.size}, alpha=${floatRepr(this.alpha)}, beta=${floatRepr(this.beta)}, k=${floatRepr(this.k)}`;
  }
}

/**
 * {@link LocalResponseNorm} of [N, C, H, W] with running sums over the channels, which rounds differently
 * (`torch.nn.CrossMapLRN2d`).
 */
export class CrossMapLRN2d extends ResponseNorm {
  forward(input: Tensor): Tensor {
    return crossMapLrn2d(input, this.size, this.alpha, this.beta, this.k);
  }

  override extraRepr(): string {
    return `${this.size}, alpha=${floatRepr(this.alpha)}, beta=${floatRepr(this.beta)}, k=${numberRepr(this.k)}`;
  }
}
