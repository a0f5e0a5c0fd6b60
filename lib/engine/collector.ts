/** V8's garbage collector, by which the native table finds out which tensors a program has dropped. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Functions that collect young objects only, and everything. */
export interface Collectors {
  readonly young: () => void;
  readonly all: () => void;
}

/**
 * The collectors; where this engine offers none, functions that do nothing.
 *
 * Node shows `gc` only to contexts that are made while the flag is set; so it is set for one, and no global appears in
 * the user's program. Without it a synchronous loop is still swept, but only when V8 collects of itself: later, and with
 * several times the memory.
 */
export function collectors(): Collectors {
  // The flag is the process's: a thread that starts at the same moment may take it away in between.
  for (let attempt = 0; attempt < 20; attempt++) {
    const found = look();
    if (found !== null) return found;
  }
  return { young: () => undefined, all: () => undefined };
}

function look(): Collectors | null {
  try {
    setFlagsFromString('--expose-gc');
    const found: unknown = runInNewContext(
      'typeof gc === "function" ? { young: () => gc({ type: "minor" }), all: () => gc() } : null',
    );
    return found as Collectors | null;
  } catch {
    return null;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
