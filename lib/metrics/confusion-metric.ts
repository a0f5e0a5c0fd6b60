import { ArgumentError, checkObject, describe, scope } from '../engine';
import { tensor, type Tensor } from '../tensor';
import { countConfusion, type ConfusionCounts } from './confusion-counts';

/** Options of every metric that follows from the confusion matrix. */
export interface ConfusionMetricOptions {
  /** A label of the truth whose pixels are left out. */
  ignoreIndex?: number;
}

/** Their confusion matrix has the most elements that a JavaScript array can have at once. */
const MOST_CLASSES = 4096;

/**
 * A score that follows from the confusion matrix alone, accumulated over batches: the shape of a torchmetrics `Metric`.
 * The state is plain counts, not tensors, so updates may stand inside any scope, mode or device.
 */
export abstract class ConfusionMetric {
  readonly ignoreIndex: number | undefined;
  private counts: number[];

  constructor(
    readonly numClasses: number,
    options: ConfusionMetricOptions = {},
  ) {
    checkObject('ConfusionMetric', 'options', options);
    const { ignoreIndex } = options;
    if (!Number.isSafeInteger(numClasses) || numClasses < 2) {
      throw new ArgumentError(
        `expected an integer larger than 1 for argument \`numClasses\`, received ${describe(numClasses)}`,
        'TORCH_VALUE',
      );
    }
    if (numClasses > MOST_CLASSES) {
      throw new ArgumentError(
        `expected at most ${MOST_CLASSES} classes for argument \`numClasses\`, received ${numClasses}`,
        'TORCH_VALUE',
      );
    }
    if (ignoreIndex !== undefined && !Number.isSafeInteger(ignoreIndex)) {
      throw new ArgumentError(`expected an integer for argument \`ignoreIndex\`, received ${describe(ignoreIndex)}`);
    }
    this.ignoreIndex = ignoreIndex;
    this.counts = this.zeros();
  }

  /** The score of an int64 confusion matrix `[C, C]`, rows the truth. */
  protected abstract reduce(confusion: Tensor): Tensor;

  /**
   * Adds a batch: labels of one shape, or scores `preds` [N, C, ...] against labels `target` [N, ...].
   *
   * @throws ArgumentError where shapes, dtypes or labels do not fit
   */
  update(preds: Tensor, target: Tensor): void {
    this.add(countConfusion(preds, target, this.numClasses, this.ignoreIndex));
  }

  /** The score of everything since the last reset. */
  compute(): Tensor {
    return this.scoreOf(this.counts);
  }

  /** Adds a batch and returns the score of this batch alone, as calling a torchmetrics metric does. */
  forward(preds: Tensor, target: Tensor): Tensor {
    const counts = countConfusion(preds, target, this.numClasses, this.ignoreIndex);
    this.add(counts);
    return this.scoreOf(counts);
  }

  /** Forgets everything. */
  reset(): void {
    this.counts = this.zeros();
  }

  private scoreOf(counts: ConfusionCounts): Tensor {
    const size = this.numClasses;
    return scope(() => this.reduce(tensor(counts, { dtype: 'int64' }).reshape([size, size])));
  }

  private add(counts: ConfusionCounts): void {
    this.counts = this.counts.map((count, cell) => count + (counts[cell] ?? 0));
  }

  private zeros(): number[] {
    return new Array<number>(this.numClasses ** 2).fill(0);
  }
}
