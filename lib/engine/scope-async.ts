/** Scopes of asynchronous functions. */

import { AsyncLocalStorage } from 'node:async_hooks';

import { checkFunction } from './arguments';
import type { Handle, ScopeId } from './binding';
import { debug, recordScopeEnd } from './debug';
import { binding } from './gate';
import { liveTensorsIn } from './scope';

interface AsyncScope {
  readonly id: ScopeId;
  readonly around: AsyncScope | undefined;
  open: boolean;
}

/**
 * The scope that the running code belongs to. Node carries it along awaits, timers and callbacks, so that it is right
 * whatever ran in between. The native table asks for it when it makes a tensor, and only while such a scope is open.
 */
const context = new AsyncLocalStorage<AsyncScope>();

binding.setScopeQuery(() => {
  let scope = context.getStore();
  // Work that outlives its scope belongs to the next one around that is open.
  while (scope !== undefined && !scope.open) scope = scope.around;
  return scope?.id ?? 0;
});

/**
 * {@link scope} for asynchronous functions: runs `fn`, waits for it, and frees every tensor that was made in it, after
 * awaits too, but those in its result and those given to `keep`. What other code makes meanwhile is left alone.
 *
 * What belongs to `fn` is found by its asynchronous context (`AsyncLocalStorage`): everything that it calls or awaits, and
 * the timers and callbacks that it starts. Scopes nest, with {@link scope} too; tensors in the result belong to the scope
 * around, where that is still open. Everything is freed as well if `fn` fails.
 *
 * @example
 * ```ts
 * const total = await torch.scopeAsync(async () => {
 *   const x = torch.ones([3]);
 *   await new Promise((resolve) => setTimeout(resolve, 1));
 *   return x.sum(); // x is freed when this ends
 * });
 * console.log(total.item()); // 3
 * ```
 */
export async function scopeAsync<T>(fn: () => PromiseLike<T> | T): Promise<T> {
  checkFunction('scopeAsync', 'fn', fn);
  const scope: AsyncScope = { id: binding.asyncScopeEnter(), around: context.getStore(), open: true };
  let kept: Handle[] = [];
  try {
    const result = await begin(scope, fn);
    kept = liveTensorsIn(result);
    return result;
  } finally {
    scope.open = false;
    binding.asyncScopeExit(scope.id, kept);
    if (debug.enabled) recordScopeEnd((handle) => binding.isAlive(handle));
  }
}

/** Runs `fn` up to its first await: inside of `scope`, not of the synchronous scopes that its caller is in. */
function begin<T>(scope: AsyncScope, fn: () => PromiseLike<T> | T): PromiseLike<T> | T {
  const base = binding.scopesDetach();
  try {
    return context.run(scope, fn);
  } finally {
    binding.scopesReattach(base);
  }
}
