/**
 * The Mix Transformer, encoder of SegFormer: "SegFormer: Simple and Efficient Design for Semantic Segmentation with
 * Transformers" (Xie et al. 2021, arXiv 2105.15203). Stages of ever smaller images with ever longer tokens, which begin with
 * overlapping patches; attention to a shrunken image; a depthwise convolution in each MLP, which tells a token where it is, in
 * the place of position embeddings.
 *
 * Names are the keys of the checkpoints on Hugging Face's hub. Tensors are tokens [N, H·W, C] of an image of H × W places.
 */
import { ArgumentError } from '../engine';
import * as nn from '../nn';
import type { Tensor } from '../tensor';
import { DropPath } from './drop-path';
import type { HiddenActivation, SegFormerArgs } from './segformer-args';

/** Tokens with the height and width of the image that they are the places of. */
type Tokens = [tokens: Tensor, height: number, width: number];

/** [N, H·W, C] as [N, C, H, W]: a view, in the memory format channels_last. */
function imageOf(tokens: Tensor, height: number, width: number): Tensor {
  const [batch = 0, , channels = 0] = tokens.shape;
  return tokens.transpose(1, 2).reshape([batch, channels, height, width]);
}

/** [N, C, H, W] as [N, H·W, C], a view. */
function tokensOf(image: Tensor): Tensor {
  return image.flatten(2).transpose(1, 2);
}

/** Cuts an image into patches that overlap, each a token: [N, C, H, W] to [N, H'·W', E]. */
export class OverlapPatchEmbeddings extends nn.Module<[image: Tensor], Tokens> {
  readonly proj: nn.Conv2d;
  readonly layerNorm: nn.LayerNorm;

  constructor(patchSize: number, stride: number, inChannels: number, hiddenSize: number) {
    super();
    this.proj = new nn.Conv2d(inChannels, hiddenSize, patchSize, { stride, padding: Math.floor(patchSize / 2) });
    this.layerNorm = new nn.LayerNorm(hiddenSize);
  }

  forward(image: Tensor): Tokens {
    const patches = this.proj.forward(image);
    return [this.layerNorm.forward(tokensOf(patches)), patches.size(2), patches.size(3)];
  }
}

/** What differs between the blocks. */
interface BlockSizes {
  readonly hiddenSize: number;
  readonly numHeads: number;
  readonly srRatio: number;
  readonly mlpSize: number;
  readonly dropPath: number;
}

/** Every place looks at a shrunken image: [N, H·W, C] to [N, H·W, C]. */
class EfficientSelfAttention extends nn.Module<Tokens> {
  readonly query: nn.Linear;
  readonly key: nn.Linear;
  readonly value: nn.Linear;
  readonly dropout: nn.Dropout;
  /** Sequence reduction: makes one token of srRatio × srRatio; null where nothing is shrunken. */
  readonly sr: nn.Conv2d | null;
  readonly layerNorm: nn.LayerNorm | null;
  private readonly numHeads: number;
  private readonly srRatio: number;
  private readonly isEager: boolean;

  constructor({ attentionProbsDropoutProb, attnImplementation }: SegFormerArgs, sizes: BlockSizes) {
    super();
    const { hiddenSize, numHeads, srRatio } = sizes;
    this.numHeads = numHeads;
    this.srRatio = srRatio;
    this.isEager = attnImplementation === 'eager';
    this.query = new nn.Linear(hiddenSize, hiddenSize);
    this.key = new nn.Linear(hiddenSize, hiddenSize);
    this.value = new nn.Linear(hiddenSize, hiddenSize);
    this.dropout = new nn.Dropout(attentionProbsDropoutProb);
    this.sr = srRatio > 1 ? new nn.Conv2d(hiddenSize, hiddenSize, srRatio, { stride: srRatio }) : null;
    this.layerNorm = srRatio > 1 ? new nn.LayerNorm(hiddenSize) : null;
  }

  forward(x: Tensor, height: number, width: number): Tensor {
    const query = this.heads(this.query.forward(x)); // [N, heads, H·W, C/heads]
    const seen = this.shrunken(x, height, width); // [N, H·W/srRatio², C]
    const key = this.heads(this.key.forward(seen));
    const value = this.heads(this.value.forward(seen));
    const attended = this.isEager ? this.stepByStep(query, key, value) : this.atOnce(query, key, value);
    return attended.transpose(1, 2).reshape([...x.shape]);
  }

  /** Of queries with keys and of weights with values: what none of the modules in this one multiplies. */
  multiplyAccumulates([x, height, width]: Tokens): number {
    const keys = Math.floor(height / this.srRatio) * Math.floor(width / this.srRatio);
    return 2 * x.numel() * keys;
  }

