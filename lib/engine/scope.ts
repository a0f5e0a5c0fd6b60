/** Deterministic lifetimes: a scope frees what was made in it, but what it returns or keeps. */

import { checkFunction, checkTensor } from './arguments';
import type { Handle } from './binding';
import { debug, recordDisposal, recordScopeEnd } from './debug';
import { AsyncError } from './errors';
import { binding } from './gate';
import { TensorBase } from './tensor-base';

/** True for promises and everything else with a `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/**
 * Throws for a promise, and names the `asynchronous` form where there is one: work after its first `await` would run outside of what `name` sets up.
 *
 * @internal
 */
export function refusePromise(value: unknown, name: string, asynchronous?: string): void {
  if (!isThenable(value)) return;
  // Its own failure would otherwise end the process as an unhandled rejection, beside the error below.
  value.then(undefined, () => undefined);
  throw new AsyncError(
    `${name}() takes a synchronous function, but this one returned a promise: after its first \`await\` it would run ` +
      `outside of ${name}(). ` +
      (asynchronous === undefined
        ? `Await first and give ${name}() the synchronous part.`
        : `Call ${asynchronous}(), or await first and give ${name}() the synchronous part.`),
  );
}

/** Collects the tensors in a value: in arrays, Maps, Sets and the own properties of objects, however deep. */
function tensorsIn(value: unknown, found: Set<Handle>, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof TensorBase) {
    found.add(value.handle);
    return;
  }
  if (ArrayBuffer.isView(value) || seen.has(value)) return;
  seen.add(value);
  if (Array.isArray(value) || value instanceof Set) {
    // Only what is there of a long array: one of holes takes no memory, but minutes to walk over.
    const elements = Array.isArray(value) && value.length > 100_000 ? Object.values<unknown>(value) : value;
    for (const element of elements) tensorsIn(element, found, seen);
  } else if (value instanceof Map) {
    for (const [key, element] of value) {
      tensorsIn(key, found, seen);
      tensorsIn(element, found, seen);
    }
  }
  // A class instance, such as a module, holds its tensors in its properties.
  if (!Array.isArray(value)) for (const element of Object.values(value)) tensorsIn(element, found, seen);
}

/** Live tensors in a value, see {@link scope}. */
export function liveTensorsIn(value: unknown): Handle[] {
  const found = new Set<Handle>();
  tensorsIn(value, found, new Set());
  return [...found].filter((handle) => binding.isAlive(handle));
}

/**
 * Runs `fn` and frees every tensor made in it, but those in its result and those given to {@link keep}.
 *
 * Tensors in the result are found in arrays, Maps, Sets and the properties of objects, to any depth; not in closures,
 * generators or private fields. They belong to the scope around, where there is one. Everything is freed as well if
 * `fn` throws.
 *
 * @throws AsyncError if `fn` returns a promise; its tensors are freed. {@link scopeAsync} takes such a function.
 *
 * @example
 * ```ts
 * const x = torch.ones([3]);
 * const total = torch.scope(() => x.mul(2).sum()); // x.mul(2) is freed, the sum is not
 * console.log(total.item()); // 6
 * ```
 */
export function scope<T>(fn: () => T): T {
  return scopeOf(fn, 'scope');
}

/**
 * {@link scope} under another name for the error.
 *
 * @internal
 */
export function scopeOf<T>(fn: () => T, name: string): T {
  checkFunction(name, 'fn', fn);
  const depth = binding.scopeEnter();
  let kept: Handle[] = [];
  try {
    const result = fn();
    refusePromise(result, name);
    kept = liveTensorsIn(result);
    return result;
  } finally {
    binding.scopeExit(depth, kept);
    if (debug.enabled) recordScopeEnd((handle) => binding.isAlive(handle));
  }
}

/**
 * Takes a tensor out of all scopes: it lives until it is disposed or nothing refers to it. Returns it.
 *
 * @example
 * ```ts
 * let best: torch.Tensor | undefined;
 * torch.scope(() => {
 *   best = torch.keep(torch.ones([2]).mul(3));
 * });
 * console.log(best); // tensor([3., 3.])
 * ```
 */
export function keep<T extends TensorBase>(tensor: T): T {
  checkTensor('keep()', 'tensor', tensor);
  binding.keep(tensor.handle);
  return tensor;
}

/**
 * Frees tensors at once; those freed already are passed over.
 *
 * @example
 * ```ts
 * const x = torch.ones([2]);
 * torch.dispose(x);
 * console.log(x.isDisposed); // true
 * ```
 */
export function dispose(...tensors: readonly TensorBase[]): void {
  for (const tensor of tensors) {
    checkTensor('dispose()', 'tensors', tensor);
    const { handle } = tensor;
    if (debug.enabled) recordDisposal(handle);
    binding.dispose(handle);
  }
}
