/** Draws from PyTorch's generator, each by the call that torchvision makes: another would take other numbers from it. */
import { cat, empty, getDefaultDtype, rand, randint, type Tensor, tensor } from '../../tensor';
import { pythonRound } from '../../tensor/python-float';
import type { Dimensions } from './image';

/** `torch.empty(1).uniform_(low, high).item()` */
export function uniform(low: number, high: number): number {
  return empty([1]).uniform_(low, high).item();
}

/** `torch.randint(low, high, (1,)).item()` */
export function integer(low: number, high: number): number {
  return randint(low, high, [1]).item();
}

/** `torch.rand(1) < p`: compared by the op, in float32; as a double, p = 0.1 would decide some draws otherwise. */
export function happens(p: number): boolean {
  return rand([1]).lt(p).item() !== 0;
}

/** `torch.rand(1).item() < p`: compared as doubles. */
export function happensExactly(p: number): boolean {
  return rand([1]).item() < p;
}

/** `p >= torch.rand(1)`: what v1's RandomApply compares. */
export function happensAtMost(p: number): boolean {
  return rand([1]).le(p).item() !== 0;
}

/** A rectangle of an image. */
export interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

type Bounds = readonly [low: number, high: number];

/**
 * Draws a share of the image's area and an aspect ratio r, up to ten times, until the sides √(area · r) and √(area / r)
 * fit; null where none did.
 */
function drawSides(
  { height, width }: Dimensions,
  scale: Bounds,
  ratio: Bounds,
  fit: (longer: number, shorter: number) => boolean,
): [longer: number, shorter: number] | null {
  const [logLow, logHigh] = tensor([...ratio], { dtype: getDefaultDtype() })
    .log()
    .tolist() as [number, number];
  for (let tries = 0; tries < 10; tries += 1) {
    const area = height * width * uniform(scale[0], scale[1]);
    const aspect = empty([1]).uniform_(logLow, logHigh).exp().item();
    const longer = pythonRound(Math.sqrt(area * aspect));
    const shorter = pythonRound(Math.sqrt(area / aspect));
    if (fit(longer, shorter)) return [longer, shorter];
  }
  return null;
}

/** Where `RandomResizedCrop` crops: the middle of the image where no draw fits. */
export function drawCrop(image: Dimensions, scale: Bounds, ratio: Bounds): Region {
  const sides = drawSides(image, scale, ratio, (w, h) => w > 0 && w <= image.width && h > 0 && h <= image.height);
  if (sides !== null) {
    const [width, height] = sides;
    const top = integer(0, image.height - height + 1);
    return { top, left: integer(0, image.width - width + 1), height, width };
  }
  const aspect = image.width / image.height;
  const [narrowest, widest] = [Math.min(...ratio), Math.max(...ratio)];
  const height = aspect < narrowest ? pythonRound(image.width / narrowest) : image.height;
  const width = aspect > widest ? pythonRound(image.height * widest) : image.width;
  return {
    top: Math.floor((image.height - height) / 2),
    left: Math.floor((image.width - width) / 2),
    height,
    width,
  };
}

/** What `RandomErasing` erases, and with what; `draw` is called between the sides and the place. Null where no draw fits. */
export function drawErasure<V>(
  image: Dimensions,
  scale: Bounds,
  ratio: Bounds,
  draw: (height: number, width: number) => V,
): (Region & { readonly value: V }) | null {
  const sides = drawSides(image, scale, ratio, (h, w) => h < image.height && w < image.width);
  if (sides === null) return null;
  const [height, width] = sides;
  const value = draw(height, width);
  const top = integer(0, image.height - height + 1);
  return { top, left: integer(0, image.width - width + 1), height, width, value };
}

/** Where `RandomPerspective` moves the corners to: clockwise from the top left, each (x, y). */
export function drawCorners({ height, width }: Dimensions, distortionScale: number): [number, number][] {
  const across = Math.trunc(distortionScale * Math.floor(width / 2)) + 1;
  const down = Math.trunc(distortionScale * Math.floor(height / 2)) + 1;
  const left = (): number => integer(0, across);
  const right = (): number => integer(width - across, width);
  const top = (): number => integer(0, down);
  const bottom = (): number => integer(height - down, height);
  const corners: readonly [() => number, () => number][] = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
  return corners.map(([x, y]) => [x(), y()]);
}

/** The corners of an image, clockwise from the top left, each (x, y). */
export function cornersOf({ height, width }: Dimensions): [number, number][] {
  return [
    [0, 0],
    [width - 1, 0],
    [width - 1, height - 1],
    [0, height - 1],
  ];
}

/** What `RandomAffine` does: degrees, pixels, a factor, degrees. */
export interface AffineParams {
  readonly angle: number;
  readonly translate: readonly [x: number, y: number];
  readonly scale: number;
  readonly shear: readonly [x: number, y: number];
}

/** The bounds of {@link AffineParams}: translations as shares of the image's sides. */
export interface AffineBounds {
  readonly degrees: readonly number[];
  readonly translate: readonly [x: number, y: number] | null;
  readonly scale: Bounds | null;
  readonly shear: readonly number[] | null;
}

/** Draws what is given bounds. */
export function drawAffine(image: Dimensions, { degrees, translate, scale, shear }: AffineBounds): AffineParams {
  const between = (bounds: readonly number[], from = 0): number =>
    uniform(bounds[from] as number, bounds[from + 1] as number);
  const within = (most: number): number => pythonRound(uniform(-most, most));
  const angle = between(degrees);
  const x = translate === null ? 0 : within(translate[0] * image.width);
  const y = translate === null ? 0 : within(translate[1] * image.height);
  const factor = scale === null ? 1 : between(scale);
  const shearX = shear === null ? 0 : between(shear);
  const shearY = shear?.length === 4 ? between(shear, 2) : 0;
  return { angle, translate: [x, y], scale: factor, shear: [shearX, shearY] };
}

/** The displacement `[1, H, W, 2]` of `ElasticTransform`: blurred noise from −alpha to alpha pixels. */
export function drawDisplacement(
  { height, width }: Dimensions,
  alpha: Bounds,
  sigma: Bounds,
  blur: (noise: Tensor, kernelSize: readonly [number, number], sigma: Bounds) => Tensor,
): Tensor {
  const along = (axis: 0 | 1, side: number): Tensor => {
    const noise = rand([1, 1, height, width]).mul(2).sub(1);
    const size = Math.trunc(8 * sigma[axis] + 1);
    const odd = size % 2 === 0 ? size + 1 : size;
    const smooth = sigma[axis] > 0 ? blur(noise, [odd, odd], sigma) : noise;
    return smooth.mul(alpha[axis]).div(side);
  };
  const [dx, dy] = [along(0, width), along(1, height)];
  return cat([dx, dy], 1).permute([0, 2, 3, 1]);
}
