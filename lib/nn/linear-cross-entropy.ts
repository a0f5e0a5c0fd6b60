import { TorchError } from '../engine';
import type { Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { checkCount, checkOptionalNumbers, readOptions, shapeOf } from './arguments';
import * as F from './functional';
import { Linear, type FactoryOptions } from './linear';
import { mean, WeightedLoss } from './loss';
import { boolRepr, floatRepr, optionalRepr, tupleRepr } from './repr';

/** Options of {@link LinearCrossEntropyLoss}. */
export interface LinearCrossEntropyLossOptions extends FactoryOptions, F.LossOptions {
  /** Sizes of the dimensions behind the classes. */
  outFeatures?: readonly number[];
  /** Learn a bias. */
  bias?: boolean;
  /** Factor of each class, [numClasses]. */
  weight?: Tensor | null;
  /** A class that does not count, −100 by default; for classes only. */
  ignoreIndex?: number | null;
  /** Share of the truth that is spread over all classes, 0 to 1. */
  labelSmoothing?: number;
}

/** @inline */
interface Sizes {
  inFeatures: number;
  numClasses: number;
}

/**
 * A linear layer and the cross entropy of its logits (`torch.nn.LinearCrossEntropyLoss`; its `options`, which computes in
 * chunks by an op written in Python, is left out). Inputs [N, inFeatures] or [inFeatures] against classes or probabilities.
 */
export class LinearCrossEntropyLoss extends WeightedLoss {
  readonly numClasses: number;
  readonly outFeatures: readonly number[];
  readonly ignoreIndex: number | null;
  readonly labelSmoothing: number;
  readonly linear: Linear;

  constructor(
    ...args: Arguments<
      [inFeatures: number, numClasses: number],
      Sizes & LinearCrossEntropyLossOptions,
      [
        'inFeatures',
        'numClasses',
        'outFeatures',
        'bias',
        'device',
        'dtype',
        'reduction',
        'weight',
        'ignoreIndex',
        'labelSmoothing',
      ]
    >
  ) {
    const { inFeatures, numClasses, outFeatures, bias, device, dtype, ...others } = readOptions<
      Sizes & Required<LinearCrossEntropyLossOptions>
    >(
      'LinearCrossEntropyLoss',
      {
        inFeatures: required,
        numClasses: required,
        outFeatures: [],
        bias: false,
        device: null,
        dtype: null,
        ...mean,
        weight: null,
        ignoreIndex: null,
        labelSmoothing: 0,
      },
      args,
    );
    const { reduction, weight, ignoreIndex, labelSmoothing } = others;
    checkCount('LinearCrossEntropyLoss', 'numClasses', numClasses);
    checkOptionalNumbers('LinearCrossEntropyLoss', { ignoreIndex });
    super(weight, reduction);
    if (this.weight !== null && this.weight.shape.join() !== String(numClasses)) {
      throw new TorchError(`expected weight shape to be (${numClasses},), got ${tupleRepr(this.weight.shape)}`);
    }
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new TorchError(`expected label_smoothing to be in range [0, 1], got ${floatRepr(labelSmoothing)}`);
    }
    this.numClasses = numClasses;
    this.outFeatures = shapeOf('LinearCrossEntropyLoss', 'outFeatures', outFeatures);
    this.ignoreIndex = ignoreIndex;
    this.labelSmoothing = labelSmoothing;
    const outputs = this.outFeatures.reduce((product, size) => product * size, numClasses);
    this.linear = new Linear(inFeatures, outputs, { bias, device, dtype });
  }

  forward(input: Tensor, target: Tensor): Tensor {
    const { linear, numClasses, outFeatures, weight, reduction, ignoreIndex, labelSmoothing } = this;
    return F.linearCrossEntropy(input, linear.weight.reshape([numClasses, ...outFeatures, linear.inFeatures]), target, {
      linearBias: linear.bias?.reshape([numClasses, ...outFeatures]) ?? null,
      weight,
      reduction,
      ignoreIndex,
      labelSmoothing,
    });
  }

  override extraRepr(): string {
    return (
      `in_features=${this.linear.inFeatures}, num_classes=${this.numClasses}, out_features=${tupleRepr(this.outFeatures)}, ` +
      `bias=${boolRepr(this.linear.bias !== null)}, reduction=${this.reduction}, ` +
      `ignore_index=${optionalRepr(this.ignoreIndex)}, label_smoothing=${floatRepr(this.labelSmoothing)}, options=None`
    );
  }
}
