/** The program's training, written with the public library only. */
export { isExperimentFolder } from './grid/plan-file';
export { type ExperimentOutcome, type ExperimentRequest, runExperiment } from './grid/run-experiment';
export { planTraining, type TrainPlan, type TrainRequest } from './plan';
export { runTraining, type RunObserver, type RunOutcome } from './run';
