/** Values of JavaScript as a pickle, see {@link pickleOf}. */

import { ArgumentError, Counter, describe } from '../engine';
import { Tensor } from '../tensor';
import { isComplex, keyInPython } from './dict-keys';
import { type SavedStorage, TensorPickler } from './pickle-tensors';
import { DEEPEST } from './pickle-values';
import { LONGEST_INT, ORDERED_DICT, PickleWriter, type PythonName } from './pickle-writer';

/** A pickle, and the storages that it refers to by their places in this list; the caller frees them by `dispose`. */
export interface Pickled {
  readonly bytes: Uint8Array;
  readonly storages: readonly SavedStorage[];
  dispose(): void;
}

const builtin = (name: string): PythonName => ({ module: '__builtin__', name });

/**
 * The pickle of a value. Objects that occur twice, or within themselves, stay one object.
 * @throws {ArgumentError} for what has no counterpart in a file of `weights_only`; the message says where in the value it is
 */
export function pickleOf(value: unknown): Pickled {
  const pickler = new Pickler();
  try {
    pickler.write(value);
    return {
      bytes: pickler.pickle.finish(),
      storages: pickler.tensors.storages,
      dispose: () => pickler.tensors.dispose(),
    };
  } catch (error) {
    pickler.tensors.dispose();
    throw error;
  }
}

class Pickler {
  readonly pickle = new PickleWriter();
  readonly tensors = new TensorPickler(this.pickle);
  /** The keys that lead to the value that is being written. */
  private readonly path: string[] = [];

  write(value: unknown): void {
    if (value === null || value === undefined) this.pickle.none();
    else if (typeof value === 'boolean') this.pickle.bool(value);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'bigint') this.bigint(value);
    else if (typeof value === 'string') this.pickle.text(value);
    else if (typeof value === 'object') this.object(value);
    else this.refuse(value);
  }

  /** Python tells 2 from 2.0, JavaScript does not: a whole number is an int. */
  private number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.pickle.int(BigInt(value));
    else this.pickle.float(value);
  }

  private bigint(value: bigint): void {
    try {
      this.pickle.int(value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw this.error(`a bigint of more than ${LONGEST_INT} bytes, which weights_only does not read`);
    }
  }

  private object(value: object): void {
    if (this.pickle.recall(value)) return;
    if (this.path.length > DEEPEST) throw this.error(`a value that is nested deeper than ${DEEPEST} levels`);
    if (value instanceof Tensor) this.tensor(value);
    else if (Array.isArray(value)) this.array(value);
    else if (value instanceof Map) this.map(value);
    else if (value instanceof Set) this.set(value);
    else if (value instanceof Uint8Array) this.bytes(value);
    else if (value instanceof Counter) this.counter(value);
    else if (!isPlain(value)) this.refuse(value);
    else if (isComplex(value)) this.complex(value.re, value.im);
    else this.dict(value);
  }

  private tensor(value: Tensor): void {
    try {
      this.tensors.write(value);
    } catch (error) {
      if (!(error instanceof ArgumentError) || this.path.length === 0) throw error;
      throw new ArgumentError(`save(): ${this.where()}: ${error.message}`, error.code, { cause: error });
    }
    this.pickle.remember(value);
  }

  private array(value: readonly unknown[]): void {
    if (Object.isFrozen(value)) {
      this.tuple(value);
      return;
    }
    this.pickle.emptyList();
    this.pickle.remember(value);
    if (value.length === 0) return;
    this.pickle.mark();
    // Not by forEach, which passes over holes.
    for (let at = 0; at < value.length; at++) this.at(`[${at}]`, value[at]);
    this.pickle.appends();
  }

  private tuple(value: readonly unknown[]): void {
    if (value.length === 0) {
      this.pickle.tuple();
      return;
    }
    this.pickle.mark();
    for (let at = 0; at < value.length; at++) this.at(`[${at}]`, value[at]);
    this.pickle.tupleFromMark();
    if (!this.pickle.isRemembered(value)) {
      this.pickle.remember(value);
      return;
    }
    // It contains itself, through a list, and was written whole on the way.
    this.pickle.pop();
    this.pickle.recall(value);
  }

  private map(value: ReadonlyMap<unknown, unknown>): void {
    this.pickle.global(ORDERED_DICT);
    this.pickle.tuple();
    this.pickle.reduce();
    this.pickle.remember(value);
    if (value.size === 0) return;
    this.pickle.mark();
    for (const [key, item] of value) {
      this.hashable(key, 'a key of a Map');
      this.write(key);
      this.at(`.get(${describe(key)})`, item);
    }
    this.pickle.setItems();
  }

  private dict(value: object): void {
    this.pickle.emptyDict();
    this.pickle.remember(value);
    const entries: [string, unknown][] = Object.entries(value);
    if (entries.length === 0) return;
    this.pickle.mark();
    for (const [key, item] of entries) {
      this.write(keyInPython(key));
      this.at(`.${key}`, item);
    }
    this.pickle.setItems();
  }

  private counter(value: Counter): void {
    this.pickle.global({ module: 'collections', name: 'Counter' });
    this.pickle.tuple(() => this.dict(Object.fromEntries(Object.entries(value))));
    this.pickle.reduce();
    this.pickle.remember(value);
  }

  private set(value: ReadonlySet<unknown>): void {
    this.pickle.global(builtin('set'));
    this.pickle.tuple(() => {
      this.pickle.emptyList();
      this.pickle.mark();
      for (const item of value) {
        this.hashable(item, 'an item of a Set');
        this.write(item);
      }
      this.pickle.appends();
    });
    this.pickle.reduce();
    this.pickle.remember(value);
  }

  /** Protocol 2 has no bytes: they go as the characters of Latin-1 with these codes. */
  private bytes(value: Uint8Array): void {
    this.pickle.global({ module: '_codecs', name: 'encode' });
    this.pickle.tuple(
      () => this.pickle.text(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')),
      () => this.pickle.text('latin1'),
    );
    this.pickle.reduce();
    this.pickle.remember(value);
  }

  private complex(re: number, im: number): void {
    this.pickle.global(builtin('complex'));
    this.pickle.tuple(
      () => this.pickle.float(re),
      () => this.pickle.float(im),
    );
    this.pickle.reduce();
  }

  private at(step: string, value: unknown): void {
    this.path.push(step);
    this.write(value);
    this.path.pop();
  }

  /** Keys of dicts and items of sets must be something that cannot change. */
  private hashable(value: unknown, what: string, depth = 0): void {
    const isList = typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
    if (!isList) return;
    if (!Array.isArray(value) || !Object.isFrozen(value) || depth > DEEPEST) {
      throw this.error(`${describe(value)} as ${what}: expected a string, a number or a frozen array`);
    }
    for (const item of value) this.hashable(item, what, depth + 1);
  }

  private refuse(value: unknown): never {
    const hint = hasStateDict(value) ? '; save its stateDict()' : '';
    throw this.error(
      `${describe(value)}: expected tensors, numbers, strings, bytes and plain objects, arrays, Maps and Sets of them${hint}`,
    );
  }

  private error(received: string): ArgumentError {
    return new ArgumentError(`save(): ${this.where()} is ${received}`);
  }

  private where(): string {
    const path = this.path.length > 20 ? [...this.path.slice(0, 20), '…'] : this.path;
    return `\`obj${path.join('')}\``;
  }
}

/** Made by `{}`, in whichever realm, or without a prototype. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function hasStateDict(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'stateDict' in value;
}
