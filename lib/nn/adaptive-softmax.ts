import { checkList, checkNumbers, checkTensors, libm, TorchError, valueError } from '../engine';
import { cat, type Tensor } from '../tensor';
import { type Arguments, required } from '../tensor/tail';
import { checkCount, readOptions } from './arguments';
import { ModuleList, Sequential } from './container';
import * as F from './functional';
import { Linear, type FactoryOptions } from './linear';
import { Module } from './module';

/** Options of {@link AdaptiveLogSoftmaxWithLoss}. */
export interface AdaptiveLogSoftmaxOptions extends FactoryOptions {
  /** Each cluster's projection is smaller than that of the one before by this factor. */
  divValue?: number;
  /** Learn a bias in the head. */
  headBias?: boolean;
}

/** Python's `a // b` for floats of 0 or more. */
function floorDivide(a: number, b: number): number {
  return Math.round((a - (a % b)) / b);
}

/** @inline */
interface AdaptiveLogSoftmaxArguments extends AdaptiveLogSoftmaxOptions {
  inFeatures: number;
  nClasses: number;
  cutoffs: readonly number[];
}

/**
 * Softmax over very many classes that are sorted by how frequent they are: the frequent ones have their logits in a head, the
 * others in clusters with small projections, which are computed only for the samples that need them
 * (`torch.nn.AdaptiveLogSoftmaxWithLoss`, Grave et al. 2017).
 *
 * `forward(input, target)`: [N, inFeatures] and classes [N], or [inFeatures] and [], to the log-probabilities of the targets,
 * [N] or [], and the mean of their negatives.
 *
 * @example
 * ```ts
 * const layer = new nn.AdaptiveLogSoftmaxWithLoss(8, 100, [10, 40]);
 * const [output, loss] = layer.forward(torch.rand([3, 8]), torch.tensor([1, 99, 20]));
 * console.log(output.shape, loss.shape, layer.predict(torch.rand([3, 8])).shape); // [ 3 ] [] [ 3 ]
 * ```
 */
export class AdaptiveLogSoftmaxWithLoss extends Module<
  [input: Tensor, target: Tensor],
  [output: Tensor, loss: Tensor]
