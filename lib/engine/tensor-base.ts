import type { Handle } from './binding';
import { uncloneable } from './uncloneable';

const STAYS = uncloneable(
  'a Tensor stays in the thread that made it: send tensor.toTypedArray() or tensor.toBytes() with its shape and dtype, ' +
    'and call tensor() or frombytes() there',
);

/**
 * The handle of a tensor that has no shape yet, and so no elements: a parameter of a lazy module. The last one that there could
 * be, so that the native table finds nothing under it.
 */
export const UNINITIALIZED: Handle = Number.MAX_SAFE_INTEGER;

/**
 * What the engine knows of a tensor: an object that owns a handle. The class `Tensor` derives from it, and scopes and
 * error messages find tensors by it without importing that class from above.
 */
export class TensorBase {
  /** @internal Index into the native table; set once, right after the native call that made the tensor. */
  declare handle: Handle;
  /** @internal Refuses to be cloned or sent; see uncloneable.ts. */
  declare readonly stays: typeof STAYS;

  // Not by initializers of the fields: V8 runs those by a call of its own, for each tensor.
  constructor() {
    this.handle = 0;
    this.stays = STAYS;
  }
}
