/** Native modes for the length of a function call. */

import { checkFunction, refusePromise } from '../engine';

export { withModeAsync } from './async-mode';

/**
 * Runs a synchronous function in a mode.
 *
 * @internal
 * @param enter enters the mode, and returns what leaves it
 */
export function withMode<T>(enter: () => () => void, fn: () => T, name: string): T {
  checkFunction(name, 'fn', fn);
  const exit = enter();
  try {
    const result = fn();
    refusePromise(result, name, `${name}Async`);
    return result;
  } finally {
    exit();
  }
}
