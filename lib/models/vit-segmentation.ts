/**
 * The Vision Transformer that segments pets, of part 4 of "Efficient Image Segmentation with PyTorch" (N. Singh and
 * D. Matani, 2023): an encoder after "An Image is Worth 16x16 Words" (Dosovitskiy et al. 2020) whose output tokens are
 * projected back to the pixels of their patches. No class token, no final layer norm.
 *
 * The order of construction is the order of the random draws, and the names are the keys of the state dict: both are
 * Python's.
 */
import { checkTensor } from '../engine';
import * as nn from '../nn';
import { randn, type Tensor } from '../tensor';
import type { JourneyStep } from './journey';
import { completeOptions, impossible } from './options';

/** The article's configuration; its defaults have 86,284,806 parameters. */
export interface VisionTransformerArgs {
  /** Side of the square images, in pixels. */
  imageSize: number;
  /** Side of a patch, in pixels; divides imageSize. */
  patchSize: number;
  /** Colours of the input. */
  inChannels: number;
  /** Classes of the output. */
  outChannels: number;
  /** Size of a token. */
  embedSize: number;
  numBlocks: number;
  /** Attention heads; divides embedSize. */
  numHeads: number;
  /** Probability of an element to be dropped, in attention and after each MLP. */
  dropout: number;
  /** What turns tokens into class scores: the article's one linear layer, or an MLP like that of the blocks. */
  head: 'linear' | 'mlp';
  /**
   * Above 1, convolutions make the image so many times smaller before it is cut into patches ("Early Convolutions Help
   * Transformers See Better", Xiao et al. 2021). A power of 2 up to 16 that divides patchSize; a token still stands for
   * patchSize pixels each way. 1 is the article's model, without them.
   */
  hybridStride: number;
}

/** The article's numbers. */
export const visionTransformerDefaults: Readonly<VisionTransformerArgs> = {
  imageSize: 128,
  patchSize: 16,
  inChannels: 3,
  outChannels: 3,
  embedSize: 768,
  numBlocks: 12,
  numHeads: 8,
  dropout: 0.2,
  head: 'linear',
  hybridStride: 1,
};

/** Cuts an image into patches, each a vector, channel by channel: [N, C, H, W] to [N, patches, C·P·P]. */
class ImageToPatches extends nn.Module {
  readonly unfold: nn.Unfold;

  constructor(patchSize: number) {
    super();
    this.unfold = new nn.Unfold(patchSize, { stride: patchSize });
  }

  forward(image: Tensor): Tensor {
    const columns = this.unfold.forward(image); // [N, C·P·P, patches]
    return columns.permute([0, 2, 1]); // [N, patches, C·P·P]
  }
}

/** Gives every patch its embedding: [N, patches, C·P·P] to [N, patches, E]. */
class PatchEmbedding extends nn.Module {
  readonly embedLayer: nn.Linear;

  constructor(patchLength: number, embedSize: number) {
    super();
    this.embedLayer = new nn.Linear(patchLength, embedSize);
  }

  forward(patches: Tensor): Tensor {
    return this.embedLayer.forward(patches);
  }
}

/**
 * Convolutions that halve the image until it is `hybridStride` times smaller: [N, C, H, W] to [N, D, H/stride, W/stride].
 * As in the paper the channels double with each, to embedSize where the stride is 16.
 */
function convolutionalStem({ inChannels, embedSize, hybridStride }: VisionTransformerArgs): nn.Sequential {
  const layers: nn.Module[] = [];
  let channels = inChannels;
  for (let stride = 2; stride <= hybridStride; stride *= 2) {
    const outChannels = stemChannels(embedSize, stride);
    layers.push(
      new nn.Conv2d(channels, outChannels, 3, { stride: 2, padding: 1, bias: false }),
      new nn.BatchNorm2d(outChannels),
      new nn.ReLU(),
    );
    channels = outChannels;
  }
  return new nn.Sequential(...layers);
}

function stemChannels(embedSize: number, stride: number): number {
  return (embedSize * stride) / 16;
}

/** What a patch is cut from: the image, or what the stem makes of it. */
function patchesOf(args: VisionTransformerArgs): { channels: number; side: number } {
  const { inChannels, embedSize, patchSize, hybridStride } = args;
  const channels = hybridStride === 1 ? inChannels : stemChannels(embedSize, hybridStride);
  return { channels, side: patchSize / hybridStride };
}

