import os from 'node:os';

/** What the program sets in its environment unless the user did: both are read once, when the first thread starts. */
export function processSettings(): Record<'OMP_WAIT_POLICY' | 'UV_THREADPOOL_SIZE', string> {
  return {
    // Threads that wait for work by spinning take the processor from the very thread they wait for as soon as anything
    // else runs on the machine: measured, twelve times slower.
    OMP_WAIT_POLICY: 'passive',
    // Images are decoded on these threads while the JavaScript thread transforms others. More of them than cores only
    // contend for libvips's locks, and leave the JavaScript thread too small a share: measured, a third slower.
    UV_THREADPOOL_SIZE: String(Math.min(4, Math.max(1, os.availableParallelism() - 1))),
  };
}

/** Sets them. To be called before the native library is loaded and before any file is read asynchronously. */
export function applyProcessSettings(): void {
  for (const [name, value] of Object.entries(processSettings())) process.env[name] ??= value;
}
