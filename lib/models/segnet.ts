/**
 * The convolutional networks of parts 2 and 3 of "Efficient Image Segmentation with PyTorch" (N. Singh and D. Matani,
 * 2023): an encoder and a decoder after "SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image Segmentation"
 * (Badrinarayanan, Kendall, Cipolla 2015). The decoder puts values back to the places that the encoder's poolings took
 * them from. Part 3 has depthwise separable convolutions in the place of all others ("Xception", Chollet 2016).
 *
 * The order of construction is the order of the random draws, and the names are the keys of the state dict: both are
 * Python's.
 */
import * as nn from '../nn';
import type { Tensor } from '../tensor';
import { journeyOf, type JourneyStep } from './journey';
import { completeOptions, impossible } from './options';

/** Options of {@link SegNet} and {@link SegNetDsc}. */
export interface SegNetArgs {
  /** Colours of the input. */
  inChannels: number;
  /** Classes of the output. */
  outChannels: number;
  /** Channels after the first block; the next ones have two, four and eight times as many. */
  width: number;
  /** Side of the convolutions' kernels, an odd number. */
  kernelSize: number;
}

/** The article's numbers: 15,274,892 parameters, 1,749,671 with separable convolutions. */
export const segNetDefaults: Readonly<SegNetArgs> = { inChannels: 3, outChannels: 3, width: 64, kernelSize: 3 };

/** Makes a convolution that keeps height and width: the block that the two models differ in. */
type MakeConvolution = (inChannels: number, outChannels: number) => nn.Module;

/** A convolution of each channel by itself, and then one over the channels of each pixel; nothing stands in between. */
class DepthwiseSeparableConv2d extends nn.Module {
  readonly depthwise: nn.Conv2d;
  readonly pointwise: nn.Conv2d;

  constructor(inChannels: number, outChannels: number, kernelSize: number) {
    super();
    const padding = (kernelSize - 1) / 2;
    this.depthwise = new nn.Conv2d(inChannels, inChannels, kernelSize, { padding, groups: inChannels, bias: false });
    this.pointwise = new nn.Conv2d(inChannels, outChannels, 1, { bias: false });
  }

  forward(x: Tensor): Tensor {
    return this.pointwise.forward(this.depthwise.forward(x));
  }
}

/** Convolutions from each number of channels to the next, every one followed by batch norm and ReLU. */
function convolutions(channels: readonly number[], make: MakeConvolution): nn.Sequential {
  const layers = channels
    .slice(1)
    .flatMap((outChannels, i) => [make(channels[i] ?? 0, outChannels), new nn.BatchNorm2d(outChannels), new nn.ReLU()]);
  return new nn.Sequential(...layers);
}

/** What a pooling leaves for the block of the decoder that undoes it. */
type Pooled = [pooled: Tensor, indices: Tensor, size: readonly number[]];

/** Half as high and wide: [N, C, H, W] to [N, D, H/2, W/2], the places of the maxima, and what was pooled in size. */
class DownBlock extends nn.Module<[x: Tensor], Pooled> {
  readonly seq: nn.Sequential;
  readonly pool: nn.MaxPool2d<true>;

  constructor(channels: readonly number[], make: MakeConvolution) {
    super();
    this.seq = convolutions(channels, make);
    this.pool = new nn.MaxPool2d<true>(2, { returnIndices: true });
  }

  forward(x: Tensor): Pooled {
    const y = this.seq.forward(x);
    const [pooled, indices] = this.pool.forward(y);
    return [pooled, indices, y.shape];
  }
}

/** As high and wide as before the pooling, odd sizes too: [N, D, H/2, W/2] to [N, C, H, W]. */
class UpBlock extends nn.Module<[x: Tensor, indices: Tensor, size: readonly number[]]> {
  readonly unpool: nn.MaxUnpool2d;
  readonly seq: nn.Sequential;

  constructor(channels: readonly number[], make: MakeConvolution) {
    super();
    this.unpool = new nn.MaxUnpool2d(2);
    this.seq = convolutions(channels, make);
  }

