import type { Tensor } from '../../tensor';
import {
  type Average,
  checkOneOf,
  type OfClasses,
  type OfLabels,
  readClasses,
  readLabels,
  withDefaults,
} from '../options';
import { areasOf, type AreaAverageOption, type LabelAverageOption, meanArea } from './curve-average';
import { allLabels, type CurveSummary, supportOfClasses, supportOfLabels } from './curve-counts';
import { curveDefaults, type CurveOptions, MulticlassCurveMetric, MultilabelCurveMetric } from './curve-metric';
import { type CurveMaker, curvesOfClasses, curvesOfLabels } from './curve-points';
import { averages } from './stat-scores';

/** How an area comes out of a curve. */
export interface AreaRule {
  readonly curve: CurveMaker;
  /** Of one curve along dimension 0, or of several along 1. */
  readonly area: (x: Tensor, y: Tensor, dim: number) => Tensor;
  /** Of the one curve of all labels. */
  readonly microArea: (x: Tensor, y: Tensor, dim: number) => Tensor;
}

/** The areas of each class against all others, averaged. */
export abstract class MulticlassCurveArea extends MulticlassCurveMetric<Tensor> {
  readonly average: Average;

  /** @param args - `numClasses`, 2 or more, and options */
  constructor(...args: OfClasses<CurveOptions & AreaAverageOption>) {
    const { numClasses, options } = readClasses(args);
    const standard = { average: 'macro', ...curveDefaults } as const;
    const given = withDefaults<CurveOptions & AreaAverageOption>(new.target.name, options, standard);
    super(numClasses, given);
    checkOneOf('average', given.average, ['macro', 'weighted', 'none', null], '', ' but');
    this.average = given.average ?? 'none';
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  /** @internal */
  protected abstract get rule(): AreaRule;

  protected override score(summary: CurveSummary): Tensor {
    const { thresholds, numClasses, rule } = this;
    const [x, y] = curvesOfClasses(rule.curve, summary, thresholds, numClasses);
    return meanArea(areasOf(x, y, rule.area), this.average, supportOfClasses(summary, numClasses));
  }
}

/** The areas of each label, averaged. */
export abstract class MultilabelCurveArea extends MultilabelCurveMetric<Tensor> {
  readonly average: Average;

  /** @param args - `numLabels`, 2 or more, and options */
  constructor(...args: OfLabels<CurveOptions & LabelAverageOption>) {
    const { numLabels, options } = readLabels(args);
    const standard = { average: 'macro', ...curveDefaults } as const;
    const given = withDefaults<CurveOptions & LabelAverageOption>(new.target.name, options, standard);
    super(numLabels, given);
    checkOneOf('average', given.average, averages, '', ' but');
    this.average = given.average ?? 'none';
  }

  override get higherIsBetter(): boolean {
    return true;
  }

  /** @internal */
  protected abstract get rule(): AreaRule;

  protected override score(summary: CurveSummary): Tensor {
    const { thresholds, numLabels, ignoreIndex, rule } = this;
    if (this.average === 'micro') {
      const [x, y] = rule.curve(allLabels(summary, ignoreIndex), thresholds, 1);
      return rule.microArea(x, y, 0);
    }
    const [x, y] = curvesOfLabels(rule.curve, summary, thresholds, numLabels, ignoreIndex);
    return meanArea(areasOf(x, y, rule.area), this.average, supportOfLabels(summary));
  }
}
