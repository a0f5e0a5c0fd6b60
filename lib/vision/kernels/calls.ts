/** The arguments after the image of the functions that v1 and v2 have alike: by place, or any tail of them by name. */
import { checkInteger, checkTensor } from '../../engine';
import { readOptions } from '../../nn/arguments';
import type { Tensor } from '../../tensor';
import { type Arguments, required } from '../../tensor/tail';
import { pairOf, type Size } from './arguments';
import type { Region } from './draws';

/** @inline */
export type BrightnessArguments = Arguments<
  [brightnessFactor: number],
  { brightnessFactor: number },
  ['brightnessFactor']
>;
/** @inline */
export type ContrastArguments = Arguments<[contrastFactor: number], { contrastFactor: number }, ['contrastFactor']>;
/** @inline */
export type SaturationArguments = Arguments<
  [saturationFactor: number],
  { saturationFactor: number },
  ['saturationFactor']
>;
/** @inline */
export type SharpnessArguments = Arguments<[sharpnessFactor: number], { sharpnessFactor: number }, ['sharpnessFactor']>;
/** @inline */
export type HueArguments = Arguments<[hueFactor: number], { hueFactor: number }, ['hueFactor']>;
/** @inline */
export type PosterizeArguments = Arguments<[bits: number], { bits: number }, ['bits']>;
/** @inline */
export type SolarizeArguments = Arguments<[threshold: number], { threshold: number }, ['threshold']>;

/** Reads the only argument of one of these, which the function checks. */
export function readOne(callee: string, name: string, args: readonly unknown[]): number {
  return readOptions<Record<string, number>>(callee, { [name]: required }, args)[name] as number;
}

/** @inline */
export type GammaArguments = Arguments<[gamma: number], { gamma: number; gain?: number }, ['gamma', 'gain']>;

/** Reads them. */
export function readGamma(args: GammaArguments): { readonly gamma: number; readonly gain: number } {
  return readOptions<{ gamma: number; gain: number }>('adjustGamma', { gamma: required, gain: 1 }, args);
}

/** @inline */
export type CropArguments = Arguments<
  [top: number, left: number, height: number, width: number],
  Region,
  ['top', 'left', 'height', 'width']
>;

const REGION = { top: required, left: required, height: required, width: required };

/** Reads and checks them. */
export function readCrop(args: CropArguments): Region {
  const region = readOptions<Region>('crop', REGION, args);
  checkRegion('crop', region);
  return region;
}

/** Refuses a rectangle of other than whole numbers: its place, then its sides. */
export function checkRegion(callee: string, region: object): void {
  Object.entries(region).forEach(([name, value], k) => {
    checkInteger(callee, name, value, k < 2 ? undefined : 0);
  });
}

/** The arguments of {@link readErase}, under Python's names. @inline */
export interface EraseOptions {
  i: number;
  j: number;
  h: number;
  w: number;
  v: Tensor;
  inplace?: boolean;
}

/** @inline */
export type EraseArguments = Arguments<
  [i: number, j: number, h: number, w: number, v: Tensor],
  EraseOptions,
  ['i', 'j', 'h', 'w', 'v', 'inplace']
>;

/** Reads and checks them. */
export function readErase(args: EraseArguments): {
  readonly region: Region;
  readonly v: Tensor;
  readonly inplace: boolean;
} {
  const { v, inplace, ...region } = readOptions<Required<EraseOptions>>(
    'erase',
    { i: required, j: required, h: required, w: required, v: required, inplace: false },
    args,
  );
  checkRegion('erase', region);
  checkTensor('erase()', 'v', v);
  return { region: { top: region.i, left: region.j, height: region.h, width: region.w }, v, inplace };
}

/** @inline */
export type CenterCropArguments = Arguments<[outputSize: Size], { outputSize: Size }, ['outputSize']>;

/** Reads and checks them. */
export function readCenterCrop(args: CenterCropArguments): [height: number, width: number] {
  const { outputSize } = readOptions<{ outputSize: Size }>('centerCrop', { outputSize: required }, args);
  return pairOf('centerCrop', 'outputSize', outputSize);
}

/** The one argument of crops in the middle and at the corners. @inline */
export type SizeArguments = Arguments<[size: Size], { size: Size }, ['size']>;

/** Reads and checks it. */
export function readSize(callee: string, args: SizeArguments): [height: number, width: number] {
  return pairOf(callee, 'size', readOptions<{ size: Size }>(callee, { size: required }, args).size);
}

/** The arguments of ten crops: with `verticalFlip` the mirror image is top and bottom, not left and right. @inline */
export type TenCropArguments = Arguments<
  [size: Size],
  { size: Size; verticalFlip?: boolean },
  ['size', 'verticalFlip']
>;

/** Reads and checks them. */
export function readTenCrop(
  callee: string,
  args: TenCropArguments,
): { readonly size: [height: number, width: number]; readonly verticalFlip: boolean } {
  const defaults = { size: required, verticalFlip: false };
  const { size, verticalFlip } = readOptions<{ size: Size; verticalFlip: boolean }>(callee, defaults, args);
  return { size: pairOf(callee, 'size', size), verticalFlip };
}