  forward(x: Tensor, indices: Tensor, size: readonly number[]): Tensor {
    return this.seq.forward(this.unpool.forward(x, indices, size));
  }
}

/** What the two models share. */
abstract class EncoderDecoder extends nn.Module {
  readonly args: Readonly<SegNetArgs>;
  /** Takes the place of a mean and a variance of the data set. */
  readonly bnInput: nn.BatchNorm2d;
  readonly dc1: DownBlock;
  readonly dc2: DownBlock;
  readonly dc3: DownBlock;
  readonly dc4: DownBlock;
  readonly uc4: UpBlock;
  readonly uc3: UpBlock;
  readonly uc2: UpBlock;
  readonly uc1: UpBlock;

  /** @internal */
  constructor(args: SegNetArgs, make: MakeConvolution) {
    super();
    this.args = args;
    const { inChannels, outChannels, width: w } = args;
    this.bnInput = new nn.BatchNorm2d(inChannels);
    this.dc1 = new DownBlock([inChannels, w, w], make);
    this.dc2 = new DownBlock([w, 2 * w, 2 * w], make);
    this.dc3 = new DownBlock([2 * w, 4 * w, 4 * w, 4 * w], make);
    this.dc4 = new DownBlock([4 * w, 8 * w, 8 * w, 8 * w], make);
    this.uc4 = new UpBlock([8 * w, 8 * w, 8 * w, 4 * w], make);
    this.uc3 = new UpBlock([4 * w, 4 * w, 4 * w, 2 * w], make);
    this.uc2 = new UpBlock([2 * w, 2 * w, w], make);
    // Its last convolution is followed by ReLU like all others, so that no score is below zero.
    this.uc1 = new UpBlock([w, w, outChannels], make);
  }

  forward(image: Tensor): Tensor {
    const [x1, indices1, size1] = this.dc1.forward(this.bnInput.forward(image));
    const [x2, indices2, size2] = this.dc2.forward(x1);
    const [x3, indices3, size3] = this.dc3.forward(x2);
    const [x4, indices4, size4] = this.dc4.forward(x3);
    const y3 = this.uc4.forward(x4, indices4, size4);
    const y2 = this.uc3.forward(y3, indices3, size3);
    const y1 = this.uc2.forward(y2, indices2, size2);
    return this.uc1.forward(y1, indices1, size1);
  }

  /**
   * The shapes of a batch on its way through the model, block by block.
   * @param imageSize side of the square images, in pixels; at least 16
   */
  journey(batchSize = 1, imageSize = 128): JourneyStep[] {
    return journeyOf(this, [batchSize, this.args.inChannels, imageSize, imageSize]);
  }
}

function completeArgs(model: string, options: Partial<SegNetArgs>): SegNetArgs {
  const args = completeOptions(model, segNetDefaults, options);
  // An even kernel would leave the image a pixel smaller, which no unpooling could bring back.
  if (args.kernelSize % 2 === 0) throw impossible(model, `expected an odd \`kernelSize\`, received ${args.kernelSize}`);
  return args;
}

/**
 * SegNet of the article's part 2: images [N, inChannels, H, W], 16 pixels or more each way, to class scores
 * [N, outChannels, H, W].
 * @throws ArgumentError for an option that it does not have or a value that cannot be
 */
export class SegNet extends EncoderDecoder {
  constructor(options: Partial<SegNetArgs> = {}) {
    const args = completeArgs('SegNet', options);
    const { kernelSize } = args;
    const padding = (kernelSize - 1) / 2;
    super(args, (inside, outside) => new nn.Conv2d(inside, outside, kernelSize, { padding, bias: false }));
  }
}

/**
 * SegNet of the article's part 3, with depthwise separable convolutions: a ninth of the parameters. Shapes as those of
 * {@link SegNet}.
 * @throws ArgumentError for an option that it does not have or a value that cannot be
 */
export class SegNetDsc extends EncoderDecoder {
  constructor(options: Partial<SegNetArgs> = {}) {
    const args = completeArgs('SegNetDsc', options);
    super(args, (inside, outside) => new DepthwiseSeparableConv2d(inside, outside, args.kernelSize));
  }
}
