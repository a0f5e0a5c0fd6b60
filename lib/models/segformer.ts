/**
 * SegFormer: the Mix Transformer and a head of nothing but linear layers (Xie et al. 2021, arXiv 2105.15203), in the form of
 * Hugging Face's `SegformerForSemanticSegmentation`, whose checkpoints it loads.
 */
import { ArgumentError, checkInteger, checkTensor } from '../engine';
import * as nn from '../nn';
import { cat, getDefaultDevice, setDefaultDevice, type Tensor } from '../tensor';
import { checkFit, compareState, copyMatching, type LoadingInfo, warnOf } from './pretrained';
import { completeArgs, type SegFormerArgs, type SegFormerOptions } from './segformer-args';
import {
  isOfAnotherHead,
  type PretrainedOptions,
  readCheckpoint,
  sortOptions,
  writeCheckpoint,
} from './segformer-checkpoint';
import { type KeptConfig, usualConfig } from './segformer-config';
import { MixTransformer } from './segformer-encoder';
import type { JourneyStep } from './journey';

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
      // Interpolation to the same size would be a copy, forth and back, of the largest of them. On a GPU it is made, as by
      // Hugging Face: the gradient comes out of it in another order of memory, and cuBLAS has other bits for that.
      if (!image.isCuda && String(size) === String(image.shape.slice(2))) return image;
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

  drawn(): (nn.Linear | nn.Conv2d)[] {
    return this.encoder.drawn();
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
  /** Names of the classes, where the checkpoint tells them; {@link savePretrained} writes them. */
  labels: readonly string[] | null = null;
  /** What else the checkpoint's configuration says that {@link savePretrained} writes again, under Hugging Face's names. */
  private kept: KeptConfig = usualConfig;
  /** The encoder, under Hugging Face's name: an image to the features of each stage. */
  readonly segformer: nn.Module<[image: Tensor], Tensor[]>;
  /** The features of each stage to class scores. */
  readonly decodeHead: nn.Module<[features: readonly Tensor[]]>;
  /** What is drawn from the normal distribution, in Hugging Face's order. An array holds no members of a module. */
  private readonly drawn: readonly (nn.Linear | nn.Conv2d)[];

  constructor(options: SegFormerOptions = {}) {
    super();
    const args = completeArgs(options);
    this.args = args;
    // Each part is drawn twice, first as its layers draw themselves: the generator is then where Python's is.
    const segformer = new Segformer(args);
    draw(segformer.drawn(), args.initializerRange);
    const decodeHead = new DecodeHead(args);
    draw(decodeHead.drawn(), args.initializerRange);
    this.segformer = segformer;
    this.decodeHead = decodeHead;
    this.drawn = [...segformer.drawn(), ...decodeHead.drawn()];
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

  /**
   * A model with the weights of a checkpoint, in evaluation: `SegformerForSemanticSegmentation.from_pretrained`.
   *
   * The checkpoint is a folder with `config.json` and `model.safetensors` or `pytorch_model.bin`, in one file or many; a
   * single file of weights, the authors' own among them; or a repository of Hugging Face's hub, which is fetched into the
   * cache that Python uses too. One of the encoder alone, such as nvidia/mit-b0, gets a head that is drawn. Options of the
   * model go before the checkpoint's: a dropout, or `outChannels` with `ignoreMismatchedSizes` for other classes.
   *
   * What is not in the checkpoint is told in a warning, or handed out with `outputLoadingInfo`.
   *
   * @throws FileError | FormatError | DataError which name the file or address and the fault
   * @throws StateDictError where the checkpoint is of another model or has tensors of other shapes
   *
   * @example
   * ```ts
   * new torch.models.SegFormer({ outChannels: 21 }).savePretrained('segformer-voc');
   * const model = await torch.models.SegFormer.fromPretrained('segformer-voc');
   * console.log(model.args.outChannels, model.training); // 21 false
   * ```
   */
  static async fromPretrained(
    nameOrPath: string,
    options: PretrainedOptions & { outputLoadingInfo: true },
  ): Promise<[model: SegFormer, info: LoadingInfo]>;
  static async fromPretrained(
    nameOrPath: string,
    options?: PretrainedOptions & { outputLoadingInfo?: false },
  ): Promise<SegFormer>;
  static async fromPretrained(
    nameOrPath: string,
    options: PretrainedOptions = {},
  ): Promise<SegFormer | [model: SegFormer, info: LoadingInfo]> {
    const { args, hub, ignoreMismatchedSizes, outputLoadingInfo } = sortOptions(options);
    const checkpoint = await readCheckpoint(nameOrPath, args, hub);
    try {
      const model = withoutDrawing(() => new SegFormer(checkpoint.args));
      const info = compareState(model, checkpoint.state);
      checkFit(info, model, checkpoint.name, ignoreMismatchedSizes);
      model
        .toEmpty({ device: 'cpu' })
        .fill(new Set([...info.missingKeys, ...info.mismatchedKeys.map(({ key }) => key)]));
      copyMatching(model, checkpoint.state, info);
      model.labels = checkpoint.labels;
      model.kept = checkpoint.kept;
      if (outputLoadingInfo) return [model.eval(), info];
      warnOf(info, model, checkpoint.name, isOfAnotherHead);
      return model.eval();
    } finally {
      checkpoint.dispose();
    }
  }

  /**
   * Writes `config.json` and `model.safetensors`, which Hugging Face's `from_pretrained` loads, and
   * {@link SegFormer.fromPretrained}.
   * @param folder is made where it is missing
   * @throws FileError where it cannot be written; nothing half-written is left
   */
  savePretrained(folder: string): void {
    writeCheckpoint(folder, { args: this.args, labels: this.labels, kept: this.kept }, this.stateDict());
  }

  /** Gives what is under these keys the values that a new model has; what else has no values yet is left to be copied. */
  private fill(keys: ReadonlySet<string>): void {
    for (const module of this.modules()) {
      // Draws nothing.
      if (module instanceof nn.LayerNorm || module instanceof nn.BatchNorm2d) module.resetParameters();
    }
    const fresh = new Set<Tensor>(this.namedParameters().flatMap(([key, tensor]) => (keys.has(key) ? [tensor] : [])));
    draw(this.drawn, this.args.initializerRange, (tensor) => fresh.has(tensor));
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
function draw(
  layers: readonly (nn.Linear | nn.Conv2d)[],
  deviation: number,
  isMeant: (parameter: Tensor) => boolean = () => true,
): void {
  for (const { weight, bias } of layers) {
    if (isMeant(weight)) nn.init.normal_(weight, 0, deviation);
    if (bias !== null && isMeant(bias)) nn.init.zeros_(bias);
  }
}

/** Makes a module without memory, and so without random numbers: on the meta device. */
function withoutDrawing<M>(make: () => M): M {
  const before = getDefaultDevice();
  setDefaultDevice('meta');
  try {
    return make();
  } finally {
    setDefaultDevice(before === 'cpu' ? null : before);
  }
}
