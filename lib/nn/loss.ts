import type { Tensor } from '../tensor';
import { readTail, type Tail } from '../tensor/tail';
import * as F from './functional';
import { Module } from './module';
import { Buffer } from './parameter';

/**
 * Cross entropy of logits against classes or class probabilities (`torch.nn.CrossEntropyLoss`).
 * Logits [C], [N, C] or [N, C, ...] against int64 classes [], [N] or [N, ...], or probabilities of the logits' shape.
 */
export class CrossEntropyLoss extends Module<[input: Tensor, target: Tensor]> {
  weight: Buffer | null;
  readonly ignoreIndex: number;
  readonly reduction: F.Reduction;
  readonly labelSmoothing: number;

  constructor(...rest: Tail<F.CrossEntropyOptions, ['weight', 'ignoreIndex', 'reduction', 'labelSmoothing']>) {
    super();
    const options = readTail<Required<F.CrossEntropyOptions>>('CrossEntropyLoss', F.crossEntropyDefaults, rest);
    this.weight = options.weight === null ? null : new Buffer(options.weight);
    this.ignoreIndex = options.ignoreIndex;
    this.reduction = options.reduction;
    this.labelSmoothing = options.labelSmoothing;
  }

  forward(input: Tensor, target: Tensor): Tensor {
    return F.crossEntropy(input, target, this.weight, this.ignoreIndex, this.reduction, this.labelSmoothing);
  }
}
