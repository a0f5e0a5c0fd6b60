import os from 'node:os';

/**
 * What the program sets in its environment unless the user did: both are read once, when the first thread starts.
 * @param workers threads that make batches
 */
export function processSettings(workers = 0): Record<'OMP_WAIT_POLICY' | 'UV_THREADPOOL_SIZE', string> {
  const cores = os.availableParallelism();
  return {
    // Threads that wait for work by spinning take the processor from the very thread they wait for as soon as anything
    // else runs on the machine: measured, twelve times slower.
    OMP_WAIT_POLICY: 'passive',
    // Images that are not small are decoded on these threads while the JavaScript thread transforms others. More of them
    // than cores only contend for libvips's locks, and leave the JavaScript thread too small a share: measured, a third
    // slower. Workers share them, and each of them keeps one busy: with fewer, workers wait for each other's images.
    UV_THREADPOOL_SIZE: String(Math.max(workers, Math.min(4, cores - 1), 1)),
  };
}

/** Sets them. To be called before the native library is loaded and before any file is read asynchronously. */
export function applyProcessSettings(workers = 0): void {
  for (const [name, value] of Object.entries(processSettings(workers))) process.env[name] ??= value;
}
