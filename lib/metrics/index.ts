export * from './classification';
export { type AnyMetric, Metric } from './metric';
export type { StateReduction, StateValue } from './metric-state';
export type { Average, MultidimAverage, Normalize } from './options';
export * from './segmentation';
export { type SegmentationScores, segmentationScores } from './segmentation-scores';
export { iouLoss, softIoU, type SoftIoUOptions } from './soft-iou';
