/** Blurring, and erasing a part. */
import { describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { empty, float32, type Tensor, tensor } from '../../../tensor';
import { type Arguments, required, type Tail } from '../../../tensor/tail';
import * as functional from '../functional';
import { boundsOf, checkProbability } from '../../kernels/arguments';
import { eraseImage } from '../../kernels/crop';
import { drawErasure, happens, type Region, uniform } from '../../kernels/draws';
import { type KernelSize, kernelSizeOf } from '../../kernels/filter';
import { type Dimensions, dimensions } from '../../kernels/image';
import type { ChanceOptions, Transform } from './transform';
import { Printed } from '../../printing';

/** Options of {@link GaussianBlur}. */
export interface GaussianBlurOptions {
  /** Bounds of the standard deviation in pixels, or one number for both; the default is 0.1 to 2. */
  sigma?: number | readonly [both: number] | readonly [low: number, high: number];
}

/** The arguments of a GaussianBlur. @inline */
export type GaussianBlurArguments = Arguments<
  [kernelSize: KernelSize],
  { kernelSize: KernelSize } & GaussianBlurOptions,
  ['kernelSize', 'sigma']
>;

/** What it keeps. */
export interface BlurBounds {
  readonly kernelSize: readonly [x: number, y: number];
  readonly sigma: readonly [low: number, high: number];
}

/** Reads and checks them. */
export function readBlurBounds(args: GaussianBlurArguments): BlurBounds {
  const name = 'GaussianBlur';
  const { kernelSize, sigma } = readOptions<Required<GaussianBlurOptions> & { kernelSize: KernelSize }>(
    name,
    { kernelSize: required, sigma: [0.1, 2] },
    args,
    ['sigma'],
  );
  const list = typeof sigma === 'number' ? [sigma, sigma] : sigma;
  return {
    kernelSize: kernelSizeOf(name, kernelSize),
    sigma: boundsOf(name, 'sigma', list, Number.MIN_VALUE),
  };
}

/** Blurs by a Gaussian of a random standard deviation. Draws one number. */
export class GaussianBlur extends Printed implements Transform {
  readonly kernelSize: readonly [x: number, y: number];
  readonly sigma: readonly [low: number, high: number];

  /** @param args - `kernelSize`, odd numbers along x and y, and `sigma` */
  constructor(...args: GaussianBlurArguments) {
    super();
    const { kernelSize, sigma } = readBlurBounds(args);
    this.kernelSize = kernelSize;
    this.sigma = sigma;
  }

  /** Draws the standard deviation. */
  getParams(): number {
    return uniform(this.sigma[0], this.sigma[1]);
  }

  forward(image: Tensor): Tensor {
    dimensions(image, 3);
    const sigma = this.getParams();
    return functional.gaussianBlur(image, this.kernelSize, [sigma, sigma]);
  }
}

/** Options of {@link RandomErasing}. */
export interface RandomErasingOptions extends ChanceOptions {
  /** Bounds of the share of the area; the default is 0.02 to 0.33. */
  scale?: readonly [low: number, high: number];
  /** Bounds of the aspect ratio; the default is 0.3 to 3.3. */
  ratio?: readonly [low: number, high: number];
  /** One number, one for each channel, or `'random'` for normal noise; the default is 0. */
  value?: number | readonly number[] | 'random';
  /** Write into the image itself. */
  inplace?: boolean;
}

/** The arguments of a RandomErasing. @inline */
export type RandomErasingTail = Tail<RandomErasingOptions, ['p', 'scale', 'ratio', 'value', 'inplace']>;

/** What a RandomErasing keeps. */
export interface Erasing {
  readonly p: number;
  readonly scale: readonly [low: number, high: number];
  readonly ratio: readonly [low: number, high: number];
  readonly value: number | readonly number[] | 'random';
  readonly inplace: boolean;
}

/** Reads and checks them. */
export function readErasing(rest: RandomErasingTail): Erasing {
  const name = 'RandomErasing';
  const options = readOptions<Required<RandomErasingOptions>>(
    name,
    { p: 0.5, scale: [0.02, 0.33], ratio: [0.3, 3.3], value: 0, inplace: false },
    rest,
    ['value'],
  );
  const { p, value, inplace } = options;
  checkProbability(name, p);
  const list = typeof value === 'number' ? [value] : value;
  const isList = Array.isArray(list) && list.length > 0 && list.every((x) => typeof x === 'number');
  if (!isList && list !== 'random') {
    throw valueError(
      `${name}(): expected a number, a list of numbers or 'random' for argument \`value\`, received ${describe(value)}`,
    );
  }
  return {
    p,
    scale: boundsOf(name, 'scale', options.scale, 0, 1),
    ratio: boundsOf(name, 'ratio', options.ratio, Number.MIN_VALUE),
    value,
    inplace,
  };
}

/** Draws what is erased, and with what; null where no rectangle fits. */
export function drawErasing(
  image: Dimensions,
  { scale, ratio, value: given }: Erasing,
): (Region & { value: Tensor }) | null {
  const { channels } = image;
  const value = typeof given === 'number' ? [given] : given;
  if (value !== 'random' && value.length !== 1 && value.length !== channels) {
    throw valueError(
      `expected one number, or one for each of ${channels} channels, for argument \`value\`, received ${describe(value)}`,
    );
  }
  return drawErasure(image, scale, ratio, (height, width) =>
    value === 'random'
      ? empty([channels, height, width], { dtype: float32 }).normal_()
      : tensor([...value], { dtype: float32 }).view([-1, 1, 1]),
  );
}

/** Erases a random rectangle, with probability `p`. Draws one number, and five or more where it happens. */
export class RandomErasing extends Printed implements Transform {
  readonly p: number;
  readonly scale: readonly [low: number, high: number];
  readonly ratio: readonly [low: number, high: number];
  readonly value: number | readonly number[] | 'random';
  readonly inplace: boolean;

  constructor(...rest: RandomErasingTail) {
    super();
    const { p, scale, ratio, value, inplace } = readErasing(rest);
    this.p = p;
    this.scale = scale;
    this.ratio = ratio;
    this.value = value;
    this.inplace = inplace;
  }

  forward(image: Tensor): Tensor {
    const size = dimensions(image, 3);
    if (!happens(this.p)) return image;
    const erasing = drawErasing(size, this);
    if (erasing === null) return this.inplace ? image : image.clone();
    return eraseImage(image, erasing, erasing.value, this.inplace);
  }
}
