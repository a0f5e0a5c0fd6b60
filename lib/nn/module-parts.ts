import { ArgumentError, checkBooleans, checkOptions, checkString, describe, valueError } from '../engine';
import type { Tensor } from '../tensor';
import type { AnyModule, Member } from './module';
import { checkMemberName, snakeCase } from './names';
import { Buffer, Parameter } from './parameter';
import { adoptSlot, holdInSlot, tidySlots } from './slots';

/**
 * What a module consists of: how parameters, buffers and children get into it, and how they are found there.
 */
export abstract class ModuleParts {
  /** Names that were registered as they stand; the rule of {@link snakeCase} must leave them alone. */
  readonly #verbatim = new Set<string>();

  // -- registration ---------------------------------------------------------------------------------------------------

  /** Adds a parameter under exactly this name in the state dict, which also becomes the property; null registers none. */
  registerParameter(name: string, parameter: Parameter | null): void {
    checkMemberName(name);
    if (parameter !== null && !((parameter as unknown) instanceof Parameter)) {
      throw new ArgumentError(
        `cannot assign ${describe(parameter)} object to parameter '${name}' (nn.Parameter or null required)`,
      );
    }
    this.#register(name, parameter);
    holdInSlot(this, name, name, parameter);
  }

  /**
   * Adds a buffer, a tensor that is saved with the parameters but not trained, under exactly this name.
   * @param persistent false leaves it out of the state dict
   */
  registerBuffer(name: string, tensor: Tensor | null, persistent = true): void {
    checkBooleans('registerBuffer', { persistent });
    const buffer = tensor === null ? null : new Buffer(tensor, { persistent });
    this.#register(name, buffer);
    holdInSlot(this, name, name, buffer, persistent);
  }

  /** Adds a child under exactly this name in the state dict, which also becomes the property. */
  registerModule(name: string, module: AnyModule | null): void {
    if (module !== null && !((module as unknown) instanceof ModuleParts)) {
      throw notAModule('registerModule', 'module', module, ' or null');
    }
    this.#register(name, module);
  }

  /** {@link registerModule}, by its older name. */
  addModule(name: string, module: AnyModule | null): void {
    this.registerModule(name, module);
  }

  #register(name: string, value: Member | null): void {
    checkMemberName(name);
    if (name in this && !this.#verbatim.has(name)) throw valueError(`attribute '${name}' already exists`);
    this.#verbatim.add(name);
    Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
  }

  /** The parameters, buffers and children of this module alone, in order, by PyTorch's name. */
  members(): [name: string, member: Member][] {
    const members: [string, Member][] = [];
    for (const [property, value] of Object.entries(this) as [string, unknown][]) {
      if (!isMember(value)) continue;
      const name = this.nameOf(property);
      members.push([name, value]);
      if (!(value instanceof ModuleParts)) adoptSlot(this, property, name, value);
    }
    tidySlots(this);
    return members;
  }

