/**
 * The Vision Transformer that segments pets, of part 4 of "Efficient Image Segmentation with PyTorch" (N. Singh and
 * D. Matani, 2023): an encoder after "An Image is Worth 16x16 Words" (Dosovitskiy et al. 2020) whose output tokens are
 * projected back to the pixels of their patches. No class token, no final layer norm.
 *
 * The order of construction is the order of the random draws, and the names are the keys of the state dict: both are
 * Python's.
 */
import { ArgumentError, checkObject, describe } from '../engine';
import * as nn from '../nn';
import { randn, type Tensor } from '../tensor';

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

/** Patches, embedded, with their position: [N, C, H, W] to [N, patches, E]. */
class VisionTransformerInput extends nn.Module {
  readonly i2p: ImageToPatches;
  readonly pe: PatchEmbedding;
  /** What each place in the image adds, learned from random numbers: [patches, E]. */
  readonly positionEmbed: nn.Parameter;

  constructor({ imageSize, patchSize, inChannels, embedSize }: VisionTransformerArgs) {
    super();
    const numPatches = (imageSize / patchSize) ** 2;
    this.i2p = new ImageToPatches(patchSize);
    this.pe = new PatchEmbedding(inChannels * patchSize * patchSize, embedSize);
    this.positionEmbed = new nn.Parameter(randn([numPatches, embedSize]));
  }

  forward(image: Tensor): Tensor {
    const patches = this.i2p.forward(image); // [N, patches, C·P·P]
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
  readonly projection: nn.Linear;
  readonly fold: nn.Fold;

  constructor({ imageSize, patchSize, embedSize, outChannels }: VisionTransformerArgs) {
    super();
    this.projection = new nn.Linear(embedSize, patchSize * patchSize * outChannels);
    this.fold = new nn.Fold([imageSize, imageSize], patchSize, { stride: patchSize });
  }

  forward(tokens: Tensor): Tensor {
    const patches = this.projection.forward(tokens); // [N, patches, classes·P·P]
    return this.fold.forward(patches.permute([0, 2, 1])); // [N, classes·P·P, patches] to [N, classes, H, W]
  }
}

/** One step of a tensor's way through the model. */
export interface JourneyStep {
  readonly step: string;
  readonly module: string;
  readonly shape: readonly number[];
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

  forward(image: Tensor): Tensor {
    return this.layers.forward(image);
  }

  /** The shapes of one tensor on its way through the model, step by step (the article's figure 7). */
  journey(batchSize = 1): JourneyStep[] {
    const { imageSize, patchSize, inChannels, outChannels, embedSize, numBlocks } = this.args;
    const patches = (imageSize / patchSize) ** 2;
    const image = [batchSize, inChannels, imageSize, imageSize];
    const tokens = [batchSize, patches, embedSize];
    const pixels = patchSize * patchSize;
    const sliding = `kernel ${patchSize}, stride ${patchSize}`;
    return [
      { step: 'input', module: '', shape: image },
      { step: 'normalise', module: `BatchNorm2d(${inChannels})`, shape: image },
      {
        step: 'image to patches',
        module: `Unfold(${sliding}), permute`,
        shape: [batchSize, patches, inChannels * pixels],
      },
      { step: 'patch embedding', module: `Linear ${inChannels * pixels} -> ${embedSize}`, shape: tokens },
      { step: 'position embedding', module: 'learned parameter', shape: [patches, embedSize] },
      { step: 'sum', module: 'patch embedding + position embedding', shape: tokens },
      { step: 'encoder', module: `${numBlocks} transformer blocks`, shape: tokens },
      {
        step: 'output projection',
        module: `Linear ${embedSize} -> ${pixels * outChannels}`,
        shape: [batchSize, patches, pixels * outChannels],
      },
      {
        step: 'patches to image',
        module: `permute, Fold(${imageSize}, ${sliding})`,
        shape: [batchSize, outChannels, imageSize, imageSize],
      },
    ];
  }
}

function completeArgs(options: Partial<VisionTransformerArgs>): VisionTransformerArgs {
  checkObject('VisionTransformerForSegmentation', 'options', options);
  const names = Object.keys(visionTransformerDefaults) as (keyof VisionTransformerArgs)[];
  const unknown = Object.keys(options).find((name) => !(name in visionTransformerDefaults));
  if (unknown !== undefined) throw impossible(`expected options among ${names.join(', ')}, received \`${unknown}\``);
  const args = { ...visionTransformerDefaults };
  for (const name of names) args[name] = options[name] ?? args[name];
  const { dropout, ...sizes } = args;
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < 1) {
      throw impossible(`expected a whole number of at least 1 for \`${name}\`, received ${describe(size)}`);
    }
  }
  if (!(typeof dropout === 'number' && dropout >= 0 && dropout <= 1)) {
    throw impossible(`expected a probability between 0 and 1 for \`dropout\`, received ${describe(dropout)}`);
  }
  if (args.imageSize % args.patchSize !== 0) {
    throw impossible(`patches of ${args.patchSize} pixels do not divide an image of ${args.imageSize} pixels`);
  }
  if (args.embedSize % args.numHeads !== 0) {
    throw impossible(`${args.numHeads} attention heads do not divide an embedding of ${args.embedSize}`);
  }
  return args;
}

function impossible(sentence: string): ArgumentError {
  return new ArgumentError(sentence, 'TORCH_VALUE');
}
