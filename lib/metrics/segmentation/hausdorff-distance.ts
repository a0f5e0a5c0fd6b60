import { checkList, checkNumbers, scope, valueError } from '../../engine';
import { full, maximum, stack, tensor, where, zeros, zerosLike, type Tensor } from '../../tensor';
import { isTrue } from '../classification/labels';
import { Metric } from '../metric';
import { checkFlag, type OfClasses, readClasses, shown, withDefaults } from '../options';
import { checkClassCount, checkSegmentation, type InputFormat, masksOf, type SegmentationOptions } from './inputs';

/** How far two pixels are apart: in a straight line, by their larger step, or by the sum of both. */
export type DistanceMetric = 'euclidean' | 'chessboard' | 'taxicab';

/** Options of {@link HausdorffDistance}. */
export interface HausdorffDistanceOptions extends SegmentationOptions {
  /** Default euclidean. */
  distanceMetric?: DistanceMetric;
  /** The height and the width of a pixel; default 1 and 1. */
  spacing?: readonly number[] | null;
  /** Only from the prediction to the truth; by default the larger of both ways. */
  directed?: boolean;
}

const defaults = {
  includeBackground: false,
  distanceMetric: 'euclidean',
  spacing: null,
  directed: false,
  inputFormat: 'one-hot',
} as const;

/**
 * The largest distance from the edge of one mask to that of the other, mean of samples and classes, float32 []. Masks are
 * square, [N, C, S, S]: torchmetrics reads others by their height alone, with wrong distances or an error. A class that is in
 * neither mask has no distance, which is an error, as in torchmetrics. (`torchmetrics.segmentation.HausdorffDistance`)
 */
export class HausdorffDistance extends Metric {
  readonly numClasses: number;

  declare score: Tensor;
  declare total: Tensor;

  readonly includeBackground: boolean;
  readonly distanceMetric: DistanceMetric;
  readonly spacing: readonly [number, number];
  readonly directed: boolean;
  readonly inputFormat: InputFormat;

  /**
   * @param args - `numClasses`, 1 or more, and options
   * @throws ArgumentError for options that are none, in torchmetrics' words
   */
  constructor(...args: OfClasses<HausdorffDistanceOptions>) {
    const { numClasses, options } = readClasses(args);
    super();
    this.numClasses = numClasses;
    const given = withDefaults<HausdorffDistanceOptions>('HausdorffDistance', options, defaults);
    checkClassCount(numClasses);
    checkSegmentation(given.includeBackground, 'one-hot');
    if (!['euclidean', 'chessboard', 'taxicab'].includes(given.distanceMetric)) {
      throw valueError(
        `Arg \`distanceMetric\` must be one of 'euclidean', 'chessboard', 'taxicab', but got ${shown(given.distanceMetric)}.`,
      );
    }
    this.spacing = checkedSpacing(given.spacing);
    checkFlag('directed', given.directed);
    checkSegmentation(given.includeBackground, given.inputFormat);
    this.includeBackground = given.includeBackground;
    this.distanceMetric = given.distanceMetric;
    this.directed = given.directed;
    this.inputFormat = given.inputFormat;
    this.addState('score', () => tensor(0, { dtype: 'float32' }), 'sum');
    this.addState('total', () => tensor(0), 'sum');
  }

  override get higherIsBetter(): boolean {
    return false;
  }

  override get fullStateUpdate(): boolean {
    return false;
  }

  override update(preds: Tensor, target: Tensor): void {
    const distances = this.distances(preds, target);
    this.score = this.score.add(distances.sum());
    this.total = this.total.add(distances.numel());
  }

  override compute(): Tensor {
    return this.score.div(this.total);
  }

  /** @internal Of each sample and class, [N, C]. */
  distances(preds: Tensor, target: Tensor): Tensor {
    const [predicted, truth] = masksOf('HausdorffDistance', preds, target, this);
    const [samples = 0, classes = 0, ...size] = predicted.shape;
    if (size.length !== 2) {
      throw valueError(`Expected argument \`x\` to be of rank 2 but got rank \`${size.length}\`.`);
    }
    const rows = Array.from({ length: samples * classes }, (_, at) =>
      this.distance(predicted.reshape([-1, ...size]).select(0, at), truth.reshape([-1, ...size]).select(0, at)),
    );
    return rows.length === 0 ? zeros([samples, classes]) : stack(rows).reshape([samples, classes]);
  }

