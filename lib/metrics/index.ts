export { multiclassAccuracy, MulticlassAccuracy, type MulticlassAccuracyOptions } from './accuracy';
export type { Average } from './averaging';
export { multiclassConfusionMatrix, MulticlassConfusionMatrix } from './confusion-matrix';
export { ConfusionMetric, type ConfusionMetricOptions } from './confusion-metric';
export { multiclassJaccardIndex, MulticlassJaccardIndex, type MulticlassJaccardIndexOptions } from './jaccard';
export { type SegmentationScores, segmentationScores } from './segmentation-scores';
export { iouLoss, softIoU, type SoftIoUOptions } from './soft-iou';
