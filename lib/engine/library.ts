/** The loaded libtorch, its threads and its devices. */

import type { LibraryInfo } from './binding';
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
      `expected a positive integer for argument \`count\`, received ${String(count)}`,
      'TORCH_VALUE',
    );
  }
  binding.setNumThreads(count);
}

/** `torch.cuda`, as far as it is there. */
export const cuda = {
  /** A CUDA build of libtorch is loaded and sees a GPU. `libraryInfo().cudaReason` says why not. */
  isAvailable: (): boolean => binding.cudaIsAvailable(),
  deviceCount: (): number => binding.cudaDeviceCount(),
  /** Waits until all work on the device is done. */
  synchronize: (device = 'cuda'): void => binding.synchronize(device),
} as const;
