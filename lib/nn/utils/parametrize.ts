/** Tensors of modules that are computed from others (`torch.nn.utils.parametrize`). */
import { noGrad } from '../../autograd';
import { checkString, valueError } from '../../engine';
import type { Tensor } from '../../tensor';
import { type Arguments, readTail, required, type Tail } from '../../tensor/tail';
import type { AnyModule } from '../module';
import { ModuleDict } from '../module-dict';
import { checkModule } from '../module-sequence';
import { Buffer, Parameter } from '../parameter';
import { deleteSlot } from '../slots';
import { checkResult, inverted, type Parametrization, ParametrizationList } from './parametrization-list';
import { computed } from './parametrize-cache';

export { type Parametrization, ParametrizationList } from './parametrization-list';
export { cached, cachedAsync } from './parametrize-cache';

/** What a module with a parametrized tensor has besides. */
export interface Parametrized {
  /** The parametrizations by the tensor's name in the state dict. */
  readonly parametrizations: ModuleDict<Record<string, ParametrizationList>>;
}

/** @inline */
interface RegisterArguments {
  tensorName: string;
  parametrization: Parametrization;
  unsafe?: boolean;
}

/**
 * Has a parameter or buffer of a module computed: by the forward of `parametrization`, at every use, from a tensor that is
 * trained in its place (`register_parametrization`). More of them on one tensor are applied in the order of registration.
 *
 * The property becomes an accessor of the object; assigning to it goes the way back, by the parametrization's
 * `rightInverse`. The tensor that was there becomes `parametrizations.NAME.original`, the same object, so that an optimizer
 * goes on with it; where `rightInverse` returns several tensors, they are new parameters, `original0` and so on. The class
 * becomes one that is named `Parametrized…`, as Python prints it.
 *
 * @param tensorName the property's name or the one in the state dict
 * @param unsafe shape and dtype may become others, and nothing is checked
 * @returns the module
 * @throws ArgumentError for a name that the module has no parameter or buffer of; for a parametrization that returns no
 *   tensor, or unless `unsafe` one of another shape or dtype
 *
 * @example
 * ```ts
 * class Symmetric extends nn.Module {
 *   forward(x: torch.Tensor): torch.Tensor {
 *     return x.triu().add(x.triu(1).mT);
 *   }
 * }
 * const layer = nn.utils.parametrize.registerParametrization(new nn.Linear(3, 3), 'weight', new Symmetric());
 * console.log(torch.equal(layer.weight, layer.weight.mT)); // true
 * console.log([...layer.stateDict().keys()].join(' ')); // bias parametrizations.weight.original
 * ```
 */
export function registerParametrization<M extends AnyModule>(
  module: M,
  ...rest: Arguments<
    [tensorName: string, parametrization: Parametrization],
    RegisterArguments,
    ['tensorName', 'parametrization', 'unsafe']
  >
): M & Parametrized {
  const { tensorName, parametrization, unsafe } = readTail<Required<RegisterArguments>>(
    'registerParametrization',
    { tensorName: required, parametrization: required, unsafe: false },
    rest,
  );
  checkArguments('registerParametrization', module, tensorName);
  checkModule('registerParametrization', parametrization);
  parametrization.train(module.training);
  const known = listOf(module, tensorName);
  if (known !== null) {
    if (!unsafe) checkNext(known.forward(), parametrization);
    known.append(parametrization);
    known.unsafe ||= unsafe;
    return module as M & Parametrized;
  }
  const property = module.propertyOf(tensorName);
  const original: unknown = property === null ? null : Reflect.get(module, property);
  if (property === null || !(original instanceof Parameter || original instanceof Buffer)) {
    throw valueError(
      `Module '${module.toString()}' does not have a parameter, a buffer, or a parametrized element with name '${tensorName}'`,
    );
  }
  const list = new ParametrizationList([parametrization], original, unsafe);
  deleteSlot(module, property);
  if (!isParametrized(module)) {
    Object.setPrototypeOf(module, parametrizedClass(module.constructor as ModuleClass).prototype as object);
    Reflect.set(module, 'parametrizations', new ModuleDict());
  }
  const name = module.nameOf(property);
  // Of the object, for other objects of the class have other tensors parametrized; on `this`, since copies take it over.
  Object.defineProperty(module, property, {
    configurable: true,
    enumerable: false,
    get(this: Parametrized) {
      return computed(this.parametrizations.at(name));
    },
    set(this: Parametrized, value: Tensor) {
      this.parametrizations.at(name).rightInverse(value);
    },
  });
  (module as unknown as Parametrized).parametrizations.set(name, list);
  return module as M & Parametrized;
}

/** True where the tensor of this name is parametrized, or without a name where any of the module's own is. */
export function isParametrized<M extends AnyModule>(
  module: M,
  ...rest: Tail<{ tensorName?: string | null }, ['tensorName']>
): module is M & Parametrized {
  checkModule('isParametrized', module);
  const { tensorName } = readTail<{ tensorName: string | null }>('isParametrized', { tensorName: null }, rest);
  if (tensorName !== null) {
    checkString('isParametrized', 'tensorName', tensorName);
    return listOf(module, tensorName) !== null;
  }
  const dict = dictOf(module);
  return dict !== null && dict.length > 0;
}

/**
 * Makes an ordinary parameter or buffer of a parametrized tensor again (`remove_parametrizations`).
 *
 * @param leaveParametrized its value becomes that which is computed now; with false, that of the tensor that it is computed
 *   from, which must be one only
 * @returns the module
 * @throws ArgumentError for a tensor that is not parametrized, or with `leaveParametrized` false depends on several
 */
