/**
 * Affine and perspective maps, as numbers. v1 and v2 of torchvision order the same formula differently, which gives other
 * last bits, so each has its own.
 */
import { libm } from '../../engine';
import { linalg, type Tensor, tensor } from '../../tensor';
import type { AffineParams } from './draws';

type Pair = readonly [number, number];

/** The map's upper two rows, row by row. */
export type AffineMatrix = readonly [number, number, number, number, number, number];

/** Makes the inverse of a map about `center`: where a pixel of the result comes from. */
export type InverseAffine = (center: Pair, params: AffineParams) => AffineMatrix;

/** Python's `math.radians`. */
const radians = (degrees: number): number => degrees * (Math.PI / 180);

/** Python's `math.degrees`. */
export const degrees = (angle: number): number => angle * (180 / Math.PI);

/** `torchvision.transforms.functional._get_inverse_affine_matrix`. */
export function inverseAffineV1(
  [cx, cy]: Pair,
  { angle, translate: [tx, ty], scale, shear }: AffineParams,
): AffineMatrix {
  const [rot, sx, sy] = [radians(angle), radians(shear[0]), radians(shear[1])];
  const [cosSy, tanSx, turned] = [libm.cos(sy), libm.tan(sx), rot - sy];
  const a = libm.cos(turned) / cosSy;
  const b = (-libm.cos(turned) * tanSx) / cosSy - libm.sin(rot);
  const c = libm.sin(turned) / cosSy;
  const d = (-libm.sin(turned) * tanSx) / cosSy + libm.cos(rot);
  const [m0, m1, m3, m4] = [d / scale, -b / scale, -c / scale, a / scale];
  const m2 = m0 * (-cx - tx) + m1 * (-cy - ty) + cx;
  const m5 = m3 * (-cx - tx) + m4 * (-cy - ty) + cy;
  return [m0, m1, m2, m3, m4, m5];
}

/** The elements that v2 shares between the map and its inverse. */
function rotationAndShear({ angle, shear }: AffineParams): [a: number, b: number, c: number, d: number] {
  const [rot, sx, sy] = [radians(angle), radians(shear[0]), radians(shear[1])];
  const [cosSy, tanSx, turned] = [libm.cos(sy), libm.tan(sx), rot - sy];
  const a = libm.cos(turned) / cosSy;
  const b = -(a * tanSx + libm.sin(rot));
  const c = libm.sin(turned) / cosSy;
  const d = libm.cos(rot) - c * tanSx;
  return [a, b, c, d];
}

/** `torchvision.transforms.v2.functional._geometry._get_inverse_affine_matrix`. */
export function inverseAffineV2([cx, cy]: Pair, params: AffineParams): AffineMatrix {
  const [a, b, c, d] = rotationAndShear(params);
  const { translate, scale } = params;
  const [x, y] = [cx + translate[0], cy + translate[1]];
  const [m0, m1, m3, m4] = [d / scale, -b / scale, -c / scale, a / scale];
  // Python adds to the 0 that stands there.
  return [m0, m1, 0 + (cx - m0 * x - m1 * y), m3, m4, 0 + (cy - m3 * x - m4 * y)];
}

/** The map itself, about a centre: where v2 moves the points of boxes to. */
export function affineV2([cx, cy]: Pair, params: AffineParams): AffineMatrix {
  const [a, b, c, d] = rotationAndShear(params);
  const { translate, scale } = params;
  const [x, y] = [cx + translate[0], cy + translate[1]];
  const [m0, m1, m3, m4] = [a * scale, b * scale, c * scale, d * scale];
  return [m0, m1, 0 + (x - m0 * cx - m1 * cy), m3, m4, 0 + (y - m3 * cx - m4 * cy)];
}

/** A rotation against the clock, as torchvision takes its angle. */
export const rotation = (angle: number): AffineParams => ({
  angle: -angle,
  translate: [0, 0],
  scale: 1,
  shear: [0, 0],
});

/** A centre in pixels, as a distance from the middle of the image; null is the middle. */
export function fromMiddle(center: Pair | null, width: number, height: number): Pair {
  return center === null ? [0, 0] : [center[0] - width * 0.5, center[1] - height * 0.5];
}

/** The eight coefficients of the perspective map that takes `endpoints` to `startpoints`, float32. */
export function perspectiveCoefficients(startpoints: readonly Pair[], endpoints: readonly Pair[]): readonly number[] {
  const rows = endpoints.flatMap(([x, y], k) => {
    const [u, v] = startpoints[k] as Pair;
    return [
      [x, y, 1, 0, 0, 0, -u * x, -u * y],
      [0, 0, 0, x, y, 1, -v * x, -v * y],
    ];
  });
  const a = tensor(rows.flat(), { dtype: 'float64' }).view([8, 8]);
  const b = tensor(startpoints.flat(), { dtype: 'float64' });
  const [solution] = linalg.lstsq(a, b, null, { driver: 'gels' }) as readonly Tensor[];
  return (solution as Tensor).to('float32').tolist() as number[];
}