/** Patches, embedded, with their position: [N, C, H, W] to [N, patches, E]. */
class VisionTransformerInput extends nn.Module {
  /** Null where the patches are cut from the image itself. */
  readonly stem: nn.Sequential | null;
  readonly i2p: ImageToPatches;
  readonly pe: PatchEmbedding;
  /** What each place in the image adds, learned from random numbers: [patches, E]. */
  readonly positionEmbed: nn.Parameter;

  constructor(args: VisionTransformerArgs) {
    super();
    const { imageSize, patchSize, embedSize, hybridStride } = args;
    const { channels, side } = patchesOf(args);
    this.stem = hybridStride === 1 ? null : convolutionalStem(args);
    this.i2p = new ImageToPatches(side);
    this.pe = new PatchEmbedding(channels * side * side, embedSize);
    this.positionEmbed = new nn.Parameter(randn([(imageSize / patchSize) ** 2, embedSize]));
  }

  forward(image: Tensor): Tensor {
    const map = this.stem === null ? image : this.stem.forward(image);
    const patches = this.i2p.forward(map); // [N, patches, C·P·P]
    return this.pe.forward(patches).add(this.positionEmbed); // [N, patches, E] + [patches, E]
  }
}

/** Works on each token by itself, through four times its size: [N, patches, E] to [N, patches, E]. */
class MultiLayerPerceptron extends nn.Module {
  readonly layers: nn.Sequential;

  constructor({ embedSize, dropout }: VisionTransformerArgs) {
    super();
    this.layers = new nn.Sequential(
      new nn.Linear(embedSize, embedSize * 4),
      new nn.GELU(),
      new nn.Linear(embedSize * 4, embedSize),
      new nn.Dropout(dropout),
    );
  }

  forward(tokens: Tensor): Tensor {
    return this.layers.forward(tokens);
  }
}

/** One block: tokens look at each other, then each thinks for itself. [N, patches, E] to [N, patches, E]. */
class SelfAttentionEncoderBlock extends nn.Module {
  readonly ln1: nn.LayerNorm;
  readonly mha: nn.MultiheadAttention;
  readonly ln2: nn.LayerNorm;
  readonly mlp: MultiLayerPerceptron;

  constructor(args: VisionTransformerArgs) {
    super();
    const { embedSize, numHeads, dropout } = args;
    this.ln1 = new nn.LayerNorm(embedSize);
    this.mha = new nn.MultiheadAttention(embedSize, numHeads, { dropout, batchFirst: true });
    this.ln2 = new nn.LayerNorm(embedSize);
    this.mlp = new MultiLayerPerceptron(args);
  }

  forward(x: Tensor): Tensor {
    const y = this.ln1.forward(x);
    const [attended] = this.mha.forward(y, y, y, { needWeights: false }); // one object three times: self attention
    const z = x.add(attended);
    return z.add(this.mlp.forward(this.ln2.forward(z)));
  }
}

/** Turns every token into its patch of class scores, and the patches into an image: [N, patches, E] to [N, classes, H, W]. */
class OutputProjection extends nn.Module {
  readonly projection: nn.Linear | nn.Sequential;
  readonly fold: nn.Fold;

  constructor({ imageSize, patchSize, embedSize, outChannels, head }: VisionTransformerArgs) {
    super();
    const patchLength = patchSize * patchSize * outChannels;
    this.projection =
      head === 'linear'
        ? new nn.Linear(embedSize, patchLength)
        : new nn.Sequential(
            new nn.Linear(embedSize, embedSize * 4),
            new nn.GELU(),
            new nn.Linear(embedSize * 4, patchLength),
          );
    this.fold = new nn.Fold([imageSize, imageSize], patchSize, { stride: patchSize });
  }

  forward(tokens: Tensor): Tensor {
    const patches = this.projection.forward(tokens); // [N, patches, classes·P·P]
    return this.fold.forward(patches.permute([0, 2, 1])); // [N, classes·P·P, patches] to [N, classes, H, W]
  }
}

/**
 * The model: images [N, inChannels, imageSize, imageSize] to class scores [N, outChannels, imageSize, imageSize].
 * @throws ArgumentError for sizes that cannot go together, before anything is drawn
 */
