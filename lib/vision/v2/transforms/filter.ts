/** Blurring, noise, and erasing a part: of images only, masks and boxes stay. */
import type { Tensor } from '../../../tensor';
import { uniform } from '../../kernels/draws';
import type { Region } from '../../kernels/draws';
import {
  drawErasing,
  type GaussianBlurArguments,
  type RandomErasingTail,
  readBlurBounds,
  readErasing,
} from '../../v1/transforms/regions';
import * as functional from '../functional';
import { type GaussianNoiseTail, readNoise } from '../functional/filter';
import { queryChw } from '../inputs';
import { ImageTransform, RandomImageTransform } from './color';
import { floatRepr } from '../../../nn/repr';
import { type Shown, valueRepr } from '../../printing';

/** Blurs by a Gaussian of a random standard deviation. */
export class GaussianBlur extends ImageTransform<number> {
  readonly kernelSize: readonly [x: number, y: number];
  readonly sigma: readonly [low: number, high: number];

  /** @param args - `kernelSize`, odd numbers along x and y, and `sigma` */
  constructor(...args: GaussianBlurArguments) {
    super();
    const { kernelSize, sigma } = readBlurBounds(args);
    this.kernelSize = kernelSize;
    this.sigma = sigma;
  }

  protected override makeParams(): number {
    return uniform(this.sigma[0], this.sigma[1]);
  }

  protected override transform(image: Tensor, sigma: number): Tensor {
    return functional.gaussianBlur(image, this.kernelSize, [sigma, sigma]);
  }
}

/** Adds normal noise, other noise to each image. */
export class GaussianNoise extends ImageTransform {
  readonly mean: number;
  readonly sigma: number;
  readonly clip: boolean;

  constructor(...rest: GaussianNoiseTail) {
    super();
    const { mean, sigma, clip } = readNoise('GaussianNoise', rest);
    this.mean = mean;
    this.sigma = sigma;
    this.clip = clip;
  }

  protected override transform(image: Tensor): Tensor {
    return functional.gaussianNoise(image, this.mean, this.sigma, this.clip);
  }

  protected override shown(): Shown {
    return { ...super.shown(), mean: floatRepr(this.mean) };
  }
}

/** Erases a random rectangle, with probability `p`. */
export class RandomErasing extends RandomImageTransform<(Region & { value: Tensor }) | null> {
  readonly scale: readonly [low: number, high: number];
  readonly ratio: readonly [low: number, high: number];
  readonly value: number | readonly number[] | 'random';
  readonly inplace: boolean;

  constructor(...rest: RandomErasingTail) {
    const { p, scale, ratio, value, inplace } = readErasing(rest);
    super(p);
    this.scale = scale;
    this.ratio = ratio;
    this.value = value;
    this.inplace = inplace;
  }

  protected override makeParams(inputs: readonly unknown[]): (Region & { value: Tensor }) | null {
    return drawErasing(queryChw(inputs), this);
  }

  protected override transform(image: Tensor, region: (Region & { value: Tensor }) | null): Tensor {
    if (region === null) return image;
    const { top, left, height, width, value } = region;
    return functional.erase(image, top, left, height, width, value, this.inplace);
  }

  protected override shown(): Shown {
    const { value } = this;
    return {
      ...super.shown(),
      value: value === 'random' ? null : valueRepr(typeof value === 'number' ? [value] : value, true),
    };
  }
}
