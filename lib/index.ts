/**
 * libtorch-node: PyTorch's engine for TypeScript.
 *
 * Names are PyTorch's, in camelCase: `torch.nn.functional.cross_entropy` is `nn.functional.crossEntropy`. What stands at
 * Python's top level (`torch.zeros`, `torch.no_grad`, every op) stands at the top level here.
 *
 * @packageDocumentation
 */

export * from './engine/public';
export * from './tensor';
export {
  backward,
  enableGrad,
  enableGradAsync,
  grad,
  type GradOptions,
  inferenceMode,
  inferenceModeAsync,
  isAnomalyCheckNanEnabled,
  isAnomalyEnabled,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  noGradAsync,
  setGradEnabled,
  setGradEnabledAsync,
} from './autograd';
export { lobpcg, type LobpcgOptions, type LobpcgWorker } from './autograd/lobpcg';
export * as autograd from './autograd';
export * as nn from './nn';
export * as optim from './optim';
export * as data from './data';
export * as vision from './vision';
export * as metrics from './metrics';
export * as models from './models';
export * from './serialize';