  private shrunken(x: Tensor, height: number, width: number): Tensor {
    if (this.sr === null || this.layerNorm === null) return x;
    if (height < this.srRatio || width < this.srRatio) {
      throw new ArgumentError(
        `SegFormer: the image is too small: a stage has ${height} x ${width} places left of it, ` +
          `and attends to it shrunken ${this.srRatio} times`,
        'TORCH_VALUE',
      );
    }
    return this.layerNorm.forward(tokensOf(this.sr.forward(imageOf(x, height, width))));
  }

  /** [N, L, C] to [N, heads, L, C/heads]. */
  private heads(x: Tensor): Tensor {
    const [batch = 0, length = 0, size = 0] = x.shape;
    return x.view([batch, length, this.numHeads, size / this.numHeads]).transpose(1, 2);
  }

  private atOnce(query: Tensor, key: Tensor, value: Tensor): Tensor {
    const { p } = this.dropout;
    return nn.functional.scaledDotProductAttention(query, key, value, {
      dropoutP: this.training ? p : 0,
      scale: scaleOf(query),
    });
  }

  private stepByStep(query: Tensor, key: Tensor, value: Tensor): Tensor {
    const scores = query.matmul(key.transpose(2, 3)).mul(scaleOf(query)); // [N, heads, H·W, H·W/srRatio²]
    const weights = scores.softmax(-1, { dtype: 'float32' }).to(query.dtype);
    return this.dropout.forward(weights).matmul(value);
  }
}

function scaleOf(query: Tensor): number {
  return query.size(-1) ** -0.5;
}

/** What follows attention: [N, H·W, C] to [N, H·W, C]. */
class SelfOutput extends nn.Module {
  readonly dense: nn.Linear;
  readonly dropout: nn.Dropout;

  constructor(hiddenSize: number, dropout: number) {
    super();
    this.dense = new nn.Linear(hiddenSize, hiddenSize);
    this.dropout = new nn.Dropout(dropout);
  }

  forward(x: Tensor): Tensor {
    return this.dropout.forward(this.dense.forward(x));
  }
}

class Attention extends nn.Module<Tokens> {
  readonly self: EfficientSelfAttention;
  readonly output: SelfOutput;

  constructor(args: SegFormerArgs, sizes: BlockSizes) {
    super();
    this.self = new EfficientSelfAttention(args, sizes);
    this.output = new SelfOutput(sizes.hiddenSize, args.hiddenDropoutProb);
  }

  forward(x: Tensor, height: number, width: number): Tensor {
    return this.output.forward(this.self.forward(x, height, width));
  }
}

/** Each token sees its neighbours, channel by channel, the border of zeros among them: [N, H·W, C] to [N, H·W, C]. */
class DepthwiseConv extends nn.Module<Tokens> {
  readonly dwconv: nn.Conv2d;

  constructor(channels: number) {
    super();
    this.dwconv = new nn.Conv2d(channels, channels, 3, { padding: 1, groups: channels });
  }

  forward(x: Tensor, height: number, width: number): Tensor {
    return tokensOf(this.dwconv.forward(imageOf(x, height, width)));
  }
}

const activations: { readonly [A in HiddenActivation]: new () => nn.Module } = {
  gelu: nn.GELU,
  relu: nn.ReLU,
  silu: nn.SiLU,
};

/** Mix-FFN, an MLP with a convolution in it: [N, H·W, C] to [N, H·W, C]. */
class MixFfn extends nn.Module<Tokens> {
  readonly dense1: nn.Linear;
  readonly dwconv: DepthwiseConv;
  readonly intermediateActFn: nn.Module;
  readonly dense2: nn.Linear;
  readonly dropout: nn.Dropout;

  constructor({ hiddenAct, hiddenDropoutProb }: SegFormerArgs, { hiddenSize, mlpSize }: BlockSizes) {
    super();
    this.dense1 = new nn.Linear(hiddenSize, mlpSize);
    this.dwconv = new DepthwiseConv(mlpSize);
    this.intermediateActFn = new activations[hiddenAct]();
    this.dense2 = new nn.Linear(mlpSize, hiddenSize);
    this.dropout = new nn.Dropout(hiddenDropoutProb);
  }

  forward(x: Tensor, height: number, width: number): Tensor {
    const wide = this.intermediateActFn.forward(this.dwconv.forward(this.dense1.forward(x), height, width));
    return this.dropout.forward(this.dense2.forward(this.dropout.forward(wide)));
  }
}

