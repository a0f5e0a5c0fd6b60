/** A tensor's gradient: the object that stands for it, and the pass that computes it. */

import { binding, checkList, checkOptions, checkTensor, TensorBase } from '../engine';
import { adopt } from './dispatch';
import type { Tensor } from './tensor';

/** Options of {@link Tensor.backward}. */
export interface BackwardOptions {
  /** Keeps the graph for another pass; by default what `createGraph` is. */
  retainGraph?: boolean;
  /** Makes gradients that can be differentiated again. */
  createGraph?: boolean;
  /** Only these leaves get gradients. */
  inputs?: readonly Tensor[];
}

/** The object that stands for a tensor's gradient, so that `t.grad === t.grad`. */
const gradients = new WeakMap<TensorBase, Tensor>();

/** The gradient that `backward` summed up in `tensor`, or null. */
export function gradientOf(tensor: Tensor): Tensor | null {
  const known = gradients.get(tensor);
  const previous = known?.handle ?? 0;
  const handle = binding.grad(tensor.handle, previous);
  if (handle === 0) {
    gradients.delete(tensor);
    return null;
  }
  if (known !== undefined && handle === previous) return known;
  const made = adopt<Tensor>(handle);
  gradients.set(tensor, made);
  return made;
}

/** Puts `gradient` in the place of what was summed up. */
export function setGradient(tensor: Tensor, gradient: Tensor | null): void {
  if (gradient !== null) checkTensor('grad', 'gradient', gradient);
  binding.setGrad(tensor.handle, gradient?.handle ?? 0);
  if (gradient === null) gradients.delete(tensor);
  else gradients.set(tensor, gradient);
}

/** See `Tensor.backward`. */
export function backwardFrom(
  tensor: Tensor,
  gradient: Tensor | BackwardOptions | null | undefined,
  options: BackwardOptions,
): void {
  const isTensorGiven = gradient instanceof TensorBase;
  if (!isTensorGiven) checkOptions('backward', gradient ?? {}, ['retainGraph', 'createGraph', 'inputs']);
  checkOptions('backward', options, ['retainGraph', 'createGraph', 'inputs']);
  const given = isTensorGiven ? gradient.handle : 0;
  const { createGraph = false, retainGraph, inputs = [] } = isTensorGiven ? options : { ...gradient, ...options };
  checkList('backward', 'inputs', inputs);
  for (const input of inputs) checkTensor('backward()', 'inputs', input);
  const handles = inputs.map(({ handle }) => handle);
  binding.backward([tensor.handle], [given], retainGraph ?? createGraph, createGraph, handles);
}
