/**
 * The Vision Transformer that classifies, of "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale"
 * (Dosovitskiy et al. 2020). Names, options and the order of the random draws are those of
 * `torchvision.models.VisionTransformer`, so that a state dict of its `vit_b_16` and sisters fits.
 */
import { checkTensor } from '../engine';
import * as nn from '../nn';
import { cat, empty, type Tensor, zeros } from '../tensor';
import { completeOptions, impossible } from './options';

/** Options of {@link VisionTransformer}, by torchvision's names. */
export interface VisionTransformerOptions {
  /** Side of the square images, in pixels. */
  imageSize: number;
  /** Side of a patch, in pixels; divides imageSize. */
  patchSize: number;
  /** Number of blocks. */
  numLayers: number;
  /** Attention heads; divides hiddenDim. */
  numHeads: number;
  /** Size of a token. */
  hiddenDim: number;
  /** Size of a token within the MLP of a block. */
  mlpDim: number;
  /** Probability of an element to be dropped, after the position embedding, attention and each layer of an MLP. */
  dropout: number;
  /** Probability of an attention weight to be dropped. */
  attentionDropout: number;
  numClasses: number;
}

/** ViT-B/16: 86,567,656 parameters. */
const defaults: Readonly<VisionTransformerOptions> = {
  imageSize: 224,
  patchSize: 16,
  numLayers: 12,
  numHeads: 12,
  hiddenDim: 768,
  mlpDim: 3072,
  dropout: 0,
  attentionDropout: 0,
  numClasses: 1000,
};

const layerNorm = (size: number): nn.LayerNorm => new nn.LayerNorm(size, { eps: 1e-6 });

/** Works on each token by itself: [N, tokens, E] to [N, tokens, E]. */
class MLPBlock extends nn.Sequential {
  constructor({ hiddenDim, mlpDim, dropout }: VisionTransformerOptions) {
    const layers = [new nn.Linear(hiddenDim, mlpDim), new nn.Linear(mlpDim, hiddenDim)] as const;
    super(layers[0], new nn.GELU(), new nn.Dropout(dropout), layers[1], new nn.Dropout(dropout));
    for (const { weight, bias } of layers) {
      nn.init.xavierUniform_(weight);
      if (bias !== null) nn.init.normal_(bias, 0, 1e-6);
    }
  }
}

/** One block: tokens look at each other, then each thinks for itself. [N, tokens, E] to [N, tokens, E]. */
class EncoderBlock extends nn.Module {
  // Named as in the state dict, where `ln1` would not become `ln_1`.
  readonly ln_1: nn.LayerNorm;
  readonly selfAttention: nn.MultiheadAttention;
  readonly dropout: nn.Dropout;
  readonly ln_2: nn.LayerNorm;
  readonly mlp: MLPBlock;

  constructor(options: VisionTransformerOptions) {
    super();
    const { hiddenDim, numHeads, dropout, attentionDropout } = options;
    this.ln_1 = layerNorm(hiddenDim);
    this.selfAttention = new nn.MultiheadAttention(hiddenDim, numHeads, {
      dropout: attentionDropout,
      batchFirst: true,
    });
    this.dropout = new nn.Dropout(dropout);
    this.ln_2 = layerNorm(hiddenDim);
    this.mlp = new MLPBlock(options);
  }

  forward(input: Tensor): Tensor {
    const y = this.ln_1.forward(input);
    const [attended] = this.selfAttention.forward(y, y, y, { needWeights: false }); // one object three times
    const x = this.dropout.forward(attended).add(input);
    return x.add(this.mlp.forward(this.ln_2.forward(x)));
  }
}

/** Adds the positions and runs the blocks: [N, tokens, E] to [N, tokens, E]. */
class Encoder extends nn.Module {
  /** [1, tokens, E], the class token's first. */
  readonly posEmbedding: nn.Parameter;
  readonly dropout: nn.Dropout;
  readonly layers: nn.Sequential;
  readonly ln: nn.LayerNorm;

  constructor(tokens: number, options: VisionTransformerOptions) {
    super();
    const { hiddenDim, numLayers, dropout } = options;
    this.posEmbedding = new nn.Parameter(empty([1, tokens, hiddenDim]).normal_(0, 0.02));
    this.dropout = new nn.Dropout(dropout);
    const layers = new Map<string, nn.Module>();
    for (let i = 0; i < numLayers; i++) layers.set(`encoder_layer_${i}`, new EncoderBlock(options));
    this.layers = new nn.Sequential(layers);
    this.ln = layerNorm(hiddenDim);
  }

  forward(tokens: Tensor): Tensor {
    return this.ln.forward(this.layers.forward(this.dropout.forward(tokens.add(this.posEmbedding))));
  }
}

