/** Where boxes go with an image: the box around the four moved corners. */
import { TorchError } from '../../../engine';
import {
  aminmax,
  cat,
  type DType,
  float32,
  getDefaultDtype,
  isFloatingDType,
  ones,
  type Tensor,
  tensor,
} from '../../../tensor';
import type { AffineParams } from '../../kernels/draws';
import { checkDisplacement, expandedSize, gridDtype, identityGrid } from '../../kernels/grid';
import { affineV2, inverseAffineV2, rotation } from '../../kernels/matrix';
import type { BoundingBoxes } from '../../tv-tensors';
import { clampBoxes, convertFormat } from './boxes';

type Pair = readonly [number, number];

/** −(x − side): as the image is mirrored. */
const mirrored = (x: Tensor, side: number): Tensor => x.sub(side).neg();

/** Boxes mirrored along one axis: 0 is x, 1 is y. */
function flip(boxes: BoundingBoxes, axis: 0 | 1, side: number): BoundingBoxes {
  const columns = boxes.unbind(-1);
  const [low, high] = [columns[axis] as Tensor, columns[axis + 2] as Tensor];
  const start = { XYXY: high, XYWH: low.add(high), CXCYWH: low }[boxes.format];
  columns[axis] = mirrored(start, side);
  if (boxes.format === 'XYXY') columns[axis + 2] = mirrored(low, side);
  return boxes.like(
    cat(
      columns.map((column) => column.unsqueeze(-1)),
      -1,
    ),
  );
}

/** Mirrors left and right. */
export const hflipBoxes = (boxes: BoundingBoxes): BoundingBoxes => flip(boxes, 0, boxes.canvasSize[1]);

/** Mirrors top and bottom. */
export const vflipBoxes = (boxes: BoundingBoxes): BoundingBoxes => flip(boxes, 1, boxes.canvasSize[0]);

/** The corners of boxes [N, 4] of the format XYXY: [4 · N, 2]. */
function corners(boxes: Tensor): Tensor {
  const places = tensor([0, 1, 2, 1, 2, 3, 0, 3], { dtype: 'int64', device: boxes.device });
  return boxes.indexSelect(1, places).reshape([-1, 2]);
}

/** The boxes around each four points. */
function around(points: Tensor): Tensor {
  const [low, high] = aminmax(points.reshape([-1, 4, 2]), { dim: 1 });
  return cat([low, high], 1);
}

/** Points (x, y) as (x, y, 1). */
function homogeneous(points: Tensor, dtype: DType): Tensor {
  return cat([points, ones([points.size(0), 1], { dtype, device: points.device })], -1);
}

/** Cuts boxes of the format XYXY, and gives them the format and the dtype of others. */
function finish(out: Tensor, like: BoundingBoxes, canvasSize: Pair = like.canvasSize): BoundingBoxes {
  const [height, width] = canvasSize;
  const cut = clampBoxes(out, 'XYXY', { height, width }, like.clampingMode);
  return like.like(convertFormat(cut, 'XYXY', like.format).to(like.dtype), { canvasSize });
}

/** An affine map; where `expand` is set, into an image that holds the whole of what was there. */
export function affineBoxes(
  boxes: BoundingBoxes,
  params: AffineParams,
  center: Pair | null,
  expand = false,
): BoundingBoxes {
  if (boxes.numel() === 0) return boxes;
  const { device } = boxes;
  const [height, width] = boxes.canvasSize;
  const floats = isFloatingDType(boxes.dtype) ? boxes : boxes.to(float32);
  const { dtype } = floats;
  const middle = center ?? ([width * 0.5, height * 0.5] as const);
  const matrix = tensor([...affineV2(middle, params)], { dtype, device }).view([2, 3]).T;
  const move = (points: Tensor): Tensor => homogeneous(points, dtype).matmul(matrix);
  const out = around(move(corners(convertFormat(floats, boxes.format, 'XYXY'))));
  if (!expand) return finish(out, boxes);
  const edges = tensor([0, 0, 0, height, width, height, width, 0], { dtype, device }).view([4, 2]);
  const origin = move(edges).amin([0], true);
  const size = expandedSize(inverseAffineV2(middle, params), { height, width }, (x) => x.mul(1 / 1e-4));
  return finish(out.sub(origin.repeat([1, 2])), boxes, [size.height, size.width]);
}

/** A rotation against the clock. */
export function rotatedBoxes(boxes: BoundingBoxes, angle: number, center: Pair | null, expand: boolean): BoundingBoxes {
  return affineBoxes(boxes, rotation(angle), center, expand);
}

/** A perspective map: the inverse of the one that samples the image. */
export function perspectiveBoxes(boxes: BoundingBoxes, coefficients: readonly number[]): BoundingBoxes {
  if (boxes.numel() === 0) return boxes;
  const [a, b, c, d, e, f, g, h] = coefficients as [number, number, number, number, number, number, number, number];
  const denominator = a * e - b * d;
  if (denominator === 0)
    throw new TorchError('perspective(): these coefficients cannot be inverted, so that boxes cannot follow');
  const { device } = boxes;
  const dtype = isFloatingDType(boxes.dtype) ? boxes.dtype : float32;
  const inverse = (numbers: readonly number[], last?: number): Tensor => {
    const row = numbers.map((x) => x / denominator);
    const rows = last === undefined ? row : [...row, last, ...row, last];
    return tensor(rows, { dtype, device }).view([2, 3]).T;
  };
  const numerator = inverse([e - f * h, -b + c * h, b * f - c * e, -d + f * g, a - c * g, -a * f + c * d]);
  const divisor = inverse([-e * g + d * h, -a * h + b * g], 1);
  const points = homogeneous(corners(convertFormat(boxes, boxes.format, 'XYXY')), getDefaultDtype());
  return finish(around(points.matmul(numerator).div_(points.matmul(divisor))), boxes);
}

/** An elastic displacement, as far as corners go: each moves against what is displaced to it. */
export function displacedBoxes(boxes: BoundingBoxes, displacement: Tensor): BoundingBoxes {
  const [height, width] = boxes.canvasSize;
  checkDisplacement({ height, width }, displacement);
  if (boxes.numel() === 0) return boxes;
  const { device } = boxes;
  const dtype = gridDtype(boxes);
  const grid = identityGrid({ height, width }, dtype, device).sub_(displacement.to({ dtype, device }));
  const points = corners(convertFormat(boxes, boxes.format, 'XYXY'));
  const whole = (isFloatingDType(points.dtype) ? points.ceil() : points).to('int64');
  const x = whole.select(1, 0).clamp(0, width - 1);
  const y = whole.select(1, 1).clamp(0, height - 1);
  const size = tensor([width, height], { dtype, device });
  const out = grid.select(0, 0).at(y, x).add_(1).mul_(size.mul(0.5)).sub_(0.5);
  return finish(around(out).to(boxes.dtype), boxes);
}
