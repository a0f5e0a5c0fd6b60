import { valueError } from '../../engine';
import { Buffer } from '../../nn';
import { isFloatingDType, linspace, oneHot, Tensor, tensor, zeros } from '../../tensor';
import { checkIgnoreIndex, checkNumber, shown } from '../options';
import {
  countAtThresholds,
  type CurveSettings,
  type CurveSummary,
  seenBinary,
  seenMulticlass,
  seenMultilabel,
} from './curve-counts';
import { joined } from './stat-scores';
import { SummaryMetric } from './summary-metric';

/**
 * At which scores a curve is measured: at each that occurs (null), for which all scores are kept; or, in memory that stays
 * the same, at a number of evenly spaced ones from 0 to 1, or at those of a list or a tensor [T].
 */
export type Thresholds = number | readonly number[] | Tensor | null;

/** Options of all metrics that follow from a curve. */
export interface CurveOptions {
  /** Default null. */
  thresholds?: Thresholds;
  /** A label of the truth that is left out, wherever it stands. */
  ignoreIndex?: number | null;
  /** Looks through the shapes and values of each batch; default true. Without, what does not fit may count as anything. */
  validateArgs?: boolean;
}

export const curveDefaults = { thresholds: null, ignoreIndex: null, validateArgs: true } as const;

/** Three lists or three tensors with a row for each class: what is drawn, and the thresholds. */
export type CurveOfClasses = Curve | [x: Tensor[], y: Tensor[], thresholds: Tensor[]];

/** Two coordinates and the thresholds, [T] or [T + 1] each. */
export type Curve = [x: Tensor, y: Tensor, thresholds: Tensor];

function thresholdsOf(given: Thresholds): Tensor | null {
  if (given === null) return null;
  if (given instanceof Tensor) {
    if (given.dim() === 1 && isFloatingDType(given.dtype)) return given;
    throw valueError('If argument `thresholds` is an tensor, expected the tensor to be 1d');
  }
  if (typeof given === 'number') {
    if (Number.isSafeInteger(given) && given >= 2) return linspace(0, 1, given);
    throw valueError(
      `If argument \`thresholds\` is an integer, expected it to be larger than 1, but got ${shown(given)}`,
    );
  }
  if (!Array.isArray(given)) {
    throw valueError(
      `Expected argument \`thresholds\` to either be an integer, list of floats or tensor of floats, but got ${shown(given)}`,
    );
  }
  const values = given as readonly unknown[];
  if (values.length > 0 && values.every((value) => typeof value === 'number' && value >= 0 && value <= 1)) {
    return tensor([...(values as number[])], { dtype: 'float32' });
  }
  throw valueError(
    'If argument `thresholds` is a list, expected all elements to be floats in the [0,1] range, but got ' +
      shown(given),
  );
}

/** What keeps the scores, or counts at thresholds. */
export abstract class CurveMetric<Output> extends SummaryMetric<CurveSummary, Output> implements CurveSettings {
  declare preds: Tensor[];
  declare target: Tensor[];
  declare confmat: Tensor;

  readonly thresholds: Buffer | null;
  readonly ignoreIndex: number | null;
  readonly validateArgs: boolean;

  /** @param counted - dimensions of the counts between thresholds and [2, 2] */
  protected constructor(options: Required<CurveOptions>, counted: readonly number[]) {
    super();
    const thresholds = thresholdsOf(options.thresholds);
    checkIgnoreIndex(options.ignoreIndex);
    this.thresholds = thresholds === null ? null : new Buffer(thresholds, { persistent: false });
    this.ignoreIndex = options.ignoreIndex;
    this.validateArgs = options.validateArgs;
    if (thresholds === null) {
      this.addState('preds', [], 'cat');
      this.addState('target', [], 'cat');
    } else {
      const shape = [thresholds.numel(), ...counted, 2, 2];
      this.addState('confmat', () => zeros(shape, { dtype: 'int64' }), 'sum');
    }
  }

  protected override accumulate(summary: CurveSummary): void {
    if (summary instanceof Tensor) {
      this.confmat = this.confmat.add(summary);
      return;
    }
    this.preds.push(summary.scores);
    this.target.push(summary.truth);
  }

  protected override total(): CurveSummary {
    return this.thresholds === null ? { scores: joined(this.preds), truth: joined(this.target) } : this.confmat;
  }
}

/** Of one question. */
export abstract class BinaryCurveMetric<Output> extends CurveMetric<Output> {
  protected constructor(options: Required<CurveOptions>) {
    super(options, []);
  }

  protected override summarize(preds: Tensor, target: Tensor): CurveSummary {
    const seen = seenBinary(preds, target, this);
    if (this.thresholds === null) return seen;
    return countAtThresholds(seen.scores.unsqueeze(-1), seen.truth.unsqueeze(-1), this.thresholds).squeeze(1);
  }
}

/** Of several classes. */
export abstract class MulticlassCurveMetric<Output> extends CurveMetric<Output> {
  /** @param micro - all classes are one question, in the place of one each */
  protected constructor(
    readonly numClasses: number,
    options: Required<CurveOptions>,
    private readonly micro = false,
  ) {
    checkNumber('numClasses', numClasses);
    super(options, micro ? [] : [numClasses]);
  }

  protected override summarize(preds: Tensor, target: Tensor): CurveSummary {
    const seen = seenMulticlass(preds, target, this, this.micro);
    if (this.thresholds === null) return seen;
    if (this.micro) {
      return countAtThresholds(seen.scores.unsqueeze(-1), seen.truth.unsqueeze(-1), this.thresholds).squeeze(1);
    }
    return countAtThresholds(seen.scores, oneHot(seen.truth.to('int64'), this.numClasses), this.thresholds);
  }
}

/** Of several labels. */
export abstract class MultilabelCurveMetric<Output> extends CurveMetric<Output> {
  protected constructor(
    readonly numLabels: number,
    options: Required<CurveOptions>,
  ) {
    checkNumber('numLabels', numLabels);
    super(options, [numLabels]);
  }

  protected override summarize(preds: Tensor, target: Tensor): CurveSummary {
    const seen = seenMultilabel(preds, target, this);
    if (this.thresholds === null) return seen;
    const counted = this.ignoreIndex === null ? null : seen.truth.ne(this.ignoreIndex);
    const positive = counted === null ? seen.truth : seen.truth.maskedFill(counted.logicalNot(), 0);
    return countAtThresholds(seen.scores, positive, this.thresholds, counted);
  }
}
