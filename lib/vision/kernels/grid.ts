/** Images sampled at places that a map gives: what rotations, affine and perspective maps and elastic displacements share. */
import { describe, valueError } from '../../engine';
import {
  cat,
  type Device,
  type DType,
  empty,
  float32,
  getDefaultDtype,
  gridSampler,
  isFloatingDType,
  linspace,
  ones,
  type Tensor,
  tensor,
  where,
} from '../../tensor';
import type { Fill } from './arguments';
import { asBatch, dimensions } from './image';
import type { AffineMatrix } from './matrix';
import { checkMode } from './resize';

/** How a map finds values between pixels. */
export type GridMode = 'nearest' | 'bilinear';

const GRID_MODES = ['bilinear', 'nearest'] as const;

/** What v1 and v2 compute otherwise. */
export interface Sampling {
  /** Fills a place that is partly beyond the image: `mask` is the part within it. */
  readonly mix: (sampled: Tensor, mask: Tensor, fill: Tensor) => Tensor;
  /** Brings floats back to the image's dtype. */
  readonly back: (dtype: DType, floats: Tensor) => Tensor;
}

/** The dtype in which an image is sampled. */
export const gridDtype = (image: Tensor): DType => (isFloatingDType(image.dtype) ? image.dtype : float32);

/** Samples the image at the grid `[1, H, W, 2]` of (x, y) from −1 to 1. */
export function sampleImage(image: Tensor, grid: Tensor, mode: GridMode, fill: Fill, { mix, back }: Sampling): Tensor {
  const { channels } = dimensions(image);
  checkMode(mode, GRID_MODES);
  const values = typeof fill === 'number' ? [fill] : fill;
  if (values !== null && values.length !== 1 && values.length !== channels) {
    throw valueError(
      `expected one number, or one for each of ${channels} channels, for argument \`fill\`, received ${describe(fill)}`,
    );
  }
  return asBatch(image, (batch) => {
    const { dtype, device } = batch;
    const floats = dtype === grid.dtype ? batch : batch.to(grid.dtype);
    const [count, , height, width] = floats.shape as [number, number, number, number];
    const places = count > 1 ? grid.expand([count, -1, -1, -1]) : grid;
    const sample = (from: Tensor): Tensor => gridSampler(from, places, GRID_MODES.indexOf(mode), 0, false);
    if (values === null) return back(dtype, sample(floats));
    // The ones in a channel more tell which part of a value came from within the image.
    const inside = ones([count, 1, height, width], { dtype: floats.dtype, device });
    const both = sample(cat([floats, inside], 1));
    const sampled = both.narrow(1, 0, channels);
    const mask = both.narrow(1, channels, 1).expandAs(sampled);
    const colour = tensor([...values], { dtype: floats.dtype, device }).view([1, -1, 1, 1]);
    const filled =
      mode === 'nearest' ? where(mask.lt(0.5), colour.expandAs(sampled), sampled) : mix(sampled, mask, colour);
    return back(dtype, filled);
  });
}

/** The grid whose rows are (x, y, 1), multiplied by matrices: `[1, H · W, 3]`. */
function homogeneous(xs: Tensor, ys: Tensor, dtype: DType): Tensor {
  const [width, height] = [xs.numel(), ys.numel()];
  const base = empty([1, height, width, 3], { dtype, device: xs.device });
  base.select(-1, 0).copy_(xs);
  base.select(-1, 1).copy_(ys.unsqueeze(-1));
  base.select(-1, 2).fill_(1);
  return base.view([1, height * width, 3]);
}

const centred = (side: number, device: Device): Tensor =>
  linspace((1 - side) * 0.5, (side - 1) * 0.5, side, { device, dtype: getDefaultDtype() });

/** A size in pixels. */
export interface Canvas {
  readonly height: number;
  readonly width: number;
}

/** The grid of an affine map for a result of the size `to`. */
export function affineGrid(matrix: AffineMatrix, image: Tensor, to: Canvas): Tensor {
  const { height, width } = dimensions(image);
  const [dtype, { device }] = [gridDtype(image), image];
  const theta = tensor([...matrix], { dtype, device }).view([1, 2, 3]);
  const scaled = theta.transpose(1, 2).div(tensor([0.5 * width, 0.5 * height], { dtype, device }));
  const base = homogeneous(centred(to.width, device), centred(to.height, device), dtype);
  return base.bmm(scaled).view([1, to.height, to.width, 2]);
}

/** The grid of a perspective map. */
export function perspectiveGrid(coefficients: readonly number[], image: Tensor): Tensor {
  const { height, width } = dimensions(image);
  const [dtype, { device }] = [gridDtype(image), image];
  const middles = (side: number): Tensor => linspace(0.5, side - 0.5, side, { device, dtype: getDefaultDtype() });
  const [a, b, c, d, e, f, g, h] = coefficients as [number, number, number, number, number, number, number, number];
  const numerator = tensor([a, b, c, d, e, f], { dtype, device }).view([1, 2, 3]);
  const denominator = tensor([g, h, 1, g, h, 1], { dtype, device }).view([1, 2, 3]);
  const base = homogeneous(middles(width), middles(height), dtype);
  const scaled = numerator.transpose(1, 2).div(tensor([0.5 * width, 0.5 * height], { dtype, device }));
  const grid = base.bmm(scaled).div_(base.bmm(denominator.transpose(1, 2)));
  return grid.sub_(1).view([1, height, width, 2]);
}

/** The grid at which an image is itself. */
export function identityGrid({ height, width }: Canvas, dtype: DType, device: Device): Tensor {
  const base = empty([1, height, width, 2], { dtype, device });
  const along = (side: number): Tensor => linspace((-side + 1) / side, (side - 1) / side, side, { dtype, device });
  base.select(-1, 0).copy_(along(width));
  base.select(-1, 1).copy_(along(height).unsqueeze(-1));
  return base;
}

/** Refuses a displacement that is not one (x, y) for each pixel. */
export function checkDisplacement(image: Canvas, displacement: Tensor): void {
  const wanted = [1, image.height, image.width, 2];
  if (wanted.length === displacement.ndim && wanted.every((side, dim) => displacement.shape[dim] === side)) return;
  throw valueError(`expected [${wanted.join(', ')}] for argument \`displacement\`, received ${describe(displacement)}`);
}

/** Divides by 1e-4, in v1's or v2's way. */
export type Tolerance = (values: Tensor) => Tensor;

/** The size that holds the whole of an image after an affine map. */
export function expandedSize(matrix: AffineMatrix, { height, width }: Canvas, inTolerances: Tolerance): Canvas {
  const [w, h] = [0.5 * width, 0.5 * height];
  const corners = tensor([-w, -h, 1, -w, h, 1, w, h, 1, w, -h, 1], { dtype: getDefaultDtype() }).view([4, 3]);
  const theta = tensor([...matrix], { dtype: float32 }).view([2, 3]);
  const moved = corners.matmul(theta.T);
  const middle = tensor([w, h], { dtype: getDefaultDtype() });
  // Cut to steps of 1e-4, or a corner at 1e-15 would count as one pixel more.
  const cut = (values: Tensor): Tensor => inTolerances(values.add(middle)).trunc().mul(1e-4);
  const size = cut(moved.amax([0]))
    .ceil()
    .sub(cut(moved.amin([0])).floor());
  const [across, down] = size.tolist() as [number, number];
  return { height: down, width: across };
}
