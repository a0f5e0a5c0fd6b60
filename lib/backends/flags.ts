import { ArgumentError, describe } from '../engine';
import { binding } from '../engine/gate';

/** How exactly float32 is computed: as it is (`ieee`), with shorter floats in between, or as the level above says (`none`). */
export type Fp32Precision = 'none' | 'ieee' | 'tf32' | 'bf16';

/** Something with a precision of its own. */
export interface WithFp32Precision {
  fp32Precision: Fp32Precision;
}

/** One object of several, frozen: the value of a switch can be set, and setting a misspelt one throws. */
export function join<T extends object>(...parts: readonly Partial<T>[]): T {
  const descriptors = parts.map((part) => Object.getOwnPropertyDescriptors(part));
  return Object.freeze(Object.defineProperties({}, Object.assign({}, ...descriptors) as PropertyDescriptorMap)) as T;
}

/** libtorch's switches below `prefix`, as properties. */
export function switches<T extends object>(prefix: string): Partial<T> {
  const start = `${prefix}.`;
  const object = {};
  for (const name of binding.backendFlagNames().filter((each) => each.startsWith(start))) {
    const property = name.slice(start.length);
    const isFact = property === 'isAvailable';
    Object.defineProperty(object, property, isFact ? { value: () => binding.backendFlag(name) } : accessorOf(name));
  }
  return object;
}

function accessorOf(name: string): PropertyDescriptor {
  return {
    enumerable: true,
    get: () => binding.backendFlag(name),
    set: (on: unknown) => {
      setSwitch(name, on);
    },
  };
}

/** Sets one of libtorch's switches. */
export function setSwitch(name: string, on: unknown): void {
  if (typeof on !== 'boolean') {
    throw new ArgumentError(`expected true or false for ${name} of torch.backends, received ${describe(on)}`);
  }
  binding.setBackendFlag(name, on);
}

/** The precision of one library's ops. */
export function precisionOf(library: 'generic' | 'cuda' | 'mkldnn', op: string): WithFp32Precision {
  return Object.freeze({
    get fp32Precision() {
      return binding.fp32Precision(library, op) as Fp32Precision;
    },
    set fp32Precision(precision: Fp32Precision) {
      if (typeof precision !== 'string') {
        throw new ArgumentError(`expected none, ieee, tf32 or bf16 for fp32Precision, received ${describe(precision)}`);
      }
      binding.setFp32Precision(library, op, precision);
    },
  });
}
