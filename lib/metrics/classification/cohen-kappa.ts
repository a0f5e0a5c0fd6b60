import { arange, onesLike, type Tensor } from '../../tensor';
import { floating } from '../arithmetic';
import { checkOneOf, type OfClasses, readClasses, withDefaults } from '../options';
import {
  BinaryConfusionMetric,
  confusionDefaults,
  type ConfusionOptions,
  MulticlassConfusionMetric,
  type ThresholdConfusionOptions,
} from './confusion-matrix';
import { functionOf } from './summary-metric';
import { byTaskOfOneLabel, functionByTask } from './task';

/** How much worse a class is that is further away: not at all, by its distance or by its square. */
export type KappaWeights = 'linear' | 'quadratic' | 'none';

/** Options of {@link MulticlassCohenKappa}. */
export interface MulticlassCohenKappaOptions extends ConfusionOptions {
  /** Default none. */
  weights?: KappaWeights | null;
}

/** Options of {@link BinaryCohenKappa}. */
export type BinaryCohenKappaOptions = MulticlassCohenKappaOptions & ThresholdConfusionOptions;

function kappa(confusion: Tensor, weights: KappaWeights): Tensor {
  const counts = floating(confusion);
  const [predictions, truths] = [counts.sum(0, true), counts.sum(1, true)];
  const expected = truths.matmul(predictions).div(predictions.sum());
  const distances = distancesOf(counts, weights);
  return distances.mul(counts).sum().div(distances.mul(expected).sum()).rsub(1);
}

/** How far each class is from each, [C, C]. */
function distancesOf(counts: Tensor, weights: KappaWeights): Tensor {
  const size = counts.size(0);
  if (weights === 'none') return onesLike(counts).fillDiagonal_(0);
  const classes = arange(size, { dtype: counts.dtype, device: counts.device });
  const steps = classes.unsqueeze(0).sub(classes.unsqueeze(1));
  return weights === 'linear' ? steps.abs() : steps.pow(2);
}

function checkWeights(weights: unknown): void {
  checkOneOf('weight', weights, ['linear', 'quadratic', 'none', null], '.');
}

/**
 * How far two raters agree beyond chance, float32 []: 1 where they always do, 0 where by chance.
 * (`torchmetrics.classification.BinaryCohenKappa`)
 */
export class BinaryCohenKappa extends BinaryConfusionMetric {
  readonly weights: KappaWeights;

  constructor(options?: BinaryCohenKappaOptions) {
    const given = withDefaults(new.target.name, options, { threshold: 0.5, weights: null, ...confusionDefaults });
    super(given);
    checkWeights(given.weights);
    this.weights = given.weights ?? 'none';
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  protected override score(confusion: Tensor): Tensor {
    return kappa(confusion, this.weights);
  }
}

/** As {@link BinaryCohenKappa}, of classes. (`torchmetrics.classification.MulticlassCohenKappa`) */
export class MulticlassCohenKappa extends MulticlassConfusionMetric {
  readonly weights: KappaWeights;

  /** @param args - `numClasses`, 2 or more, and options */
  constructor(...args: OfClasses<MulticlassCohenKappaOptions>) {
    const { numClasses, options } = readClasses(args);
    const given = withDefaults(new.target.name, options, { weights: null, ...confusionDefaults });
    super(numClasses, given);
    checkWeights(given.weights);
    this.weights = given.weights ?? 'none';
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  protected override score(confusion: Tensor): Tensor {
    return kappa(confusion, this.weights);
  }
}

/** {@link BinaryCohenKappa} of one batch. (`torchmetrics.functional.classification.binary_cohen_kappa`) */
export const binaryCohenKappa = functionOf('binaryCohenKappa', BinaryCohenKappa);
/** {@link MulticlassCohenKappa} of one batch. (`torchmetrics.functional.classification.multiclass_cohen_kappa`) */
export const multiclassCohenKappa = functionOf('multiclassCohenKappa', MulticlassCohenKappa);

/** Makes Cohen's kappa of a task, `binary` or `multiclass`. (`torchmetrics.CohenKappa`) */
export const CohenKappa = byTaskOfOneLabel('CohenKappa', BinaryCohenKappa, MulticlassCohenKappa);
/** {@link CohenKappa} of one batch. (`torchmetrics.functional.cohen_kappa`) */
export const cohenKappa = functionByTask('cohenKappa', CohenKappa);
