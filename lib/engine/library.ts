/** The loaded libtorch, its threads and its devices. */

import type { LibraryInfo } from './binding';
import { describe } from './describe';
import { ArgumentError } from './errors';
import { binding } from './gate';

/** Versions of libtorch, loaded and compiled against, the CPU's capability, and whether CUDA could be loaded. */
export function libraryInfo(): LibraryInfo {
  return binding.libraryInfo();
}

/** Threads that one op may use: `torch.get_num_threads`. The count decides the last bits of large sums. */
export function getNumThreads(): number {
  return binding.getNumThreads();
}

/** `torch.set_num_threads`. */
export function setNumThreads(count: number): void {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new ArgumentError(
      `expected a positive integer for argument \`count\`, received ${describe(count)}`,
      'TORCH_VALUE',
    );
  }
  binding.setNumThreads(count);
}

/**
 * Runs `fn` with so many threads inside one op, and puts the count back. For work that other threads compete with: an
 * op's threads wait for the slowest of them, so that a busy core costs more than the other one gains.
 *
 * @internal
 */
export function withNumThreads<T>(count: number, fn: () => T): T {
  const before = binding.getNumThreads();
  if (before === count) return fn();
  binding.setNumThreads(count);
  try {
    return fn();
  } finally {
    binding.setNumThreads(before);
  }
}