export class VisionTransformerForSegmentation extends nn.Module {
  readonly args: Readonly<VisionTransformerArgs>;
  readonly layers: nn.Sequential;

  constructor(options: Partial<VisionTransformerArgs> = {}) {
    super();
    const args = completeArgs(options);
    this.args = args;
    // The blocks draw their parameters before the layers around them.
    const blocks = Array.from({ length: args.numBlocks }, () => new SelfAttentionEncoderBlock(args));
    this.layers = new nn.Sequential(
      new nn.BatchNorm2d(args.inChannels),
      new VisionTransformerInput(args),
      new nn.Sequential(...blocks),
      new OutputProjection(args),
    );
  }

  /** @throws ArgumentError for images of another size: what each place adds is learned for the places of this one */
  forward(image: Tensor): Tensor {
    checkTensor(model, 'image', image);
    const { imageSize, inChannels } = this.args;
    if (image.ndim !== 4 || String(image.shape.slice(1)) !== String([inChannels, imageSize, imageSize])) {
      throw impossible(
        model,
        `expected images [N, ${inChannels}, ${imageSize}, ${imageSize}], received [${image.shape.join(', ')}]`,
      );
    }
    return this.layers.forward(image);
  }

  /** The shapes of one tensor on its way through the model, step by step (the article's figure 7). */
  journey(batchSize = 1): JourneyStep[] {
    const { imageSize, patchSize, inChannels, outChannels, embedSize, numBlocks, head, hybridStride } = this.args;
    const { channels, side } = patchesOf(this.args);
    const patches = (imageSize / patchSize) ** 2;
    const image = [batchSize, inChannels, imageSize, imageSize];
    const map = [batchSize, channels, imageSize / hybridStride, imageSize / hybridStride];
    const tokens = [batchSize, patches, embedSize];
    const [patchLength, outLength] = [channels * side * side, patchSize * patchSize * outChannels];
    const sliding = (size: number): string => `kernel ${size}, stride ${size}`;
    return [
      { step: 'input', module: '', shape: image },
      { step: 'normalise', module: `BatchNorm2d(${inChannels})`, shape: image },
      ...(hybridStride === 1
        ? []
        : [{ step: 'stem', module: `Conv2d, stride 2, ${Math.log2(hybridStride)} times`, shape: map }]),
      {
        step: 'image to patches',
        module: `Unfold(${sliding(side)}), permute`,
        shape: [batchSize, patches, patchLength],
      },
      { step: 'patch embedding', module: `Linear ${patchLength} -> ${embedSize}`, shape: tokens },
      { step: 'position embedding', module: 'learned parameter', shape: [patches, embedSize] },
      { step: 'sum', module: 'patch embedding + position embedding', shape: tokens },
      { step: 'encoder', module: `${numBlocks} transformer blocks`, shape: tokens },
      {
        step: 'output projection',
        module: `${head === 'linear' ? 'Linear' : 'MLP'} ${embedSize} -> ${outLength}`,
        shape: [batchSize, patches, outLength],
      },
      {
        step: 'patches to image',
        module: `permute, Fold(${imageSize}, ${sliding(patchSize)})`,
        shape: [batchSize, outChannels, imageSize, imageSize],
      },
    ];
  }
}

const model = 'VisionTransformerForSegmentation';

function completeArgs(options: Partial<VisionTransformerArgs>): VisionTransformerArgs {
  const args = completeOptions(model, visionTransformerDefaults, options, {
    probabilities: ['dropout'],
    choices: { head: ['linear', 'mlp'], hybridStride: [1, 2, 4, 8, 16] },
  });
  const { imageSize, patchSize, embedSize, numHeads, hybridStride } = args;
  if (imageSize % patchSize !== 0) {
    throw impossible(model, `patches of ${patchSize} pixels do not divide an image of ${imageSize} pixels`);
  }
  if (embedSize % numHeads !== 0) {
    throw impossible(model, `${numHeads} attention heads do not divide an embedding of ${embedSize}`);
  }
  if (patchSize % hybridStride !== 0) {
    throw impossible(model, `a hybridStride of ${hybridStride} does not divide patches of ${patchSize} pixels`);
  }
  if (hybridStride > 1 && embedSize % 8 !== 0) {
    throw impossible(model, `a hybridStride needs an embedding divisible by 8, received ${embedSize}`);
  }
  return args;
}
