/** Layers, losses and their base (`torch.nn`). */
export {
  GELU,
  type GELUOptions,
  Hardshrink,
  Hardsigmoid,
  Hardswish,
  type InplaceOptions,
  LogSigmoid,
  Mish,
  ReLU,
  SELU,
  type ShrinkOptions,
  Sigmoid,
  SiLU,
  Softplus,
  type SoftplusOptions,
  Softshrink,
  Softsign,
  Tanh,
  Tanhshrink,
} from './activation';
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  type AdaptiveMaxPoolOptions,
} from './adaptive-pooling';
export { AdaptiveLogSoftmaxWithLoss, type AdaptiveLogSoftmaxOptions } from './adaptive-softmax';
export type { Sizes } from './arguments';
/** Which kernel computes attention: `torch.nn.attention`. */
export * as attention from '../backends/attention';
export { MultiheadAttention, type AttentionOptions, type MultiheadAttentionOptions } from './attention';
export { BatchNorm1d, BatchNorm2d, BatchNorm3d } from './batchnorm';
export {
  BCELoss,
  BCEWithLogitsLoss,
  type BCEWithLogitsLossOptions,
  CrossEntropyLoss,
  CTCLoss,
  type CTCLossOptions,
  MultiLabelMarginLoss,
  MultiLabelSoftMarginLoss,
  MultiMarginLoss,
  type MultiMarginLossOptions,
  NLLLoss,
  SoftMarginLoss,
  type WeightedLossOptions,
} from './classification-loss';
export { ModuleList, type NamedModules, Sequential } from './container';
export { Conv1d, Conv2d, Conv3d, type ConvBaseOptions, type ConvOptions, type ConvPaddingMode } from './conv';
export { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, type ConvTransposeOptions } from './conv-transpose';
export { deepcopy } from './deepcopy';
export {
  CosineSimilarity,
  type CosineSimilarityOptions,
  PairwiseDistance,
  type PairwiseDistanceOptions,
} from './distance';
export {
  AlphaDropout,
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  type DropoutOptions,
  FeatureAlphaDropout,
} from './dropout';
export {
  Embedding,
  EmbeddingBag,
  type EmbeddingBagModuleOptions,
  type EmbeddingModuleOptions,
  type TableOptions,
} from './embedding';
export {
  CosineEmbeddingLoss,
  HingeEmbeddingLoss,
  type MarginLossOptions,
  MarginRankingLoss,
  TripletMarginLoss,
  type TripletMarginLossOptions,
  TripletMarginWithDistanceLoss,
  type TripletMarginWithDistanceOptions,
} from './embedding-loss';
export { Fold, Unfold, type UnfoldOptions } from './fold';
export { FractionalMaxPool2d, FractionalMaxPool3d, type FractionalPoolOptions } from './fractional-pooling';
/** Layers and losses as functions: `torch.nn.functional`. */
export * as functional from './functional';
export type { DictEntries, DictItems, Held, OrderedEntries } from './held';
/** Initial values of parameters: `torch.nn.init`. */
export * as init from './init';
export { InstanceNorm1d, InstanceNorm2d, InstanceNorm3d } from './instancenorm';
export {
  LazyConv1d,
  LazyConv2d,
  LazyConv3d,
  LazyConvTranspose1d,
  LazyConvTranspose2d,
  LazyConvTranspose3d,
} from './lazy-conv';
export { LazyLinear } from './lazy-linear';
export {
  LazyBatchNorm1d,
  LazyBatchNorm2d,
  LazyBatchNorm3d,
  LazyInstanceNorm1d,
  LazyInstanceNorm2d,
  LazyInstanceNorm3d,
} from './lazy-norm';
export { Bilinear, Linear, type FactoryOptions, type LinearOptions } from './linear';
export { LinearCrossEntropyLoss, type LinearCrossEntropyLossOptions } from './linear-cross-entropy';
export {
  GaussianNLLLoss,
  HuberLoss,
  type HuberLossOptions,
  KLDivLoss,
  type KLDivLossOptions,
  L1Loss,
  MSELoss,
  PoissonNLLLoss,
  type PoissonNLLLossOptions,
  SmoothL1Loss,
  type SmoothL1LossOptions,
} from './loss';
export { Module, type AnyModule, type Member } from './module';
export { ModuleParts } from './module-parts';
export type { MoveOptions } from './move';
export { ModuleDict } from './module-dict';
export type { ForwardHookOptions, HookOptions, ModuleGradients } from './module-hooks';
export type { BatchNormOptions } from './norm-base';
export {
  CrossMapLRN2d,
  GroupNorm,
  type GroupNormOptions,
  LayerNorm,
  type LayerNormOptions,
  LocalResponseNorm,
  RMSNorm,
  type RMSNormOptions,
} from './normalization';
export {
  CircularPad1d,
  CircularPad2d,
  CircularPad3d,
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  ZeroPad1d,
  ZeroPad2d,
  ZeroPad3d,
} from './padding';
export { Buffer, Parameter } from './parameter';
export { ParameterDict } from './parameter-dict';
export { ParameterList } from './parameter-list';
export {
  AvgPool1d,
  type AvgPool1dOptions,
  AvgPool2d,
  AvgPool3d,
  type AvgPoolOptions,
  LPPool1d,
  LPPool2d,
  LPPool3d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type MaxPoolOptions,
  type Pooled,
} from './pooling';
export { GRU, LSTM, type LSTMState, RNN, type RNNOptions } from './recurrent';
export {
  type ProjectedOptions,
  type RecurrentMode,
  type RecurrentOptions,
  RNNBase,
  type Sequence,
  type WeightName,
} from './recurrent-base';
export {
  GRUCell,
  LSTMCell,
  type RecurrentCellOptions,
  RNNCell,
  RNNCellBase,
  type RNNCellOptions,
} from './recurrent-cells';
export {
  CELU,
  ELU,
  type ELUOptions,
  Hardtanh,
  type HardtanhOptions,
  LeakyReLU,
  type LeakyReLUOptions,
  PReLU,
  type PReLUOptions,
  ReLU6,
  RReLU,
  type RReLUOptions,
  Threshold,
} from './rectifiers';
export { GLU, type GLUOptions, LogSoftmax, Softmax, Softmax2d, Softmin, type SoftmaxOptions } from './softmax';
export {
  type IncompatibleKeys,
  type LoadedKeys,
  type LoadStateDictOptions,
  type RefusedState,
  type StateDict,
  StateDictError,
} from './state-dict';
export {
  type Decoder,
  type Encoder,
  Transformer,
  type TransformerInputs,
  type TransformerOptions,
} from './transformer';
export {
  type DecoderLayerTail,
  type DecoderNames,
  TransformerDecoderLayer,
  type TransformerDecoderLayerInputs,
} from './transformer-decoder-layer';
export {
  type EncoderLayerTail,
  TransformerEncoderLayer,
  type TransformerEncoderLayerInputs,
} from './transformer-encoder-layer';
export type { TransformerActivation, TransformerLayerOptions } from './transformer-options';
export {
  type DecoderLayer,
  type DecoderTail,
  type EncoderLayer,
  type EncoderTail,
  TransformerDecoder,
  type TransformerDecoderInputs,
  type TransformerDecoderOptions,
  TransformerEncoder,
  type TransformerEncoderInputs,
  type TransformerEncoderOptions,
} from './transformer-stacks';
export { UninitializedBuffer, UninitializedParameter, type UninitializedOptions } from './uninitialized';
export { MaxUnpool1d, MaxUnpool2d, MaxUnpool3d, type UnpoolOptions } from './unpooling';
export { Flatten, Identity, Unflatten } from './utility';
/** Tools for modules and their parameters: `torch.nn.utils`. */
export * as utils from './utils';
export {
  ChannelShuffle,
  PixelShuffle,
  PixelUnshuffle,
  Upsample,
  type UpsampleOptions,
  UpsamplingBilinear2d,
  UpsamplingNearest2d,
} from './vision';
