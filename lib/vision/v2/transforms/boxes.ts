/** Boxes: formats, edges, and crops that keep some of them. */
import { checkInteger, checkList, checkNumbers, describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { logicalNot, rand, randint, Tensor, tensor } from '../../../tensor';
import { type Arguments, required, type Tail } from '../../../tensor/tail';
import { type BoundingBoxFormat, BoundingBoxes, type ClampingMode, Mask } from '../../tv-tensors';
import { checkClampingMode, formatOf } from '../../tv-tensors/bounding-boxes';
import type { Region } from '../../kernels/draws';
import * as functional from '../functional';
import { convertFormat, validBoxes } from '../functional/boxes';
import { isImage, type LabelsGetter, labelsGetterOf, querySize } from '../inputs';
import { sampleOf, Transform, type Transformed } from '../transform';
import { flatten } from '../tree';
import { floatRepr } from '../../../nn/repr';
import type { Shown } from '../../printing';

/** A transform of boxes only. */
abstract class BoxTransform extends Transform {
  protected override takes(leaf: unknown): boolean {
    return leaf instanceof BoundingBoxes;
  }

  /** Does it to boxes. */
  protected abstract override transform(boxes: BoundingBoxes): BoundingBoxes;
}

/** Boxes in another format. */
export class ConvertBoundingBoxFormat extends BoxTransform {
  readonly format: BoundingBoxFormat;

  constructor(...args: Arguments<[format: BoundingBoxFormat], { format: BoundingBoxFormat }, ['format']>) {
    super();
    const { format } = readOptions<{ format: BoundingBoxFormat }>(
      'ConvertBoundingBoxFormat',
      { format: required },
      args,
    );
    this.format = formatOf('ConvertBoundingBoxFormat', format);
  }

  protected override transform(boxes: BoundingBoxes): BoundingBoxes {
    return functional.convertBoundingBoxFormat(boxes, { newFormat: this.format });
  }
}

/** Cuts boxes at the edges of their image. */
export class ClampBoundingBoxes extends BoxTransform {
  readonly clampingMode: ClampingMode | 'auto';

  constructor(...rest: Tail<{ clampingMode?: ClampingMode | 'auto' }, ['clampingMode']>) {
    super();
    const defaults = { clampingMode: 'auto' as ClampingMode | 'auto' };
    const { clampingMode } = readOptions('ClampBoundingBoxes', defaults, rest, ['clampingMode']);
    if (clampingMode !== 'auto') checkClampingMode('ClampBoundingBoxes', clampingMode);
    this.clampingMode = clampingMode;
  }

  protected override transform(boxes: BoundingBoxes): BoundingBoxes {
    return functional.clampBoundingBoxes(boxes, { clampingMode: this.clampingMode });
  }
}

/** Says how transforms cut boxes at the edges from here on: null leaves them as they are. */
export class SetClampingMode extends BoxTransform {
  readonly clampingMode: ClampingMode;

  constructor(...args: Arguments<[clampingMode: ClampingMode], { clampingMode: ClampingMode }, ['clampingMode']>) {
    super();
    const { clampingMode } = readOptions<{ clampingMode: ClampingMode }>(
      'SetClampingMode',
      { clampingMode: required },
      args,
    );
    checkClampingMode('SetClampingMode', clampingMode);
    this.clampingMode = clampingMode;
  }

  protected override transform(boxes: BoundingBoxes): BoundingBoxes {
    return boxes.like(Tensor.prototype.clone.call(boxes), { clampingMode: this.clampingMode });
  }
}

/** The first boxes of a sample. */
function boxesOf(callee: string, inputs: readonly unknown[]): BoundingBoxes {
  const boxes = inputs.find((input) => input instanceof BoundingBoxes);
  if (boxes !== undefined) return boxes;
  throw valueError(`${callee}: expected BoundingBoxes in the sample, received ${describe(inputs)}`);
}

/** Options of {@link SanitizeBoundingBoxes}. */
export interface SanitizeBoundingBoxesOptions {
  /** Least side; 1 by default. */
  minSize?: number;
  /** Least area; 1 by default. */
  minArea?: number;
  /** Finds the labels in a sample, a tensor or a list of them; null where there are none. */
  labelsGetter?: LabelsGetter;
}

/** Leaves out boxes that are too small or beyond the image, and their labels and masks. */
export class SanitizeBoundingBoxes extends Transform {
  readonly minSize: number;
  readonly minArea: number;
  readonly labelsGetter: LabelsGetter;
  private readonly findLabels: (sample: unknown) => unknown;

  constructor(...rest: Tail<SanitizeBoundingBoxesOptions, ['minSize', 'minArea', 'labelsGetter']>) {
    super();
    const name = 'SanitizeBoundingBoxes';
    const options = readOptions<Required<SanitizeBoundingBoxesOptions>>(
      name,
      { minSize: 1, minArea: 1, labelsGetter: 'default' },
      rest,
      ['labelsGetter'],
    );
    checkNumbers(name, { minSize: options.minSize, minArea: options.minArea });
    if (!(options.minSize >= 1 && options.minArea >= 1)) {
      throw valueError(
        `${name}(): expected 1 or more for \`minSize\` and \`minArea\`, received ${options.minSize} and ${options.minArea}`,
      );
    }
    this.minSize = options.minSize;
    this.minArea = options.minArea;
    this.labelsGetter = options.labelsGetter;
    this.findLabels = labelsGetterOf(name, options.labelsGetter);
  }

  override forward<const S extends readonly unknown[]>(...inputs: S): Transformed<S> {
    const sample = sampleOf(inputs);
    const labels = this.labelsOf(sample);
    const { leaves, rebuild } = flatten(sample);
    const boxes = boxesOf('SanitizeBoundingBoxes', leaves);
    const other = labels.find((label) => label.ndim === 0 || label.size(0) !== boxes.size(0));
    if (other !== undefined) {
      throw valueError(
        `SanitizeBoundingBoxes: expected a label for each of ${boxes.size(0)} boxes, received ${describe(other)}`,
      );
    }
    const valid = validBoxes(boxes, boxes.format, boxes.canvasSize, this.minSize, this.minArea);
    const count = boxes.size(0);
    const kept = (leaf: unknown): unknown => {
      if (!(leaf instanceof Tensor)) return leaf;
      if (labels.includes(leaf)) return leaf.at(valid);
      if (leaf instanceof BoundingBoxes) return leaf.size(0) === count ? leaf.like(leaf.at(valid)) : leaf;
      // A mask that is not one for each box, as one of classes is, stays.
      return leaf instanceof Mask && leaf.shape[0] === count ? leaf.like(leaf.at(valid)) : leaf;
    };
    return rebuild(leaves.map(kept)) as Transformed<S>;
  }

  protected override transform(input: unknown): unknown {
    return input;
  }

  private labelsOf(sample: unknown): readonly Tensor[] {
    const found = this.findLabels(sample);
    if (found === null || found === undefined) return [];
    const list: readonly unknown[] = Array.isArray(found) ? (found as unknown[]) : [found];
    if (list.every((label): label is Tensor => label instanceof Tensor)) return list;
    throw valueError(
      `SanitizeBoundingBoxes: expected a tensor, or a list of them, for the labels, received ${describe(found)}`,
    );
  }

  protected override shown(): Shown {
    return { ...super.shown(), minSize: floatRepr(this.minSize), minArea: floatRepr(this.minArea) };
  }
}

/** Options of {@link RandomIoUCrop}. */
export interface RandomIoUCropOptions {
  /** Bounds of the crop's sides as shares of the image's; 0.3 and 1 by default. */
  minScale?: number;
  maxScale?: number;
  /** Bounds of width divided by height; 0.5 and 2 by default. */
  minAspectRatio?: number;
  maxAspectRatio?: number;
  /** One is drawn: how much of some box must be in the crop, by intersection over union. 1 or more leaves the image. */
  samplerOptions?: readonly number[] | null;
  /** How often a crop is drawn before another of the options is; 40 by default. */
  trials?: number;
}

/** What {@link RandomIoUCrop} does; null leaves the sample. */
export type IoUCropParams = (Region & { readonly isWithin: Tensor }) | null;

/** Crops a part with boxes in it, as for SSD. Boxes whose centre is not in it become 0: SanitizeBoundingBoxes takes them out. */
export class RandomIoUCrop extends Transform<IoUCropParams> {
  readonly minScale: number;
  readonly maxScale: number;
  readonly minAspectRatio: number;
  readonly maxAspectRatio: number;
  readonly samplerOptions: readonly number[];
  readonly trials: number;

  constructor(
    ...rest: Tail<
      RandomIoUCropOptions,
      ['minScale', 'maxScale', 'minAspectRatio', 'maxAspectRatio', 'samplerOptions', 'trials']
    >
  ) {
    super();
    const name = 'RandomIoUCrop';
    const options = readOptions<Required<RandomIoUCropOptions>>(
      name,
      { minScale: 0.3, maxScale: 1, minAspectRatio: 0.5, maxAspectRatio: 2, samplerOptions: null, trials: 40 },
      rest,
    );
    const samplerOptions = options.samplerOptions ?? [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1];
    checkList(name, 'samplerOptions', samplerOptions);
    // Without one that leaves the image, an image in which no crop fits would be tried for ever.
    if (samplerOptions.length === 0)
      throw valueError(`${name}(): expected at least one number for argument \`samplerOptions\``);
    for (const option of samplerOptions) checkNumbers(name, { samplerOptions: option });
    checkInteger(name, 'trials', options.trials, 1);
    this.minScale = options.minScale;
    this.maxScale = options.maxScale;
    this.minAspectRatio = options.minAspectRatio;
    this.maxAspectRatio = options.maxAspectRatio;
    this.samplerOptions = samplerOptions;
    this.trials = options.trials;
  }

  protected override checkInputs(inputs: readonly unknown[]): void {
    boxesOf('RandomIoUCrop', inputs);
    if (!inputs.some(isImage)) throw valueError('RandomIoUCrop: expected an image in the sample, received none');
  }

  protected override makeParams(inputs: readonly unknown[]): IoUCropParams {
    const boxes = boxesOf('RandomIoUCrop', inputs);
    const corners = convertFormat(boxes, boxes.format, 'XYXY');
    for (;;) {
      const least = this.samplerOptions[randint(0, this.samplerOptions.length, [1]).item()] as number;
      if (least >= 1) return null;
      for (let trial = 0; trial < this.trials; trial += 1) {
        const crop = this.drawCrop(querySize(inputs), corners, least);
        if (crop !== null) return crop;
      }
    }
  }

  protected override transform(input: Tensor, params: IoUCropParams): Tensor {
    if (params === null) return input;
    const { top, left, height, width, isWithin } = params;
    const output = functional.crop(input, top, left, height, width);
    if (!(output instanceof BoundingBoxes)) return output;
    return output.like(output.maskedFill(logicalNot(isWithin).unsqueeze(-1), 0));
  }

  /** One try; null where the aspect is out of bounds, or no box is in it as much as it must. */
  private drawCrop(image: { height: number; width: number }, corners: Tensor, least: number): IoUCropParams {
    // Products of float32 tensors, as Python's: as doubles they would be cut to other whole numbers.
    const times = (side: number, factor: Tensor | undefined): number => Math.trunc((factor as Tensor).mul(side).item());
    const scales = rand([2])
      .mul(this.maxScale - this.minScale)
      .add(this.minScale)
      .unbind();
    const [width, height] = [times(image.width, scales[0]), times(image.height, scales[1])];
    const aspect = width / height;
    if (!(this.minAspectRatio <= aspect && aspect <= this.maxAspectRatio)) return null;
    const places = rand([2]).unbind();
    const [left, top] = [times(image.width - width, places[0]), times(image.height - height, places[1])];
    const [right, bottom] = [left + width, top + height];
    if (left === right || top === bottom) return null;
    const [x1, y1, x2, y2] = corners.unbind(-1) as [Tensor, Tensor, Tensor, Tensor];
    const [cx, cy] = [x1.add(x2).mul(0.5), y1.add(y2).mul(0.5)];
    const isWithin = cx.gt(left).logicalAnd(cx.lt(right)).logicalAnd(cy.gt(top)).logicalAnd(cy.lt(bottom));
    if (isWithin.any().item() === 0) return null;
    const crop = tensor([left, top, right, bottom], { dtype: corners.dtype, device: corners.device });
    if (overlap(corners.at(isWithin), crop).max().lt(least).item() !== 0) return null;
    return { top, left, height, width, isWithin };
  }

  protected override shown(): Shown {
    const { samplerOptions: options, trials, ...bounds } = this;
    return { ...bounds, options, trials };
  }
}

/** Intersection over union of boxes [N, 4] with one. */
function overlap(boxes: Tensor, crop: Tensor): Tensor {
  const area = (b: Tensor): Tensor =>
    b
      .select(-1, 2)
      .sub(b.select(-1, 0))
      .mul(b.select(-1, 3).sub(b.select(-1, 1)));
  const low = boxes.narrow(-1, 0, 2).maximum(crop.narrow(-1, 0, 2));
  const high = boxes.narrow(-1, 2, 2).minimum(crop.narrow(-1, 2, 2));
  const sides = high.sub(low).clamp(0);
  const common = sides.select(-1, 0).mul(sides.select(-1, 1));
  return common.div(area(boxes).add(area(crop)).sub(common));
}
