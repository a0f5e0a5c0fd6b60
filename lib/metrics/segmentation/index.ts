export { DiceScore, diceScore, type DiceScoreOptions } from './dice-score';
export { GeneralizedDiceScore, generalizedDiceScore, type GeneralizedDiceScoreOptions } from './generalized-dice-score';
export {
  type DistanceMetric,
  HausdorffDistance,
  hausdorffDistance,
  type HausdorffDistanceOptions,
} from './hausdorff-distance';
export type { InputFormat, SegmentationOptions } from './inputs';
export { MeanIoU, meanIou, type MeanIoUOptions } from './mean-iou';
