/** Work on the compute thread, while the event loop goes on. */

import { checkFunction, checkSignal } from './arguments';
import { binding, fromRejection } from './gate';
import { scopeOf } from './scope';

/** Options of the functions that compute on the compute thread. */
export interface ComputeOptions {
  /** Aborts before the work and between its ops; the promise is rejected with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs `fn` at once, but has its ops computed on a thread of their own, one after the other, and waits for them without
 * holding up the event loop:
 *
 * ```ts
 * const model = new nn.Linear(4, 2);
 * const logits = await torch.computeAsync(() => model.forward(torch.ones([8, 4])));
 * console.log(logits.shape); // [ 8, 2 ]
 * ```
 *
 * As on a GPU, an op in `fn` returns before it is computed. Shapes and dtypes are known at once. What needs more waits for
 * it, and holds up the event loop meanwhile: reading values (`item`, `tolist`), and asking for the shape of a result
 * where that depends on values (`nonzero`, a boolean mask as an index) or where libtorch cannot tell it beforehand. The
 * bits are those of the same code outside. Gradient mode, inference mode, device and number of threads are those of each
 * call.
 *
 * `fn` is a {@link scope} of its own: tensors outside of its result are freed when they are no longer needed. Backward
 * passes and optimizer steps can be computed like that, too (`backwardAsync`, `stepAsync`); gradients cannot be read until
 * the promise is settled.
 *
 * @throws AsyncError (as a rejection) where `fn` returns a promise or calls `computeAsync`; what an op throws, with the
 * op's name
 */
export async function computeAsync<T>(fn: () => T, options: ComputeOptions = {}): Promise<T> {
  checkFunction('computeAsync', 'fn', fn);
  const signal = checkSignal('computeAsync', options);
  signal?.throwIfAborted();
  stopAtExit();
  binding.regionEnter();
  let result: T;
  try {
    result = scopeOf(fn, 'computeAsync');
  } catch (error) {
    const { id, promise } = binding.regionExit();
    binding.regionCancel(id);
    // The error of `fn` is the one to tell, when nothing that it queued runs any more.
    await promise.catch(() => undefined);
    throw error;
  }
  const { id, promise } = binding.regionExit();
  const cancel = (): void => binding.regionCancel(id);
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    await promise;
  } catch (error) {
    signal?.throwIfAborted();
    throw fromRejection(error);
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
  return result;
}

let stopsAtExit = false;

/**
 * process.exit() and uncaught exceptions run no cleanup hooks of addons, and libtorch's own state is torn down beneath a
 * thread that still computes. (The end of a worker thread, which emits no event when it is terminated, does run them.)
 */
function stopAtExit(): void {
  if (stopsAtExit) return;
  stopsAtExit = true;
  process.once('exit', () => binding.computeStop());
}
