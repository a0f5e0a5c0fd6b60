import type { MemoryInfo } from './binding';
import { debug, liveSites, type SiteUsage } from './debug';
import { binding } from './gate';

/** What {@link memory} reports. */
export interface MemoryReport extends MemoryInfo {
  /** In debug mode: live tensors by the stack frame that made them, most bytes first. */
  readonly sites?: Record<string, SiteUsage>;
}

/**
 * Live tensors of this thread and the bytes of the distinct storages behind them by device, and what libtorch's allocators
 * have handed out in the whole process, now and at the most.
 *
 * @example
 * ```ts
 * const before = torch.memory().tensors;
 * const x = torch.ones([1024]);
 * console.log(torch.memory().tensors - before); // 1
 * x.dispose();
 * ```
 */
export function memory(): MemoryReport {
  const info = binding.memory();
  return debug.enabled ? { ...info, sites: liveSites(binding) } : info;
}

/** Begins a new peak of allocated bytes, on all devices: `torch.cuda.reset_peak_memory_stats`. See {@link memory}. */
export function resetPeak(): void {
  binding.resetPeak();
}

/** Frees every tensor whose JavaScript object was collected, and returns how many. Runs by itself in the course of work. */
export function sweep(): number {
  return binding.sweep();
}
