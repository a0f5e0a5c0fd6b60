/**
 * U-Net, after "U-Net: Convolutional Networks for Biomedical Image Segmentation" (Ronneberger, Fischer, Brox 2015), in the
 * form that most PyTorch users know: padded convolutions with batch norm, so that the scores are as large as the image.
 * The keys of the state dict are those of the milesial/Pytorch-UNet repository, whose checkpoints fit.
 */
import * as nn from '../nn';
import { cat, type Tensor } from '../tensor';
import { journeyOf, type JourneyStep } from './journey';
import { completeOptions } from './options';

/** Options of {@link UNet}. */
export interface UNetArgs {
  /** Colours of the input. */
  inChannels: number;
  /** Classes of the output. */
  outChannels: number;
  /** Channels at the image's own size; doubled by each pooling. */
  width: number;
  /** Number of poolings, each halving height and width. */
  depth: number;
  /** 2 computes all at half the size, for about a quarter of the time: the scores are enlarged at the end. */
  stemStride: 1 | 2;
  /** How the decoder enlarges: by a learned transposed convolution, or bilinearly, with half the channels below. */
  upsample: 'transposed' | 'bilinear';
}

/** 31,037,763 parameters. */
export const uNetDefaults: Readonly<UNetArgs> = {
  inChannels: 3,
  outChannels: 3,
  width: 64,
  depth: 4,
  stemStride: 1,
  upsample: 'transposed',
};

/** Two convolutions, each with batch norm and ReLU: [N, C, H, W] to [N, D, H/stride, W/stride]. */
class DoubleConv extends nn.Module {
  readonly doubleConv: nn.Sequential;

  constructor(inChannels: number, outChannels: number, { middle = outChannels, stride = 1 } = {}) {
    super();
    this.doubleConv = new nn.Sequential(
      new nn.Conv2d(inChannels, middle, 3, { stride, padding: 1, bias: false }),
      new nn.BatchNorm2d(middle),
      new nn.ReLU({ inplace: true }),
      new nn.Conv2d(middle, outChannels, 3, { padding: 1, bias: false }),
      new nn.BatchNorm2d(outChannels),
      new nn.ReLU({ inplace: true }),
    );
  }

  forward(x: Tensor): Tensor {
    return this.doubleConv.forward(x);
  }
}

/** Pools, then convolves: [N, C, H, W] to [N, D, H/2, W/2]. */
class Down extends nn.Module {
  readonly maxpoolConv: nn.Sequential;

  constructor(inChannels: number, outChannels: number) {
    super();
    this.maxpoolConv = new nn.Sequential(new nn.MaxPool2d(2), new DoubleConv(inChannels, outChannels));
  }

  forward(x: Tensor): Tensor {
    return this.maxpoolConv.forward(x);
  }
}

/** Enlarges what comes from below and convolves it with what the encoder had at this size. */
class Up extends nn.Module<[below: Tensor, skipped: Tensor]> {
  readonly up: nn.Module;
  readonly conv: DoubleConv;

  /** @param inChannels of `below` and `skipped` together, when they meet */
  constructor(inChannels: number, outChannels: number, upsample: UNetArgs['upsample']) {
    super();
    const half = inChannels / 2;
    if (upsample === 'bilinear') {
      this.up = new nn.Upsample({ scaleFactor: 2, mode: 'bilinear', alignCorners: true });
      this.conv = new DoubleConv(inChannels, outChannels, { middle: half });
    } else {
      this.up = new nn.ConvTranspose2d(inChannels, half, 2, { stride: 2 });
      this.conv = new DoubleConv(inChannels, outChannels);
    }
  }

  forward(below: Tensor, skipped: Tensor): Tensor {
    return this.conv.forward(cat([skipped, padTo(this.up.forward(below), skipped)], 1));
  }
}

/** A pooling drops the last row of an odd number, which must be made up for. */
function padTo(x: Tensor, { shape: [, , height = 0, width = 0] }: Tensor): Tensor {
  const [, , ownHeight = 0, ownWidth = 0] = x.shape;
  const [rows, columns] = [height - ownHeight, width - ownWidth];
  if (rows === 0 && columns === 0) return x;
  const [above, before] = [Math.floor(rows / 2), Math.floor(columns / 2)];
  return nn.functional.pad(x, [before, columns - before, above, rows - above]);
}

/** Class scores of each pixel from its channels. */
class OutConv extends nn.Module {
  readonly conv: nn.Conv2d;

  constructor(inChannels: number, outChannels: number) {
    super();
    this.conv = new nn.Conv2d(inChannels, outChannels, 1);
  }

  forward(x: Tensor): Tensor {
    return this.conv.forward(x);
  }
}

/**
 * U-Net: images [N, inChannels, H, W], at least 2^depth·stemStride pixels each way, to class scores [N, outChannels, H, W].
 * @throws ArgumentError for an option that it does not have or a value that cannot be
 */
export class UNet extends nn.Module {
  readonly args: Readonly<UNetArgs>;
  readonly inc: DoubleConv;
  /** Members of the module under the names `down1`, `down2`, …; and `up1`, `up2`, …. */
  private readonly downs: readonly Down[];
  private readonly ups: readonly Up[];
  // Declared only: a field would stand before the blocks in the state dict.
  declare readonly outc: OutConv;

  constructor(options: Partial<UNetArgs> = {}) {
    super();
    const args = completeOptions('UNet', uNetDefaults, options, {
      choices: { stemStride: [1, 2], upsample: ['transposed', 'bilinear'] },
    });
    this.args = args;
    const { inChannels, outChannels, width, depth, stemStride, upsample } = args;
    // Where nothing halves the channels on the way up, the layers below have half of them from the start.
    const factor = upsample === 'bilinear' ? 2 : 1;
    this.inc = new DoubleConv(inChannels, width, { stride: stemStride });
    this.downs = Array.from({ length: depth }, (_, level) => {
      const channels = width * 2 ** level;
      return new Down(channels, level === depth - 1 ? (channels * 2) / factor : channels * 2);
    });
    for (const [level, down] of this.downs.entries()) this.registerModule(`down${level + 1}`, down);
    this.ups = Array.from({ length: depth }, (_, step) => {
      const channels = width * 2 ** (depth - step);
      return new Up(channels, step === depth - 1 ? width : channels / 2 / factor, upsample);
    });
    for (const [step, up] of this.ups.entries()) this.registerModule(`up${step + 1}`, up);
    this.registerModule('outc', new OutConv(width, outChannels));
  }

  forward(image: Tensor): Tensor {
    const skipped = [this.inc.forward(image)];
    for (const down of this.downs) skipped.push(down.forward(skipped.at(-1) as Tensor));
    let x = skipped.pop() as Tensor;
    for (const up of this.ups) x = up.forward(x, skipped.pop() as Tensor);
    const scores = this.outc.forward(x);
    if (this.args.stemStride === 1) return scores;
    return nn.functional.interpolate(scores, { size: image.shape.slice(2), mode: 'bilinear', alignCorners: false });
  }

  /**
   * The shapes of a batch on its way through the model, block by block.
   * @param imageSize side of the square images, in pixels
   */
  journey(batchSize = 1, imageSize = 128): JourneyStep[] {
    return journeyOf(this, [batchSize, this.args.inChannels, imageSize, imageSize]);
  }
}
