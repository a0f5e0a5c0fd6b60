/** What every benchmark on our side shares: repeatable timing, peak memory, one JSON line as the result. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const load = createRequire(import.meta.url);

/**
 * A module of the compiled library, such as `index` or `models`.
 * @param {string} name
 */
export function library(name = 'index') {
  return load(path.join(root, 'dist', name));
}

/** The options of the runner, as JSON in the first argument. */
export function options() {
  return JSON.parse(process.argv[2] ?? '{}');
}

/** Most bytes of memory that this process has held: VmHWM on Linux, which `getrusage` reports too. */
export function peakRssBytes() {
  try {
    const line = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (line) return Number(line[1]) * 1024;
  } catch {
    // No /proc on this system.
  }
  return process.resourceUsage().maxRSS * 1024;
}

/**
 * The fastest of several batches of `calls` calls, after one batch to warm up.
 * @param {(calls: number) => void} body
 * @param {number} calls
 * @param {number} batches
 */
export function nanosecondsPerCall(body, calls, batches) {
  let best = Infinity;
  for (let batch = 0; batch <= batches; batch++) {
    const began = performance.now();
    body(calls);
    const elapsed = performance.now() - began;
    if (batch > 0) best = Math.min(best, elapsed);
  }
  return (best / calls) * 1e6;
}

/** @param {object} fields */
export function result(fields) {
  process.stdout.write(`${JSON.stringify({ peakRssBytes: peakRssBytes(), ...fields })}\n`);
}
