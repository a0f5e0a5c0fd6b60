export {
  BaseAggregator,
  CatMetric,
  MaxMetric,
  MeanMetric,
  MinMetric,
  type NanOptions,
  type NanStrategy,
  SumMetric,
} from './aggregation';
export * from './classification';
export { ClasswiseWrapper, type ClasswiseWrapperOptions } from './classwise-wrapper';
export { CompositionalMetric, type MetricArithmetic, type Operand } from './composition';
export { type AnyMetric, Metric, type MetricLike } from './metric';
export { MetricCollection, type MetricCollectionOptions, type MetricPart, type Metrics } from './metric-collection';
export type { StateReduction, StateValue } from './metric-state';
export { type MinMax, MinMaxMetric } from './min-max-metric';
export type { Average, MultidimAverage, Normalize, OfAnyClasses, OfClasses, OfLabels } from './options';
export { Running, RunningMean, RunningSum } from './running';
export * from './segmentation';
export { type SegmentationScores, segmentationScores } from './segmentation-scores';
export { iouLoss, softIoU, type SoftIoUOptions } from './soft-iou';
export { WrapperMetric } from './wrapper-metric';
