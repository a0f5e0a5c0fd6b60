/**
 * SegFormer: the Mix Transformer and a head of nothing but linear layers (Xie et al. 2021, arXiv 2105.15203), in the form of
 * Hugging Face's `SegformerForSemanticSegmentation`, whose checkpoints it loads.
 */
import { ArgumentError, checkInteger, checkTensor } from '../engine';
import * as nn from '../nn';
import { cat, type Tensor } from '../tensor';
import type { JourneyStep } from './vit-segmentation';
import { completeArgs, type SegFormerArgs, type SegFormerOptions } from './segformer-args';
import { MixTransformer } from './segformer-encoder';

/** Gives the tokens of a stage the head's size: [N, C, H, W] to [N, H·W, D]. */
class StageProjection extends nn.Module {
  readonly proj: nn.Linear;

  constructor(hiddenSize: number, decoderHiddenSize: number) {
    super();
    this.proj = new nn.Linear(hiddenSize, decoderHiddenSize);
  }

  forward(features: Tensor): Tensor {
    return this.proj.forward(features.flatten(2).transpose(1, 2));
  }
}

/** What all stages see, at the size of the first: their features to class scores [N, outChannels, H/4, W/4]. */
class DecodeHead extends nn.Module<[features: readonly Tensor[]]> {
  readonly linearC: nn.ModuleList<StageProjection>;
  readonly linearFuse: nn.Conv2d;
  readonly batchNorm: nn.BatchNorm2d;
  readonly activation: nn.ReLU;
  readonly dropout: nn.Dropout;
  readonly classifier: nn.Conv2d;

  constructor({ hiddenSizes, decoderHiddenSize: size, outChannels, classifierDropoutProb }: SegFormerArgs) {
    super();
    this.linearC = new nn.ModuleList(hiddenSizes.map((hiddenSize) => new StageProjection(hiddenSize, size)));
    this.linearFuse = new nn.Conv2d(size * hiddenSizes.length, size, 1, { bias: false });
    this.batchNorm = new nn.BatchNorm2d(size);
    this.activation = new nn.ReLU();
    this.dropout = new nn.Dropout(classifierDropoutProb);
    this.classifier = new nn.Conv2d(size, outChannels, 1);
  }

  forward(features: readonly Tensor[]): Tensor {
    const size = features[0]?.shape.slice(2) ?? [];
    const projected = features.map((stage, index) => {
      const tokens = this.linearC.at(index).forward(stage); // [N, H·W, D]
      const [batch = 0, , channels = 0] = tokens.shape;
      const image = tokens.transpose(1, 2).reshape([batch, channels, stage.size(2), stage.size(3)]);
      return nn.functional.interpolate(image, { size, mode: 'bilinear', alignCorners: false });
    });
    const fused = this.batchNorm.forward(this.linearFuse.forward(cat(projected.reverse(), 1)));
    return this.classifier.forward(this.dropout.forward(this.activation.forward(fused)));
  }

  /** What is drawn from the normal distribution, in Hugging Face's order. */
  drawn(): (nn.Linear | nn.Conv2d)[] {
    return [...[...this.linearC].map(({ proj }) => proj), this.linearFuse, this.classifier];
  }
}

/** Holds the encoder under the name that it has in the keys. */
class Segformer extends nn.Module<[image: Tensor], Tensor[]> {
  readonly encoder: MixTransformer;

  constructor(args: SegFormerArgs) {
    super();
    this.encoder = new MixTransformer(args);
  }

  forward(image: Tensor): Tensor[] {
    return this.encoder.forward(image);
  }
}

/**
 * The model: images [N, inChannels, H, W] of any size to class scores [N, outChannels, H, W].
 *
 * Weights and kernels are drawn from a normal distribution of deviation `initializerRange`, biases are zero: the numbers
 * that Hugging Face's model (transformers 5) has after the same seed.
 *
 * @throws ArgumentError for sizes that cannot go together, before anything is drawn
 *
 * @example
 * ```ts
 * const model = new torch.models.SegFormer({ variant: 'b0', outChannels: 3 });
 * console.log(torch.models.countParameters(model)); // 3714915
 * console.log(model.eval().forward(torch.rand([1, 3, 64, 96])).shape); // [ 1, 3, 64, 96 ]
 * ```
 */
