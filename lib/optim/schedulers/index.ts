/** Schedules of the learning rate: `torch.optim.lr_scheduler`. */
export { LRScheduler, type ScheduledGroup, type SchedulerStateDict, type SchedulerStateValue } from './base';
export { ChainedScheduler, SequentialLR } from './combined';
export {
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from './cosine';
export { CyclicLR, type CyclicLROptions, type CyclicMode } from './cyclic';
export {
  ExponentialLR,
  type ExponentialLROptions,
  LinearLR,
  type LinearLROptions,
  PolynomialLR,
  type PolynomialLROptions,
} from './decays';
export { LambdaLR, type LambdaLROptions, type LRLambda, MultiplicativeLR } from './functions';
export { OneCycleLR, type OneCycleLROptions } from './one-cycle';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './plateau';
export {
  ConstantLR,
  type ConstantLROptions,
  MultiStepLR,
  type MultiStepLROptions,
  StepLR,
  type StepLROptions,
} from './steps';
