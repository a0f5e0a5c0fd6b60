/** What every benchmark on our side shares: repeatable timing, peak memory, one JSON line as the result. */
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

export const { peakRssBytes } = library('engine/peak-memory');

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
