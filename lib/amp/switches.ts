/** Autocast's state in this thread, one switch each; {@link autocast} sets them together for the length of a call. */

import { ArgumentError, binding, describe } from '../engine';
import { type DType, isDType } from '../tensor';

/** What kind of device: `cpu`, `cuda`, and others that this library was not tried on. */
export type DeviceType = 'cpu' | 'cuda' | 'xpu' | 'mps';

/** @internal */
export function checkDType(name: string, dtype: DType): void {
  if (isDType(dtype)) return;
  throw new ArgumentError(`${name}(): expected a dtype for argument \`dtype\`, received ${describe(dtype)}`);
}

/** Ops on tensors of this kind of device cast: `torch.is_autocast_enabled`. */
export function isAutocastEnabled(deviceType: DeviceType = 'cuda'): boolean {
  return binding.isAutocastEnabled(deviceType);
}

/** `torch.set_autocast_enabled` */
export function setAutocastEnabled(deviceType: DeviceType, enabled: boolean): void {
  binding.setAutocastEnabled(deviceType, enabled);
}

/** The dtype that ops of this kind of device cast to, at first bfloat16 on the CPU and float16 on CUDA: `torch.get_autocast_dtype`. */
export function getAutocastDtype(deviceType: DeviceType): DType {
  return binding.getAutocastDtype(deviceType) as DType;
}

/** `torch.set_autocast_dtype` */
export function setAutocastDtype(deviceType: DeviceType, dtype: DType): void {
  checkDType('setAutocastDtype', dtype);
  binding.setAutocastDtype(deviceType, dtype);
}

/** Parameters that were cast are kept so until the outermost autocast ends: `torch.is_autocast_cache_enabled`. */
export function isAutocastCacheEnabled(): boolean {
  return binding.isAutocastCacheEnabled();
}

/** `torch.set_autocast_cache_enabled` */
export function setAutocastCacheEnabled(enabled: boolean): void {
  binding.setAutocastCacheEnabled(enabled);
}

/** Forgets the casts that are kept: `torch.clear_autocast_cache`. */
export function clearAutocastCache(): void {
  binding.clearAutocastCache();
}

/** Goes one autocast deeper, and returns how deep that is: `torch.autocast_increment_nesting`. */
export function autocastIncrementNesting(): number {
  return binding.autocastIncrementNesting();
}

/** `torch.autocast_decrement_nesting` */
export function autocastDecrementNesting(): number {
  return binding.autocastDecrementNesting();
}
