import { noGrad } from '../autograd';
import { ArgumentError, binding, checkList, TorchError } from '../engine';
import { empty, forkRng, Generator, itemSize, Tensor } from '../tensor';
import { type AnyModule, Module } from './module';
import { Buffer, Parameter } from './parameter';
import { isLazy, UninitializedBuffer, UninitializedParameter } from './uninitialized';

/**
 * A copy of a module with all that it consists of, as Python's `copy.deepcopy` makes it: parameters, buffers, children,
 * hooks, `training` and plain fields. What is shared within stays shared within the copy, and nothing is drawn at random.
 * A list or an object of modules is copied in one, so that what they share stays shared too.
 *
 * Copied are modules, tensors, generators, arrays, maps, sets, dates, arrays of numbers and plain objects, and objects that
 * have a method `beginCopy` as modules do. Functions and all other objects are the same in the copy. As in PyTorch a parameter's copy has no gradient, that of a buffer or of
 * another tensor has, and such tensors with one memory have one in the copy, too.
 *
 * A function and no method, as in Python, where it is not PyTorch's but stands beside it: it takes any value.
 *
 * @throws ArgumentError for a class with private members (`#name`) and without a `beginCopy` ({@link Module.beginCopy});
 *   TorchError for a tensor that autograd has computed
 *
 * @example
 * ```ts
 * const model = new nn.Linear(2, 2);
 * const copy = nn.deepcopy(model);
 * console.log(torch.equal(copy.weight, model.weight)); // true
 * torch.noGrad(() => copy.weight.zero_());
 * console.log(torch.equal(copy.weight, model.weight)); // false
 * ```
 */
export function deepcopy<T>(value: T): T {
  const copies = new Copies();
  try {
    return noGrad(() => copies.of(value));
  } finally {
    copies.dispose();
  }
}

/** What a module is, and any other object that says how its copy begins. */
interface Copyable {
  beginCopy(copy: <T>(value: T) => T): object;
}

/** An object whose `beginCopy` is still to return. */
const BEGUN = Symbol('begun');

/** Levels of values in values, which the stack has room for. */
const DEEPEST = 1000;

/** What was copied so far. */
class Copies {
  readonly #known = new Map<object, unknown>();
  /** Copies of storages, as bytes, by the engine's id. */
  readonly #storages = new Map<number, Tensor>();
  #depth = 0;

