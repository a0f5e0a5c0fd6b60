/** Anomaly mode: finds the forward call behind a failure of backward. */

import { binding, checkFunction, checkObject, refusePromise } from '../engine';
import { userStack } from '../engine/debug';

export interface AnomalyOptions {
  /** Fail where a gradient is NaN. */
  checkNan?: boolean;
}

/**
 * Switches anomaly detection on or off, for all threads of the process: `torch.autograd.set_detect_anomaly`.
 *
 * While it is on, each node of the graph notes the JavaScript stack that made it, which is slow. An error of backward then
 * names the node and shows that stack, and so does the warning that goes with an error thrown by a hook or a custom
 * function; a NaN in a gradient is an error.
 */
export function setDetectAnomaly(enabled: boolean, options: AnomalyOptions = {}): void {
  checkObject('setDetectAnomaly', 'options', options);
  const { checkNan = true } = options;
  binding.setDetectAnomaly(enabled, checkNan, userStack);
}

/** True while anomaly detection is on: `torch.is_anomaly_enabled`. */
export function isAnomalyEnabled(): boolean {
  return binding.isAnomalyEnabled();
}

/** True if a NaN is an anomaly: `torch.is_anomaly_check_nan_enabled`. */
export function isAnomalyCheckNanEnabled(): boolean {
  return binding.isAnomalyCheckNanEnabled();
}

/**
 * Runs `fn`, a forward pass with its backward, with anomaly detection: `torch.autograd.detect_anomaly`. See
 * {@link setDetectAnomaly}.
 *
 * @throws AsyncError if `fn` returns a promise
 */
export function detectAnomaly<T>(fn: () => T, options: AnomalyOptions = {}): T {
  checkFunction('detectAnomaly', 'fn', fn);
  const before = [isAnomalyEnabled(), isAnomalyCheckNanEnabled()] as const;
  setDetectAnomaly(true, options);
  try {
    const result = fn();
    refusePromise(result, 'detectAnomaly');
    return result;
  } finally {
    setDetectAnomaly(before[0], { checkNan: before[1] });
  }
}