  private distance(preds: Tensor, target: Tensor): Tensor {
    checkBinary(preds);
    checkBinary(target);
    const [predicted, truth] = [edgeOf(preds), edgeOf(target)];
    const there = this.surfaceDistance(predicted, truth).max();
    const farthest = this.directed ? there : maximum(there, this.surfaceDistance(truth, predicted).max());
    return farthest.to('float32');
  }

  /** How far each pixel of an edge is from the other edge; one that is empty is infinitely far. */
  private surfaceDistance(from: Tensor, to: Tensor): Tensor {
    const infinite = full([...to.shape], Infinity, { dtype: 'float32', device: to.device });
    if (!isTrue(to.any())) return infinite.maskedSelect(from);
    if (!isTrue(from.any())) return infinite.maskedSelect(to);
    const [toRows, toColumns] = placesOf(to);
    const [rows, columns] = placesOf(to.logicalNot());
    const down = rows.unsqueeze(1).sub(toRows.unsqueeze(0)).abs().mul(this.spacing[0]);
    const across = columns.unsqueeze(1).sub(toColumns.unsqueeze(0)).abs().mul(this.spacing[1]);
    const nearest = this.combined(down, across).min(1)[0];
    const distances = zerosLike(to, { dtype: 'float32' }).flatten();
    const places = rows.mul(to.size(0)).add(columns);
    return distances
      .indexPut([places], nearest)
      .reshape([...to.shape])
      .maskedSelect(from);
  }

  private combined(down: Tensor, across: Tensor): Tensor {
    switch (this.distanceMetric) {
      case 'euclidean':
        return down.pow(2).add(across.pow(2)).sqrt();
      case 'chessboard':
        return maximum(down, across).to('float32');
      case 'taxicab':
        return down.add(across).to('float32');
    }
  }
}

function checkedSpacing(spacing: readonly number[] | null): readonly [number, number] {
  if (spacing === null) return [1, 1];
  checkList('HausdorffDistance', 'spacing', spacing);
  const [height, width, ...more] = spacing;
  if (height === undefined || width === undefined || more.length > 0) {
    throw valueError(`Expected argument \`sampling\` to have length 2 but got length \`${spacing.length}\`.`);
  }
  checkNumbers('HausdorffDistance', { 'spacing[0]': height, 'spacing[1]': width });
  return [height, width];
}

function checkBinary(mask: Tensor): void {
  if (!isTrue(mask.to('bool').eq(mask).all())) throw valueError('Input x should be binarized');
}

/** Pixels of a mask that have a neighbour outside of it; beyond the border is outside. bool [H + 2, W + 2]. */
function edgeOf(mask: Tensor): Tensor {
  const inside = mask.to('bool');
  const [height, width] = [mask.size(0), mask.size(1)];
  const wide = zeros([height + 4, width + 4], { dtype: 'bool', device: mask.device });
  wide.narrow(0, 2, height).narrow(1, 2, width).copy_(inside);
  const moved = (down: number, across: number): Tensor =>
    wide.narrow(0, 1 + down, height + 2).narrow(1, 1 + across, width + 2);
  const around = moved(-1, 0).logicalAnd(moved(1, 0)).logicalAnd(moved(0, -1)).logicalAnd(moved(0, 1));
  return where(around, false, moved(0, 0));
}

function placesOf(mask: Tensor): [rows: Tensor, columns: Tensor] {
  const places = mask.nonzero();
  return [places.select(1, 0), places.select(1, 1)];
}

/**
 * The distances of the samples and classes of one batch, [N, C], see {@link HausdorffDistance}.
 * (`torchmetrics.functional.segmentation.hausdorff_distance`)
 */
export function hausdorffDistance(preds: Tensor, target: Tensor, ...args: OfClasses<HausdorffDistanceOptions>): Tensor {
  const metric = new HausdorffDistance(...args);
  return scope(() => metric.distances(preds, target));
}
