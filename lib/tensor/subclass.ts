import { binding } from '../engine';
import { debug, recordCreation } from '../engine/debug';
import { remember } from '../engine/nursery';
import type { Tensor } from './tensor';

const alias = binding.opSchema('aten::alias')?.id ?? -1;

/**
 * @internal Makes `tensor`, of a class derived from Tensor, the owner of a view of all of `data`: `Tensor.as_subclass`. The
 * door of the ops would make a plain Tensor the owner.
 */
export function becomeView(tensor: Tensor, data: Tensor): void {
  tensor.handle = binding.call(alias, data.handle) as number;
  remember(tensor, tensor.handle);
  if (debug.enabled) recordCreation(tensor.handle);
}