/** One block: tokens look at each other, then each thinks with its neighbours. [N, H·W, C] to [N, H·W, C]. */
export class SegFormerLayer extends nn.Module<Tokens> {
  // The underscore stands before the number in the keys, where the rule for names would put none.
  readonly layerNorm_1: nn.LayerNorm;
  readonly attention: Attention;
  readonly dropPath: nn.Module;
  readonly layerNorm_2: nn.LayerNorm;
  readonly mlp: MixFfn;

  constructor(args: SegFormerArgs, sizes: BlockSizes) {
    super();
    this.layerNorm_1 = new nn.LayerNorm(sizes.hiddenSize);
    this.attention = new Attention(args, sizes);
    this.dropPath = sizes.dropPath > 0 ? new DropPath(sizes.dropPath) : new nn.Identity();
    this.layerNorm_2 = new nn.LayerNorm(sizes.hiddenSize);
    this.mlp = new MixFfn(args, sizes);
  }

  forward(x: Tensor, height: number, width: number): Tensor {
    const attended = this.attention.forward(this.layerNorm_1.forward(x), height, width);
    const y = this.dropPath.forward(attended).add(x);
    const thought = this.mlp.forward(this.layerNorm_2.forward(y), height, width);
    return this.dropPath.forward(thought).add(y);
  }

  /** What is drawn from the normal distribution, in Hugging Face's order. */
  drawn(): (nn.Linear | nn.Conv2d)[] {
    const { self, output } = this.attention;
    const attention = [self.query, self.key, self.value, output.dense, ...(self.sr === null ? [] : [self.sr])];
    return [...attention, this.mlp.dense1, this.mlp.dwconv.dwconv, this.mlp.dense2];
  }
}

/** Images [N, C, H, W] to one [N, hiddenSizes[s], H/4, W/4] (then H/8, …) for each stage. */
export class MixTransformer extends nn.Module<[image: Tensor], Tensor[]> {
  readonly patchEmbeddings: nn.ModuleList<OverlapPatchEmbeddings>;
  readonly block: nn.ModuleList<nn.ModuleList<SegFormerLayer>>;
  readonly layerNorm: nn.ModuleList<nn.LayerNorm>;

  constructor(args: SegFormerArgs) {
    super();
    const stages = [...args.hiddenSizes.keys()];
    const at = (list: readonly number[], stage: number): number => list[stage] as number;
    this.patchEmbeddings = new nn.ModuleList(
      stages.map((stage) => {
        const inChannels = stage === 0 ? args.inChannels : at(args.hiddenSizes, stage - 1);
        const [patchSize, stride] = [at(args.patchSizes, stage), at(args.strides, stage)];
        return new OverlapPatchEmbeddings(patchSize, stride, inChannels, at(args.hiddenSizes, stage));
      }),
    );
    const numBlocks = args.depths.reduce((sum, depth) => sum + depth, 0);
    let block = 0;
    const layersOf = (stage: number): SegFormerLayer[] =>
      Array.from({ length: at(args.depths, stage) }, () => {
        const hiddenSize = at(args.hiddenSizes, stage);
        return new SegFormerLayer(args, {
          hiddenSize,
          numHeads: at(args.numAttentionHeads, stage),
          srRatio: at(args.srRatios, stage),
          mlpSize: hiddenSize * at(args.mlpRatios, stage),
          dropPath: (args.dropPathRate * block++) / Math.max(numBlocks - 1, 1),
        });
      });
    this.block = new nn.ModuleList(stages.map((stage) => new nn.ModuleList(layersOf(stage))));
    this.layerNorm = new nn.ModuleList(args.hiddenSizes.map((size) => new nn.LayerNorm(size)));
  }

  forward(image: Tensor): Tensor[] {
    const features: Tensor[] = [];
    let x = image;
    for (const [stage, embedding] of [...this.patchEmbeddings].entries()) {
      const [patches, height, width] = embedding.forward(x);
      let tokens = patches;
      for (const layer of this.block.at(stage)) tokens = layer.forward(tokens, height, width);
      x = imageOf(this.layerNorm.at(stage).forward(tokens), height, width).contiguous();
      features.push(x);
    }
    return features;
  }

  /** What is drawn from the normal distribution, in Hugging Face's order: stage by stage. */
  drawn(): (nn.Linear | nn.Conv2d)[] {
    return [...this.patchEmbeddings].flatMap(({ proj }, stage) => [
      proj,
      ...[...this.block.at(stage)].flatMap((layer) => layer.drawn()),
    ]);
  }
}
