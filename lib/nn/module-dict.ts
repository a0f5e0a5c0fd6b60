import { checkString, NotImplementedError, valueError } from '../engine';
import { entriesOf, type DictEntries, type OrderedEntries } from './held';
import { type AnyModule, type Member, Module } from './module';
import { checkModule } from './module-sequence';
import { checkMemberName } from './names';

/**
 * Holds modules by name, in the order of insertion, so that their parameters are found (`torch.nn.ModuleDict`). `at(key)`
 * is Python's `modules[key]`, `has(key)` its `key in modules`; iterating gives the keys.
 *
 * The keys are those of the state dict. They may be anything but empty or with a dot, names of methods too, which Python
 * refuses. JavaScript moves whole numbers to the front of an object: give those in a map or as pairs.
 *
 * @typeParam M the modules' classes by key, or of all keys
 *
 * @example
 * ```ts
 * const activations = new nn.ModuleDict({ relu: new nn.ReLU(), leaky: new nn.LeakyReLU(0.5) });
 * console.log(activations.at('leaky').forward(torch.tensor([-2, 4]).float())); // tensor([-1.,  4.])
 * console.log([...activations.keys()]); // [ 'relu', 'leaky' ]
 * ```
 */
export class ModuleDict<M extends Readonly<Record<string, AnyModule>> = Record<string, Module>> extends Module<
  never,
  never
> {
  /** A map, since properties have an order of their own. */
  private readonly held = new Map<string, AnyModule>();

  /** @param modules an object, a map, another dict, or pairs of key and module */
  constructor(modules: OrderedEntries<M[keyof M]>);
  constructor(modules?: M);
  constructor(modules: M | OrderedEntries<M[keyof M]> = []) {
    super();
    this.update(modules as DictEntries<M[keyof M]>);
  }

  /** Number of modules. */
  get length(): number {
    return this.held.size;
  }

  /** The module under a key. */
  at<K extends keyof M>(key: K): M[K];
  /** The module under a key. */
  at(key: string): M[keyof M];
  at(key: string): AnyModule {
    checkString('at', 'key', key);
    const module = this.held.get(key);
    if (module === undefined) throw missingKey(this, key);
    return module;
  }

  /** True where there is a module under the key. */
  has(key: string): boolean {
    return this.held.has(key);
  }

  /** Puts a module under a key, which keeps its place where it is there already. */
  set(key: string, module: M[keyof M]): this {
    this.registerModule(key, module);
    return this;
  }

  /** Takes out the module under a key. */
  delete(key: string): void {
    this.at(key);
    this.held.delete(key);
  }

  /** Takes out all modules. */
  clear(): void {
    this.held.clear();
  }

  /** Takes out the module under a key and returns it. */
  pop<K extends keyof M>(key: K): M[K];
  /** Takes out the module under a key and returns it. */
  pop(key: string): M[keyof M];
  pop(key: string): M[keyof M] {
    const module = this.at(key);
    this.held.delete(key);
    return module;
  }

  /** The keys, in order. */
  keys(): IterableIterator<string> {
    return this.held.keys();
  }

  /** Keys and modules, in order. */
  items(): IterableIterator<[string, M[keyof M]]> {
    return this.held.entries() as IterableIterator<[string, M[keyof M]]>;
  }

  /** The modules, in order. */
  values(): IterableIterator<M[keyof M]> {
    return this.held.values() as IterableIterator<M[keyof M]>;
  }

  /** Puts in the modules of an object, a map, another dict or pairs, in their order. */
  update(modules: DictEntries<M[keyof M]>): void {
    for (const [key, module] of entriesOf<AnyModule>('update', 'modules', modules)) {
      this.registerModule(key, module);
    }
  }

  /** The keys, in order. */
  [Symbol.iterator](): IterableIterator<string> {
    return this.keys();
  }

  override registerModule(name: string, module: AnyModule | null): void {
    checkMemberName(name);
    this.held.set(name, checkModule('registerModule', module as AnyModule));
  }

  override members(): [name: string, member: Member][] {
    return [...super.members(), ...this.held];
  }

  /** @throws NotImplementedError A dict of modules has no order to run them in: call them one by one. */
  forward(): never {
    throw new NotImplementedError('a ModuleDict has no forward: call its modules');
  }
}

/** @internal */
export function missingKey(dict: { keys(): Iterable<string> }, key: string): Error {
  const keys = [...dict.keys()].map((known) => `'${known}'`).join(', ');
  return valueError(`${dict.constructor.name} has no key '${key}'; it has ${keys === '' ? 'none' : keys}`);
}
