/** Gradient clipping (`torch.nn.utils.clip_grad_norm_` and `clip_grad_value_`), by the foreach ops that Python takes. */
import { noGrad } from '../autograd';
import { checkIterable, checkObject, checkTensor, TorchError } from '../engine';
import { callOp, stack, Tensor, tensor } from '../tensor';

/**
 * Scales the gradients, all by one factor, so that their norm is at most `maxNorm`.
 *
 * @param options.normType p of the p-norm; Infinity is the largest magnitude
 * @param options.errorIfNonfinite refuse a norm that is NaN or infinite, rather than spread it over all gradients
 * @returns the norm before, a tensor without dimensions
 *
 * @example
 * ```ts
 * const w = torch.ones([2], { requiresGrad: true });
 * w.mul(3).sum().backward();
 * optim.clipGradNorm_([w], 1);
 * console.log(w.grad); // tensor([0.7071, 0.7071])
 * ```
 */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  options: { normType?: number; errorIfNonfinite?: boolean } = {},
): Tensor {
  checkObject('clipGradNorm_', 'options', options);
  const { normType = 2, errorIfNonfinite = false } = options;
  return noGrad(() => {
    const grads = gradientsOf(parameters);
    if (grads.length === 0) return tensor(0, { dtype: 'float32' });
    const norms = callOp<Tensor[]>('aten::_foreach_norm.Scalar', [grads, normType]);
    const total = callOp<Tensor>('aten::linalg_vector_norm', [stack(norms), normType]);
    if (errorIfNonfinite && !Number.isFinite(total.item())) {
      throw new TorchError(
        `The total norm of order ${normType} for gradients from \`parameters\` is non-finite, so it cannot be clipped; ` +
          'with errorIfNonfinite false they are scaled by it anyway',
      );
    }
    // The factor is applied even where it is 1, as Python does to spare a GPU the wait for it.
    const factor = total.add(1e-6).reciprocal().mul(maxNorm).clamp({ max: 1 });
    callOp('aten::_foreach_mul_.Tensor', [grads, factor]);
    return total;
  });
}

/** Brings every element of the gradients into [−clipValue, clipValue]. */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  noGrad(() => {
    const grads = gradientsOf(parameters);
    if (grads.length === 0) return;
    callOp('aten::_foreach_clamp_min_.Scalar', [grads, -clipValue]);
    callOp('aten::_foreach_clamp_max_.Scalar', [grads, clipValue]);
  });
}

function gradientsOf(parameters: Tensor | Iterable<Tensor>): Tensor[] {
  // A tensor can be iterated over, too: its rows.
  checkIterable('clipGrad', 'parameters', parameters);
  const gradients: Tensor[] = [];
  for (const parameter of parameters instanceof Tensor ? [parameters] : parameters) {
    checkTensor('clipGrad()', 'parameters', parameter);
    const { grad } = parameter;
    if (grad !== null) gradients.push(grad);
  }
  return gradients;
}
