/** Blurring, noise, and erasing a part. Images only. */
import { describe, valueError } from '../../../engine';
import { readOptions } from '../../../nn/arguments';
import { float32, isFloatingDType, linspace, randnLike, type Tensor } from '../../../tensor';
import type { Tail } from '../../../tensor/tail';
import { type EraseArguments, readErase } from '../../kernels/calls';
import { eraseImage } from '../../kernels/crop';
import { type BlurArguments, blurImage, type GaussianKernel, readBlur } from '../../kernels/filter';
import { checkFactor, dimensions } from '../../kernels/image';
import { dispatch } from './dispatch';

const kernel: GaussianKernel = (size, sigma, dtype, { device }) => {
  const along = (axis: 0 | 1): Tensor => {
    const limit = (size[axis] - 1) / (2 * Math.sqrt(2));
    const places = linspace(-limit, limit, size[axis], { dtype, device });
    return places.div(sigma[axis]).pow(2).neg().softmax(0);
  };
  return along(1).unsqueeze(-1).mul(along(0));
};

/** Blurs by a Gaussian, the image mirrored at its edges. */
export function gaussianBlur<T extends Tensor>(input: T, ...rest: BlurArguments): T {
  const options = readBlur(rest);
  return dispatch('gaussianBlur', input, {
    image: (image) => (image.numel() === 0 ? image : blurImage(image, options, kernel)),
  });
}

/** Options of {@link gaussianNoise}. */
export interface GaussianNoiseOptions {
  /** 0 by default. */
  mean?: number;
  /** Standard deviation, where full light is 1; 0.1 by default. */
  sigma?: number;
  /** Keep the result within the range of the image; true by default. */
  clip?: boolean;
}

/** The arguments of {@link gaussianNoise} after the input. @inline */
export type GaussianNoiseTail = Tail<GaussianNoiseOptions, ['mean', 'sigma', 'clip']>;

/** Reads and checks them. */
export function readNoise(callee: string, rest: GaussianNoiseTail): Required<GaussianNoiseOptions> {
  const options = readOptions(callee, { mean: 0, sigma: 0.1, clip: true }, rest);
  checkFactor('sigma', options.sigma);
  return options;
}

/** Adds normal noise to floats or bytes. Draws one number for each value. */
export function gaussianNoise<T extends Tensor>(input: T, ...rest: GaussianNoiseTail): T {
  const { mean, sigma, clip } = readNoise('gaussianNoise', rest);
  return dispatch('gaussianNoise', input, {
    image: (image) => {
      if (isFloatingDType(image.dtype)) {
        const noisy = image.add(randnLike(image).mul(sigma).add(mean));
        return clip ? noisy.clamp(0, 1) : noisy;
      }
      if (image.dtype !== 'uint8') {
        throw valueError(`expected an image of uint8 or floats for argument \`input\`, received ${describe(image)}`);
      }
      const noise = randnLike(image, { dtype: float32 })
        .mul(sigma * 255)
        .add(mean * 255)
        .to('int16');
      const noisy = image.add(noise);
      return (clip ? noisy.clamp(0, 255) : noisy).to('uint8');
    },
  });
}

/**
 * Writes `v` over the rectangle at (i, j) of height h and width w, on a copy, or with `inplace` on the image itself.
 *
 * @param rest - `i`, `j`, `h`, `w`, and `v`: what can be broadcast to `[…, C, h, w]`
 */
export function erase<T extends Tensor>(input: T, ...rest: EraseArguments): T {
  const { region, v, inplace } = readErase(rest);
  return dispatch('erase', input, {
    image: (image) => {
      dimensions(image);
      return eraseImage(image, region, v, inplace);
    },
  });
}
