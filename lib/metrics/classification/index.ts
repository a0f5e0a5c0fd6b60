export * from './accuracy';
export * from './auroc';
export * from './average-precision';
export * from './calibration-error';
export * from './cohen-kappa';
export {
  BinaryConfusionMatrix,
  binaryConfusionMatrix,
  BinaryConfusionMetric,
  ConfusionMatrix,
  confusionMatrix,
  ConfusionMetric,
  type ConfusionOptions,
  MulticlassConfusionMatrix,
  multiclassConfusionMatrix,
  MulticlassConfusionMetric,
  MultilabelConfusionMatrix,
  multilabelConfusionMatrix,
  MultilabelConfusionMetric,
  type NormalizeOption,
  type ThresholdConfusionOptions,
} from './confusion-matrix';
export type { AreaAverageOption, CurveAverageOption, LabelAverageOption } from './curve-average';
export type { CurveSettings, CurveSummary, Seen } from './curve-counts';
export {
  BinaryCurveMetric,
  type Curve,
  CurveMetric,
  type CurveOfClasses,
  type CurveOptions,
  MulticlassCurveMetric,
  MultilabelCurveMetric,
  type Thresholds,
} from './curve-metric';
export * from './f-beta';
export * from './hamming-distance';
export * from './jaccard-index';
export * from './matthews-corrcoef';
export * from './precision';
export * from './precision-recall-curve';
export * from './recall';
export * from './roc';
export * from './specificity';
export type { Ratio, Reduction } from './stat-reduction';
export {
  BinaryStatScores,
  binaryStatScores,
  type BinaryStatScoresOptions,
  MulticlassStatScores,
  multiclassStatScores,
  type MulticlassStatScoresOptions,
  MultilabelStatScores,
  multilabelStatScores,
  type MultilabelStatScoresOptions,
  StatScores,
  statScores,
  type StatScoresOptions,
} from './stat-scores';
export type { StatCounts } from './stat-counts';
export { SummaryMetric } from './summary-metric';
export type { ByTask, ByTaskOfOneLabel, FunctionByTask } from './task';
