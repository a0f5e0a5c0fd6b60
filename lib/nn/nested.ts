import type { Tensor } from '../tensor';

/**
 * Tells a nested tensor, a list of tensors of unequal shapes in one: `torch.Tensor.is_nested`. `TransformerEncoder` makes
 * them of padded batches in evaluation, and hands them to its layers. It has dimensions, but no sizes.
 */
export function isNested(tensor: Tensor): boolean {
  // Apart, as it throws for a tensor that was disposed of.
  if (tensor.dim() === 0) return false;
  try {
    return tensor.shape.length === 0;
  } catch {
    return true;
  }
}
