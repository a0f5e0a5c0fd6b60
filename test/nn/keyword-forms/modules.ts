/** Required arguments of the modules of `torch.nn` and of the schedules of `torch.optim.lr_scheduler`, by name. */
import * as nn from '../../../lib/nn';
import { SGD } from '../../../lib/optim';
import * as schedulers from '../../../lib/optim/schedulers';
import { ones } from '../../../lib/tensor';
import type { Sample } from '../../support/keyword-forms';

type Samples = Readonly<Record<string, Sample>>;

/** A sample for each of some modules. */
const alike = (names: readonly string[], sample: Sample): Samples =>
  Object.fromEntries(names.map((name) => [name, sample]));
/** `Name1d`, `Name2d`, `Name3d`. */
const dims = (...names: string[]): string[] => names.flatMap((name) => ['1d', '2d', '3d'].map((end) => name + end));

const encoderLayer = (): nn.TransformerEncoderLayer => new nn.TransformerEncoderLayer(4, 2, 8);
const decoderLayer = (): nn.TransformerDecoderLayer => new nn.TransformerDecoderLayer(4, 2, 8);

const none = [
  ...['CELU', 'ELU', 'GELU', 'GLU', 'Hardshrink', 'Hardsigmoid', 'Hardswish', 'Hardtanh', 'LeakyReLU', 'LogSoftmax'],
  ...['Mish', 'PReLU', 'RReLU', 'ReLU', 'ReLU6', 'SELU', 'SiLU', 'Softmax', 'Softmin', 'Softplus', 'Softshrink'],
  ...['AlphaDropout', 'FeatureAlphaDropout', 'Dropout', 'Dropout1d', 'Dropout2d', 'Dropout3d', 'Flatten'],
  ...['BCELoss', 'BCEWithLogitsLoss', 'CTCLoss', 'CosineEmbeddingLoss', 'CrossEntropyLoss', 'GaussianNLLLoss'],
  ...['HingeEmbeddingLoss', 'HuberLoss', 'KLDivLoss', 'L1Loss', 'MSELoss', 'MarginRankingLoss', 'MultiLabelMarginLoss'],
  ...['MultiLabelSoftMarginLoss', 'MultiMarginLoss', 'NLLLoss', 'PoissonNLLLoss', 'SmoothL1Loss', 'SoftMarginLoss'],
  ...['TripletMarginLoss', 'TripletMarginWithDistanceLoss', 'CosineSimilarity', 'PairwiseDistance'],
  ...['Upsample', 'UpsamplingBilinear2d', 'UpsamplingNearest2d'],
  ...dims('LazyBatchNorm', 'LazyInstanceNorm'),
];

export const modules: Samples = {
  ...alike(none, () => []),
  ...alike(dims('AdaptiveAvgPool', 'AdaptiveMaxPool', 'AvgPool', 'MaxPool', 'MaxUnpool'), () => [2]),
  ...alike(dims('CircularPad', 'ReflectionPad', 'ReplicationPad', 'ZeroPad'), () => [1]),
  ...alike(dims('ConstantPad'), () => [1, 2]),
  ...alike(dims('BatchNorm', 'InstanceNorm'), () => [3]),
  ...alike(dims('Conv', 'ConvTranspose'), () => [3, 4, 2]),
  ...alike(dims('LazyConv', 'LazyConvTranspose'), () => [4, 2]),
  ...alike(dims('LPPool'), () => [2, 3]),
  ...alike(['FractionalMaxPool2d', 'FractionalMaxPool3d'], () => [2, 3]),
  ...alike(['GRUCell', 'LSTMCell', 'RNNCell', 'Embedding', 'EmbeddingBag', 'Linear'], () => [3, 2]),
  ...alike(['PixelShuffle', 'PixelUnshuffle', 'ChannelShuffle', 'Unfold', 'LazyLinear'], () => [2]),
  ...alike(['LocalResponseNorm', 'CrossMapLRN2d', 'LayerNorm', 'RMSNorm'], () => [3]),
  ...alike(['GroupNorm'], () => [2, 4]),
  TransformerDecoderLayer: () => [4, 2, 8],
  TransformerEncoderLayer: () => [4, 2, 8],
  MultiheadAttention: () => [4, 2],
  AdaptiveLogSoftmaxWithLoss: () => [4, 9, [2, 5]],
  Bilinear: () => [2, 3, 4],
  Fold: () => [4, 2],
  LinearCrossEntropyLoss: () => [3, 4],
  Threshold: () => [0.1, 2],
  Transformer: () => [4, 2, 1, 1, 8],
  TransformerDecoder: () => [decoderLayer(), 2],
  TransformerEncoder: () => [encoderLayer(), 2],
  Unflatten: () => [1, [2, 3]],
};

const optimizer = (): SGD => new SGD([ones([2], { requiresGrad: true })], { lr: 0.5, momentum: 0.9 });

export const schedules: Samples = {
  LambdaLR: () => [optimizer(), (epoch: number) => epoch + 1],
  MultiplicativeLR: () => [optimizer(), () => 0.5],
  StepLR: () => [optimizer(), 2],
  MultiStepLR: () => [optimizer(), [2, 4]],
  ConstantLR: () => [optimizer()],
  LinearLR: () => [optimizer()],
  ExponentialLR: () => [optimizer(), 0.5],
  SequentialLR: () => {
    const own = optimizer();
    return [own, [new schedulers.ConstantLR(own), new schedulers.ExponentialLR(own, 0.5)], [2]];
  },
  CosineAnnealingLR: () => [optimizer(), 3],
  ChainedScheduler: () => [[new schedulers.ConstantLR(optimizer())]],
  ReduceLROnPlateau: () => [optimizer()],
  CyclicLR: () => [optimizer(), 0.1, 1],
  CosineAnnealingWarmRestarts: () => [optimizer(), 3],
  OneCycleLR: () => [optimizer(), 0.5, 10],
  PolynomialLR: () => [optimizer()],
};
