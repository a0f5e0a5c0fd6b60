import type { MemoryInfo } from './binding';
import { debug, liveSites } from './debug';
import { binding } from './gate';

/** What {@link memory} reports. */
export interface MemoryReport extends MemoryInfo {
  /** In debug mode: the number of live tensors by the stack frame that made them, most first. */
  readonly sites?: Record<string, number>;
}

/** Live tensors of this environment, and the bytes of the distinct storages behind them by device. */
export function memory(): MemoryReport {
  const info = binding.memory();
  return debug.enabled ? { ...info, sites: liveSites((handle) => binding.isAlive(handle)) } : info;
}

/** Frees every tensor whose JavaScript object was collected, and returns how many. Runs by itself in the course of work. */
export function sweep(): number {
  return binding.sweep();
}
