/** Which module a class or a function comes from, so that a worker thread can import it. */

import { fileURLToPath } from 'node:url';

import { ArgumentError, checkObject, describe } from '../engine';

/** A class or a function, by the module that registers it and its name there. */
export interface Place {
  /** A file's path where CommonJS loaded it, else the address that `import()` takes. */
  readonly module: string;
  readonly name: string;
}

const places = new WeakMap<object, Place>();
const modules = new Map<string, Map<string, object>>();

/**
 * Says that worker threads find these classes and functions in this module: they import it, which runs this very line
 * there. What a data set for {@link DataLoader} with `numWorkers` is made of, and its `collateFn` and `workerInitFn`, must be
 * found in this way; this library's own classes are.
 *
 * ```ts fragment
 * export class Squares implements data.Dataset<number> {
 *   constructor(readonly length: number) {}
 *   getItem(index: number): number {
 *     return index ** 2;
 *   }
 * }
 * data.forWorkers(import.meta.url, { Squares }); // in CommonJS: data.forWorkers(__filename, { Squares })
 * ```
 *
 * An object of such a class crosses with its own properties, as by Python's pickle: a copy with the same prototype, whose
 * tensors share the memory of the original's. Private `#` fields do not cross; a class that has any, or that can be made
 * more cheaply than copied, has a method {@link workerArguments}.
 *
 * @param module - `import.meta.url`, or `__filename` in CommonJS
 * @param things - classes and functions by name
 */
export function forWorkers(module: string, things: Readonly<Record<string, unknown>>): void {
  if (typeof module !== 'string' || module === '') {
    throw new ArgumentError(
      `forWorkers(): expected import.meta.url or __filename for argument \`module\`, received ${describe(module)}`,
    );
  }
  checkObject('forWorkers', 'things', things, 'classes and functions by name');
  const named = modules.get(module) ?? new Map<string, object>();
  modules.set(module, named);
  for (const [name, thing] of Object.entries(things)) {
    if (typeof thing !== 'function') {
      throw new ArgumentError(
        `forWorkers(): expected a class or a function for \`${name}\` of argument \`things\`, received ${describe(thing)}`,
      );
    }
    named.set(name, thing);
    places.set(thing, { module, name });
  }
}

/**
 * Names the method by which an object tells what its class is to be constructed with in a worker thread, in place of copying
 * the object's properties: `[data.workerArguments]() { return [this.root, this.options]; }`.
 */
export const workerArguments: unique symbol = Symbol('libtorch-node.workerArguments');

/** @internal Where workers find it; undefined where no module told. */
export function placeOf(thing: object): Place | undefined {
  return places.get(thing);
}

/** @internal What a module that is loaded in this thread registered under that name. */
export function thingAt({ module, name }: Place): object {
  const thing = modules.get(module)?.get(name);
  if (thing !== undefined) return thing;
  const loaded = modules.has(module) ? `has registered no ${name} by data.forWorkers()` : 'has not been imported';
  throw new ArgumentError(`${shown(module)} ${loaded} in this thread`);
}

/** @internal True where this thread has it. */
export function isLoaded(module: string): boolean {
  return modules.has(module);
}

function shown(module: string): string {
  return module.startsWith('file:') ? fileURLToPath(module) : module;
}
