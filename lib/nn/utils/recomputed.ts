/** Tensors that a hook computes before each forward and leaves in a property of the module, where PyTorch's programs read them. */
import { enableGrad } from '../../autograd';
import { binding, dispose, keep } from '../../engine';
import { debug, recordCreation } from '../../engine/debug';
import { remember } from '../../engine/nursery';
import type { Tensor } from '../../tensor';
import type { AnyModule } from '../module';
import { Buffer, Parameter } from '../parameter';

/** A property of modules that a hook computes; copies of a module share the hook, and each has a tensor of its own. */
export class Recomputed {
  private readonly last = new WeakMap<AnyModule, Tensor>();

  constructor(private readonly property: string) {}

  /** Puts a tensor there that outlives the scope of the forward, until the next forward puts another. */
  put(module: AnyModule, tensor: Tensor): void {
    const before = this.last.get(module);
    keep(tensor);
    if (before !== undefined) letGo(before, tensor);
    this.last.set(module, tensor);
    Reflect.set(module, this.property, tensor);
  }
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
