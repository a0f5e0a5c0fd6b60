import { noGrad } from '../autograd';
import { keep } from '../engine';
import { binding } from '../engine/gate';
import { isComplexDType, isFloatingDType, Tensor } from '../tensor';
import { ArgumentError } from '../engine';

/**
 * A tensor that a module trains (`torch.nn.Parameter`): assigned to a property of a module, it is one of the module's
 * parameters. Shares the memory of `data` and begins a graph of its own.
 *
 * It outlives the scope in which it is made: a module must not lose its parameters because it was built, or filled at its
 * first use, inside of one.
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, requiresGrad = true) {
    super();
    takeOver(this, data);
    if (requiresGrad && !isFloatingDType(data.dtype) && !isComplexDType(data.dtype)) {
      throw new ArgumentError(
        `Only Tensors of floating point and complex dtype can require gradients, received ${data.dtype}; give requiresGrad as false`,
      );
    }
    this.requiresGrad = requiresGrad;
  }
}

/**
 * A tensor that belongs to a module's state without being trained (`torch.nn.Buffer`), such as running statistics:
 * assigned to a property of a module, it is one of the module's buffers. Shares the memory of `data`, and outlives the
 * scope in which it is made, as a {@link Parameter} does.
 */
export class Buffer extends Tensor {
  /** It is part of the state dict. */
  readonly persistent: boolean;

  constructor(data: Tensor, { persistent = true } = {}) {
    super();
    takeOver(this, data);
    this.persistent = persistent;
  }
}

/** Makes `tensor` the owner of a detached view of the data. */
function takeOver(tensor: Tensor, data: Tensor): void {
  const detach = binding.opSchema('aten::detach');
  if (detach === null) throw new ArgumentError('this libtorch has no aten::detach');
  tensor.handle = noGrad(() => binding.call(detach.id, tensor, data.handle) as number);
  keep(tensor);
}