export class SegFormer extends nn.Module {
  readonly args: Readonly<SegFormerArgs>;
  readonly segformer: Segformer;
  readonly decodeHead: DecodeHead;

  constructor(options: SegFormerOptions = {}) {
    super();
    const args = completeArgs(options);
    this.args = args;
    // Each part is drawn twice, first as its layers draw themselves: the generator is then where Python's is.
    this.segformer = new Segformer(args);
    draw(this.segformer.encoder.drawn(), args.initializerRange);
    this.decodeHead = new DecodeHead(args);
    draw(this.decodeHead.drawn(), args.initializerRange);
  }

  /**
   * Class scores [N, outChannels, H, W], drawn up from {@link forwardLogits} bilinearly.
   * @throws ArgumentError for an image that is not [N, inChannels, H, W]
   */
  forward(image: Tensor): Tensor {
    const logits = this.forwardLogits(image);
    return nn.functional.interpolate(logits, { size: image.shape.slice(2), mode: 'bilinear', alignCorners: false });
  }

  /** What Hugging Face's model returns as `logits`: [N, outChannels, H/4, W/4]. */
  forwardLogits(image: Tensor): Tensor {
    checkTensor('SegFormer', 'image', image);
    if (image.ndim !== 4 || image.size(1) !== this.args.inChannels) {
      const [received, channels] = [image.shape.join(', '), this.args.inChannels];
      throw new ArgumentError(
        `SegFormer: expected [N, ${channels}, H, W] for argument \`image\`, received [${received}]`,
      );
    }
    return this.decodeHead.forward(this.segformer.forward(image));
  }

  /** The shapes of a batch of square images on its way through the model, step by step. */
  journey(batchSize = 1, imageSize = 128): JourneyStep[] {
    checkInteger('journey', 'batchSize', batchSize, 0);
    checkInteger('journey', 'imageSize', imageSize, 1);
    const { inChannels, outChannels, hiddenSizes, depths, patchSizes, strides, decoderHiddenSize } = this.args;
    const { numAttentionHeads, srRatios } = this.args;
    const steps: JourneyStep[] = [{ step: 'input', module: '', shape: [batchSize, inChannels, imageSize, imageSize] }];
    const sides: number[] = [];
    for (const [stage, size] of hiddenSizes.entries()) {
      const [patchSize = 1, stride = 1] = [patchSizes[stage], strides[stage]];
      const before = sides.at(-1) ?? imageSize;
      const side = Math.floor((before + 2 * Math.floor(patchSize / 2) - patchSize) / stride) + 1;
      sides.push(side);
      steps.push(
        {
          step: `stage ${stage + 1}: overlapping patches`,
          module: `Conv2d(kernel ${patchSize}, stride ${stride}), LayerNorm`,
          shape: [batchSize, side * side, size],
        },
        {
          step: `stage ${stage + 1}: encoder`,
          module: `${depths[stage]} blocks, ${numAttentionHeads[stage]} heads, keys 1/${srRatios[stage]} as high and wide`,
          shape: [batchSize, size, side, side],
        },
      );
    }
    const [first = 0] = sides;
    return [
      ...steps,
      {
        step: 'all stages side by side',
        module: `Linear -> ${decoderHiddenSize}, bilinear`,
        shape: [batchSize, decoderHiddenSize * hiddenSizes.length, first, first],
      },
      {
        step: 'fuse',
        module: 'Conv2d(kernel 1), BatchNorm2d, ReLU, Dropout',
        shape: [batchSize, decoderHiddenSize, first, first],
      },
      { step: 'classify', module: 'Conv2d(kernel 1)', shape: [batchSize, outChannels, first, first] },
      { step: 'output', module: 'bilinear', shape: [batchSize, outChannels, imageSize, imageSize] },
    ];
  }
}

/** Weights normal, biases zero, in the order of the layers. */
function draw(layers: readonly (nn.Linear | nn.Conv2d)[], deviation: number): void {
  for (const { weight, bias } of layers) {
    nn.init.normal_(weight, 0, deviation);
    if (bias !== null) nn.init.zeros_(bias);
  }
}
