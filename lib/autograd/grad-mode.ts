/** Switches of autograd, each for the length of a function call. */

import { binding } from '../engine';
import { withMode, withModeAsync } from './mode';

/** Autograd records ops: `torch.is_grad_enabled`. */
export function isGradEnabled(): boolean {
  return binding.isGradEnabled();
}

/** Inference mode is on: `torch.is_inference_mode_enabled`. */
export function isInferenceModeEnabled(): boolean {
  return binding.isInferenceMode();
}

/** Switches recording, and returns what puts it back. */
function enterGrad(enabled: boolean): () => void {
  const before = binding.isGradEnabled();
  binding.setGradEnabled(enabled);
  return () => binding.setGradEnabled(before);
}

function enterInference(enabled: boolean): () => void {
  const depth = binding.inferenceModeEnter(enabled);
  return () => binding.inferenceModeExit(depth);
}

/**
 * Runs `fn` without recording: `torch.no_grad`.
 *
 * @throws AsyncError if `fn` returns a promise; see {@link noGradAsync}
 *
 * @example
 * ```ts
 * const w = torch.ones([2], { requiresGrad: true });
 * console.log(torch.noGrad(() => w.mul(2)).requiresGrad); // false
 * ```
 */
export function noGrad<T>(fn: () => T): T {
  return withMode(() => enterGrad(false), fn, 'noGrad');
}

/** Runs `fn` with recording, inside of {@link noGrad}: `torch.enable_grad`. */
export function enableGrad<T>(fn: () => T): T {
  return withMode(() => enterGrad(true), fn, 'enableGrad');
}

/** Switches recording for good, or for the length of `fn`: `torch.set_grad_enabled`. */
export function setGradEnabled(enabled: boolean): void;
export function setGradEnabled<T>(enabled: boolean, fn: () => T): T;
export function setGradEnabled<T>(enabled: boolean, fn?: () => T): T | void {
  if (fn !== undefined) return withMode(() => enterGrad(enabled), fn, 'setGradEnabled');
  binding.setGradEnabled(enabled);
}

/**
 * Runs `fn` in inference mode: no recording, and tensors that can never take part in it. `torch.inference_mode`.
 *
 * @throws AsyncError if `fn` returns a promise; see {@link inferenceModeAsync}
 */
export function inferenceMode<T>(fn: () => T, enabled = true): T {
  return withMode(() => enterInference(enabled), fn, 'inferenceMode');
}

/**
 * As {@link noGrad} for an asynchronous function: all that it does until its promise settles goes unrecorded, what it
 * awaits or schedules included, and nothing that runs in between.
 *
 * The mode is switched around each of its continuations, by Node's async_hooks, which every promise of the program pays
 * for while such a call is under way.
 */
export function noGradAsync<T>(fn: () => PromiseLike<T> | T): Promise<T> {
  return withModeAsync(() => enterGrad(false), fn, 'noGradAsync');
}

/** As {@link enableGrad} for an asynchronous function; see {@link noGradAsync}. */
export function enableGradAsync<T>(fn: () => PromiseLike<T> | T): Promise<T> {
  return withModeAsync(() => enterGrad(true), fn, 'enableGradAsync');
}

/** As {@link setGradEnabled} for an asynchronous function; see {@link noGradAsync}. */
export function setGradEnabledAsync<T>(enabled: boolean, fn: () => PromiseLike<T> | T): Promise<T> {
  return withModeAsync(() => enterGrad(enabled), fn, 'setGradEnabledAsync');
}

/** As {@link inferenceMode} for an asynchronous function; see {@link noGradAsync}. */
export function inferenceModeAsync<T>(fn: () => PromiseLike<T> | T, enabled = true): Promise<T> {
  return withModeAsync(() => enterInference(enabled), fn, 'inferenceModeAsync');
}
