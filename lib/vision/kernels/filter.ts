/** Filters over neighbouring pixels. */
import { describe, valueError } from '../../engine';
import { conv2d, type DType, float32, isFloatingDType, pad, type Tensor } from '../../tensor';
import { readOptions } from '../../nn/arguments';
import { type Arguments, required } from '../../tensor/tail';
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

/** What a blur takes. @inline */
interface BlurOptions {
  /** Odd numbers, along x and y. */
  kernelSize: KernelSize;
  /** The standard deviation in pixels, along x and y; by default 0.15 of the kernel's size and 0.35. */
  sigma?: number | readonly number[] | null;
}

/** The arguments of a blur. @inline */
export type BlurArguments = Arguments<[kernelSize: KernelSize], BlurOptions, ['kernelSize', 'sigma']>;

/** Reads them; {@link blurImage} checks them. */
export function readBlur(args: BlurArguments): Readonly<Required<BlurOptions>> {
  return readOptions<Required<BlurOptions>>('gaussianBlur', { kernelSize: required, sigma: null }, args);
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
  { kernelSize, sigma }: Readonly<Required<BlurOptions>>,
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
