/** Layers, losses and their base (`torch.nn`). */
export { ReLU, GELU, Softmax } from './activation';
export { MultiheadAttention, type AttentionOptions, type MultiheadAttentionOptions } from './attention';
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormOptions } from './batchnorm';
export { ModuleList, Sequential } from './container';
export { Dropout, type DropoutOptions } from './dropout';
export { Fold, Unfold, type UnfoldOptions } from './fold';
/** Layers and losses as functions: `torch.nn.functional`. */
export * as functional from './functional';
/** Initial values of parameters: `torch.nn.init`. */
export * as init from './init';
export { Linear, type FactoryOptions, type LinearOptions } from './linear';
export { CrossEntropyLoss } from './loss';
export { Module, type AnyModule, type Member } from './module';
export type { ForwardHookOptions, HookOptions, ModuleGradients } from './module-hooks';
export { LayerNorm, type LayerNormOptions } from './normalization';
export { Buffer, Parameter } from './parameter';
export { StateDictError, type LoadedKeys, type StateDict } from './state-dict';
export { Flatten, Identity } from './utility';
