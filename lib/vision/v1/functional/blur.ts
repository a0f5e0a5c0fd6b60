/** Blurring, by v1's arithmetic. */
import { linspace, type Tensor } from '../../../tensor';
import { type BlurArguments, blurImage, type GaussianKernel, readBlur } from '../../kernels/filter';

const kernel: GaussianKernel = (size, sigma, dtype, { device }) => {
  const along = (axis: 0 | 1): Tensor => {
    const half = (size[axis] - 1) * 0.5;
    const places = linspace(-half, half, size[axis], { dtype, device });
    const density = places.div(sigma[axis]).pow(2).mul(-0.5).exp();
    return density.div(density.sum());
  };
  return along(1).unsqueeze(1).mm(along(0).unsqueeze(0));
};

/** Blurs by a Gaussian (`gaussian_blur`), the image mirrored at its edges. */
export function gaussianBlur(image: Tensor, ...rest: BlurArguments): Tensor {
  return blurImage(image, readBlur(rest), kernel);
}
