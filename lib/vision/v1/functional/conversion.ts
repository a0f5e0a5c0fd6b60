/** Pixels to tensors, and images from one dtype to another. */
import { ArgumentError, checkList, checkTensor, describe, TorchError, valueError } from '../../../engine';
import { type DType, float32, frombytes, isDType, isFloatingDType, type Tensor, tensor } from '../../../tensor';
import { readOptions } from '../../../nn/arguments';
import { type Arguments, readTail, required, type Tail } from '../../../tensor/tail';
import { checkImage, type DecodedImage } from '../../decoded-image';
import { dimensions, maximum } from '../../kernels/image';

/** Decoded pixels `[height, width, channels]` as they are: uint8 `[C, H, W]` (`pil_to_tensor`). */
export function pilToTensor(image: DecodedImage): Tensor {
  checkImage('pilToTensor', image);
  const { data, height, width, channels } = image;
  return frombytes(data, 'uint8', [height, width, channels]).permute([2, 0, 1]);
}

/**
 * Decoded pixels to floats: `[height, width, channels]` bytes to float32 `[C, H, W]` in 0..1, by a true division.
 */
export function toTensor(image: DecodedImage): Tensor {
  checkImage('toTensor', image);
  return pilToTensor(image).contiguous().to(float32).div_(255);
}

/** The last argument of {@link convertImageDtype}: float32 by default. @inline */
export type DtypeArguments = Tail<{ dtype?: DType }, ['dtype']>;

/** Reads and checks it. */
export function readDtype(callee: string, args: DtypeArguments): DType {
  const { dtype } = readTail<{ dtype: DType }>(callee, { dtype: float32 }, args);
  if (isDType(dtype)) return dtype;
  throw new ArgumentError(`${callee}(): expected a dtype for argument \`dtype\`, received ${describe(dtype)}`);
}

/**
 * Between floats in 0..1 and integers over their whole range (`convert_image_dtype`). Floats to uint8 are scaled by 256 − 0.001 and cut off, so
 * that all 256 values are equally wide; integers are scaled by the powers of two between their ranges.
 */
export function convertImageDtype(image: Tensor, ...rest: DtypeArguments): Tensor {
  checkTensor('convertImageDtype()', 'image', image);
  const dtype = readDtype('convertImageDtype', rest);
  if (image.dtype === dtype) return image;
  const isFloat = isFloatingDType(dtype);
  if (isFloatingDType(image.dtype)) {
    if (isFloat) return image.to(dtype);
    checkIsSafe(image.dtype, dtype);
    return image.mul(maximum(dtype) + 1 - 1e-3).to(dtype);
  }
  const most = maximum(image.dtype);
  if (isFloat) return image.to(dtype).div(most);
  const wanted = maximum(dtype);
  return most > wanted
    ? image.div(powerOfTwo((most + 1) / (wanted + 1)), { roundingMode: 'floor' }).to(dtype)
    : image.to(dtype).mul(powerOfTwo((wanted + 1) / (most + 1)));
}

/** A factor as a scalar of the op: beyond 2^53 a number would count as a float. */
const powerOfTwo = (factor: number): number | bigint => {
  const whole = Math.floor(factor);
  return Number.isSafeInteger(whole) ? whole : BigInt(whole);
};

/** Refuses what would overflow: float32 has too few digits for the range of int32. */
export function checkIsSafe(from: DType, to: DType): void {
  const isUnsafe = (from === 'float32' && (to === 'int32' || to === 'int64')) || (from === 'float64' && to === 'int64');
  if (isUnsafe)
    throw new TorchError(`The cast from ${from} to ${to} cannot be performed safely: its largest value has no ${from}`);
}

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /** Write into the image itself. */
  inplace?: boolean;
}

/** The arguments of {@link normalize}: one number for each channel, or one for all. @inline */
export type NormalizeArguments = Arguments<
  [mean: readonly number[], std: readonly number[]],
  { mean: readonly number[]; std: readonly number[] } & NormalizeOptions,
  ['mean', 'std', 'inplace']
>;

/** Reads them. */
export function readNormalize(
  callee: string,
  args: NormalizeArguments,
): { readonly mean: readonly number[]; readonly std: readonly number[]; readonly inplace: boolean } {
  const options = readOptions<{ mean: readonly number[]; std: readonly number[]; inplace: boolean }>(
    callee,
    { mean: required, std: required, inplace: false },
    args,
  );
  checkList(callee, 'mean', options.mean);
  checkList(callee, 'std', options.std);
  return options;
}

/**
 * `(image − mean) / std` by channel, on a copy.
 *
 * @throws ArgumentError where a standard deviation is 0
 */
export function normalize(image: Tensor, ...rest: NormalizeArguments): Tensor {
  const { mean, std, inplace } = readNormalize('normalize', rest);
  const [means, deviations] = channelValues(image, mean, std);
  return (inplace ? image : image.clone()).sub_(means).div_(deviations);
}

/** Checks what {@link normalize} is given; its numbers as tensors `[C, 1, 1]`. */
export function channelValues(
  image: Tensor,
  mean: readonly number[],
  std: readonly number[],
): readonly [mean: Tensor, std: Tensor] {
  dimensions(image);
  if (!isFloatingDType(image.dtype) || image.dim() < 3) {
    throw new ArgumentError(`expected floats […, C, H, W] for argument \`image\`, received ${describe(image)}`);
  }
  const byChannel = (argument: string, values: readonly number[]): Tensor => {
    checkList('normalize', argument, values);
    return tensor([...values], { dtype: image.dtype, device: image.device }).view([-1, 1, 1]);
  };
  const means = byChannel('mean', mean);
  if (std instanceof Array && std.includes(0)) {
    throw valueError(`expected no 0 for argument \`std\`, received ${describe(std)}`);
  }
  return [means, byChannel('std', std)];
}
