/** Batches of images as one picture (`torchvision.utils`). */
import { noGrad } from '../autograd';
import {
  ArgumentError,
  checkInteger,
  checkList,
  checkNumbers,
  checkObject,
  checkTensor,
  checkTensors,
  describe,
} from '../engine';
import { cat, stack, type Tensor, tensor, uint8, where } from '../tensor';

/** Options of {@link makeGrid}. */
export interface MakeGridOptions {
  /** Images in a row. The default is 8. */
  readonly nrow?: number;
  /** Pixels between images and around them. The default is 2. */
  readonly padding?: number;
  /** Shift and stretch values to 0..1. The default is false. */
  readonly normalize?: boolean;
  /** The values that `normalize` takes for 0 and 1; by default the least and the greatest there are. */
  readonly valueRange?: readonly [low: number, high: number] | null;
  /** Let `normalize` look at each image by itself. The default is false. */
  readonly scaleEach?: boolean;
  /** Value of the pixels between images. The default is 0. */
  readonly padValue?: number;
}

/** Red, green, blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/**
 * Lays images out in rows: `[N, C, H, W]`, or a list of equally sized images, to `[C, rows, columns]`. One channel
 * becomes three. A single image comes back as it is, without padding, as in torchvision.
 */
export function makeGrid(images: Tensor | readonly Tensor[], options: MakeGridOptions = {}): Tensor {
  checkObject('makeGrid', 'options', options);
  const { nrow = 8, padding = 2, normalize = false, valueRange = null, scaleEach = false, padValue = 0 } = options;
  if (!(Number.isInteger(nrow) && nrow > 0)) {
    throw new ArgumentError(
      `expected a whole number above 0 for argument \`nrow\`, received ${describe(nrow)}`,
      'TORCH_VALUE',
    );
  }
  checkInteger('makeGrid', 'padding', padding, 0, 2 ** 31 - 1);
  checkNumbers('makeGrid', { padValue });
  if (valueRange !== null) checkRange(valueRange);
  return noGrad(() => {
    let batch = asBatch(images);
    if (normalize) batch = normalized(batch, valueRange, scaleEach);
    const [count, channels, imageHeight, imageWidth] = batch.shape as [number, number, number, number];
    if (count === 1) return batch.squeeze(0);

    const columns = Math.min(nrow, count);
    const rows = Math.ceil(count / columns);
    const height = imageHeight + padding;
    const width = imageWidth + padding;
    const grid = batch.newFull([channels, height * rows + padding, width * columns + padding], padValue);
    for (let k = 0; k < count; k++) {
      const top = Math.floor(k / columns) * height + padding;
      const left = (k % columns) * width + padding;
      grid.narrow(1, top, imageHeight).narrow(2, left, imageWidth).copy_(batch.select(0, k));
    }
    return grid;
  });
}

/**
 * A picture's values in 0..1 as bytes, rounded to the nearest: float `[C, H, W]` to uint8 `[H, W, C]` on the CPU, as
 * `torchvision.utils.save_image` does.
 */
export function toPixels(picture: Tensor): Tensor {
  checkTensor('toPixels()', 'picture', picture);
  return noGrad(() => picture.mul(255).add_(0.5).clamp_(0, 255).permute([1, 2, 0]).to({ dtype: uint8, device: 'cpu' }));
}

/**
 * Paints masks on an image: bool `[M, H, W]` or `[H, W]`, one colour each, on `[3, H, W]` of floats in 0..1 or uint8.
 * `alpha` 0 leaves the image, 1 hides it; where masks overlap, black is painted.
 */
export function drawSegmentationMasks(
  image: Tensor,
  masks: Tensor,
  options: { readonly alpha?: number; readonly colors: readonly Colour[] },
): Tensor {
  checkTensors('drawSegmentationMasks', { image, masks });
  checkObject('drawSegmentationMasks', 'options', options, 'options { colors, alpha? }', ['colors']);
  const { alpha = 0.8, colors } = options;
  checkNumbers('drawSegmentationMasks', { alpha });
  checkList('drawSegmentationMasks', 'colors', colors);
  const all = masks.dim() === 2 ? masks.unsqueeze(0) : masks;
  const fits =
    all.dim() === 3 && image.dim() === 3 && all.shape[1] === image.shape[1] && all.shape[2] === image.shape[2];
  if (!fits || image.shape[0] !== 3 || all.dtype !== 'bool') {
    throw new ArgumentError(
      'expected an image [3, H, W] and bool masks [M, H, W] of the same size for arguments `image` and `masks`, ' +
        `received ${describe(image)} and ${describe(masks)}`,
    );
  }
  const count = all.size(0);
  if (colors.length < count) {
    throw new ArgumentError(
      `expected ${count} colours for argument \`colors\`, received ${colors.length}`,
      'TORCH_VALUE',
    );
  }
  const { dtype, device } = image;
  return noGrad(() => {
    let painted = image.detach();
    colors.slice(0, count).forEach((colour, k) => {
      checkList('drawSegmentationMasks', 'colors', colour);
      checkNumbers('drawSegmentationMasks', Object.fromEntries(colour.entries()));
      const values = dtype === uint8 ? colour : colour.map((value) => value / 255);
      painted = where(all.select(0, k), tensor([...values], { dtype, device }).view([3, 1, 1]), painted);
    });
    painted = painted.maskedFill(all.sum([0]).gt(1), 0);
    // Python's factors are floats even where they are whole; as integers they would keep uint8, which cannot hold halves.
    const float = (x: Tensor): Tensor => (dtype === uint8 ? x.to('float32') : x);
    return float(image)
      .mul(1 - alpha)
      .add(float(painted).mul(alpha))
      .to(dtype);
  });
}

function asBatch(images: Tensor | readonly Tensor[]): Tensor {
  let batch = isList(images) ? stack(images, 0) : images;
  checkTensor('makeGrid()', 'images', batch);
  if (batch.dim() === 2) batch = batch.unsqueeze(0);
  if (batch.dim() === 3) {
    if (batch.shape[0] === 1) batch = cat([batch, batch, batch], 0);
    batch = batch.unsqueeze(0);
  }
  if (batch.dim() !== 4 || batch.shape[0] === 0) {
    throw new ArgumentError(`expected images [N, C, H, W] for argument \`images\`, received ${describe(images)}`);
  }
  return batch.shape[1] === 1 ? cat([batch, batch, batch], 1) : batch;
}

function checkRange(valueRange: readonly [number, number]): void {
  checkList('makeGrid', 'valueRange', valueRange);
  const [low, high] = valueRange;
  checkNumbers('makeGrid', { low, high });
}

function isList(images: Tensor | readonly Tensor[]): images is readonly Tensor[] {
  return Array.isArray(images);
}

function normalized(batch: Tensor, valueRange: readonly [number, number] | null, scaleEach: boolean): Tensor {
  const copy = batch.clone();
  const parts = scaleEach ? copy.unbind(0) : [copy];
  for (const part of parts) {
    const [low, high] = valueRange ?? [part.min().item(), part.max().item()];
    part
      .clamp_(low, high)
      .sub_(low)
      .div_(Math.max(high - low, 1e-5));
  }
  return copy;
}
