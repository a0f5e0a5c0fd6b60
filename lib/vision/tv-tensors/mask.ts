import { readOptions } from '../../nn/arguments';
import type { NestedData, Tensor } from '../../tensor';
import { tensorOf, TV_DEFAULTS, TVTensor, type TVTensorOptions } from './tv-tensor';

/**
 * What is where: `[…, H, W]`, one class for each pixel, or one map for each object (`torchvision.tv_tensors.Mask`).
 * Transforms of places move it as the image, never between values; those of colours leave it.
 */
export class Mask extends TVTensor {
  /** @param data - a tensor, or numbers in nested lists */
  constructor(data: Tensor | NestedData, options: TVTensorOptions = {}) {
    super(tensorOf('Mask', data, readOptions<Required<TVTensorOptions>>('Mask', TV_DEFAULTS, [options])));
  }

  override like(tensor: Tensor): this {
    return new Mask(tensor) as this;
  }
}
