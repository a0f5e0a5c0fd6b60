import { checkInteger } from '../engine';
import { type Device, type DType, full, type Tensor } from '../tensor';

/** The causal mask: 0 up to a query's own place, and −∞ behind it. */
export function squareSubsequentMask(sz: number, device: Device | null = null, dtype: DType | null = null): Tensor {
  checkInteger('generateSquareSubsequentMask', 'sz', sz, 0);
  return full([sz, sz], -Infinity, { dtype, device }).triu(1);
}

/** True if a mask is the causal one for sequences of this length; what the caller says of it is believed. */
export function detectIsCausalMask(mask: Tensor | null, isCausal: boolean | null, length: number | null): boolean {
  if (isCausal !== null || mask === null) return isCausal === true;
  const causal = squareSubsequentMask(length ?? mask.size(-2), mask.device, mask.dtype);
  return mask.shape.join() === causal.shape.join() && mask.eq(causal).all().item() === 1;
}
