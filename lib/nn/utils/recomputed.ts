/** Tensors that a hook computes before each forward and leaves in a property of the module, where PyTorch's programs read them. */
import { enableGrad } from '../../autograd';
import { binding, dispose, keep } from '../../engine';
import { debug, recordCreation } from '../../engine/debug';
import { remember } from '../../engine/nursery';
import type { Tensor } from '../../tensor';
import type { AnyModule } from '../module';
import { Buffer, Parameter } from '../parameter';

/**
 * Puts a tensor into the property that outlives the scope of the forward: programs read it, and the next computation may.
 * @param before what was put there last, and is let go
 */
export function putComputed(module: AnyModule, property: string, tensor: Tensor, before?: Tensor): void {
  keep(tensor);
  if (before !== undefined) letGo(before, tensor);
  Reflect.set(module, property, tensor);
}

const alias = binding.opSchema('aten::alias')?.id ?? -1;

/**
 * Undoes `keep` for what `next` takes the place of: it goes with the scope that is open now, or by V8's collector where
 * none is, as if it were made here. Not at once, for the program may hold it, and its graph.
 */
export function letGo(tensor: Tensor, next: Tensor): void {
  // What a user's own method has computed may live on elsewhere.
  if (tensor === next || tensor instanceof Parameter || tensor instanceof Buffer || tensor.isDisposed) return;
  const { handle } = tensor;
  // In any mode of gradients: an alias without them would be cut off from the graph.
  const made = enableGrad(() => binding.call(alias, handle) as number);
  dispose(tensor);
  tensor.handle = made;
  remember(tensor, made);
  if (debug.enabled) recordCreation(made);
}
