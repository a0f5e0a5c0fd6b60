/** Tools for modules and their parameters (`torch.nn.utils`). */
export * as rnn from './rnn';
export { clipGradNorm_, clipGradsWithNorm_, clipGradValue_, getTotalNorm, type NormClippingOptions } from './clip-grad';
export { parametersToVector, vectorToParameters } from './convert-parameters';
export {
  type AnyBatchNorm,
  type AnyConv,
  fuseConvBnEval,
  fuseConvBnWeights,
  fuseLinearBnEval,
  fuseLinearBnWeights,
} from './fusion';
export { convertConv2dWeightMemoryFormat, convertConv3dWeightMemoryFormat } from './memory-format';
/** Weights that are normalised or orthogonal by construction: `torch.nn.utils.parametrizations`. */
export * as parametrizations from './parametrizations';
/** Tensors of modules that are computed from others: `torch.nn.utils.parametrize`. */
export * as parametrize from './parametrize';
export type { SpectralNormOptions } from './power-method';
/** Zeros in the place of parameters that matter least: `torch.nn.utils.prune`. */
export * as prune from './prune';
export { skipInit } from './skip-init';
export { removeSpectralNorm, spectralNorm } from './spectral-norm';
/** Modules as functions of their parameters: `torch.nn.utils.stateless`. */
export * as stateless from './stateless';
export { removeWeightNorm, weightNorm } from './weight-norm';
