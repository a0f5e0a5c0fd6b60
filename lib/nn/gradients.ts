import { noGrad } from '../autograd';
import type { Tensor } from '../tensor';

/**
 * Forgets the gradients of tensors, or fills them with zeros in place (`zero_grad`).
 *
 * The two differ beyond memory: an optimizer passes over a parameter without a gradient, but steps with one of zeros.
 */
export function clearGradients(tensors: Iterable<Tensor>, setToNone: boolean): void {
  for (const tensor of tensors) {
    if (setToNone) {
      tensor.grad = null;
      continue;
    }
    const { grad } = tensor;
    if (grad === null) continue;
    if (grad.gradFn !== null) grad.detach_();
    else grad.requiresGrad_(false);
    noGrad(() => grad.zero_());
  }
}
