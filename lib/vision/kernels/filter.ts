/** Filters over neighbouring pixels. */
import { describe, valueError } from '../../engine';
import { conv2d, type DType, float32, isFloatingDType, pad, type Tensor } from '../../tensor';
import { readOptions } from '../../nn/arguments';
import type { Tail } from '../../tensor/tail';
import { asBatch, backTo, dimensions } from './image';
import { pairOf, twoOf } from './arguments';

/** Width and height of a blur's kernel, odd numbers. */
export type KernelSize = number | readonly [both: number] | readonly [x: number, y: number];

/** Reads a kernel size. */
export function kernelSizeOf(callee: string, kernelSize: unknown): [x: number, y: number] {
  const pair = pairOf(callee, 'kernelSize', kernelSize);
  if (pair.every((side) => side % 2 === 1)) return pair;
  throw valueError(`${callee}(): expected odd numbers for argument \`kernelSize\`, received ${describe(kernelSize)}`);
}

/** The last argument of a blur. @inline */
export type SigmaTail = Tail<{ sigma?: number | readonly number[] | null }, ['sigma']>;

/** Reads it; {@link blurImage} checks it. */
export function readSigma(rest: SigmaTail): number | readonly number[] | null {
  return readOptions<{ sigma: number | readonly number[] | null }>('gaussianBlur', { sigma: null }, rest).sigma;
}

/** Makes the two-dimensional kernel of a blur. */
export type GaussianKernel = (
  size: readonly [number, number],
  sigma: readonly [number, number],
  dtype: DType,
  like: Tensor,
) => Tensor;

/** Blurs each channel, the image mirrored at its edges. */
export function blurImage(
  image: Tensor,
  kernelSize: KernelSize,
  sigma: number | readonly number[] | null,
  makeKernel: GaussianKernel,
): Tensor {
  const { channels } = dimensions(image, 3);
  const size = kernelSizeOf('gaussianBlur', kernelSize);
  const deviation =
    sigma === null
      ? ([size[0] * 0.15 + 0.35, size[1] * 0.15 + 0.35] as const)
      : twoOf('gaussianBlur', 'sigma', sigma, (x) => x > 0);
  const dtype = isFloatingDType(image.dtype) ? image.dtype : float32;
  const kernel = makeKernel(size, deviation, dtype, image).expand([channels, 1, size[1], size[0]]);
  const [x, y] = [size[0] >> 1, size[1] >> 1];
  return asBatch(image, (batch) => {
    const padded = pad(batch.to(dtype), [x, x, y, y], 'reflect');
    return backTo(image.dtype, conv2d(padded, kernel, { groups: channels }));
  });
}