> {
  readonly inFeatures: number;
  readonly nClasses: number;
  /** Where clusters end; the last is `nClasses`. */
  readonly cutoffs: readonly number[];
  readonly divValue: number;
  readonly headBias: boolean;
  readonly shortlistSize: number;
  readonly nClusters: number;
  readonly headSize: number;
  readonly head: Linear;
  readonly tail: ModuleList<Sequential>;

  /**
   * @param inFeatures size of the inputs
   * @param nClasses number of classes, the most frequent first
   * @param cutoffs the first class of each cluster, ascending
   */
  constructor(
    ...args: Arguments<
      [inFeatures: number, nClasses: number, cutoffs: readonly number[]],
      AdaptiveLogSoftmaxArguments,
      ['inFeatures', 'nClasses', 'cutoffs', 'divValue', 'headBias', 'device', 'dtype']
    >
  ) {
    super();
    const { inFeatures, nClasses, cutoffs, divValue, headBias, ...factory } = readOptions<
      Required<AdaptiveLogSoftmaxArguments>
    >(
      'AdaptiveLogSoftmaxWithLoss',
      {
        inFeatures: required,
        nClasses: required,
        cutoffs: required,
        divValue: 4,
        headBias: false,
        device: null,
        dtype: null,
      },
      args,
    );
    checkCount('AdaptiveLogSoftmaxWithLoss', 'inFeatures', inFeatures);
    checkNumbers('AdaptiveLogSoftmaxWithLoss', { nClasses });
    checkList('AdaptiveLogSoftmaxWithLoss', 'cutoffs', cutoffs);
    checkCutoffs(cutoffs, nClasses);
    this.inFeatures = inFeatures;
    this.nClasses = nClasses;
    this.cutoffs = [...cutoffs, nClasses];
    this.divValue = divValue;
    this.headBias = headBias;
    this.shortlistSize = this.cutoffs[0] as number;
    this.nClusters = cutoffs.length;
    this.headSize = this.shortlistSize + this.nClusters;
    this.head = new Linear(inFeatures, this.headSize, { bias: headBias, ...factory });
    this.tail = new ModuleList<Sequential>();
    for (const [cluster, first] of cutoffs.entries()) {
      const hidden = floorDivide(inFeatures, libm.pow(divValue, cluster + 1));
      const classes = (this.cutoffs[cluster + 1] as number) - first;
      this.tail.append(
        new Sequential(
          new Linear(inFeatures, hidden, { bias: false, ...factory }),
          new Linear(hidden, classes, { bias: false, ...factory }),
        ),
      );
    }
  }

  /** Draws all parameters anew. */
  resetParameters(): void {
    for (const module of this.modules()) if (module instanceof Linear) module.resetParameters();
  }

  forward(input: Tensor, target: Tensor): [output: Tensor, loss: Tensor] {
    checkTensors('AdaptiveLogSoftmaxWithLoss.forward', { input, target });
    checkShapes(input, target);
    if (target.dim() === 1) return this.batched(input, target);
    const [output, loss] = this.batched(input.unsqueeze(0), target.unsqueeze(0));
    return [output.squeeze(0), loss];
  }

  private batched(input: Tensor, target: Tensor): [output: Tensor, loss: Tensor] {
    const batch = target.size(0);
    const output = input.newZeros([batch]);
    const places = target.newEmpty([batch]);
    let used = 0;
    for (const [cluster, last] of this.cutoffs.entries()) {
      const first = cluster === 0 ? 0 : (this.cutoffs[cluster - 1] as number);
      const mask = target.ge(first).bitwiseAnd(target.lt(last));
      const rows = mask.nonzero().squeeze();
      if (rows.numel() === 0) continue;
      used += rows.numel();
      if (cluster === 0) {
        places.indexCopy_(0, rows, target.maskedSelect(mask));
        continue;
      }
      const relative = target.maskedSelect(mask).sub(first);
      places.indexFill_(0, rows, this.shortlistSize + cluster - 1);
      const logProbs = F.logSoftmax(this.tail.at(cluster - 1).forward(input.indexSelect(0, rows)), 1);
      output.indexCopy_(0, rows, logProbs.gather(1, relative.unsqueeze(1)).squeeze(1));
    }
    if (used !== batch) {
      throw new TorchError(
        `Target values should be in [0, ${this.nClasses - 1}], but values in range ` +
          `[${target.min().item()}, ${target.max().item()}] were found. `,
      );
    }
    const headLogProbs = F.logSoftmax(this.head.forward(input), 1);
    output.add_(headLogProbs.gather(1, places.unsqueeze(1)).squeeze());
    return [output, output.neg().mean()];
  }

  private fullLogProb(input: Tensor, headOutput: Tensor): Tensor {
    const headLogProbs = F.logSoftmax(headOutput, 1);
    const parts = [headLogProbs.narrow(1, 0, this.shortlistSize)];
    for (const [cluster, module] of [...this.tail].entries()) {
      const logProbs = F.logSoftmax(module.forward(input), 1);
      parts.push(logProbs.add(headLogProbs.select(1, this.shortlistSize + cluster).unsqueeze(1)));
    }
    return cat(parts, 1);
  }

  /** Log-probabilities of all classes: [N, inFeatures] to [N, nClasses]. */
  logProb(input: Tensor): Tensor {
    return this.fullLogProb(input, this.head.forward(input));
  }

  /** The most probable class of each row of [N, inFeatures]; clusters are computed only where one may be. */
  predict(input: Tensor): Tensor {
    const headOutput = this.head.forward(input);
    const output = headOutput.argmax(1);
    const outside = output.ge(this.shortlistSize);
    const rows = outside.nonzero().squeeze(1);
    if (rows.numel() === 0) return output;
    const logProbs = this.fullLogProb(input.indexSelect(0, rows), headOutput.indexSelect(0, rows));
    return output.indexCopy_(0, rows, logProbs.argmax(1));
  }
}

function checkCutoffs(cutoffs: readonly number[], nClasses: number): void {
  if (cutoffs.length === 0) throw valueError('cutoffs should be a sequence of length larger than 0');
  const ascending = cutoffs.every((cutoff, index) => {
    const before = index === 0 ? 0 : (cutoffs[index - 1] as number);
    return Number.isSafeInteger(cutoff) && cutoff > before && cutoff <= nClasses - 1;
  });
  if (ascending) return;
  throw valueError(
    'cutoffs should be a sequence of unique, positive integers sorted in an increasing order, ' +
      'where each value is between 1 and n_classes-1',
  );
}

function checkShapes(input: Tensor, target: Tensor): void {
  const sizes = `torch.Size([${input.shape.join(', ')}])`;
  if (target.dim() === 1) {
    if (input.dim() > 0 && input.size(0) !== target.size(0)) {
      throw new TorchError('Input and target should have the same size in the batch dimension.');
    }
    if (input.dim() !== 2) {
      throw new TorchError(`1D target tensor expects 2D input tensors, but found inputs with size ${sizes}`);
    }
  } else if (target.dim() === 0) {
    if (input.dim() !== 1) {
      throw new TorchError(`0D target tensor expects 1D input tensors, but found inputs with size ${sizes}`);
    }
  } else {
    throw new TorchError('0D or 1D target tensor expected, multi-target not supported');
  }
}
