/** Sizes: resizing, cropping, padding of every kind, by v2's arithmetic: most bytes are resized as bytes. */
import { libraryInfo, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { float32, type Tensor, tensor } from '../../../tensor';
import { type Arguments, required } from '../../../tensor/tail';
import {
  readResize,
  readResizedCrop,
  type ResizeArguments,
  type ResizedCropArguments,
} from '../../v1/functional/resize';
import { checkFill, type Fill } from '../../kernels/arguments';
import { type CenterCropArguments, type CropArguments, readCenterCrop, readCrop } from '../../kernels/calls';
import { centerCropImage, centreOf, cropImage } from '../../kernels/crop';
import type { Region } from '../../kernels/draws';
import { asBatch, backTo, dimensions } from '../../kernels/image';
import {
  type Borders,
  bordersOf,
  checkPaddingMode,
  padByChannel,
  padImage,
  type Padding,
  type PaddingMode,
} from '../../kernels/padding';
import { checkMode, interpolate, InterpolationMode, outputSize, type ResizeSize } from '../../kernels/resize';
import type { BoundingBoxes } from '../../tv-tensors';
import { clampBoxes } from './boxes';
import { dispatch } from './dispatch';

const MODES = Object.values(InterpolationMode);

/** Bytes have a bilinear kernel of their own on these processors. */
const isVectorized = ['AVX2', 'AVX512'].includes(libraryInfo().cpuCapability) || process.arch === 'arm64';

/** Whether the op of a mode takes bytes as they are: on the CPU only. */
function takesBytes(mode: InterpolationMode, image: Tensor): boolean {
  if (mode === 'nearest' || mode === 'nearest-exact') return true;
  if (image.device !== 'cpu') return false;
  return mode !== 'bilinear' || isVectorized;
}

function resizeImage(
  image: Tensor,
  size: readonly [number, number],
  mode: InterpolationMode,
  antialias: boolean,
): Tensor {
  const { height, width } = dimensions(image);
  if (size[0] === height && size[1] === width) return image;
  const { dtype } = image;
  if (image.numel() === 0) return image.newEmpty([...image.shape.slice(0, -2), ...size]);
  return asBatch(image, (batch) => {
    const isReady = dtype === 'float32' || dtype === 'float64' || (dtype === 'uint8' && takesBytes(mode, image));
    if (isReady) return interpolate(interleaved(batch), size, mode, antialias);
    const resized = interpolate(batch.to(float32), size, mode, antialias);
    return backTo(
      dtype,
      (mode === 'bicubic' || mode === 'lanczos') && dtype === 'uint8' ? resized.clamp_(0, 255) : resized,
    );
  });
}

/** One image whose channels lie side by side, with the strides by which the op knows it: it has another path for those. */
function interleaved(batch: Tensor): Tensor {
  const [stride, ...inner] = batch.stride();
  const isOne = batch.size(0) === 1 && batch.numel() !== stride;
  if (!isOne || !batch.isContiguous('channels_last')) return batch;
  return batch.asStrided(batch.shape, [batch.numel(), ...inner]);
}

/** Masks are never mixed from several values. */
const maskMode = (mode: InterpolationMode): InterpolationMode => (mode === 'nearest-exact' ? mode : 'nearest');

function resizeBoxes(boxes: BoundingBoxes, [newHeight, newWidth]: readonly [number, number]): BoundingBoxes {
  const [height, width] = boxes.canvasSize;
  if (newHeight === height && newWidth === width) return boxes;
  const [x, y] = [newWidth / width, newHeight / height];
  const ratios = tensor([x, y, x, y], { dtype: float32, device: boxes.device });
  return boxes.like(boxes.mul(ratios).to(boxes.dtype), { canvasSize: [newHeight, newWidth] });
}

/**
 * Resizes to `[height, width]`, the shorter edge to a number, or the longer one to `maxSize` where the size is null. What
 * has the size already is returned itself. Masks by nearest neighbours.
 */
export function resize<T extends Tensor>(input: T, ...rest: ResizeArguments<ResizeSize | null>): T {
  const { size, interpolation, maxSize, antialias } = readResize('resize', rest);
  checkMode(interpolation, MODES);
  const of = (height: number, width: number): [number, number] => outputSize(height, width, size, maxSize);
  const by = (mode: InterpolationMode, filter: boolean) => (image: Tensor) => {
    const { height, width } = dimensions(image);
    return resizeImage(image, of(height, width), mode, filter);
  };
  return dispatch('resize', input, {
    image: by(interpolation, antialias),
    mask: by(maskMode(interpolation), false),
    boxes: (boxes) => resizeBoxes(boxes, of(...boxes.canvasSize)),
  });
}

/** Options of {@link pad}. */
export interface PadOptions {
  /** What comes into the border in the mode `constant`: one number, of images also one for each channel. Null is 0. */
  fill?: Fill;
  paddingMode?: PaddingMode;
}

function padBoxes(boxes: BoundingBoxes, [left, right, top, bottom]: Borders): BoundingBoxes {
  const [height, width] = boxes.canvasSize;
  const canvas = { height: height + top + bottom, width: width + left + right };
  return moved(boxes, left, top, canvas);
}

/** Boxes some pixels further right and down, in another image. */
function moved(boxes: BoundingBoxes, x: number, y: number, canvas: { height: number; width: number }): BoundingBoxes {
  const shift = boxes.format === 'XYXY' ? [x, y, x, y] : [x, y, 0, 0];
  const { dtype, device, format, clampingMode } = boxes;
  const there = boxes.add(tensor(shift, { dtype, device }));
  const cut = clampBoxes(there, format, canvas, clampingMode);
  return boxes.like(cut, { canvasSize: [canvas.height, canvas.width] });
}

/** Puts a border around: see {@link Padding} for its widths. Negative ones cut off. */
export function pad<T extends Tensor>(
  input: T,
  ...rest: Arguments<[padding: Padding], { padding: Padding } & PadOptions, ['padding', 'fill', 'paddingMode']>
): T {
  const { padding, fill, paddingMode } = readOptions<Required<PadOptions> & { padding: Padding }>(
    'pad',
    { padding: required, fill: null, paddingMode: 'constant' },
    rest,
  );
  checkPaddingMode('pad', paddingMode);
  checkFill('pad', fill);
  const borders = bordersOf('pad', padding);
  const one = typeof fill === 'number' ? fill : fill === null ? 0 : fill.length === 1 ? (fill[0] as number) : null;
  return dispatch('pad', input, {
    image: (image) => {
      if (one !== null) return padImage(image, borders, one, paddingMode);
      if (paddingMode === 'constant') return padByChannel(image, borders, fill as readonly number[]);
      throw valueError(`pad(): expected one number for argument \`fill\` in the mode '${paddingMode}'`);
    },
    mask: (mask) => {
      if (!Array.isArray(fill)) return padImage(mask, borders, one ?? 0, paddingMode);
      throw valueError('pad(): expected one number for argument `fill` of a mask');
    },
    boxes: (boxes) => {
      if (paddingMode === 'constant') return padBoxes(boxes, borders);
      throw valueError(`pad(): expected 'constant' for argument \`paddingMode\` of boxes, received '${paddingMode}'`);
    },
  });
}

function cropBoxes(boxes: BoundingBoxes, { top, left, height, width }: Region): BoundingBoxes {
  const { format, dtype, device, clampingMode } = boxes;
  const shift = format === 'XYXY' ? [left, top, left, top] : [left, top, 0, 0];
  const there = boxes.sub(tensor(shift, { dtype, device }));
  return boxes.like(clampBoxes(there, format, { height, width }, clampingMode), { canvasSize: [height, width] });
}

/** The part at (top, left) of height and width; what of it is beyond the image is 0. A view where nothing is. */
export function crop<T extends Tensor>(input: T, ...rest: CropArguments): T {
  return cropTo('crop', input, readCrop(rest));
}

function cropTo<T extends Tensor>(callee: string, input: T, region: Region): T {
  const part = (image: Tensor): Tensor => cropImage(image, region);
  return dispatch(callee, input, { image: part, mask: part, boxes: (boxes) => cropBoxes(boxes, region) });
}

/** The middle of the image; where it is smaller than the crop, black is put around it first. */
export function centerCrop<T extends Tensor>(input: T, ...rest: CenterCropArguments): T {
  const size = readCenterCrop(rest);
  const middle = (image: Tensor): Tensor => centerCropImage(image, size);
  return dispatch('centerCrop', input, {
    image: middle,
    mask: middle,
    boxes: (boxes) => {
      const [height, width] = size;
      return cropBoxes(boxes, { ...centreOf(...boxes.canvasSize, size), height, width });
    },
  });
}

/** The part at (top, left) of height and width, resized. Masks by nearest neighbours. */
export function resizedCrop<T extends Tensor>(input: T, ...rest: ResizedCropArguments): T {
  const { region, size, options } = readResizedCrop(rest);
  const part = cropTo('resizedCrop', input, region);
  // Of masks always by the plain mode, whatever is asked for: as Python has it.
  return dispatch('resizedCrop', part, {
    image: (image) => resize(image, size, options),
    mask: (mask) => resize(mask, size, { ...options, interpolation: 'nearest' }),
    boxes: (boxes) => resize(boxes, size),
  });
}
