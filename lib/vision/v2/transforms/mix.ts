/** Images of a batch mixed with one another, and their labels alike. */
import { checkInteger, checkNumbers, describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { callOp, float32, isFloatingDType, oneHot, randint, Tensor, tensor } from '../../../tensor';
import { BoundingBoxes, Image, Mask } from '../../tv-tensors';
import { eraseImage } from '../../kernels/crop';
import type { Region } from '../../kernels/draws';
import { isImage, type LabelsGetter, labelsGetterOf, querySize } from '../inputs';
import { sampleOf, Transform, type Transformed } from '../transform';
import { flatten } from '../tree';
import type { Shown } from '../../printing';

/** Options of {@link MixUp} and {@link CutMix}. */
export interface MixOptions {
  /** Of the symmetric Beta distribution from which the share is drawn; 1 by default. */
  alpha?: number;
  /** Needed where labels are class numbers `[N]`, and not probabilities `[N, classes]`. */
  numClasses?: number | null;
  /** Finds the labels in a sample; by default they are the second of two, or what is called labels. */
  labelsGetter?: LabelsGetter;
}

/** What both share: the labels of a batch become probabilities, mixed as the images are. */
abstract class BatchMix<P> extends Transform<P> {
  readonly alpha: number;
  readonly numClasses: number | null;
  readonly labelsGetter: LabelsGetter;
  private readonly findLabels: (sample: unknown) => unknown;

  constructor(options: MixOptions = {}) {
    super();
    const { name } = new.target;
    const defaults = { alpha: 1, numClasses: null, labelsGetter: 'default' as LabelsGetter };
    const { alpha, numClasses, labelsGetter } = readOptions<Required<MixOptions>>(
      name,
      defaults,
      [options],
      ['labelsGetter'],
    );
    checkNumbers(name, { alpha });
    if (!(alpha > 0))
      throw valueError(`${name}(): expected a number above 0 for argument \`alpha\`, received ${alpha}`);
    if (numClasses !== null) checkInteger(name, 'numClasses', numClasses, 1);
    this.alpha = alpha;
    this.numClasses = numClasses;
    this.findLabels = labelsGetterOf(name, labelsGetter);
    this.labelsGetter = labelsGetter;
  }

  override forward<const S extends readonly unknown[]>(...inputs: S): Transformed<S> {
    const sample = sampleOf(inputs);
    const { leaves, rebuild } = flatten(sample);
    const takes = this.taken(leaves);
    const target = leaves.find((leaf) => leaf instanceof BoundingBoxes || leaf instanceof Mask);
    if (target !== undefined) {
      throw valueError(`${this.constructor.name}: expected neither masks nor boxes, received ${describe(target)}`);
    }
    const labels = this.labelsOf(sample);
    const params = this.makeParams(leaves.filter((_, k) => takes[k]));
    const mixed = (leaf: unknown, isTaken: boolean | undefined): unknown => {
      if (leaf === labels) return this.mixLabels(labels, this.share(params));
      return isTaken && isImage(leaf) ? this.mixed(leaf, labels.size(0), params) : leaf;
    };
    return rebuild(leaves.map((leaf, k) => mixed(leaf, takes[k]))) as Transformed<S>;
  }

  protected override transform(input: Tensor, params: P): Tensor {
    const output = this.mix(input, input.roll(1, 0), params);
    return input instanceof Image ? input.like(output) : output;
  }

  /** Draws the share. */
  protected abstract override makeParams(inputs: readonly unknown[]): P;

  /** Mixes the images with those before them. */
  protected abstract mix(images: Tensor, rolled: Tensor, params: P): Tensor;

  /** The share of the image itself. */
  protected abstract share(params: P): number;

  /** Draws a share from the Beta distribution. */
  protected drawShare(): number {
    const concentration = tensor([[this.alpha, this.alpha]], { dtype: float32 });
    return callOp<Tensor>('aten::_sample_dirichlet', [concentration]).select(-1, 0).item();
  }

  private mixed(images: Tensor, count: number, params: P): Tensor {
    if (images.ndim === 4 && images.size(0) === count) return this.transform(images, params);
    throw valueError(`${this.constructor.name}: expected images [${count}, C, H, W], received ${describe(images)}`);
  }

  private labelsOf(sample: unknown): Tensor {
    const labels = this.findLabels(sample);
    const { name } = this.constructor;
    if (!(labels instanceof Tensor) || (labels.ndim !== 1 && labels.ndim !== 2)) {
      throw valueError(`${name}: expected labels [N] or [N, classes] in the sample, received ${describe(labels)}`);
    }
    const { numClasses } = this;
    if (labels.ndim === 1 && numClasses === null) {
      throw valueError(`${name}: expected \`numClasses\` where labels are class numbers, received null`);
    }
    if (labels.ndim === 2 && numClasses !== null && labels.size(1) !== numClasses) {
      throw valueError(`${name}: expected labels of ${numClasses} classes, received ${describe(labels)}`);
    }
    return labels;
  }

  private mixLabels(labels: Tensor, share: number): Tensor {
    const chances = labels.ndim === 1 ? oneHot(labels, this.numClasses ?? -1) : labels;
    const floats = isFloatingDType(chances.dtype) ? chances : chances.to(float32);
    return floats
      .roll(1, 0)
      .mul_(1 - share)
      .add_(floats.mul(share));
  }

  protected override shown(): Shown {
    const { alpha, numClasses } = this;
    return { alpha, numClasses };
  }
}

/** Mixes each image of a batch `[N, C, H, W]` with the one before it: `share · image + (1 − share) · other`. */
export class MixUp extends BatchMix<number> {
  protected override makeParams(): number {
    return this.drawShare();
  }

  protected override mix(images: Tensor, rolled: Tensor, share: number): Tensor {
    return rolled.mul_(1 - share).add_(images.mul(share));
  }

  protected override share(share: number): number {
    return share;
  }
}

/** What {@link CutMix} pastes where, and which share of the image stays. */
export interface CutMixParams extends Region {
  readonly share: number;
}

/** Pastes a rectangle of the image before it into each image of a batch `[N, C, H, W]`. */
export class CutMix extends BatchMix<CutMixParams> {
  protected override makeParams(inputs: readonly unknown[]): CutMixParams {
    const drawn = this.drawShare();
    const { height, width } = querySize(inputs);
    const x = randint(width, [1]).item();
    const y = randint(height, [1]).item();
    const half = 0.5 * Math.sqrt(1 - drawn);
    const [across, down] = [Math.trunc(half * width), Math.trunc(half * height)];
    const [left, top] = [Math.max(x - across, 0), Math.max(y - down, 0)];
    const [right, bottom] = [Math.min(x + across, width), Math.min(y + down, height)];
    const area = (right - left) * (bottom - top);
    return { top, left, height: bottom - top, width: right - left, share: 1 - area / (width * height) };
  }

  protected override mix(images: Tensor, rolled: Tensor, region: CutMixParams): Tensor {
    const { top, left, height, width } = region;
    return eraseImage(images, region, rolled.narrow(-2, top, height).narrow(-1, left, width), false);
  }

  protected override share({ share }: CutMixParams): number {
    return share;
  }
}
