/** Sizes and interpolation of resized images. */
import { checkInteger, checkList, describe, valueError } from '../../engine';
import { callOp, type Tensor } from '../../tensor';

/** How values between pixels are found, under torchvision's names. */
export type InterpolationMode = 'nearest' | 'nearest-exact' | 'bilinear' | 'bicubic' | 'lanczos';

/** The modes under the names that they have in Python: `InterpolationMode.BILINEAR` is `'bilinear'`. */
export const InterpolationMode = {
  NEAREST: 'nearest',
  NEAREST_EXACT: 'nearest-exact',
  BILINEAR: 'bilinear',
  BICUBIC: 'bicubic',
  LANCZOS: 'lanczos',
} as const satisfies Record<string, InterpolationMode>;

/** One side for the shorter edge, or `[height, width]`. */
export type ResizeSize = number | readonly [side: number] | readonly [height: number, width: number];

const OPS: Readonly<Record<string, readonly [op: string, filtered: string | null]>> = {
  nearest: ['upsample_nearest2d', null],
  'nearest-exact': ['_upsample_nearest_exact2d', null],
  bilinear: ['upsample_bilinear2d', '_upsample_bilinear2d_aa'],
  bicubic: ['upsample_bicubic2d', '_upsample_bicubic2d_aa'],
};

/** v2 alone has this mode, and only with the filter. */
const LANCZOS = [null, '_upsample_lanczos2d_aa'] as const;

/** Refuses what is none of these modes. */
export function checkMode<M extends string>(mode: unknown, among: readonly M[]): asserts mode is M {
  if (among.includes(mode as M)) return;
  const names = among.map((name) => `'${name}'`).join(', ');
  throw valueError(`expected one of ${names} for argument \`interpolation\`, received ${describe(mode)}`);
}

/** Resizes floats, or bytes where the op takes them, `[N, C, H, W]`. */
export function interpolate(
  image: Tensor,
  size: readonly [number, number],
  mode: InterpolationMode,
  antialias: boolean,
): Tensor {
  const [plain, filtered] = mode === 'lanczos' ? LANCZOS : (OPS[mode] as (typeof OPS)[string]);
  const op = antialias && filtered !== null ? filtered : plain;
  if (op === null) throw valueError("expected `antialias` as true for the mode 'lanczos'");
  return callOp<Tensor>(`aten::${op}`, filtered === null ? [image, size] : [image, size, false]);
}

/** The modes that {@link interpolate} has for v1. */
export const MODES = Object.keys(OPS) as Exclude<InterpolationMode, 'lanczos'>[];

/**
 * Height and width after resizing: both as given, or by the shorter edge, the longer one no longer than `maxSize`. In v2
 * the size may be null, where `maxSize` is the longer edge's.
 */
export function outputSize(
  height: number,
  width: number,
  size: ResizeSize | null,
  maxSize: number | null,
): [height: number, width: number] {
  const [short, long] = width <= height ? [width, height] : [height, width];
  const placed = (shorter: number, longer: number): [number, number] =>
    width <= height ? [longer, shorter] : [shorter, longer];
  if (maxSize !== null) checkInteger('resize', 'maxSize', maxSize, 1);
  if (size === null) {
    if (maxSize === null) throw valueError('expected an integer for argument `maxSize` where `size` is null');
    return placed(Math.trunc((maxSize * short) / long), maxSize);
  }
  const sides: readonly number[] = typeof size === 'number' ? [size] : size;
  checkList('resize', 'size', sides);
  if ((sides.length !== 1 && sides.length !== 2) || !sides.every((side) => Number.isInteger(side) && side > 0)) {
    throw valueError(`expected whole numbers above 0 for argument \`size\`, received ${describe(size)}`);
  }
  const [first, second] = sides as [number, number?];
  if (second !== undefined) {
    if (maxSize === null) return [first, second];
    throw valueError('expected no argument `maxSize` where `size` gives both edges');
  }
  const longer = Math.trunc((first * long) / short);
  if (maxSize === null) return placed(first, longer);
  if (maxSize <= first) {
    throw valueError(`expected more than \`size\` ${first} for argument \`maxSize\`, received ${maxSize}`);
  }
  return longer > maxSize ? placed(Math.trunc((maxSize * first) / longer), maxSize) : placed(first, longer);
}
