import { describe, valueError } from '../../engine';
import { readOptions } from '../../nn/arguments';
import type { NestedData, Tensor } from '../../tensor';
import { type DecodedImage, isDecodedImage } from '../decoded-image';
import { pilToTensor } from '../v1/functional/conversion';
import { tensorOf, TV_DEFAULTS, TVTensor, type TVTensorOptions } from './tv-tensor';

/** `[…, C, H, W]` (`torchvision.tv_tensors.Image`). Of two dimensions it makes one channel; of decoded pixels uint8. */
export class Image extends TVTensor {
  /** @param data - a tensor, numbers in nested lists, or decoded pixels */
  constructor(data: Tensor | NestedData | DecodedImage, options: TVTensorOptions = {}) {
    const pixels = isDecodedImage(data) ? pilToTensor(data) : data;
    const tensor = tensorOf('Image', pixels, readOptions<Required<TVTensorOptions>>('Image', TV_DEFAULTS, [options]));
    if (tensor.ndim < 2) throw valueError(`Image(): expected at least two dimensions, received ${describe(tensor)}`);
    super(tensor.ndim === 2 ? tensor.unsqueeze(0) : tensor);
  }

  override like(tensor: Tensor): this {
    return new Image(tensor) as this;
  }
}
