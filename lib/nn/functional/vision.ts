/** Resizing, padding and sampling of images and of their like in one and three dimensions. */
import { ArgumentError, checkList, checkTensor, describe } from '../../engine';
import * as ops from '../../tensor';
import type { Tensor } from '../../tensor';
import { callOp } from '../../tensor/dispatch';
import { type Arguments, readTail, required, type Tail } from '../../tensor/tail';
import { replicationPad, upsampleLinear, wantsIndexing } from './deterministic';

export { pixelShuffle, pixelUnshuffle } from '../../tensor';

const fail = (message: string): never => {
  throw new ArgumentError(message, 'TORCH_VALUE');
};

/** How {@link interpolate} finds the values between elements. */
export type InterpolationMode =
  'nearest' | 'nearest-exact' | 'area' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'lanczos';

/** Options of {@link interpolate}: `size` or `scaleFactor` is needed. */
export interface InterpolateOptions {
  /** Of the spatial dimensions; one number stands for all. */
  size?: number | readonly number[] | null;
  scaleFactor?: number | readonly number[] | null;
  mode?: InterpolationMode;
  /** The corners' centres stay where they are. For the linear and cubic modes. */
  alignCorners?: boolean | null;
  /** Computes with the factors of the rounded sizes. */
  recomputeScaleFactor?: boolean | null;
  /** Filters before it shrinks. For `bilinear`, `bicubic` and `lanczos`. */
  antialias?: boolean;
}

/** The mode's op for a number of spatial dimensions, and whether it takes `alignCorners`. */
const UPSAMPLING: Record<string, readonly [op: string, corners: boolean]> = {
  'nearest 1': ['upsample_nearest1d', false],
  'nearest 2': ['upsample_nearest2d', false],
  'nearest 3': ['upsample_nearest3d', false],
  'nearest-exact 1': ['_upsample_nearest_exact1d', false],
  'nearest-exact 2': ['_upsample_nearest_exact2d', false],
  'nearest-exact 3': ['_upsample_nearest_exact3d', false],
  'linear 1': ['upsample_linear1d', true],
  'bilinear 2': ['upsample_bilinear2d', true],
  'bicubic 2': ['upsample_bicubic2d', true],
  'trilinear 3': ['upsample_trilinear3d', true],
  'bilinear 2 antialias': ['_upsample_bilinear2d_aa', true],
  'bicubic 2 antialias': ['_upsample_bicubic2d_aa', true],
  'lanczos 2 antialias': ['_upsample_lanczos2d_aa', true],
};

/** Resizes [N, C, ...] to `size` or by `scaleFactor`. */
export function interpolate(
  input: Tensor,
  ...rest: Tail<
    InterpolateOptions,
    ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor', 'antialias']
  >
): Tensor {
  const options = readTail<Required<InterpolateOptions>>(
    'interpolate',
    {
      size: null,
      scaleFactor: null,
      mode: 'nearest',
      alignCorners: null,
      recomputeScaleFactor: null,
      antialias: false,
    },
    rest,
  );
  const { size, scaleFactor, mode, alignCorners, antialias } = options;
  if (alignCorners !== null && ['nearest', 'area', 'nearest-exact'].includes(mode)) {
    fail(`interpolate: mode ${mode} takes no \`alignCorners\`; linear, bilinear, bicubic and trilinear do`);
  }
  checkTensor('interpolate()', 'input', input);
  const dims = input.ndim - 2;
  const each = (name: string, value: number | readonly number[] | null): readonly number[] | null => {
    if (value === null) return null;
    const list = typeof value === 'number' ? new Array<number>(Math.max(0, dims)).fill(value) : value;
    return list.length === dims
      ? list
      : fail(
          `interpolate: expected ${dims} numbers for \`${name}\` of an input of ${input.ndim} dimensions, received ${list.length}`,
        );
  };
  if ((size === null) === (scaleFactor === null)) fail('interpolate: expected either `size` or `scaleFactor`');
  let outputSize = each('size', size);
  let factors = each('scaleFactor', scaleFactor);
  if (options.recomputeScaleFactor === true && size !== null) {
    fail('interpolate: `recomputeScaleFactor` has no meaning where `size` is given');
  }
  if (factors !== null && (options.recomputeScaleFactor === true || mode === 'area')) {
    outputSize = factors.map((factor, index) => Math.trunc(input.size(index + 2) * factor));
    factors = null;
  }
  if (mode === 'area' && !antialias) return area(input, outputSize ?? []);
  const op = UPSAMPLING[`${mode} ${dims}${antialias ? ' antialias' : ''}`];
  if (op === undefined) {
    return fail(
      `interpolate: mode ${describe(mode)}${antialias ? ' with `antialias`' : ''} does not fit an input of ${input.ndim} dimensions`,
    );
  }
  const [name, corners] = op;
  if (mode === 'lanczos' && alignCorners === true) fail('interpolate: mode lanczos takes no `alignCorners`');
  if ((name === 'upsample_bilinear2d' || name === 'upsample_trilinear3d') && wantsIndexing(input)) {
    return upsampleLinear(input, outputSize, alignCorners ?? false, factors);
  }
  const args = corners ? [input, outputSize, alignCorners ?? false, factors] : [input, outputSize, factors];
  return callOp<Tensor>(`aten::${name}.vec`, args);
}