  readonly of = <T>(value: T): T => {
    if (typeof value !== 'object' || value === null) return value;
    const known = this.#known.get(value);
    if (known === BEGUN) {
      throw new ArgumentError(
        `beginCopy() of ${value.constructor.name} asked for a copy of the module itself; expected it to copy values of ` +
          'private fields that do not refer to it',
      );
    }
    if (known !== undefined) return known as T;
    if (this.#depth === DEEPEST) throw new ArgumentError(`deepcopy(): expected a value of at most ${DEEPEST} levels`);
    this.#depth += 1;
    try {
      return this.#copy(value) as T;
    } finally {
      this.#depth -= 1;
    }
  };

  dispose(): void {
    for (const storage of this.#storages.values()) storage.dispose();
  }

  #copy(value: object): unknown {
    if (value instanceof Tensor) return this.#remember(value, this.#tensor(value));
    if (isCopyable(value)) return this.#begin(value);
    if (value instanceof Generator) return this.#remember(value, value.cloneState());
    switch (Object.getPrototypeOf(value)) {
      case null:
      case Object.prototype:
        return this.#properties(
          value,
          this.#remember(value, Object.create(Object.getPrototypeOf(value) as object | null)),
        );
      case Array.prototype: {
        checkList('deepcopy', 'value', value);
        const copy = this.#remember(value, [] as unknown[]);
        for (const element of value as unknown[]) copy.push(this.of(element));
        return copy;
      }
      case Map.prototype: {
        const copy = this.#remember(value, new Map<unknown, unknown>());
        for (const [key, element] of value as Map<unknown, unknown>) copy.set(this.of(key), this.of(element));
        return copy;
      }
      case Set.prototype: {
        const copy = this.#remember(value, new Set());
        for (const element of value as Set<unknown>) copy.add(this.of(element));
        return copy;
      }
    }
    if (value instanceof Date || value instanceof ArrayBuffer) return this.#remember(value, structuredClone(value));
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
      return this.#remember(value, (value as Uint8Array).slice());
    }
    return value;
  }

  #remember<T>(value: object, copy: T): T {
    this.#known.set(value, copy);
    return copy;
  }

  #begin(object: Copyable): object {
    this.#known.set(object, BEGUN);
    const copy = this.#remember(object, this.#begun(object));
    for (const key of Reflect.ownKeys(copy)) Reflect.deleteProperty(copy, key);
    this.#properties(object, copy);
    if (object instanceof Module) (copy as AnyModule).finishCopy(object as AnyModule);
    return copy;
  }

  #begun(object: Copyable): object {
    if (object.beginCopy === Module.prototype.beginCopy) return object.beginCopy(this.of);
    const copy: unknown = forkRng(() => object.beginCopy(this.of));
    const isNew = typeof copy === 'object' && copy !== null && copy !== object && !this.#isCopy(copy);
    if (!isNew || copy instanceof Module !== object instanceof Module) {
      throw new ArgumentError(
        `beginCopy() of ${object.constructor.name}: expected it to return a new object of the class`,
      );
    }
    // A module may have become one of another class than its constructor makes: parametrized, or no longer lazy.
    Object.setPrototypeOf(copy, Object.getPrototypeOf(object) as object);
    return copy;
  }

  #isCopy(object: object): boolean {
    return [...this.#known.values()].includes(object);
  }

  /** Copies of all own properties; accessors as they are, for they work on `this`. */
  #properties<T extends object>(from: object, to: T): T {
    for (const key of Reflect.ownKeys(from)) {
      const property = Object.getOwnPropertyDescriptor(from, key) as PropertyDescriptor;
      if ('value' in property) property.value = this.of<unknown>(property.value);
      Object.defineProperty(to, key, property);
    }
    return to;
  }

  #tensor(tensor: Tensor): Tensor {
    if (isLazy(tensor)) return withoutShape(tensor);
    if (tensor instanceof Parameter) {
      using detached = tensor.detach();
      using data = detached.clone();
      return new (tensor.constructor as typeof Parameter)(data, tensor.requiresGrad);
    }
    if (!tensor.isLeaf) {
      throw new TorchError(
        'Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment. If you were ' +
          'attempting to deepcopy a module, this may be because of a nn.utils.weightNorm usage; ' +
          'nn.utils.parametrizations.weightNorm can be copied',
      );
    }
    const copy = this.#elements(tensor);
    const made = tensor instanceof Buffer ? new Buffer(copy, { persistent: tensor.persistent }) : copy;
    if (made !== copy) copy.dispose();
    if (tensor.requiresGrad) made.requiresGrad_();
    const { grad } = tensor;
    if (grad !== null) made.grad = this.of(grad);
    return made;
  }

  /** Views of one memory become views of one copy of it. */
  #elements(tensor: Tensor): Tensor {
    using detached = tensor.detach();
    const found = tensor.layout === 'strided' && tensor.device !== 'meta' ? binding.storageOf(tensor.handle) : null;
    if (found === null) return detached.clone();
    const { dtype, device } = tensor;
    let memory = this.#storages.get(found.id);
    if (memory === undefined) {
      // The tensor's elements need not lie in order, but those of one dimension over all of the storage do.
      using elements = detached.asStrided([Math.floor(found.bytes / itemSize(dtype))], [1], 0);
      using bytes = empty([0], { dtype: 'uint8', device }).set_(elements, 0, [found.bytes], [1]);
      memory = bytes.clone();
      this.#storages.set(found.id, memory);
    }
    const raw = empty([0], { dtype, device }).set_(memory, tensor.storageOffset(), tensor.shape, tensor.stride());
    if (!tensor.isConj() && !tensor.isNeg()) return raw;
    using flagged = raw;
    using conjugated = tensor.isConj() ? flagged.conjPhysical() : flagged.clone();
    return tensor.isNeg() ? conjugated.neg() : conjugated.clone();
  }
}

function isCopyable(value: object): value is Copyable {
  return 'beginCopy' in value && typeof value.beginCopy === 'function';
}

function withoutShape(tensor: UninitializedParameter | UninitializedBuffer): Tensor {
  const { requiresGrad, device, dtype } = tensor;
  if (tensor instanceof UninitializedParameter) return new UninitializedParameter({ requiresGrad, device, dtype });
  return new UninitializedBuffer({ requiresGrad, device, dtype, persistent: tensor.persistent });
}
