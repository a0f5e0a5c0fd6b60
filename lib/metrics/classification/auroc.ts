import { valueError } from '../../engine';
import { bucketize, cat, lerp, type Tensor, tensor, trapz } from '../../tensor';
import { shown, withDefaults } from '../options';
import { type AreaRule, MulticlassCurveArea, MultilabelCurveArea } from './curve-area';
import type { CurveSummary } from './curve-counts';
import { BinaryCurveMetric, curveDefaults, type CurveOptions } from './curve-metric';
import { rates } from './curve-points';
import { isTrue } from './labels';
import { functionOf } from './summary-metric';
import { byTask, functionByTask } from './task';

/** Options of {@link BinaryAUROC}. */
export interface BinaryAUROCOptions extends CurveOptions {
  /** The area up to this false positive rate alone, above 0 and at most 1, scaled so that chance has 0.5. */
  maxFpr?: number | null;
}

function areaBelow(x: Tensor, y: Tensor, dim: number): Tensor {
  return trapz(y, x, { dim });
}

/** The area up to a false positive rate, by McClish's correction from 0.5 to 1. */
function partialArea(fpr: Tensor, tpr: Tensor, maxFpr: number): Tensor {
  const most = tensor(maxFpr, { dtype: 'float32', device: fpr.device });
  const stop = bucketize(most, fpr, { outInt32: true, right: true }).item();
  const [before, after] = [fpr.at(stop - 1), fpr.at(stop)];
  const weight = most.sub(before).div(after.sub(before));
  const end = lerp(tpr.at(stop - 1), tpr.at(stop), weight);
  const area = areaBelow(
    cat([fpr.narrow(0, 0, stop), most.view([1])]),
    cat([tpr.narrow(0, 0, stop), end.view([1])]),
    0,
  );
  const least = most.pow(2).mul(0.5);
  return area.sub(least).div(most.sub(least)).add(1).mul(0.5);
}

/** Under the ROC curve. */
const areaUnderRates: AreaRule = { curve: rates, area: areaBelow, microArea: areaBelow };

/** The area under the ROC curve, float32 []. (`torchmetrics.classification.BinaryAUROC`) */
export class BinaryAUROC extends BinaryCurveMetric<Tensor> {
  readonly maxFpr: number | null;

  constructor(options?: BinaryAUROCOptions) {
    const given = withDefaults<BinaryAUROCOptions>(new.target.name, options, { maxFpr: null, ...curveDefaults });
    super(given);
    const { maxFpr } = given;
    if (maxFpr !== null && !(typeof maxFpr === 'number' && maxFpr > 0 && maxFpr <= 1)) {
      throw valueError(`Arguments \`maxFpr\` should be a float in range (0, 1], but got: ${shown(maxFpr)}`);
    }
    this.maxFpr = maxFpr;
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  protected override score(summary: CurveSummary): Tensor {
    const { maxFpr } = this;
    const [fpr, tpr] = rates(summary, this.thresholds, 1);
    const whole = maxFpr === null || maxFpr === 1 || isTrue(fpr.sum().eq(0)) || isTrue(tpr.sum().eq(0));
    return whole ? areaBelow(fpr, tpr, 0) : partialArea(fpr, tpr, maxFpr);
  }
}

/** The area under the ROC curve of each class against all others, averaged: float32 [], or [C] with none. (`torchmetrics.classification.MulticlassAUROC`) */
export class MulticlassAUROC extends MulticlassCurveArea {
  /** @internal */
  protected override get rule(): AreaRule {
    return areaUnderRates;
  }
}

/** The area under the ROC curve of each label, averaged: float32 [], or [L] with none. (`torchmetrics.classification.MultilabelAUROC`) */
export class MultilabelAUROC extends MultilabelCurveArea {
  /** @internal */
  protected override get rule(): AreaRule {
    return areaUnderRates;
  }
}

/** {@link BinaryAUROC} of one batch. (`torchmetrics.functional.classification.binary_auroc`) */
export const binaryAuroc = functionOf('binaryAuroc', BinaryAUROC);
/** {@link MulticlassAUROC} of one batch. (`torchmetrics.functional.classification.multiclass_auroc`) */
export const multiclassAuroc = functionOf('multiclassAuroc', MulticlassAUROC);
/** {@link MultilabelAUROC} of one batch. (`torchmetrics.functional.classification.multilabel_auroc`) */
export const multilabelAuroc = functionOf('multilabelAuroc', MultilabelAUROC);

/** Makes the area of a task; `average` is macro by default. (`torchmetrics.AUROC`) */
export const AUROC = byTask('AUROC', {}, BinaryAUROC, MulticlassAUROC, MultilabelAUROC);
/** {@link AUROC} of one batch. (`torchmetrics.functional.auroc`) */
export const auroc = functionByTask('auroc', AUROC);
