import { ArgumentError, checkIterable, checkString, describe, NotImplementedError, valueError } from '../engine';
import type { Tensor } from '../tensor';
import { entriesOf, type DictEntries, type Held, heldRepr, isOrdered } from './held';
import { HeldMembers } from './held-members';
import { type Member, Module } from './module';
import { missingKey } from './module-dict';
import { checkMemberName } from './names';

/**
 * Holds parameters by name, in the order of insertion, so that they are found (`torch.nn.ParameterDict`). A tensor becomes a
 * parameter on its memory; what is no tensor is held as it is. `at(key)` is Python's `parameters[key]`, `has(key)` its `key
 * in parameters`; iterating gives the keys.
 *
 * As in Python, where it is a plain dict, the values of a plain object are put in by their sorted keys; those of a map, of
 * another dict or of pairs in their order.
 *
 * @typeParam V what is given; tensors by default
 *
 * @example
 * ```ts
 * const sides = new nn.ParameterDict({ right: torch.zeros([3]), left: torch.zeros([2]) });
 * console.log([...sides.keys()], sides.at('left').shape); // [ 'left', 'right' ] [ 2 ]
 * ```
 */
export class ParameterDict<V = Tensor> extends Module<never, never> {
  private readonly held = new HeldMembers();

  constructor(parameters: DictEntries<V> = []) {
    super();
    this.update(parameters);
  }

  /** Number of values. */
  get length(): number {
    return this.held.size;
  }

  /** The value under a key. */
  at(key: string): Held<V> {
    checkString('at', 'key', key);
    if (!this.held.has(key)) throw missingKey(this, key);
    return this.held.get(key) as Held<V>;
  }

  /** The value under a key, or the default where there is none. */
  get<D = null>(key: string, standard: D | null = null): Held<V> | D | null {
    return this.has(key) ? this.at(key) : standard;
  }

  /** True where there is a value under the key. */
  has(key: string): boolean {
    return this.held.has(key);
  }

  /** Puts a value under a key, which keeps its place where it is there already. */
  set(key: string, value: V): this {
    checkMemberName(key);
    this.held.set(key, value);
    return this;
  }

  /** The value under a key; where there is none, the default is put there. */
  setdefault(key: string, standard: V | null = null): Held<V> {
    if (!this.has(key)) this.set(key, standard as V);
    return this.at(key);
  }

  /** Takes out the value under a key. */
  delete(key: string): void {
    this.at(key);
    this.held.delete(key);
  }

  /** Takes out all values. */
  clear(): void {
    this.held.clear();
  }

  /** Takes out the value under a key and returns it. */
  pop(key: string): Held<V> {
    const value = this.at(key);
    this.held.delete(key);
    return value;
  }

  /** Takes out the key that was put in last, and returns it with its value. */
  popitem(): [string, Held<V>] {
    const key = [...this.keys()].at(-1);
    if (key === undefined) throw valueError('popitem(): the ParameterDict is empty');
    return [key, this.pop(key)];
  }

  /** The keys, in order. */
  keys(): IterableIterator<string> {
    return this.held.keys();
  }

  /** Keys and values, in order. */
  items(): IterableIterator<[string, Held<V>]> {
    return this.held.entries() as IterableIterator<[string, Held<V>]>;
  }

  /** The values, in order. */
  values(): IterableIterator<Held<V>> {
    return this.held.values() as IterableIterator<Held<V>>;
  }

  /** Puts in the values of an object, by its sorted keys, or of a map, another dict or pairs, in their order. */
  update(parameters: DictEntries<V>): void {
    const entries = entriesOf('update', 'parameters', parameters);
    if (!isOrdered(parameters)) entries.sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, value] of entries) this.set(key, value);
  }

  /** Another dict with the same values. */
  copy(): ParameterDict<Held<V>> {
    return new ParameterDict<Held<V>>(this.items());
  }

  /** Another dict with the values of both, of which those of `other` are taken: Python's `|`. */
  or(other: ParameterDict<V>): ParameterDict<Held<V>> {
    if (!((other as unknown) instanceof ParameterDict)) {
      throw new ArgumentError(`or(): expected a ParameterDict for argument \`other\`, received ${describe(other)}`);
    }
    const both = this.copy();
    both.update(other.items() as Iterable<[string, Held<V>]>);
    return both;
  }

  /** Another dict with these keys and one value, of which each key gets a parameter of its own where it is a tensor. */
  fromkeys<W = null>(keys: Iterable<string>, standard: W | null = null): ParameterDict<W> {
    checkIterable('fromkeys', 'keys', keys);
    return new ParameterDict<W>([...keys].map((key): [string, W] => [key, standard as W]));
  }

  /** The keys, in order. */
  [Symbol.iterator](): IterableIterator<string> {
    return this.keys();
  }

  override registerParameter(name: string, parameter: Member | null): void {
    this.set(name, parameter as V);
  }

  override members(): [name: string, member: Member][] {
    return [...super.members(), ...this.held.members()];
  }

  /** @throws NotImplementedError A dict of parameters computes nothing. */
  forward(): never {
    throw new NotImplementedError('ParameterDict should not be called.');
  }

  override extraRepr(): string {
    return heldRepr(this.held.entries(), (tensor) => tensor.type());
  }
}