  /**
   * @internal The property that is called so, by its own name or by PyTorch's: of a parameter, a buffer or a child, or one
   * that is computed.
   */
  propertyOf(name: string): string | null {
    for (const [property, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(this))) {
      if (!isMember(descriptor.value) && !('get' in descriptor)) continue;
      if (property === name || (!this.#verbatim.has(property) && snakeCase(property) === name)) return property;
    }
    return null;
  }

  /** @internal PyTorch's name of a property. */
  nameOf(property: string): string {
    checkString('nameOf', 'property', property);
    return this.#verbatim.has(property) ? property : snakeCase(property);
  }

  // -- what it consists of ----------------------------------------------------------------------------------------------

  /** All parameters, each once, in PyTorch's order: the module's own, then its children's. */
  parameters(recurse = true): Parameter[] {
    checkBooleans('parameters', { recurse });
    return this.namedParameters({ recurse }).map(([, parameter]) => parameter);
  }

  /** As {@link parameters}, with the keys of the state dict. */
  namedParameters(
    options: { prefix?: string; recurse?: boolean; removeDuplicate?: boolean } = {},
  ): [string, Parameter][] {
    checkOptions('namedParameters', options, ['prefix', 'recurse', 'removeDuplicate']);
    const { prefix = '', recurse = true, removeDuplicate = true } = options;
    return this.#namedTensors(Parameter, prefix, recurse, removeDuplicate);
  }

  /** All buffers, each once. */
  buffers(recurse = true): Buffer[] {
    checkBooleans('buffers', { recurse });
    return this.namedBuffers({ recurse }).map(([, buffer]) => buffer);
  }

  /** As {@link buffers}, with the keys of the state dict. */
  namedBuffers(options: { prefix?: string; recurse?: boolean; removeDuplicate?: boolean } = {}): [string, Buffer][] {
    checkOptions('namedBuffers', options, ['prefix', 'recurse', 'removeDuplicate']);
    const { prefix = '', recurse = true, removeDuplicate = true } = options;
    return this.#namedTensors(Buffer, prefix, recurse, removeDuplicate);
  }

  /** The modules directly inside this one, each once. */
  children(): AnyModule[] {
    return this.namedChildren().map(([, child]) => child);
  }

  /** As {@link children}, with their names; a child under two names comes once unless `removeDuplicate` is false. */
  namedChildren(options: { removeDuplicate?: boolean } = {}): [string, AnyModule][] {
    checkOptions('namedChildren', options, ['removeDuplicate']);
    const { removeDuplicate = true } = options;
    const seen = new Set<AnyModule>();
    return this.members().filter((member): member is [string, AnyModule] => {
      const child = member[1];
      if (!(child instanceof ModuleParts) || (removeDuplicate && seen.has(child))) return false;
      seen.add(child);
      return true;
    });
  }

  /** This module and all below it, each once, parents first. */
  modules(): AnyModule[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** As {@link modules}, with their dotted paths; this module's is the prefix. */
  namedModules(options: { prefix?: string; removeDuplicate?: boolean } = {}): [string, AnyModule][] {
    checkOptions('namedModules', options, ['prefix', 'removeDuplicate']);
    const { prefix = '', removeDuplicate = true } = options;
    const found: [string, AnyModule][] = [];
    const seen = new Set<AnyModule>();
    const visit = (path: string, module: AnyModule): void => {
      if (removeDuplicate) {
        if (seen.has(module)) return;
        seen.add(module);
      }
      found.push([path, module]);
      for (const [name, child] of module.namedChildren({ removeDuplicate: false })) visit(join(path, name), child);
    };
    visit(prefix, this.#self());
    return found;
  }

  /** Every module is a {@link ModuleParts}, and nothing else is. */
  #self(): AnyModule {
    return this as unknown as AnyModule;
  }

  /** The module at a dotted path, such as `layers.2.0.mha`; an empty path is this module. */
  getSubmodule(target: string): AnyModule {
    checkString('getSubmodule', 'target', target);
    let module = this.#self();
    for (const name of target === '' ? [] : target.split('.')) {
      const child = module.namedChildren({ removeDuplicate: false }).find(([childName]) => childName === name);
      if (child === undefined)
        throw valueError(`${module.constructor.name} has no child \`${name}\` (looking for \`${target}\`)`);
      module = child[1];
    }
    return module;
  }

  /**
   * Puts a module in the place of the one at a dotted path, or beside the others of the module that the path leads to.
   * @param strict there must be one at the path
   * @throws ArgumentError where the path leads nowhere, or to what is no module
   */
  setSubmodule(target: string, module: AnyModule, strict = false): void {
    checkString('setSubmodule', 'target', target);
    checkBooleans('setSubmodule', { strict });
    if (target === '') throw valueError('cannot set the submodule without a target name');
    if (!((module as unknown) instanceof ModuleParts)) throw notAModule('setSubmodule', 'module', module);
    const [parent, name] = this.#parentOf(target);
    parent.putChild(name, module, strict);
  }

  /** @internal Puts a child under a name, that of another child or one that is free. */
  putChild(name: string, module: AnyModule, strict: boolean): void {
    const known = this.members().find(([other]) => other === name)?.[1];
    if (known === undefined && strict) throw valueError(`${this.constructor.name} has no attribute \`${name}\``);
    if (known !== undefined && !(known instanceof ModuleParts)) throw valueError(`\`${name}\` is not an nn.Module`);
    const property = known === undefined ? null : this.propertyOf(name);
    if (property === null) this.registerModule(name, module);
    else Reflect.set(this, property, module);
  }

  /** The parameter at a dotted path, such as `layers.0.weight`. */
  getParameter(target: string): Parameter {
    return this.#tensorAt('getParameter', Parameter, 'an nn.Parameter', target);
  }

  /** The buffer at a dotted path, such as `norm.running_mean`; one that is not saved, too. */
  getBuffer(target: string): Buffer {
    return this.#tensorAt('getBuffer', Buffer, 'a buffer', target);
  }

  #tensorAt<T extends Parameter | Buffer>(
    callee: string,
    kind: new (...args: never[]) => T,
    what: string,
    target: string,
  ): T {
    checkString(callee, 'target', target);
    const [module, name] = this.#parentOf(target);
    const member = module.members().find(([other]) => other === name)?.[1];
    if (member === undefined) throw valueError(`${module.constructor.name} has no attribute \`${name}\``);
    if (!(member instanceof kind)) throw valueError(`\`${name}\` is not ${what}`);
    return member;
  }

  #parentOf(target: string): [module: AnyModule, name: string] {
    const dot = target.lastIndexOf('.');
    return [this.getSubmodule(target.slice(0, Math.max(dot, 0))), target.slice(dot + 1)];
  }

  /** @internal Takes over the names that were registered as they stand. */
  copyNames(from: ModuleParts): void {
    if (!((from as unknown) instanceof ModuleParts)) throw notAModule('copyNames', 'from', from);
    for (const name of from.#verbatim) this.#verbatim.add(name);
  }

  #namedTensors<T extends Parameter | Buffer>(
    kind: new (...args: never[]) => T,
    prefix: string,
    recurse: boolean,
    removeDuplicate: boolean,
  ): [string, T][] {
    const found: [string, T][] = [];
    const seen = new Set<T>();
    const modules = recurse ? this.namedModules({ prefix, removeDuplicate }) : [[prefix, this.#self()] as const];
    for (const [path, module] of modules) {
      for (const [name, member] of module.members()) {
        if (!(member instanceof kind) || (removeDuplicate && seen.has(member))) continue;
        seen.add(member);
        found.push([join(path, name), member]);
      }
    }
    return found;
  }
}

function notAModule(callee: string, argument: string, value: unknown, other = ''): ArgumentError {
  return new ArgumentError(
    `${callee}(): expected a Module${other} for argument \`${argument}\`, received ${describe(value)}`,
  );
}

function isMember(value: unknown): value is Member {
  return value instanceof Parameter || value instanceof Buffer || value instanceof ModuleParts;
}

/** @internal A path of dotted names, longer by one. */
export function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
