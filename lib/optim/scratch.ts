/** Ops on tensors that a step has made for itself. */

import type { Tensor } from '../tensor';

/** They write over their first argument, or make a new tensor where autograd records the step. */
export interface ScratchOps {
  add(tensor: Tensor, other: number): Tensor;
  scale(tensor: Tensor, factor: number): Tensor;
  mul(tensor: Tensor, other: Tensor): Tensor;
  sqrt(tensor: Tensor): Tensor;
  reciprocal(tensor: Tensor): Tensor;
}

const overwriting: ScratchOps = {
  add: (tensor, other) => tensor.add_(other),
  scale: (tensor, factor) => tensor.mul_(factor),
  mul: (tensor, other) => tensor.mul_(other),
  sqrt: (tensor) => tensor.sqrt_(),
  reciprocal: (tensor) => tensor.reciprocal_(),
};

const recorded: ScratchOps = {
  add: (tensor, other) => tensor.add(other),
  scale: (tensor, factor) => tensor.mul(factor),
  mul: (tensor, other) => tensor.mul(other),
  sqrt: (tensor) => tensor.sqrt(),
  reciprocal: (tensor) => tensor.reciprocal(),
};

/** The bits are the same both ways; the memory is not. */
export function scratch(differentiable: boolean): ScratchOps {
  return differentiable ? recorded : overwriting;
}
