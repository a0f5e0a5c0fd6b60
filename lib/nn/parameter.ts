import { noGrad } from '../autograd';
import { ArgumentError, binding, checkObject, describe, dispose, keep } from '../engine';
import { debug, recordCreation } from '../engine/debug';
import { remember } from '../engine/nursery';
import { isComplexDType, isFloatingDType, Tensor } from '../tensor';

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

  /** What Python prints. */
  override toString(): string {
    return `Parameter containing:\n${super.toString()}`;
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

  constructor(data: Tensor, options: { persistent?: boolean } = {}) {
    super();
    checkObject('Buffer', 'options', options);
    const { persistent = true } = options;
    takeOver(this, data);
    this.persistent = persistent;
  }
}

/** @internal The tensor itself as a buffer, with the graph that it may have; one of a class of its own is taken over by a new one. */
export function asBuffer(tensor: Tensor, persistent: boolean): Buffer {
  if (tensor.constructor === Tensor) {
    Object.setPrototypeOf(keep(tensor), Buffer.prototype);
    Object.assign(tensor, { persistent });
  }
  return tensor instanceof Buffer ? tensor : new Buffer(tensor, { persistent });
}

const detach = binding.opSchema('aten::detach')?.id ?? -1;

/** @internal Makes `tensor` the owner of a detached view of the data. The door of the ops would make a plain Tensor its owner. */
export function takeOver(tensor: Tensor, data: Tensor): void {
  if (!(data instanceof Tensor)) {
    throw new ArgumentError(`${tensor.constructor.name}: expected a Tensor for \`data\`, received ${describe(data)}`);
  }
  tensor.handle = noGrad(() => binding.call(detach, data.handle) as number);
  remember(tensor, tensor.handle);
  if (debug.enabled) recordCreation(tensor.handle);
  keep(tensor);
}

/**
 * @internal Gives a tensor other contents, where libtorch would not set its data: from or to the meta device. What it had is
 * freed, its gradient too.
 */
export function replaceContents(tensor: Parameter | Buffer, data: Tensor): void {
  const { requiresGrad } = tensor;
  dispose(tensor);
  takeOver(tensor, data);
  tensor.requiresGrad = requiresGrad;
}
