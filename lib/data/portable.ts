/**
 * Values as they cross between threads. Structured cloning knows neither tensors nor classes nor functions: what crosses is a
 * list of nodes in which these are named, and values that refer to nodes by their place, so that what is shared or refers to
 * itself stays so.
 */

import { ArgumentError, describe } from '../engine';
import { frombytes, Generator, Tensor } from '../tensor';
import { claimTensor, dropTensor, sendTensor, takeTensor } from '../tensor/parcels';
import { type Place, placeOf, thingAt, workerArguments } from './for-workers';

/** A primitive, or the node at that place. */
type Reference = string | number | bigint | boolean | null | undefined | { readonly at: number };

type Entries = (readonly [key: Reference, value: Reference])[];

type Node =
  | { readonly kind: 'tensor'; readonly token: number }
  | { readonly kind: 'generator'; readonly state: ArrayBuffer }
  | { readonly kind: 'list'; readonly values: Reference[] }
  | { readonly kind: 'object'; readonly entries: Entries }
  | { readonly kind: 'map'; readonly entries: Entries }
  | { readonly kind: 'set'; readonly values: Reference[] }
  | { readonly kind: 'function'; readonly place: Place }
  | { readonly kind: 'instance'; readonly place: Place; readonly entries: Entries }
  | { readonly kind: 'constructed'; readonly place: Place; readonly values: Reference[] }
  /** What structured cloning copies as it is: typed arrays, dates and the like. */
  | { readonly kind: 'clone'; readonly value: unknown };

/** What `postMessage` takes. Its tensors wait to be taken, once: by {@link unpack}, or {@link drop}. */
export interface Packed {
  readonly nodes: readonly Node[];
  readonly root: Reference;
}

/**
 * Makes a value ready for another thread.
 * @param name - what it is, for the error; empty where its own parts have names
 * @param group - of the parcels that the two threads exchange
 * @throws {ArgumentError} that names the part which cannot cross, and why
 */
export function pack(value: unknown, name: string, group: number): Packed {
  const packer = new Packer(group);
  try {
    return { root: packer.add(value, name), nodes: packer.nodes };
  } catch (error) {
    drop({ root: null, nodes: packer.nodes });
    throw error;
  }
}

/** The modules whose classes and functions occur in it. */
export function modulesOf({ nodes }: Packed): Set<string> {
  return new Set(nodes.flatMap((node) => ('place' in node ? [node.place.module] : [])));
}

/** Its tensors wait for this thread, though the one that sent them may end. */
export function claim({ nodes }: Packed): void {
  for (const node of nodes) if (node.kind === 'tensor') claimTensor(node.token);
}

/** Gives its tensors up; nothing where they were taken. */
export function drop({ nodes }: Packed): void {
  for (const node of nodes) if (node.kind === 'tensor') dropTensor(node.token);
}

/** The value, in the thread that got it: tensors on the sender's memory, objects of this thread's classes. */
export function unpack({ nodes, root }: Packed): unknown {
  return new Unpacker(nodes).value(root);
}

class Packer {
  readonly nodes: Node[] = [];
  private readonly places = new Map<object, { at: number }>();

  constructor(private readonly group: number) {}

  add(value: unknown, path: string): Reference {
    if (typeof value === 'symbol') refuse(path, 'a symbol is known to its thread only');
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value as Reference;
    const known = this.places.get(value);
    if (known !== undefined) return known;
    const reference = { at: this.nodes.length };
    this.places.set(value, reference);
    // Its place is taken before its parts take theirs.
    this.nodes.push({ kind: 'clone', value: undefined });
    this.nodes[reference.at] = this.node(value, path);
    return reference;
  }

  private node(value: object, path: string): Node {
    if (value instanceof Tensor && !(workerArguments in value)) return tensorNode(value, path, this.group);
    if (value instanceof Generator) return { kind: 'generator', state: stateOf(value, path) };
    if (Array.isArray(value)) return { kind: 'list', values: this.list(value, path) };
    if (value instanceof Map) {
      const entries = Array.from(
        value as ReadonlyMap<unknown, unknown>,
        ([key, each]) => [this.add(key, `a key of ${path}`), this.at(each, path, key)] as const,
      );
      return { kind: 'map', entries };
    }
    if (value instanceof Set) return { kind: 'set', values: this.list([...value], path) };
    if (typeof value === 'function') return { kind: 'function', place: placeOrRefuse(value, path, 'this function') };
    return this.object(value, path);
  }

  private object(value: object, path: string): Node {
    const prototype = Object.getPrototypeOf(value) as { constructor?: unknown } | null;
    if (prototype === null || isRootPrototype(prototype)) return { kind: 'object', entries: this.entries(value, path) };
    const constructor = typeof prototype.constructor === 'function' ? prototype.constructor : Object;
    if (placeOf(constructor) === undefined && isClonable(value)) return { kind: 'clone', value };
    const place = placeOrRefuse(constructor, path, `its class ${constructor.name}`);
    if (!(workerArguments in value)) return { kind: 'instance', place, entries: this.entries(value, path) };
    const values = (value as { [workerArguments](): unknown[] })[workerArguments]();
    if (!Array.isArray(values))
      refuse(path, `its [workerArguments]() must return a list, it returned ${describe(values)}`);
    return { kind: 'constructed', place, values: this.list(values, `${path}[workerArguments]()`) };
  }

