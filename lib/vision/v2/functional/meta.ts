/** Sizes of inputs of every kind. */
import { checkTensor } from '../../../engine';
import type { Tensor } from '../../../tensor';
import { dimensions } from '../../kernels/image';
import { BoundingBoxes } from '../../tv-tensors';
import { dispatch } from './dispatch';

/** Number of channels, height and width of an image (`get_dimensions`). */
export function getDimensions(input: Tensor): [channels: number, height: number, width: number] {
  dispatch('getDimensions', input, { image: (image) => image });
  const { channels, height, width } = dimensions(input);
  return [channels, height, width];
}

/** Number of channels of an image (`get_num_channels`). */
export function getNumChannels(input: Tensor): number {
  return getDimensions(input)[0];
}

/** Height and width of an image or a mask; of boxes, those of the image that they lie in (`get_size`). */
export function getSize(input: Tensor): [height: number, width: number] {
  checkTensor('getSize()', 'input', input);
  if (input instanceof BoundingBoxes) return [...input.canvasSize];
  const { height, width } = dimensions(input);
  return [height, width];
}
