/** The program's training, written with the public library only. */
export { planTraining, type TrainPlan, type TrainRequest } from './plan';
export { runTraining, type RunObserver, type RunOutcome } from './run';
