/** What modules ask of autocast, as Python's ask it. */
import { binding } from '../engine';

/** `torch.is_autocast_enabled()` without an argument: CUDA's, wherever the tensors are. */
export function isCudaAutocastEnabled(): boolean {
  return binding.isAutocastEnabled('cuda');
}

/** True where the ops of any kind of device cast. */
export function isAnyAutocastEnabled(): boolean {
  return ['cpu', 'cuda', 'xpu', 'mps'].some((deviceType) => binding.isAutocastEnabled(deviceType));
}
