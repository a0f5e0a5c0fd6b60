import { loadAddon } from './load';
import { TensorBase, UNINITIALIZED } from './tensor-base';

const native = loadAddon();

/** Lists in lists are shown to this depth: enough for a reader, and none is too deep for the stack. */
const DEEPEST = 6;
/** So many elements of a list or an object are shown. */
const WIDEST = 8;
/** So many values in all: lists of lists would be eight times as many at each level. */
const MOST = 64;
/** Characters of one word: a message that holds a word of any length could get too long to be made. */
const LONGEST = 60;

const clipped = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}…` : text);

/**
 * Tells a value to a reader: `Tensor[2, 3] float32`, `'abc'`, `[1, 2]`, `null`. The device is told of a tensor that is not
 * on the CPU, or of every one if `withDevice`. However large the value is, what is told of it is a few lines at most.
 */
export function describe(value: unknown, withDevice = false): string {
  return new Description(withDevice).of(value, 0);
}

class Description {
  private told = 0;

  constructor(private readonly withDevice: boolean) {}

  of(value: unknown, depth: number): string {
    this.told += 1;
    if (value instanceof TensorBase) return this.tensor(value);
    switch (typeof value) {
      case 'string':
        return `'${clipped(value)}'`;
      case 'bigint':
        // Its digits take time that grows faster than their number.
        return value >> 256n === 0n || value >> 256n === -1n
          ? `${clipped(String(value))}n`
          : 'a bigint of over 256 bits';
      case 'symbol':
        return clipped(String(value));
      case 'function':
        return `function ${nameOf(value) ?? ''}`.trimEnd();
      case 'object':
        return value === null ? 'null' : this.object(value, depth);
      default:
        return String(value);
    }
  }

  private tensor({ handle }: TensorBase): string {
    if (handle === UNINITIALIZED) return 'Tensor (uninitialized)';
    if (!native.isAlive(handle)) return 'Tensor (disposed)';
    try {
      const device = native.device(handle);
      const shown = this.withDevice || device !== 'cpu' ? ` on ${device}` : '';
      return `Tensor[${native.sizes(handle).join(', ')}] ${native.dtype(handle)}${shown}`;
    } catch {
      return 'Tensor (being computed)';
    }
  }

  private object(value: object, depth: number): string {
    if (depth > DEEPEST || this.told > MOST) return '…';
    if (Array.isArray(value)) {
      const shown = value.slice(0, WIDEST).map((element) => this.of(element, depth + 1));
      return `[${shown.join(', ')}${value.length > shown.length ? `, … ${value.length} in all` : ''}]`;
    }
    const name = nameOf(value.constructor) ?? 'object';
    if (ArrayBuffer.isView(value)) return `${name}(${value.byteLength} bytes)`;
    if (name !== 'Object') return name;
    const entries = Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .slice(0, WIDEST);
    return `{ ${entries.map(([key, entry]) => `${clipped(key)}: ${this.of(entry, depth + 1)}`).join(', ')} }`;
  }
}

/** The name of a function or a class; null for what is neither, or what goes by anything but a string. */
function nameOf(value: unknown): string | null {
  const name = typeof value === 'function' ? (value as { name: unknown }).name : null;
  return typeof name === 'string' ? clipped(name) : null;
}