  private list(values: readonly unknown[], path: string): Reference[] {
    return values.map((value, index) => this.at(value, path, index));
  }

  private entries(value: object, path: string): Entries {
    return Object.entries(value).map(([key, each]) => [key, this.at(each, path, key)] as const);
  }

  private at(value: unknown, path: string, key: unknown): Reference {
    // Primitives have no use for the path, and there may be millions.
    if ((typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') || value === null) {
      return value as Reference;
    }
    const isName = typeof key === 'string' && /^[\p{L}_$]/u.test(key);
    return this.add(value, path === '' ? String(key) : isName ? `${path}.${key}` : `${path}[${String(key)}]`);
  }
}

class Unpacker {
  private readonly made: unknown[] = [];
  private readonly isMade: boolean[] = [];

  constructor(private readonly nodes: readonly Node[]) {}

  value(reference: Reference): unknown {
    if (typeof reference !== 'object' || reference === null) return reference;
    const { at } = reference;
    if (this.isMade[at] !== true) this.make(at);
    return this.made[at];
  }

  private make(at: number): void {
    const node = this.nodes[at] as Node;
    switch (node.kind) {
      case 'tensor':
        this.put(at, takeTensor(node.token));
        break;
      case 'generator':
        this.put(at, generatorOf(node.state));
        break;
      case 'clone':
        this.put(at, node.value);
        break;
      case 'function':
        this.put(at, thingAt(node.place));
        break;
      case 'constructed': {
        const Class = thingAt(node.place) as new (...args: unknown[]) => unknown;
        this.put(at, new Class(...node.values.map((value) => this.value(value))));
        break;
      }
      case 'list': {
        // Known before its parts: one of them may be the list itself.
        const list: unknown[] = [];
        this.put(at, list);
        for (const value of node.values) list.push(this.value(value));
        break;
      }
      case 'set': {
        const set = new Set();
        this.put(at, set);
        for (const value of node.values) set.add(this.value(value));
        break;
      }
      case 'map': {
        const map = new Map();
        this.put(at, map);
        for (const [key, value] of node.entries) map.set(this.value(key), this.value(value));
        break;
      }
      case 'object':
        this.fill(at, {}, node.entries);
        break;
      case 'instance':
        this.fill(at, Object.create((thingAt(node.place) as { prototype: object }).prototype) as object, node.entries);
        break;
    }
  }

  private put(at: number, value: unknown): void {
    this.isMade[at] = true;
    this.made[at] = value;
  }

  private fill(at: number, object: object, entries: Entries): void {
    this.put(at, object);
    for (const [key, value] of entries) {
      // Not by assignment: an accessor of the class may have that name, and `__proto__` means something.
      Object.defineProperty(object, key as string, {
        value: this.value(value),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
  }
}

function tensorNode(tensor: Tensor, path: string, group: number): Node {
  if (tensor.requiresGrad && !tensor.isLeaf) {
    refuse(
      path,
      'it requires a gradient and is no leaf, and autograd does not cross between threads; send its detach()',
    );
  }
  return { kind: 'tensor', token: sendTensor(tensor, group) };
}

function stateOf(generator: Generator, path: string): ArrayBuffer {
  if (generator.device !== 'cpu') refuse(path, 'a generator of a GPU stays in its thread');
  const state = generator.getState();
  const bytes = state.toBytes();
  state.dispose();
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

function generatorOf(bytes: ArrayBuffer): Generator {
  const state = frombytes(new Uint8Array(bytes), 'uint8', [bytes.byteLength]);
  const generator = new Generator().setState(state);
  state.dispose();
  return generator;
}

/** A plain object's, of any realm. */
function isRootPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty');
}

const clonable: readonly (abstract new (...args: never[]) => object)[] = [
  ArrayBuffer,
  SharedArrayBuffer,
  Date,
  RegExp,
  Error,
  Boolean,
  Number,
  String,
  BigInt as unknown as abstract new () => object,
];

/** Built-in objects that structured cloning copies, not objects of a class derived from one. */
function isClonable(value: object): boolean {
  return ArrayBuffer.isView(value) || clonable.some((Class) => value instanceof Class);
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- a class or a function, of any kind
function placeOrRefuse(thing: Function, path: string, what: string): Place {
  const place = placeOf(thing);
  if (place !== undefined) return place;
  const name = thing.name === '' ? '…' : thing.name;
  return refuse(
    path,
    `no module has registered ${what}. Put \`data.forWorkers(import.meta.url, { ${name} })\` into the module that it is in ` +
      '(`__filename` in CommonJS)',
  );
}

function refuse(path: string, why: string): never {
  throw new ArgumentError(`${path} cannot be sent to another thread: ${why}`);
}
