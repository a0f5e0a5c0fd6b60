/** What modules ask of autocast, as Python's ask it. */
import { binding, cuda } from '../engine';

/** `torch.is_autocast_enabled()` without an argument: CUDA's, wherever the tensors are. */
export function isCudaAutocastEnabled(): boolean {
  // Where there is no CUDA the addon refuses to speak of its autocast, which is off then.
  return cuda.isAvailable() && binding.isAutocastEnabled('cuda');
}

/** True where the ops of any kind of device cast. */
export function isAnyAutocastEnabled(): boolean {
  return ['cpu', 'xpu', 'mps'].some((deviceType) => binding.isAutocastEnabled(deviceType)) || isCudaAutocastEnabled();
}