export function removeParametrizations<M extends AnyModule>(
  module: M,
  ...rest: Arguments<
    [tensorName: string],
    { tensorName: string; leaveParametrized?: boolean },
    ['tensorName', 'leaveParametrized']
  >
): M {
  const { tensorName, leaveParametrized } = readTail<{ tensorName: string; leaveParametrized: boolean }>(
    'removeParametrizations',
    { tensorName: required, leaveParametrized: true },
    rest,
  );
  checkArguments('removeParametrizations', module, tensorName);
  const list = listOf(module, tensorName);
  const property = module.propertyOf(tensorName);
  if (list === null || property === null) {
    throw valueError(`Module ${module.toString()} does not have a parametrization on ${tensorName}`);
  }
  if (!list.isTensor && !leaveParametrized) {
    throw valueError(
      'Cannot leave unparametrized (`leaveParametrized` false) a tensor that is parametrized in terms of a sequence of tensors.',
    );
  }
  const restored = list.isTensor ? restoredOriginal(list, leaveParametrized) : newTensor(list);
  const dict = (module as unknown as Parametrized).parametrizations;
  deleteSlot(module, property);
  dict.delete(module.nameOf(property));
  Object.defineProperty(module, property, { value: restored, writable: true, enumerable: true, configurable: true });
  if (dict.length === 0) {
    Reflect.deleteProperty(module, 'parametrizations');
    Object.setPrototypeOf(module, Object.getPrototypeOf(Object.getPrototypeOf(module)) as object);
  }
  return module;
}

/** The class that a module had before tensors of it were parametrized (`type_before_parametrizations`). */
export function typeBeforeParametrizations(module: AnyModule): abstract new (...args: never[]) => AnyModule {
  checkModule('typeBeforeParametrizations', module);
  const type = module.constructor as ModuleClass;
  return isParametrized(module) ? (Object.getPrototypeOf(type) as ModuleClass) : type;
}

/**
 * Parametrizes tensors of a module by the same modules as another's, and has it compute them from the same tensors
 * (`transfer_parametrizations_and_params`). Tensors that it lacks are made.
 *
 * @param tensorName the only tensor to transfer; all parametrized ones by default
 * @returns the module that they are transferred to
 */
export function transferParametrizationsAndParams<M extends AnyModule>(
  fromModule: AnyModule,
  toModule: M,
  ...rest: Tail<{ tensorName?: string | null }, ['tensorName']>
): M {
  const { tensorName } = readTail<{ tensorName: string | null }>(
    'transferParametrizationsAndParams',
    { tensorName: null },
    rest,
  );
  checkModule('transferParametrizationsAndParams', fromModule);
  checkModule('transferParametrizationsAndParams', toModule);
  if (!isParametrized(fromModule)) return toModule;
  for (const name of tensorName === null ? [...fromModule.parametrizations.keys()] : [tensorName]) {
    const from = listOf(fromModule, name);
    if (from === null) throw valueError(`Module ${fromModule.toString()} does not have a parametrization on ${name}`);
    const property = fromModule.propertyOf(name) as string;
    if (toModule.propertyOf(name) === null) Reflect.set(toModule, property, new Parameter(from.forward()));
    for (const parametrization of from) registerParametrization(toModule, property, parametrization);
    const to = listOf(toModule, name) as ParametrizationList;
    for (const [original, tensor] of from.members())
      if (original.startsWith('original')) Reflect.set(to, original, tensor);
  }
  return toModule;
}

type ModuleClass = new (...args: never[]) => AnyModule;

const classes = new WeakMap<ModuleClass, ModuleClass>();

/** The class below another that tells that an object of it has parametrized tensors. */
function parametrizedClass(type: ModuleClass): ModuleClass {
  const known = classes.get(type);
  if (known !== undefined) return known;
  const name = `Parametrized${type.name}`;
  const made = { [name]: class extends (type as unknown as new () => object) {} }[name] as unknown as ModuleClass;
  classes.set(type, made);
  return made;
}

function dictOf(module: AnyModule): ModuleDict<Record<string, ParametrizationList>> | null {
  const dict: unknown = Reflect.get(module, 'parametrizations');
  return dict instanceof ModuleDict ? (dict as ModuleDict<Record<string, ParametrizationList>>) : null;
}

function listOf(module: AnyModule, tensorName: string): ParametrizationList | null {
  const dict = dictOf(module);
  const property = module.propertyOf(tensorName);
  const name = property === null ? tensorName : module.nameOf(property);
  return dict?.has(name) ? dict.at(name) : null;
}

/** Refuses a parametrization that would make another kind of tensor of one that is parametrized already. */
function checkNext(tensor: Tensor, parametrization: Parametrization): void {
  const output: unknown = parametrization.forward(tensor);
  checkResult(output, tensor);
  checkResult(inverted(parametrization, output as Tensor), tensor);
}

function restoredOriginal(list: ParametrizationList, leaveParametrized: boolean): Tensor {
  const [original] = list.originals() as [Tensor];
  // The same object, so that an optimizer made before goes on with it.
  if (leaveParametrized) noGrad(() => original.set_(list.forward()));
  return original;
}

function newTensor(list: ParametrizationList): Tensor {
  const tensor = list.forward();
  return tensor.requiresGrad ? new Parameter(tensor) : new Buffer(tensor);
}

function checkArguments(callee: string, module: AnyModule, tensorName: string): void {
  checkModule(callee, module);
  checkString(callee, 'tensorName', tensorName);
}