/**
 * The classifier: images [N, 3, imageSize, imageSize] to class scores [N, numClasses]. Its defaults are ViT-B/16; the head
 * begins with zeros, as torchvision's does.
 *
 * @throws ArgumentError for an option that it does not have, and for sizes that cannot go together
 *
 * @example
 * ```ts
 * const model = new torch.models.VisionTransformer({ imageSize: 32, patchSize: 8, numLayers: 2, numHeads: 2, hiddenDim: 16, mlpDim: 32 });
 * console.log(model.forward(torch.rand([4, 3, 32, 32])).shape); // [ 4, 1000 ]
 * ```
 */
export class VisionTransformer extends nn.Module {
  readonly options: Readonly<VisionTransformerOptions>;
  /** What is added to the tokens of the patches, to become the scores: [1, 1, E]. */
  readonly classToken: nn.Parameter;
  readonly convProj: nn.Conv2d;
  readonly encoder: Encoder;
  readonly heads: nn.Sequential;

  constructor(options: Partial<VisionTransformerOptions> = {}) {
    super();
    const all = completeOptions(name, defaults, options, { probabilities: ['dropout', 'attentionDropout'] });
    const { imageSize, patchSize, hiddenDim, numHeads, numClasses } = all;
    if (imageSize % patchSize !== 0) {
      throw impossible(name, `patches of ${patchSize} pixels do not divide an image of ${imageSize} pixels`);
    }
    if (hiddenDim % numHeads !== 0) {
      throw impossible(name, `${numHeads} attention heads do not divide a hiddenDim of ${hiddenDim}`);
    }
    this.options = all;
    this.convProj = new nn.Conv2d(3, hiddenDim, patchSize, { stride: patchSize });
    this.classToken = new nn.Parameter(zeros([1, 1, hiddenDim]));
    this.encoder = new Encoder((imageSize / patchSize) ** 2 + 1, all);
    const head = new nn.Linear(hiddenDim, numClasses);
    this.heads = new nn.Sequential({ head });
    const fanIn = 3 * patchSize * patchSize;
    nn.init.truncNormal_(this.convProj.weight, 0, Math.sqrt(1 / fanIn));
    if (this.convProj.bias !== null) nn.init.zeros_(this.convProj.bias);
    nn.init.zeros_(head.weight);
    if (head.bias !== null) nn.init.zeros_(head.bias);
  }

  /** @throws ArgumentError for images of another size than imageSize */
  forward(image: Tensor): Tensor {
    checkTensor('VisionTransformer.forward()', 'image', image);
    const { imageSize, hiddenDim } = this.options;
    const [batch = 0, , height, width] = image.shape;
    if (image.ndim !== 4 || height !== imageSize || width !== imageSize) {
      throw impossible(
        name,
        `expected images [N, 3, ${imageSize}, ${imageSize}], received [${image.shape.join(', ')}]`,
      );
    }
    const patches = this.convProj.forward(image).reshape([batch, hiddenDim, -1]).permute([0, 2, 1]); // [N, patches, E]
    const tokens = cat([this.classToken.expand([batch, -1, -1]), patches], 1); // [N, 1 + patches, E]
    return this.heads.forward(this.encoder.forward(tokens).select(1, 0)); // the class token: [N, E] to [N, classes]
  }
}

const name = 'VisionTransformer';

/** ViT-B/16, `torchvision.models.vit_b_16`; the options replace its own. */
export function vitB16(options: Partial<VisionTransformerOptions> = {}): VisionTransformer {
  return new VisionTransformer(options);
}

/** ViT-B/32, `torchvision.models.vit_b_32`. */
export function vitB32(options: Partial<VisionTransformerOptions> = {}): VisionTransformer {
  return new VisionTransformer({ patchSize: 32, ...options });
}

/** ViT-L/16, `torchvision.models.vit_l_16`. */
export function vitL16(options: Partial<VisionTransformerOptions> = {}): VisionTransformer {
  return new VisionTransformer({ ...large, ...options });
}

/** ViT-L/32, `torchvision.models.vit_l_32`. */
export function vitL32(options: Partial<VisionTransformerOptions> = {}): VisionTransformer {
  return new VisionTransformer({ ...large, patchSize: 32, ...options });
}

/** ViT-H/14, `torchvision.models.vit_h_14`. */
export function vitH14(options: Partial<VisionTransformerOptions> = {}): VisionTransformer {
  return new VisionTransformer({
    patchSize: 14,
    numLayers: 32,
    numHeads: 16,
    hiddenDim: 1280,
    mlpDim: 5120,
    ...options,
  });
}

const large = { numLayers: 24, numHeads: 16, hiddenDim: 1024, mlpDim: 4096 };
