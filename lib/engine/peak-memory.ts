import { readFileSync } from 'node:fs';

/**
 * Most bytes of memory that this process has held: VmHWM on Linux. `getrusage` counts what the parent held when it forked,
 * too, which may be much more than the child ever has.
 */
export function peakRssBytes(): number {
  try {
    const line = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (line !== null) return Number(line[1]) * 1024;
  } catch {
    // No /proc on this system.
  }
  return process.resourceUsage().maxRSS * 1024;
}
