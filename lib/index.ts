/**
 * libtorch-node: PyTorch's engine for TypeScript.
 *
 * Names are PyTorch's, in camelCase: `torch.nn.functional.cross_entropy` is `nn.functional.crossEntropy`. What stands at
 * Python's top level (`torch.zeros`, `torch.no_grad`, every op) stands at the top level here.
 *
 * @module torch
 */

export * from './engine/public';
export * from './tensor';
/** NVIDIA GPUs, their streams, events, memory and random numbers: `torch.cuda`. */
export * as cuda from './tensor/cuda';
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
/** Gradients, how they are made, and how that is watched: `torch.autograd`. */
export * as autograd from './autograd';
/** Mixed precision: `torch.amp`. */
export * as amp from './amp';
export {
  autocast,
  autocastAsync,
  autocastDecrementNesting,
  autocastIncrementNesting,
  type AutocastOptions,
  clearAutocastCache,
  type DeviceType,
  getAutocastDtype,
  isAutocastCacheEnabled,
  isAutocastEnabled,
  setAutocastCacheEnabled,
  setAutocastDtype,
  setAutocastEnabled,
} from './amp';
export {
  backends,
  type Backends,
  type CpuBackend,
  type CudaBackend,
  type CudaMatmul,
  type CudnnBackend,
  type Fp32Precision,
  type MhaBackend,
  type MkldnnBackend,
  type OptionalLibrary,
  type WithFp32Precision,
} from './backends';
/** Layers, losses and containers of a network: `torch.nn`. */
export * as nn from './nn';
/** Modules as functions of their parameters: `torch.func`. */
export * as func from './nn/func';
/** Optimizers and schedules of the learning rate: `torch.optim`. */
export * as optim from './optim';
/** Data sets, samplers and loaders: `torch.utils.data`. */
export * as data from './data';
/** Images: decoding, transforms, grids of pictures, the Oxford-IIIT Pets; what torchvision is for Python. */
export * as vision from './vision';
/** Scores over batches: what torchmetrics is for Python. */
export * as metrics from './metrics';
/** Losses of segmentation: Dice, Jaccard, focal, Lovász; what segmentation_models_pytorch has of them. */
export * as losses from './losses';
/** Models that are made of the library, under the names that the program takes. */
export * as models from './models';
export * from './serialize/public';
/** Saving, loading, and what a checkpoint names: `torch.serialization`. */
export * as serialization from './serialize/serialization';
