import { tellWarning } from '../../engine/warnings';
import { zeros, type Tensor } from '../../tensor';
import { floating } from '../arithmetic';
import {
  checkIgnoreIndex,
  checkNumber,
  checkOneOf,
  checkThreshold,
  type Normalize,
  type OfClasses,
  type OfLabels,
  readClasses,
  readLabels,
  withDefaults,
} from '../options';
import { binaryConfusion, multiclassConfusion, multilabelConfusion } from './confusion-counts';
import { functionOf, SummaryMetric } from './summary-metric';
import { byTask, functionByTask } from './task';

/** Options of every metric that follows from a confusion matrix. */
export interface ConfusionOptions {
  /** A label of the truth that is left out, wherever it stands. */
  ignoreIndex?: number | null;
  /** Looks through the shapes and values of each batch; default true. Without, what does not fit may count as anything. */
  validateArgs?: boolean;
}

/** {@link ConfusionOptions} of binary and multilabel metrics. */
export interface ThresholdConfusionOptions extends ConfusionOptions {
  /** Scores above it are positive; default 0.5. Scores outside of 0 to 1 are logits, whose sigmoid is taken first. */
  threshold?: number;
}

/** An option of the confusion matrices. */
export interface NormalizeOption {
  /** What the counts are divided by; by nothing by default, so that they are int64. */
  normalize?: Normalize | null;
}

export const confusionDefaults = { ignoreIndex: null, validateArgs: true } as const;

/** What follows from one confusion matrix, or from one of each label. */
export abstract class ConfusionMetric extends SummaryMetric<Tensor> {
  declare confmat: Tensor;

  readonly ignoreIndex: number | null;
  readonly validateArgs: boolean;

  protected constructor({ ignoreIndex, validateArgs }: Required<ConfusionOptions>, shape: readonly number[]) {
    super();
    checkIgnoreIndex(ignoreIndex);
    this.ignoreIndex = ignoreIndex;
    this.validateArgs = validateArgs;
    this.addState('confmat', () => zeros([...shape], { dtype: 'int64' }), 'sum');
  }

  protected override accumulate(confusion: Tensor): void {
    this.confmat = this.confmat.add(confusion);
  }

  protected override total(): Tensor {
    return this.confmat;
  }
}

/** Of two classes: [2, 2]. */
export abstract class BinaryConfusionMetric extends ConfusionMetric {
  readonly threshold: number;

  protected constructor(options: Required<ThresholdConfusionOptions>) {
    checkThreshold(options.threshold);
    super(options, [2, 2]);
    this.threshold = options.threshold;
  }

  protected override summarize(preds: Tensor, target: Tensor): Tensor {
    return binaryConfusion(preds, target, this);
  }
}

/** Of several classes: [C, C]. */
export abstract class MulticlassConfusionMetric extends ConfusionMetric {
  protected constructor(
    readonly numClasses: number,
    options: Required<ConfusionOptions>,
  ) {
    checkNumber('numClasses', numClasses);
    super(options, [numClasses, numClasses]);
  }

  protected override summarize(preds: Tensor, target: Tensor): Tensor {
    return multiclassConfusion(preds, target, this);
  }
}

/** Of several labels: [L, 2, 2]. */
export abstract class MultilabelConfusionMetric extends ConfusionMetric {
  readonly threshold: number;

  protected constructor(
    readonly numLabels: number,
    options: Required<ThresholdConfusionOptions>,
  ) {
    checkNumber('numLabels', numLabels);
    checkThreshold(options.threshold, '');
    super(options, [numLabels, 2, 2]);
    this.threshold = options.threshold;
  }

  protected override summarize(preds: Tensor, target: Tensor): Tensor {
    return multilabelConfusion(preds, target, this);
  }
}

function checkNormalize(normalize: unknown): void {
  checkOneOf('normalize', normalize, ['true', 'pred', 'all', 'none', null], '.');
}

/** The counts, or their shares in float32; a share of nothing is 0. */
function normalized(confusion: Tensor, normalize: Normalize | null): Tensor {
  if (normalize === null || normalize === 'none') return confusion;
  const counts = floating(confusion);
  const dim = { true: [-1], pred: [-2], all: [-2, -1] }[normalize];
  const shares = counts.div(counts.sum(dim, true));
  const missing = shares.isnan();
  const count = missing.sum().item();
  if (count === 0) return shares;
  tellWarning(`${count} NaN values found in confusion matrix have been replaced with zeros.`);
  return shares.maskedFill(missing, 0);
}

