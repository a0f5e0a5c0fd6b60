/** Tensors that say what they are: `torchvision.tv_tensors`. */
import { ArgumentError, checkTensor, describe } from '../../engine';
import type { Tensor } from '../../tensor';
import { TVTensor } from './tv-tensor';

export { BoundingBoxes, type BoundingBoxesOptions, type BoundingBoxFormat, type ClampingMode } from './bounding-boxes';
export { Image } from './image';
export { Mask } from './mask';
export { TVTensor, type TVTensorOptions } from './tv-tensor';

/** A tensor as another of the kind of `like`, with what belongs to that (`tv_tensors.wrap`). Shares the memory. */
export function wrap<T extends TVTensor>(tensor: Tensor, like: T): T {
  checkTensor('wrap()', 'tensor', tensor);
  if (like instanceof TVTensor) return like.like(tensor);
  throw new ArgumentError(`wrap(): expected a tvTensor for argument \`like\`, received ${describe(like)}`);
}
