import { noGrad } from '../autograd';
import { ArgumentError } from '../engine';
import { Tensor } from '../tensor';
import { ModuleList, Sequential } from './container';
import { type AnyModule, Module } from './module';
import { snakeCase } from './names';
import { Buffer, Parameter } from './parameter';

/**
 * A module with parameters, buffers and parts of its own, as Python's `copy.deepcopy` makes one; what is shared within the
 * module stays shared, and hooks stay behind.
 *
 * @throws ArgumentError for a class with private members (`#name`): only its constructor makes them, and nobody can tell
 *   what that was called with
 */
export function deepcopy<M extends AnyModule>(module: M): M {
  return noGrad(() => copyOf(module, new Map()) as M);
}

function copyOf(value: unknown, known: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const before = known.get(value);
  if (before !== undefined) return before;
  const remember = <T>(copy: T): T => {
    known.set(value, copy);
    return copy;
  };
  if (value instanceof Parameter) return remember(new Parameter(value.detach().clone(), value.requiresGrad));
  if (value instanceof Buffer) {
    return remember(new Buffer(value.detach().clone(), { persistent: value.persistent }));
  }
  if (value instanceof Tensor) return remember(value.detach().clone());
  if (value instanceof Module) return copyMembers(value as AnyModule, remember, known);
  if (Array.isArray(value)) {
    const copy: unknown[] = remember([]);
    for (const element of value) copy.push(copyOf(element, known));
    return copy;
  }
  if (value instanceof Map) {
    const copy = remember(new Map<unknown, unknown>());
    for (const [key, element] of value) copy.set(key, copyOf(element, known));
    return copy;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const copy: Record<string, unknown> = remember({});
  for (const [key, element] of Object.entries(value)) copy[key] = copyOf(element, known);
  return copy;
}

function copyMembers(module: AnyModule, remember: <T>(copy: T) => T, known: Map<object, unknown>): AnyModule {
  const copy = remember(bareCopy(module));
  const names = new Map(module.members().map(([name, member]) => [member, name]));
  for (const [property, value] of Object.entries(module) as [string, unknown][]) {
    const copied = copyOf(value, known);
    const name = names.get(value as Parameter);
    const isVerbatim = name === property && name !== snakeCase(property);
    if (isVerbatim && copied instanceof Parameter) copy.registerParameter(property, copied);
    else if (isVerbatim && copied instanceof Buffer) copy.registerBuffer(property, copied, copied.persistent);
    else if (isVerbatim && copied instanceof Module) copy.registerModule(property, copied as AnyModule);
    else Reflect.set(copy, property, copied);
  }
  return copy;
}

/** A module of the same class without members. */
function bareCopy(module: AnyModule): AnyModule {
  // Made by their own constructors, which need nothing.
  for (const Container of [Sequential, ModuleList]) {
    if (module.constructor === Container) return new Container() as AnyModule;
  }
  let type: unknown = module.constructor;
  while (typeof type === 'function' && type !== Module) {
    if (/\.#[A-Za-z_$]/.test(Function.prototype.toString.call(type))) {
      throw new ArgumentError(
        `the class ${type.name} has private members (#name), which only its constructor makes, so that no copy can be made; ` +
          'AveragedModel takes a function that makes another one, as in { make: () => new Net() }',
      );
    }
    type = Object.getPrototypeOf(type);
  }
  // The base class's constructor alone, which makes what it keeps in private fields.
  return Reflect.construct(Module, [], module.constructor) as AnyModule;
}
