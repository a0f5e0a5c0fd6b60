/** Hooks on tensors. */

import { ArgumentError, binding, describe, TensorBase } from '../engine';
import { adopt } from './dispatch';
import type { Tensor } from './tensor';

/** What a hook may return: something in the place of what it was given, or nothing. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a hook that only looks is of type void
export type HookResult<T> = T | null | undefined | void;

/** Gets a gradient, and may return another one of its shape and dtype to take its place. It must not change its argument. */
export type GradientHook = (grad: Tensor) => HookResult<Tensor>;

/** Takes a hook away again: `torch.utils.hooks.RemovableHandle`. */
export class RemovableHandle {
  #remove: (() => void) | null;

  /** @internal */
  constructor(remove: () => void) {
    this.#remove = remove;
  }

  /** Removes the hook; twice does no harm. A pass that has reached the hook's tensor already still calls it. */
  remove(): void {
    this.#remove?.();
    this.#remove = null;
  }

  /** Removes the hook at the end of a `using` declaration. */
  [Symbol.dispose](): void {
    this.remove();
  }
}

/** @internal */
export function checkHook(hook: unknown, name: string): void {
  if (typeof hook === 'function') return;
  throw new ArgumentError(`${name}(): expected a function for argument \`hook\`, received ${describe(hook)}`);
}

/** @internal */
export function registerHook(tensor: Tensor, hook: GradientHook): RemovableHandle {
  checkHook(hook, 'registerHook');
  const id = binding.registerHook(tensor.handle, (handle) => {
    const result: unknown = hook(adopt<Tensor>(handle));
    if (result === undefined || result === null) return 0;
    if (result instanceof TensorBase) return result.handle;
    throw new ArgumentError(
      `registerHook(): expected the hook to return a Tensor, null or nothing, but it returned ${describe(result)}`,
    );
  });
  return new RemovableHandle(() => binding.removeHook(id));
}

/** @internal */
export function registerPostAccumulateGradHook(tensor: Tensor, hook: (tensor: Tensor) => void): RemovableHandle {
  checkHook(hook, 'registerPostAccumulateGradHook');
  // Weakly: the tensor's memory holds the hook, and would be held by it in turn.
  const reference = new WeakRef(tensor);
  const id = binding.registerPostAccumulateGradHook(tensor.handle, (handle) => {
    const known = reference.deref();
    if (known === undefined || known.isDisposed) hook(adopt<Tensor>(handle));
    else {
      binding.dispose(handle);
      hook(known);
    }
    return 0;
  });
  return new RemovableHandle(() => binding.removeHook(id));
}
