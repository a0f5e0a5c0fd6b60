import { ArgumentError, checkIterable, describe } from '../engine';
import { type AnyModule, Module } from './module';
import { placeOf, sliceOf } from './places';
import { indentRest } from './repr';

/**
 * What `Sequential` and `ModuleList` share: their children in order. The children are properties, as everywhere; what takes
 * one out or puts one in between has all of them numbered anew, 0, 1, …, as in Python.
 */
export abstract class ModuleSequence<M extends AnyModule, Inputs extends readonly unknown[], Output> extends Module<
  Inputs,
  Output
> {
  /** Number of modules. */
  get length(): number {
    return this.listed().length;
  }

  /** Adds a module at the end. */
  append(module: M): this {
    this.registerModule(String(this.length), checkModule('append', module));
    return this;
  }

  /** Adds modules at the end: Python's `+=`, too. */
  extend(modules: Iterable<M>): this {
    checkIterable('extend', 'modules', modules);
    // Read to the end before, for it may be this sequence itself.
    for (const module of [...modules]) this.append(module);
    return this;
  }

  /** Puts a module before the one at a place; the number of modules stands for the end. */
  insert(index: number, module: M): this {
    const modules = this.listed();
    const place = placeOf('insert', index, modules.length, modules.length);
    modules.splice(place, 0, checkModule('insert', module));
    return this.refill(modules);
  }

  /** The module at a place; negative ones count from the end. */
  at(index: number): M {
    const modules = this.listed();
    return modules[placeOf('at', index, modules.length)] as M;
  }

  /** Puts a module in the place of another: Python's `modules[index] = module`. */
  set(index: number, module: M): this {
    const names = this.properties();
    const name = names[placeOf('set', index, names.length)] as string;
    Reflect.set(this, name, checkModule('set', module));
    return this;
  }

  /** Takes out the module at a place: Python's `del modules[index]`. */
  delete(index: number): void {
    const modules = this.listed();
    modules.splice(placeOf('delete', index, modules.length), 1);
    this.refill(modules);
  }

  /** Takes out the module at a place, the last one by default, and returns it. */
  pop(index = -1): M {
    const module = this.at(index);
    this.delete(index);
    return module;
  }

  /** The modules, in order. */
  [Symbol.iterator](): Iterator<M> {
    return this.listed().values();
  }

  /** @internal The modules, in order. */
  protected listed(): M[] {
    return this.properties().map((name) => Reflect.get(this, name) as M);
  }

  /** Properties and modules of `modules[start:stop:step]`. */
  protected sliced(start: number | null, stop: number | null, step: number): [property: string, module: M][] {
    return sliceOf(this.properties(), start, stop, step).map((name) => [name, Reflect.get(this, name) as M]);
  }

  private properties(): string[] {
    return Object.keys(this).filter((name) => Reflect.get(this, name) instanceof Module);
  }

  private refill(modules: readonly M[]): this {
    for (const name of this.properties()) Reflect.deleteProperty(this, name);
    for (const [index, module] of modules.entries()) this.registerModule(String(index), module);
    return this;
  }
}

/** How lists of modules are printed: equal neighbours once, with their number. */
export function listRepr(name: string, modules: readonly AnyModule[]): string {
  const runs: { first: number; last: number; text: string }[] = [];
  for (const [index, module] of modules.entries()) {
    const text = module.toString();
    const run = runs.at(-1);
    if (run?.text === text) run.last = index;
    else runs.push({ first: index, last: index, text });
  }
  if (runs.length === 0) return `${name}()`;
  const lines = runs.map(({ first, last, text }) =>
    indentRest(first === last ? `(${first}): ${text}` : `(${first}-${last}): ${last - first + 1} x ${text}`, 2),
  );
  return `${name}(\n  ${lines.join('\n  ')}\n)`;
}

/** Refuses what is no module, and hands it out. */
export function checkModule<M extends AnyModule>(callee: string, module: M): M {
  if ((module as unknown) instanceof Module) return module;
  throw new ArgumentError(`${callee}(): expected a Module for argument \`module\`, received ${describe(module)}`);
}
