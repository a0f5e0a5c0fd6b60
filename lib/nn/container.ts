import { checkInteger, checkIterable, IndexError } from '../engine';
import type { Tensor } from '../tensor';
import { Module, type AnyModule } from './module';
import { indentRest } from './repr';

/**
 * Runs modules one after the other, each on what the one before returned (`torch.nn.Sequential`). Keys are 0, 1, …
 *
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(2, 8), new nn.GELU(), new nn.Linear(8, 1));
 * console.log(model.forward(torch.zeros([4, 2])).shape); // [ 4, 1 ]
 * ```
 */
export class Sequential extends Module {
  constructor(...modules: Module[]) {
    super();
    for (const module of modules) this.append(module);
  }

  /** Number of modules. */
  get length(): number {
    return this.listed().length;
  }

  /** Adds a module at the end. */
  append(module: Module): this {
    this.registerModule(String(this.length), module);
    return this;
  }

  /** The module at a place; negative ones count from the end. */
  at(index: number): Module {
    return elementAt(this.listed(), index);
  }

  /** The modules, in order. */
  [Symbol.iterator](): Iterator<Module> {
    return this.listed().values();
  }

  /** Gives the input to the first module, its output to the next, and so on. */
  forward(input: Tensor): Tensor {
    let output = input;
    for (const module of this.listed()) output = module.forward(output);
    return output;
  }

  private listed(): Module[] {
    return childrenOf<Module>(this);
  }
}

/** Holds modules in a list, so that their parameters are found (`torch.nn.ModuleList`). Keys are 0, 1, … */
export class ModuleList<M extends AnyModule = Module> extends Module<never, never> {
  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  /** Number of modules. */
  get length(): number {
    return this.listed().length;
  }

  /** Adds a module at the end. */
  append(module: M): this {
    this.registerModule(String(this.length), module);
    return this;
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<M>): this {
    checkIterable('extend', 'modules', modules);
    for (const module of modules) this.append(module);
    return this;
  }

  /** The module at a place; negative ones count from the end. */
  at(index: number): M {
    return elementAt(this.listed(), index);
  }

  /** The modules, in order. */
  [Symbol.iterator](): Iterator<M> {
    return this.listed().values();
  }

  /** @throws NotImplementedError A list of modules has no order of its own: call them one by one. */
  forward(): never {
    throw new TypeError('a ModuleList has no forward: call its modules');
  }

  /** Equal neighbours are printed once, with their number. */
  override toString(): string {
    const runs: { first: number; last: number; text: string }[] = [];
    for (const [index, module] of this.listed().entries()) {
      const text = module.toString();
      const run = runs.at(-1);
      if (run?.text === text) run.last = index;
      else runs.push({ first: index, last: index, text });
    }
    if (runs.length === 0) return `${this.constructor.name}()`;
    const lines = runs.map(({ first, last, text }) =>
      indentRest(first === last ? `(${first}): ${text}` : `(${first}-${last}): ${last - first + 1} x ${text}`, 2),
    );
    return `${this.constructor.name}(\n  ${lines.join('\n  ')}\n)`;
  }

  private listed(): M[] {
    return childrenOf<M>(this);
  }
}

function childrenOf<M>(container: Pick<AnyModule, 'namedChildren'>): M[] {
  return container.namedChildren({ removeDuplicate: false }).map(([, child]) => child as M);
}

function elementAt<M>(modules: readonly M[], index: number): M {
  checkInteger('at', 'index', index);
  const module = modules.at(index);
  if (module === undefined) throw new IndexError(`index ${index} is out of range for ${modules.length} modules`);
  return module;
}
