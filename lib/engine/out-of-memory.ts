/** What an out-of-memory error tells beyond the allocation that failed. */

import type { NativeBinding } from './binding';

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

function amount(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Lines on what is alive and what to do; by now garbage was collected and the allocation tried a second time. */
export function describeUsage(native: Pick<NativeBinding, 'memory' | 'largestTensors'>): string {
  const { tensors, bytes, allocated } = native.memory();
  const byDevice = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([device, count]) => `${amount(count)} on ${device}`)
      .join(', ') || 'nothing';
  const largest = native
    .largestTensors(5)
    .map((tensor) => `[${tensor.shape.join(', ')}] ${tensor.dtype} on ${tensor.device}, ${amount(tensor.bytes)}`);
  return [
    '',
    `  alive in this thread after collecting garbage: ${tensors} tensors, ${byDevice(bytes)}`,
    `  allocated by libtorch in this process: ${byDevice(allocated)}`,
    ...(largest.length === 0 ? [] : ['  the largest:', ...largest.map((line) => `    ${line}`)]),
    '  To use less: free tensors early with scope() or dispose(), run inference in noGrad() or inferenceMode(), take',
    '  smaller batches; memory() in debug mode (setDebug(true)) says which lines of the program made what is alive.',
  ].join('\n');
}
