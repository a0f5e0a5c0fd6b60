/** Optimizers, schedules of learning rates and gradient clipping (`torch.optim`). */
export { Adadelta, type AdadeltaGroup, type AdadeltaOptions } from './adadelta';
export { Adafactor, type AdafactorGroup, type AdafactorOptions } from './adafactor';
export { Adagrad, type AdagradGroup, type AdagradOptions } from './adagrad';
export { Adam, AdamW, type AdamGroup, type AdamOptions, type AdamWOptions } from './adam';
export { Adamax, type AdamaxGroup, type AdamaxOptions } from './adamax';
export { ASGD, type ASGDGroup, type ASGDOptions } from './asgd';
export { clipGradNorm_, clipGradValue_ } from '../nn/utils/clip-grad';
export type { ImplementationOptions } from './composed';
/** Schedules of the learning rate: `torch.optim.lr_scheduler`. */
export * as lrScheduler from './schedulers';
export { LRScheduler, StepLR, type SchedulerStateDict, type StepLROptions } from './schedulers';
export { LBFGS, type LBFGSGroup, type LBFGSOptions } from './lbfgs';
export { Muon, type MuonGroup, type MuonOptions, type MuonRate } from './muon';
export { NAdam, type NAdamGroup, type NAdamOptions } from './nadam';
export { type AnyOptimizer, type AnyStateDict, Optimizer } from './optimizer';
export {
  type OptimizerHook,
  type OptimizerHookOptions,
  type OptimizerHookTypes,
  registerOptimizerStepPostHook,
  registerOptimizerStepPreHook,
  type StepArguments,
} from './optimizer-hooks';
export type { NewParamGroup, ParamGroup, ParamList, Params, RateOf, ScheduledOptions } from './param-groups';
export { RAdam, type RAdamGroup, type RAdamOptions } from './radam';
export { RMSprop, type RMSpropGroup, type RMSpropOptions } from './rmsprop';
export { Rprop, type RpropGroup, type RpropOptions } from './rprop';
export { SGD, type SGDGroup, type SGDOptions } from './sgd';
export { SparseAdam, type SparseAdamGroup, type SparseAdamOptions } from './sparse-adam';
/** Averages of models: `torch.optim.swa_utils`. */
export * as swaUtils from './swa-utils';
export type { OptimizerStateDict, OptionValue, StateValue } from './state-dict';
