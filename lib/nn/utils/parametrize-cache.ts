import { withModeAsync } from '../../autograd/async-mode';
import { checkFunction, refusePromise } from '../../engine';
import type { Tensor } from '../../tensor';
import type { ParametrizationList } from './parametrization-list';

/** What was computed since the outermost `cached` began; null outside of any. */
let current: WeakMap<ParametrizationList, Tensor> | null = null;

function enter(cache: WeakMap<ParametrizationList, Tensor>): () => void {
  const previous = current;
  current = cache;
  return () => {
    current = previous;
  };
}

/**
 * Runs `fn` with each parametrized tensor computed once, where it would be computed at every use: `with cached():` of
 * `torch.nn.utils.parametrize`.
 *
 * @throws AsyncError if `fn` returns a promise: {@link cachedAsync} is for that
 *
 * @example
 * ```ts
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 2));
 * console.log(layer.weight === layer.weight); // false
 * console.log(nn.utils.parametrize.cached(() => layer.weight === layer.weight)); // true
 * ```
 */
export function cached<T>(fn: () => T): T {
  checkFunction('cached', 'fn', fn);
  const leave = enter(current ?? new WeakMap());
  try {
    const result = fn();
    refusePromise(result, 'cached');
    return result;
  } finally {
    leave();
  }
}

/** {@link cached} for an asynchronous function: until its promise settles, and for nothing that runs in between. */
export function cachedAsync<T>(fn: () => PromiseLike<T> | T): Promise<T> {
  const cache = current ?? new WeakMap<ParametrizationList, Tensor>();
  return withModeAsync(() => enter(cache), fn, 'cachedAsync');
}

/** @internal The tensor that a list computes, or what it computed before. */
export function computed(list: ParametrizationList): Tensor {
  const known = current?.get(list);
  // A scope may have ended since.
  if (known !== undefined && !known.isDisposed) return known;
  const tensor = list.forward();
  current?.set(list, tensor);
  return tensor;
}
