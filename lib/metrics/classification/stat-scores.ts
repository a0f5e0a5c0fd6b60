import { valueError } from '../../engine';
import { cat, zeros, type Tensor } from '../../tensor';
import {
  type Average,
  checkIgnoreIndex,
  checkNumber,
  checkOneOf,
  checkThreshold,
  checkZeroDivision,
  type MultidimAverage,
  type OfAnyClasses,
  type OfLabels,
  readAnyClasses,
  readLabels,
  shown,
  withDefaults,
} from '../options';
import { countBinary, countMulticlass, countMultilabel, type StatCounts } from './stat-counts';
import { type Ratio, reduceRatio, reduceStatScores, type Reduction } from './stat-reduction';
import { functionOf, SummaryMetric } from './summary-metric';
import { byTask, functionByTask } from './task';

/** Options of every metric that follows from true and false positives and negatives. */
export interface StatScoresOptions {
  /** All samples together (`global`, the default), or a score for each (`samplewise`): then [N, X] at least. */
  multidimAverage?: MultidimAverage;
  /** A label of the truth that is left out, wherever it stands. */
  ignoreIndex?: number | null;
  /** Looks through the shapes and values of each batch; default true. Without, what does not fit may count as anything. */
  validateArgs?: boolean;
  /** The score where there is nothing to divide by, 0 (the default) or 1; of precision, recall, F and their kin alone. */
  zeroDivision?: number;
}

/** Options of the binary metrics of {@link StatScoresOptions}. */
export interface BinaryStatScoresOptions extends StatScoresOptions {
  /** Scores above it are positive; default 0.5. Scores outside of 0 to 1 are logits, whose sigmoid is taken first. */
  threshold?: number;
}

/** Options of the multiclass metrics of {@link StatScoresOptions}. */
export interface MulticlassStatScoresOptions extends StatScoresOptions {
  /** The truth counts as found if it is among so many best classes; default 1. More need scores. */
  topK?: number;
  /** Default macro. */
  average?: Average | null;
}

/** Options of the multilabel metrics of {@link StatScoresOptions}. */
export interface MultilabelStatScoresOptions extends BinaryStatScoresOptions {
  /** Default macro. */
  average?: Average | null;
}

export const averages: readonly (Average | null)[] = ['micro', 'macro', 'weighted', 'none', null];
const defaults = { multidimAverage: 'global', ignoreIndex: null, validateArgs: true, zeroDivision: 0 } as const;

/** What all three tasks have. */
abstract class StatScoresMetric extends SummaryMetric<StatCounts> {
  declare tp: Tensor | Tensor[];
  declare fp: Tensor | Tensor[];
  declare tn: Tensor | Tensor[];
  declare fn: Tensor | Tensor[];

  readonly multidimAverage: MultidimAverage;
  readonly ignoreIndex: number | null;
  readonly validateArgs: boolean;
  readonly zeroDivision: number;

  /** What is made of the counts; null where they are the score themselves. */
  protected readonly ratio: Ratio | null = null;

  /** The settings that decide how a score is made. */
  protected abstract get reduction(): Reduction;

  override get higherIsBetter(): boolean | null {
    return this.ratio?.higherIsBetter ?? null;
  }

  protected constructor(options: Required<StatScoresOptions>, size: number) {
    super();
    checkOneOf('multidimAverage', options.multidimAverage, ['global', 'samplewise']);
    checkIgnoreIndex(options.ignoreIndex);
    checkZeroDivision(options.zeroDivision);
    this.multidimAverage = options.multidimAverage;
    this.ignoreIndex = options.ignoreIndex;
    this.validateArgs = options.validateArgs;
    this.zeroDivision = options.zeroDivision;
    for (const name of countNames) {
      if (this.multidimAverage === 'samplewise') this.addState(name, [], 'cat');
      else this.addState(name, () => zeros([size], { dtype: 'int64' }), 'sum');
    }
  }

  protected override accumulate(counts: StatCounts): void {
    for (const name of countNames) {
      const state = this[name];
      if (Array.isArray(state)) state.push(counts[name]);
      else this[name] = state.add(counts[name]);
    }
  }

  protected override score(counts: StatCounts): Tensor {
    return this.ratio === null
      ? reduceStatScores(counts, this.reduction)
      : reduceRatio(this.ratio, counts, this.reduction);
  }

  protected override total(): StatCounts {
    return { tp: joined(this.tp), fp: joined(this.fp), tn: joined(this.tn), fn: joined(this.fn) };
  }
}

const countNames = ['tp', 'fp', 'tn', 'fn'] as const;

/** A list as one tensor, [] as a list of one element. */
export function joined(state: Tensor | Tensor[]): Tensor {
  if (!Array.isArray(state)) return state;
  if (state.length === 0) throw valueError('No samples to concatenate');
  return cat(state.map((tensor) => (tensor.dim() === 0 ? tensor.unsqueeze(0) : tensor)));
}

/**
 * True positives, false positives, true negatives, false negatives and their support (tp + fn), int64 [5], or [N, 5] with
 * `samplewise`. (`torchmetrics.classification.BinaryStatScores`)
 */
export class BinaryStatScores extends StatScoresMetric {
  readonly threshold: number;

