import { ArgumentError, checkInteger, checkIterable, describe, NotImplementedError, valueError } from '../engine';
import type { Tensor } from '../tensor';
import { type AnyModule, Module } from './module';
import { listRepr, ModuleSequence } from './module-sequence';

/** Modules by name, in order. */
export type NamedModules = Readonly<Record<string, Module>> | ReadonlyMap<string, Module>;

/**
 * Runs modules one after the other, each on what the one before returned (`torch.nn.Sequential`). Keys are 0, 1, …, or the
 * names of an object or a map of modules.
 *
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Linear(2, 8), new nn.GELU(), new nn.Linear(8, 1));
 * console.log(model.forward(torch.zeros([4, 2])).shape); // [ 4, 1 ]
 * const named = new nn.Sequential({ body: new nn.Linear(2, 8), head: model.at(2) });
 * console.log([...named.stateDict().keys()].join(' ')); // body.weight body.bias head.weight head.bias
 * ```
 */
export class Sequential extends ModuleSequence<Module, [input: Tensor], Tensor> {
  constructor(...modules: Module[] | [named: NamedModules]) {
    super();
    const [first] = modules as readonly unknown[];
    if (modules.length === 1 && typeof first === 'object' && first !== null && !(first instanceof Module)) {
      const named = first instanceof Map ? (first as Map<string, Module>) : Object.entries(first);
      for (const [name, module] of named as Iterable<[string, Module]>) this.registerModule(name, module);
      const [given, kept] = [named, this.namedChildren({ removeDuplicate: false })].map((list) =>
        [...list].map(([name]) => name).join(),
      );
      if (given !== kept) {
        throw valueError(
          `Sequential(): expected names in an order that JavaScript keeps, whole numbers first and counting up, received ${given}`,
        );
      }
    } else for (const module of modules as Module[]) this.append(module);
  }

  /** Gives the input to the first module, its output to the next, and so on. */
  forward(input: Tensor): Tensor {
    let output = input;
    for (const module of this.listed()) output = module.forward(output);
    return output;
  }

  /**
   * The same modules from `start` to before `stop`: Python's `modules[start:stop:step]`. They keep their names, but in a slice
   * backwards, where JavaScript would sort the numbers: those are numbered anew.
   */
  slice(start: number | null = null, stop: number | null = null, step = 1): Sequential {
    const taken = this.sliced(start, stop, step);
    return step < 0 ? new Sequential(...taken.map(([, module]) => module)) : new Sequential(new Map(taken));
  }

  /** The modules of both in a sequence of their own: Python's `+`. */
  concat(other: Sequential): Sequential {
    if (!((other as unknown) instanceof Sequential)) {
      throw new ArgumentError(
        `concat(): expected a Sequential for argument \`other\`, received ${describe(other)}`,
        'TORCH_VALUE',
      );
    }
    return new Sequential(...this, ...other);
  }

  /** The same modules, all of them `times` times over: Python's `*`. */
  repeat(times: number): Sequential {
    checkInteger('repeat', 'times', times, 1, 2 ** 20);
    return new Sequential(...Array.from({ length: times }, () => this.listed()).flat());
  }
}

/** Holds modules in a list, so that their parameters are found (`torch.nn.ModuleList`). Keys are 0, 1, … */
export class ModuleList<M extends AnyModule = Module> extends ModuleSequence<M, never, never> {
  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  /** A list of the same modules from `start` to before `stop`: Python's `modules[start:stop:step]`. */
  slice(start: number | null = null, stop: number | null = null, step = 1): ModuleList<M> {
    return new ModuleList(this.sliced(start, stop, step).map(([, module]) => module));
  }

  /** A list of the modules of both: Python's `+`. */
  concat<N extends AnyModule>(other: Iterable<N>): ModuleList<M | N> {
    checkIterable('concat', 'other', other);
    return new ModuleList<M | N>([...this, ...other]);
  }

  /** @throws NotImplementedError A list of modules has no order of its own: call them one by one. */
  forward(): never {
    throw new NotImplementedError('a ModuleList has no forward: call its modules');
  }

  /** Equal neighbours are printed once, with their number. */
  override toString(): string {
    return listRepr(this.constructor.name, this.listed());
  }
}