/** How often 0 and 1 were taken for 0 and 1, int64 [2, 2], rows the truth. (`torchmetrics.classification.BinaryConfusionMatrix`) */
export class BinaryConfusionMatrix extends BinaryConfusionMetric {
  readonly normalize: Normalize | null;

  constructor(options?: ThresholdConfusionOptions & NormalizeOption) {
    const given = withDefaults(new.target.name, options, { threshold: 0.5, normalize: null, ...confusionDefaults });
    super(given);
    checkNormalize(given.normalize);
    this.normalize = given.normalize;
  }

  protected override score(confusion: Tensor): Tensor {
    return normalized(confusion, this.normalize);
  }
}

/**
 * How often each class was taken for each, int64 [C, C], rows the truth, columns the prediction. All scores of the `clean`
 * protocol come from one such matrix over the whole split, see `segmentationScores`.
 * (`torchmetrics.classification.MulticlassConfusionMatrix`)
 *
 * @example
 * ```ts
 * const matrix = new torch.metrics.MulticlassConfusionMatrix(3);
 * matrix.update(torch.tensor([0, 1, 2, 2]), torch.tensor([0, 1, 1, 2]));
 * console.log(matrix.compute().tolist()); // [ [ 1, 0, 0 ], [ 0, 1, 1 ], [ 0, 0, 1 ] ]
 * ```
 */
export class MulticlassConfusionMatrix extends MulticlassConfusionMetric {
  readonly normalize: Normalize | null;

  /** @param args - `numClasses`, 2 or more, and options */
  constructor(...args: OfClasses<ConfusionOptions & NormalizeOption>) {
    const { numClasses, options } = readClasses(args);
    const given = withDefaults(new.target.name, options, { normalize: null, ...confusionDefaults });
    super(numClasses, given);
    checkNormalize(given.normalize);
    this.normalize = given.normalize;
  }

  protected override score(confusion: Tensor): Tensor {
    return normalized(confusion, this.normalize);
  }
}

/** A confusion matrix of each label, int64 [L, 2, 2]. (`torchmetrics.classification.MultilabelConfusionMatrix`) */
export class MultilabelConfusionMatrix extends MultilabelConfusionMetric {
  readonly normalize: Normalize | null;

  /** @param args - `numLabels`, 2 or more, and options */
  constructor(...args: OfLabels<ThresholdConfusionOptions & NormalizeOption>) {
    const { numLabels, options } = readLabels(args);
    const given = withDefaults(new.target.name, options, { threshold: 0.5, normalize: null, ...confusionDefaults });
    super(numLabels, given);
    checkNormalize(given.normalize);
    this.normalize = given.normalize;
  }

  protected override score(confusion: Tensor): Tensor {
    return normalized(confusion, this.normalize);
  }
}

/** {@link BinaryConfusionMatrix} of one batch. (`torchmetrics.functional.classification.binary_confusion_matrix`) */
export const binaryConfusionMatrix = functionOf('binaryConfusionMatrix', BinaryConfusionMatrix);
/** {@link MulticlassConfusionMatrix} of one batch. (`torchmetrics.functional.classification.multiclass_confusion_matrix`) */
export const multiclassConfusionMatrix = functionOf('multiclassConfusionMatrix', MulticlassConfusionMatrix);
/** {@link MultilabelConfusionMatrix} of one batch. (`torchmetrics.functional.classification.multilabel_confusion_matrix`) */
export const multilabelConfusionMatrix = functionOf('multilabelConfusionMatrix', MultilabelConfusionMatrix);

/** Makes the confusion matrix of a task. (`torchmetrics.ConfusionMatrix`) */
export const ConfusionMatrix = byTask(
  'ConfusionMatrix',
  {},
  BinaryConfusionMatrix,
  MulticlassConfusionMatrix,
  MultilabelConfusionMatrix,
);
/** {@link ConfusionMatrix} of one batch. (`torchmetrics.functional.confusion_matrix`) */
export const confusionMatrix = functionByTask('confusionMatrix', ConfusionMatrix);
