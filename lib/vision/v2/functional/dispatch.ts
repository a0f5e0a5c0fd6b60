/** One function for every kind of tensor: what torchvision keeps in a registry of kernels. */
import { ArgumentError, checkTensor, describe } from '../../../engine';
import { isTensor, type Tensor } from '../../../tensor';
import { BoundingBoxes, Image, Mask, TVTensor } from '../../tv-tensors';

/** What a function does with each kind; a kind without a kernel is refused. */
export interface Kernels {
  readonly image: (image: Tensor) => Tensor;
  readonly mask?: (mask: Tensor) => Tensor;
  readonly boxes?: (boxes: BoundingBoxes) => BoundingBoxes;
}

/** Calls the kernel of the input's kind. A tensor that says nothing is an image; the output is of the input's kind. */
export function dispatch<T extends Tensor>(callee: string, input: T, kernels: Kernels): T {
  checkTensor(`${callee}()`, 'input', input);
  const { image, mask, boxes } = kernels;
  if (!(input instanceof TVTensor)) return image(input) as T;
  const output = ofKind(input, kernels);
  if (output !== null) return output as Tensor as T;
  throw new ArgumentError(
    `${callee}(): expected an image${mask ? ', a mask' : ''}${boxes ? ', boxes' : ''} for argument \`input\`, ` +
      `received a ${input.constructor.name}, ${describe(input)}`,
  );
}

/** The output of the kernel for a tvTensor; null where there is none. */
function ofKind(input: TVTensor, { image, mask, boxes }: Kernels): TVTensor | null {
  if (input instanceof BoundingBoxes) return boxes?.(input) ?? null;
  const kernel = input instanceof Image ? image : input instanceof Mask ? mask : undefined;
  const output = kernel?.(input);
  if (output === undefined) return null;
  return output === input ? input : input.like(output);
}

/** A tensor that says nothing of itself. */
export function isPureTensor(value: unknown): value is Tensor {
  return isTensor(value) && !(value instanceof TVTensor);
}
