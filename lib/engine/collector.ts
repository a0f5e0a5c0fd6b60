/** V8's collector of young objects, by which the native table finds out which tensors a loop has dropped. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * A function that collects young objects, or null where this engine offers none.
 *
 * Node shows `gc` only to contexts that are made while the flag is set; so it is set for one, and no global appears in
 * the user's program. Without it a synchronous loop is still swept, but only when V8 collects of itself: later, and with
 * several times the memory.
 */
export function youngCollector(): (() => void) | null {
  try {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('typeof gc === "function" ? () => gc({ type: "minor" }) : null');
    return typeof collect === 'function' ? (collect as () => void) : null;
  } catch {
    return null;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
