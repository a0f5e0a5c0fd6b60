/**
 * Debug mode: every tensor remembers where it was made and where it was freed. Off, it costs one test per op; on, a
 * stack trace per tensor. Switched on by `setDebug(true)` or the environment variable LIBTORCH_NODE_DEBUG=1.
 */

import type { Handle, NativeBinding } from './binding';

interface Site {
  readonly created: string;
  freed: string | null;
}

/** Freed tensors whose sites are still known; older ones are forgotten, so that a long debug run stays small. */
const REMEMBERED = 100_000;

const sites = new Map<Handle, Site>();
const freed: Handle[] = [];

/** @internal Read by the door of the ops; change it by {@link setDebug}. */
export const debug = { enabled: process.env['LIBTORCH_NODE_DEBUG'] === '1' };

/** Switches debug mode on or off. Tensors made before are not known by site. */
export function setDebug(enabled: boolean): void {
  debug.enabled = enabled;
  if (enabled) return;
  sites.clear();
  freed.length = 0;
}

/** True in debug mode. */
export function isDebug(): boolean {
  return debug.enabled;
}

/** @internal The caller's frames: those of this library and of Node.js are left out, unless nothing else remains. */
export function userStack(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 32;
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = limit;
  const foreign = frames.filter(
    (frame) => !/[\\/](lib|dist)[\\/](engine|tensor|autograd)[\\/]|node:internal/.test(frame),
  );
  return (foreign.length > 0 ? foreign : frames).slice(0, 8).join('\n');
}

/** @internal */
export function recordCreation(handle: Handle): void {
  if (handle !== 0) sites.set(handle, { created: userStack(), freed: null });
}

function forgetOldest(): void {
  if (freed.length <= REMEMBERED) return;
  for (const handle of freed.splice(0, REMEMBERED / 2)) sites.delete(handle);
}

/** @internal */
export function recordDisposal(handle: Handle): void {
  const site = sites.get(handle);
  if (site === undefined || site.freed !== null) return;
  site.freed = userStack();
  freed.push(handle);
  forgetOldest();
}

/** @internal Marks what the end of a scope freed. */
export function recordScopeEnd(isAlive: (handle: Handle) => boolean): void {
  const stack = userStack();
  for (const [handle, site] of sites) {
    if (site.freed !== null || isAlive(handle)) continue;
    site.freed = `    (the end of a scope, or the garbage collection before it)\n${stack}`;
    freed.push(handle);
  }
  forgetOldest();
}

/** @internal Where the tensor was made and freed, as lines for an error message; empty if unknown. */
export function describeSite(handle: Handle): string {
  const site = sites.get(handle);
  if (site === undefined) {
    return debug.enabled ? '' : '\nRun with LIBTORCH_NODE_DEBUG=1, or call setDebug(true), to see where it was freed.';
  }
  const lines = `\nmade at\n${site.created}`;
  return site.freed === null ? lines : `\nfreed at\n${site.freed}${lines}`;
}

/** What one place in the program has made that is alive. */
export interface SiteUsage {
  readonly tensors: number;
  /** Of the storages whose first live tensor was made there: a view adds nothing. */
  readonly bytes: number;
}

/** @internal Live tensors by the frame that made them, most bytes first. */
export function liveSites(native: Pick<NativeBinding, 'isAlive' | 'storageOf'>): Record<string, SiteUsage> {
  const usage = new Map<string, SiteUsage>();
  const seen = new Set<number>();
  for (const [handle, site] of sites) {
    if (!native.isAlive(handle)) continue;
    const frame = site.created.split('\n', 1)[0]?.trim() ?? 'unknown';
    const { tensors, bytes } = usage.get(frame) ?? { tensors: 0, bytes: 0 };
    const storage = native.storageOf(handle);
    const counts = storage !== null && !seen.has(storage.id);
    if (counts) seen.add(storage.id);
    usage.set(frame, { tensors: tensors + 1, bytes: bytes + (counts ? storage.bytes : 0) });
  }
  return Object.fromEntries([...usage].sort(([, a], [, b]) => b.bytes - a.bytes || b.tensors - a.tensors));
}
