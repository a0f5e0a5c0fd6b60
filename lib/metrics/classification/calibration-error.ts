import { valueError } from '../../engine';
import { bucketize, isFloatingDType, linspace, onesLike, tensor, zeros, type Tensor } from '../../tensor';
import {
  checkIgnoreIndex,
  checkNumber,
  checkOneOf,
  type OfClasses,
  readClasses,
  shown,
  withDefaults,
} from '../options';
import { checkBinary, countedOnly } from './confusion-counts';
import type { ConfusionOptions } from './confusion-matrix';
import { checkClasses, checkMulticlassShapes, isTrue, probabilities } from './labels';
import { joined } from './stat-scores';
import { functionOf, SummaryMetric } from './summary-metric';
import { byTaskOfOneLabel, functionByTask } from './task';

/** How the gaps of the bins become one: their mean, the root of the mean of their squares, or the largest. */
export type CalibrationNorm = 'l1' | 'l2' | 'max';

/** Options of {@link BinaryCalibrationError}. */
export interface CalibrationErrorOptions extends ConfusionOptions {
  /** Bins of confidence from 0 to 1; default 15. */
  nBins?: number;
  /** Default l1. */
  norm?: CalibrationNorm;
}

/** How sure each prediction was, and whether it was right, [N] each. */
export interface Confidence {
  readonly confidences: Tensor;
  readonly accuracies: Tensor;
}

const defaults = { nBins: 15, norm: 'l1', ignoreIndex: null, validateArgs: true } as const;

/** So many bins at most: their borders are one tensor. */
const MOST_BINS = 2 ** 24;

abstract class CalibrationMetric extends SummaryMetric<Confidence> {
  declare confidences: Tensor[];
  declare accuracies: Tensor[];

  readonly nBins: number;
  readonly norm: CalibrationNorm;
  readonly ignoreIndex: number | null;
  readonly validateArgs: boolean;

  protected constructor({ nBins, norm, ignoreIndex, validateArgs }: Required<CalibrationErrorOptions>) {
    super();
    if (!Number.isSafeInteger(nBins) || nBins < 1 || nBins > MOST_BINS) {
      throw valueError(`Expected argument \`nBins\` to be an integer larger than 0, but got ${shown(nBins)}`);
    }
    checkOneOf('norm', norm, ['l1', 'l2', 'max'], '.');
    checkIgnoreIndex(ignoreIndex);
    this.nBins = nBins;
    this.norm = norm;
    this.ignoreIndex = ignoreIndex;
    this.validateArgs = validateArgs;
    this.addState('confidences', [], 'cat');
    this.addState('accuracies', [], 'cat');
  }

  override get higherIsBetter(): boolean {
    return false;
  }

  protected override accumulate({ confidences, accuracies }: Confidence): void {
    this.confidences.push(confidences);
    this.accuracies.push(accuracies);
  }

  protected override total(): Confidence {
    return { confidences: joined(this.confidences), accuracies: joined(this.accuracies) };
  }

  protected override score({ confidences, accuracies }: Confidence): Tensor {
    const options = { dtype: confidences.dtype, device: confidences.device } as const;
    const borders = linspace(0, 1, this.nBins + 1, options);
    const bins = bucketize(confidences, borders, { right: true }).sub(1);
    const summed = (values: Tensor): Tensor => zeros([this.nBins + 1], options).scatterAdd(0, bins, values);
    const counts = summed(onesLike(confidences));
    const confidence = summed(confidences).div(counts).nanToNum();
    const accuracy = summed(accuracies.to(confidences.dtype)).div(counts).nanToNum();
    const shares = counts.div(counts.sum());
    const gaps = accuracy.sub(confidence);
    switch (this.norm) {
      case 'l1':
        return gaps.abs().mul(shares).sum();
      case 'max':
        return gaps.abs().max();
      case 'l2': {
        const error = gaps.pow(2).mul(shares).sum();
        // A whole number, as in torchmetrics.
        return isTrue(error.gt(0)) ? error.sqrt() : tensor(0, { device: error.device });
      }
    }
  }
}

function checkScores(preds: Tensor): void {
  if (isFloatingDType(preds.dtype)) return;
  throw valueError(
    'Expected argument `preds` to be floating tensor with probabilities/logits but got tensor with dtype ' +
      `torch.${preds.dtype}`,
  );
}

/**
 * How far the probabilities given are from the shares that came true, float32 []. All of them are kept until `reset`.
 * (`torchmetrics.classification.BinaryCalibrationError`)
 */
export class BinaryCalibrationError extends CalibrationMetric {
  constructor(options?: CalibrationErrorOptions) {
    super(withDefaults<CalibrationErrorOptions>(new.target.name, options, defaults));
  }

  protected override summarize(preds: Tensor, target: Tensor): Confidence {
    if (this.validateArgs) {
      checkBinary(preds, target, this.ignoreIndex);
      checkScores(preds);
    }
    const [scores, truth] = countedOnly(preds, target, this.ignoreIndex);
    return { confidences: probabilities(scores, 'sigmoid'), accuracies: truth };
  }
}

/** As {@link BinaryCalibrationError}, of the most probable classes. (`torchmetrics.classification.MulticlassCalibrationError`) */
export class MulticlassCalibrationError extends CalibrationMetric {
  readonly numClasses: number;

  /** @param args - `numClasses`, 2 or more, and options */
  constructor(...args: OfClasses<CalibrationErrorOptions>) {
    const { numClasses, options } = readClasses(args);
    checkNumber('numClasses', numClasses);
    super(withDefaults<CalibrationErrorOptions>(new.target.name, options, defaults));
    this.numClasses = numClasses;
  }

  protected override summarize(preds: Tensor, target: Tensor): Confidence {
    const { numClasses, ignoreIndex } = this;
    if (this.validateArgs) {
      checkMulticlassShapes(preds, target, numClasses);
      checkClasses(preds, target, numClasses, ignoreIndex, 'count');
      checkScores(preds);
    }
    let scores = preds.movedim(1, -1).reshape([-1, preds.size(1)]);
    let truth = target.flatten();
    if (ignoreIndex !== null) {
      const counted = truth.ne(ignoreIndex);
      [scores, truth] = [scores.index([counted]), truth.maskedSelect(counted)];
    }
    const [confidences, labels] = probabilities(scores, 'softmax').max(1);
    return { confidences: confidences.to('float32'), accuracies: labels.eq(truth).to('float32') };
  }
}

/** {@link BinaryCalibrationError} of one batch. (`torchmetrics.functional.classification.binary_calibration_error`) */
export const binaryCalibrationError = functionOf('binaryCalibrationError', BinaryCalibrationError);
/** {@link MulticlassCalibrationError} of one batch. (`torchmetrics.functional.classification.multiclass_calibration_error`) */
export const multiclassCalibrationError = functionOf('multiclassCalibrationError', MulticlassCalibrationError);

/** Makes the calibration error of a task, `binary` or `multiclass`. (`torchmetrics.CalibrationError`) */
export const CalibrationError = byTaskOfOneLabel(
  'CalibrationError',
  BinaryCalibrationError,
  MulticlassCalibrationError,
);
/** {@link CalibrationError} of one batch. (`torchmetrics.functional.calibration_error`) */
export const calibrationError = functionByTask('calibrationError', CalibrationError);
