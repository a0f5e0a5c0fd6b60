import { checkString, valueError } from '../../engine';
import { Tensor } from '../../tensor';
import type { AnyModule } from '../module';
import { checkModule } from '../module-sequence';

/** A tensor of a module: the property that it stands in, and its name in the state dict. */
export interface NamedTensor {
  property: string;
  name: string;
  tensor: Tensor;
}

/** The parameter, buffer or computed tensor of a name, which is the property's or PyTorch's. */
export function namedTensor(callee: string, module: AnyModule, name: string): NamedTensor {
  checkModule(callee, module);
  checkString(callee, 'name', name);
  const property = module.propertyOf(name);
  const tensor: unknown = property === null ? null : Reflect.get(module, property);
  if (property === null || !(tensor instanceof Tensor)) {
    throw valueError(`${callee}(): Module '${module.toString()}' has no parameter or buffer with name '${name}'`);
  }
  return { property, name: module.nameOf(property), tensor };
}