function area(input: Tensor, outputSize: readonly number[]): Tensor {
  switch (input.ndim) {
    case 3:
      return ops.adaptiveAvgPool1d(input, outputSize);
    case 4:
      return ops.adaptiveAvgPool2d(input, outputSize);
    case 5:
      return ops.adaptiveAvgPool3d(input, outputSize);
    default:
      return fail(`interpolate: mode 'area' does not fit an input of ${input.ndim} dimensions`);
  }
}

/** {@link interpolate} under its old name. @function */
export const upsample = interpolate;

type UpsampleTail = Tail<Pick<InterpolateOptions, 'size' | 'scaleFactor'>, ['size', 'scaleFactor']>;

function upsampleAs(name: string, options: InterpolateOptions) {
  return (input: Tensor, ...rest: UpsampleTail): Tensor => {
    const sizes = readTail<Required<Pick<InterpolateOptions, 'size' | 'scaleFactor'>>>(
      name,
      { size: null, scaleFactor: null },
      rest,
    );
    return interpolate(input, { ...sizes, ...options });
  };
}

/** {@link interpolate} in the mode `nearest`; deprecated in Python. @function */
export const upsampleNearest = upsampleAs('upsampleNearest', { mode: 'nearest' });
/** {@link interpolate} in the mode `bilinear`, with the corners aligned; deprecated in Python. @function */
export const upsampleBilinear = upsampleAs('upsampleBilinear', { mode: 'bilinear', alignCorners: true });

/** What {@link pad} puts around: one value, or a copy of what is there. */
export type PaddingMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/**
 * Pads the last dimensions: `pad` is how many elements before and after in the last one, then in the one before it, and so
 * on. Negative numbers cut off.
 */
export function pad(
  input: Tensor,
  ...rest: Arguments<
    [pad: readonly number[]],
    { pad: readonly number[] } & { mode?: PaddingMode; value?: number | null },
    ['pad', 'mode', 'value']
  >
): Tensor {
  const { pad, mode, value } = readTail<
    Required<{ pad: readonly number[] } & { mode?: PaddingMode; value?: number | null }>
  >('pad', { pad: required, mode: 'constant', value: null }, rest);
  checkTensor('pad()', 'input', input);
  if (mode === 'replicate' && wantsIndexing(input) && [1, 2].includes(input.ndim - pad.length / 2)) {
    return replicationPad(input, pad);
  }
  return ops.pad(input, pad, mode, value);
}

/** Options of {@link gridSample}. */
export interface GridSampleOptions {
  mode?: 'bilinear' | 'nearest' | 'bicubic';
  paddingMode?: 'zeros' | 'border' | 'reflection';
  /** −1 and 1 are the centres of the outermost pixels, not their edges, as null says. */
  alignCorners?: boolean | null;
}

/** Samples [N, C, H, W] at the places of `grid` [N, Hout, Wout, 2], which are (x, y) from −1 to 1; so in three dimensions. */
export function gridSample(
  input: Tensor,
  ...rest: Arguments<
    [grid: Tensor],
    { grid: Tensor } & GridSampleOptions,
    ['grid', 'mode', 'paddingMode', 'alignCorners']
  >
): Tensor {
  const { grid, mode, paddingMode, alignCorners } = readTail<Required<{ grid: Tensor } & GridSampleOptions>>(
    'gridSample',
    { grid: required, mode: 'bilinear', paddingMode: 'zeros', alignCorners: null },
    rest,
  );
  const number = (name: string, names: readonly string[], value: string): number => {
    const index = names.indexOf(value);
    return index >= 0
      ? index
      : fail(`gridSample: expected one of ${names.join(', ')} for \`${name}\`, received ${describe(value)}`);
  };
  const interpolation = number('mode', ['bilinear', 'nearest', 'bicubic'], mode);
  return ops.gridSampler(
    input,
    grid,
    interpolation,
    number('paddingMode', ['zeros', 'border', 'reflection'], paddingMode),
    alignCorners ?? false,
  );
}

/** The grid of affine maps `theta` [N, 2, 3] for {@link gridSample} to images of `size` [N, C, H, W]; [N, 3, 4] in 3-d. */
export function affineGrid(
  theta: Tensor,
  ...rest: Arguments<
    [size: readonly number[]],
    { size: readonly number[]; alignCorners?: boolean | null },
    ['size', 'alignCorners']
  >
): Tensor {
  checkTensor('affineGrid()', 'theta', theta);
  const { size, alignCorners } = readTail<{ size: readonly number[]; alignCorners: boolean | null }>(
    'affineGrid',
    { size: required, alignCorners: null },
    rest,
  );
  checkList('affineGrid', 'size', size);
  const rank = size.length - 2;
  const matrix = theta.shape.slice(1).join();
  if ((rank !== 2 && rank !== 3) || theta.ndim !== 3 || matrix !== [rank, rank + 1].join() || Math.min(...size) <= 0) {
    fail(
      `affineGrid: expected [N, 2, 3] for a size [N, C, H, W] or [N, 3, 4] for [N, C, D, H, W], received [${theta.shape.join(', ')}] and [${size.join(', ')}]`,
    );
  }
  return ops.affineGridGenerator(theta, size, alignCorners ?? false);
}
