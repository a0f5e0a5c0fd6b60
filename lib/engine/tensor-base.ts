import type { Handle } from './binding';

/**
 * What the engine knows of a tensor: an object that owns a handle. The class `Tensor` derives from it, and scopes and
 * error messages find tensors by it without importing that class from above.
 */
export class TensorBase {
  /** @internal Index into the native table; set once, right after the native call that made the tensor. */
  handle: Handle = 0;
}
