/** Switches of autograd, each for the length of a function call. */

import { binding, refusePromise } from '../engine';

/** Autograd records ops: `torch.is_grad_enabled`. */
export function isGradEnabled(): boolean {
  return binding.isGradEnabled();
}

/** Inference mode is on: `torch.is_inference_mode_enabled`. */
export function isInferenceModeEnabled(): boolean {
  return binding.isInferenceMode();
}

function withGrad<T>(enabled: boolean, fn: () => T, name: string): T {
  const before = binding.isGradEnabled();
  binding.setGradEnabled(enabled);
  try {
    const result = fn();
    refusePromise(result, name);
    return result;
  } finally {
    binding.setGradEnabled(before);
  }
}

/**
 * Runs `fn` without recording: `torch.no_grad`.
 *
 * @throws AsyncError if `fn` returns a promise
 */
export function noGrad<T>(fn: () => T): T {
  return withGrad(false, fn, 'noGrad');
}

/** Runs `fn` with recording, inside of {@link noGrad}: `torch.enable_grad`. */
export function enableGrad<T>(fn: () => T): T {
  return withGrad(true, fn, 'enableGrad');
}

/** Switches recording for good, or for the length of `fn`: `torch.set_grad_enabled`. */
export function setGradEnabled(enabled: boolean): void;
export function setGradEnabled<T>(enabled: boolean, fn: () => T): T;
export function setGradEnabled<T>(enabled: boolean, fn?: () => T): T | void {
  if (fn !== undefined) return withGrad(enabled, fn, 'setGradEnabled');
  binding.setGradEnabled(enabled);
}

/**
 * Runs `fn` in inference mode: no recording, and tensors that can never take part in it. `torch.inference_mode`.
 *
 * @throws AsyncError if `fn` returns a promise
 */
export function inferenceMode<T>(fn: () => T, enabled = true): T {
  const depth = binding.inferenceModeEnter(enabled);
  try {
    const result = fn();
    refusePromise(result, 'inferenceMode');
    return result;
  } finally {
    binding.inferenceModeExit(depth);
  }
}
