/** Gradients, how they are made, and how that is watched (`torch.autograd`). */
export {
  type AnomalyOptions,
  detectAnomaly,
  isAnomalyCheckNanEnabled,
  isAnomalyEnabled,
  setDetectAnomaly,
} from './anomaly';
export {
  Function,
  type FunctionClass,
  type FunctionContext,
  type Gradients,
  onceDifferentiable,
  type SeparateFunctionClass,
} from './function';
/** Jacobians, Hessians and products with vectors: `torch.autograd.functional`. */
export * as functional from './functional';
export { backward, type BackwardArguments, grad, type GradOptions } from './grad';
export { type Checked, gradcheck, GradcheckError, type GradcheckOptions, gradgradcheck } from './gradcheck';
export {
  enableGrad,
  enableGradAsync,
  inferenceMode,
  inferenceModeAsync,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  noGradAsync,
  setGradEnabled,
  setGradEnabledAsync,
} from './grad-mode';
