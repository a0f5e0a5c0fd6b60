/** What lazy modules share (`torch.nn.modules.lazy.LazyModuleMixin`): they learn at their first forward what they are. */
import { TorchError } from '../engine';
import type { AnyModule } from './module';
import { isLazy } from './uninitialized';

/** True while a parameter or buffer of the module itself has no shape (`has_uninitialized_params`). */
export function hasUninitialized(module: Pick<AnyModule, 'members'>): boolean {
  return module.members().some(([, member]) => isLazy(member));
}

/**
 * Makes a lazy module one of the class that it stands for, in place, as Python assigns `__class__`: what holds the module
 * holds an ordinary one from then on, which is printed and behaves as such.
 */
export function become(module: AnyModule, type: { readonly prototype: object }): void {
  if (hasUninitialized(module)) {
    throw new TorchError(`module ${module.constructor.name} has not been fully initialized`);
  }
  Object.setPrototypeOf(module, type.prototype);
}
