/** Optimizers, schedules of learning rates and gradient clipping (`torch.optim`). */
export { Adam, AdamW, type AdamGroup, type AdamOptions, type AdamWOptions } from './adam';
export { clipGradNorm_, clipGradValue_ } from './clip';
/** Schedules of the learning rate: `torch.optim.lr_scheduler`. */
export * as lrScheduler from './lr-scheduler';
export { LRScheduler, StepLR, type SchedulerStateDict, type StepLROptions } from './lr-scheduler';
export { Optimizer, type OptimizerStateDict, type OptionValue, type ParamGroup, type Params } from './optimizer';
export { SGD, type SGDGroup, type SGDOptions } from './sgd';