  /** @throws ArgumentError for options that are none, in torchmetrics' words */
  constructor(options?: BinaryStatScoresOptions) {
    const given = withDefaults(new.target.name, options, { threshold: 0.5, ...defaults });
    checkThreshold(given.threshold);
    super(given, 1);
    this.threshold = given.threshold;
  }

  protected override get reduction(): Reduction {
    const samplewise = this.multidimAverage === 'samplewise';
    return { task: 'binary', average: 'none', samplewise, topK: 1, zeroDivision: this.zeroDivision };
  }

  protected override summarize(preds: Tensor, target: Tensor): StatCounts {
    return countBinary(preds, target, this);
  }
}

/**
 * As {@link BinaryStatScores} of classes: [5] with `average` micro, [C, 5] with none, float32 [5] with macro and weighted;
 * with `samplewise` one for each sample. (`torchmetrics.classification.MulticlassStatScores`)
 */
export class MulticlassStatScores extends StatScoresMetric {
  readonly numClasses: number | null;
  readonly topK: number;
  readonly average: Average;

  /**
   * @param args - `numClasses`, 2 or more, null is allowed with `average: 'micro'`; and options
   * @throws ArgumentError for options that are none, in torchmetrics' words
   */
  constructor(...args: OfAnyClasses<MulticlassStatScoresOptions>) {
    const { numClasses, options } = readAnyClasses(args);
    const given = withDefaults(new.target.name, options, { topK: 1, average: 'macro', ...defaults });
    const { topK, average } = given;
    checkClassOptions(numClasses, topK, average);
    super(given, average === 'micro' && topK === 1 ? 1 : (numClasses ?? 1));
    this.numClasses = numClasses;
    this.topK = topK;
    this.average = average ?? 'none';
  }

  protected override get reduction(): Reduction {
    const { average, topK, zeroDivision } = this;
    return { task: 'multiclass', average, samplewise: this.multidimAverage === 'samplewise', topK, zeroDivision };
  }

  protected override summarize(preds: Tensor, target: Tensor): StatCounts {
    return countMulticlass(preds, target, this);
  }
}

function checkClassOptions(numClasses: unknown, topK: unknown, average: unknown): void {
  if (numClasses === null && average !== 'micro') {
    throw valueError(
      `Argument \`numClasses\` can only be \`None\` for \`average='micro'\`, but got \`average=${shown(average)}\`.`,
    );
  }
  if (numClasses !== null) checkNumber('numClasses', numClasses);
  if (typeof topK !== 'number' || !Number.isSafeInteger(topK) || topK < 1) {
    throw valueError(`Expected argument \`topK\` to be an integer larger than or equal to 1, but got ${shown(topK)}`);
  }
  if (topK > ((numClasses as number | null) ?? 1)) {
    throw valueError(
      `Expected argument \`topK\` to be smaller or equal to \`numClasses\` but got ${topK} and ${shown(numClasses)}`,
    );
  }
  checkOneOf('average', average, averages);
}

/** As {@link MulticlassStatScores}, of labels. (`torchmetrics.classification.MultilabelStatScores`) */
export class MultilabelStatScores extends StatScoresMetric {
  readonly numLabels: number;
  readonly threshold: number;
  readonly average: Average;

  /**
   * @param args - `numLabels`, 2 or more, and options
   * @throws ArgumentError for options that are none, in torchmetrics' words
   */
  constructor(...args: OfLabels<MultilabelStatScoresOptions>) {
    const { numLabels, options } = readLabels(args);
    const given = withDefaults(new.target.name, options, { threshold: 0.5, average: 'macro', ...defaults });
    checkNumber('numLabels', numLabels);
    checkThreshold(given.threshold, '');
    checkOneOf('average', given.average, averages);
    super(given, numLabels);
    this.numLabels = numLabels;
    this.threshold = given.threshold;
    this.average = given.average ?? 'none';
  }

  protected override get reduction(): Reduction {
    const { average, zeroDivision } = this;
    return { task: 'multilabel', average, samplewise: this.multidimAverage === 'samplewise', topK: 1, zeroDivision };
  }

  protected override summarize(preds: Tensor, target: Tensor): StatCounts {
    return countMultilabel(preds, target, this);
  }
}

/** {@link BinaryStatScores} of one batch. (`torchmetrics.functional.classification.binary_stat_scores`) */
export const binaryStatScores = functionOf('binaryStatScores', BinaryStatScores);
/** {@link MulticlassStatScores} of one batch. (`torchmetrics.functional.classification.multiclass_stat_scores`) */
export const multiclassStatScores = functionOf('multiclassStatScores', MulticlassStatScores);
/** {@link MultilabelStatScores} of one batch. (`torchmetrics.functional.classification.multilabel_stat_scores`) */
export const multilabelStatScores = functionOf('multilabelStatScores', MultilabelStatScores);

/** Makes the stat scores of a task; `average` is micro by default. (`torchmetrics.StatScores`) */
export const StatScores = byTask(
  'StatScores',
  { average: 'micro' },
  BinaryStatScores,
  MulticlassStatScores,
  MultilabelStatScores,
);
/** {@link StatScores} of one batch. (`torchmetrics.functional.stat_scores`) */
export const statScores = functionByTask('statScores', StatScores);
