import { ArgumentError, checkIterable, describe, NotImplementedError } from '../engine';
import { Tensor } from '../tensor';
import { type Held, heldRepr } from './held';
import { HeldMembers } from './held-members';
import { type Member, Module } from './module';
import { placeOf, sliceOf } from './places';

/**
 * Holds parameters in a list, so that they are found (`torch.nn.ParameterList`). A tensor becomes a parameter on its memory;
 * what is no tensor is held as it is. Keys are 0, 1, …
 *
 * @typeParam V what is given; tensors by default
 *
 * @example
 * ```ts
 * const weights = new nn.ParameterList([torch.zeros([2, 3]), torch.zeros([3])]);
 * console.log(weights.at(-1).shape, weights.length); // [ 3 ] 2
 * ```
 */
export class ParameterList<V = Tensor> extends Module<never, never> {
  private readonly held = new HeldMembers();

  constructor(values: Iterable<V> = []) {
    super();
    this.extend(values);
  }

  /** Number of values. */
  get length(): number {
    return this.held.size;
  }

  /** The value at a place; negative ones count from the end. */
  at(index: number): Held<V> {
    return this.held.get(String(placeOf('at', index, this.length))) as Held<V>;
  }

  /** Puts a value in the place of another: Python's `values[index] = value`. */
  set(index: number, value: V): this {
    this.held.set(String(placeOf('set', index, this.length)), value);
    return this;
  }

  /** Adds a value at the end. */
  append(value: V): this {
    this.held.set(String(this.length), value);
    return this;
  }

  /** Adds values at the end: Python's `+=`, too. */
  extend(values: Iterable<V>): this {
    checkIterable('extend', 'values', values);
    // Its rows, which nobody means.
    if (values instanceof Tensor) {
      throw new ArgumentError(
        `extend(): expected a list of values for argument \`values\`, received ${describe(values)}`,
      );
    }
    for (const value of [...values]) this.append(value);
    return this;
  }

  /** A list of the same values from `start` to before `stop`: Python's `values[start:stop:step]`. */
  slice(start: number | null = null, stop: number | null = null, step = 1): ParameterList<Held<V>> {
    return new ParameterList(sliceOf([...this], start, stop, step));
  }

  /** The values, in order. */
  [Symbol.iterator](): IterableIterator<Held<V>> {
    return this.held.values() as IterableIterator<Held<V>>;
  }

  override members(): [name: string, member: Member][] {
    return [...super.members(), ...this.held.members()];
  }

  /** @throws NotImplementedError A list of parameters computes nothing. */
  forward(): never {
    throw new NotImplementedError('ParameterList should not be called.');
  }

  override extraRepr(): string {
    return heldRepr(this.held.entries(), (tensor) => `torch.${tensor.dtype}`);
  }
}
