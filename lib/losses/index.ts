/** Losses of segmentation and detection that PyTorch's own `nn` has not: segmentation_models_pytorch's and torchvision's. */
export { DiceLoss } from './dice';
export {
  FocalLoss,
  type FocalLossOptions,
  type FocalReduction,
  sigmoidFocalLoss,
  type SigmoidFocalLossOptions,
} from './focal';
export { IoULoss, JaccardLoss } from './jaccard';
export {
  lovaszHinge,
  type LovaszHingeOptions,
  LovaszLoss,
  type LovaszLossOptions,
  lovaszSoftmax,
  type LovaszSoftmaxOptions,
} from './lovasz';
export type { LossMode } from './options';
export { RegionLoss, type RegionLossOptions } from './region';
export { softDiceScore, softJaccardScore, type SoftScoreOptions } from './scores';
export { type CriterionModule, WeightedSum } from './weighted-sum';
