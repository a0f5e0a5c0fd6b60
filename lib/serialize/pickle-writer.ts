/** Writes the instructions of a pickle of protocol 2, those that Python's `weights_only` reads. */

import { encodeText } from './python-text';

/** A function or a class of Python. */
export interface PythonName {
  readonly module: string;
  readonly name: string;
}

export const ORDERED_DICT: PythonName = { module: 'collections', name: 'OrderedDict' };

const END = 0x2e;

/** Ints longer than this need an instruction that `weights_only` does not know. */
export const LONGEST_INT = 255;

/**
 * Instructions, one after the other. What was written once can be referred to: objects by themselves, strings and names of
 * Python by their text.
 */
export class PickleWriter {
  private buffer = Buffer.alloc(1 << 12);
  private length = 0;
  private readonly memo = new Map<object | string, number>();

  constructor() {
    this.raw(0x80, 2);
  }

  /** The whole pickle; the value on its stack is its result. */
  finish(): Uint8Array {
    this.raw(END);
    return this.buffer.subarray(0, this.length);
  }

  none(): void {
    this.raw(0x4e);
  }

  bool(value: boolean): void {
    this.raw(value ? 0x88 : 0x89);
  }

  /** @throws RangeError for one of more than {@link LONGEST_INT} bytes */
  int(value: bigint): void {
    if (value >= 0n && value <= 0xffn) this.raw(0x4b, Number(value));
    else if (value >= 0n && value <= 0xffffn) this.raw(0x4d, Number(value & 0xffn), Number(value >> 8n));
    else if (value === BigInt.asIntN(32, value)) {
      this.raw(0x4a);
      this.reserve(4).writeInt32LE(Number(value));
    } else {
      const bytes = twosComplement(value);
      if (bytes.length > LONGEST_INT) throw new RangeError(`an int of ${bytes.length} bytes`);
      this.raw(0x8a, bytes.length, ...bytes);
    }
  }

  float(value: number): void {
    this.raw(0x47);
    this.reserve(8).writeDoubleBE(value);
  }

  text(value: string): void {
    this.once(`text ${value}`, () => {
      const bytes = encodeText(value);
      this.raw(0x58);
      this.reserve(4).writeUInt32LE(bytes.length);
      this.reserve(bytes.length).set(bytes);
    });
  }

  global({ module, name }: PythonName): void {
    this.once(`global ${module} ${name}`, () => {
      const line = Buffer.from(`c${module}\n${name}\n`, 'latin1');
      this.reserve(line.length).set(line);
    });
  }

  /** An int that is small, such as a size. */
  count(value: number): void {
    this.int(BigInt(value));
  }

  emptyList(): void {
    this.raw(0x5d);
  }

  emptyDict(): void {
    this.raw(0x7d);
  }

  mark(): void {
    this.raw(0x28);
  }

  /** Appends what came since the mark to the list before it. */
  appends(): void {
    this.raw(0x65);
  }

  /** Sets keys and values, which came in turn since the mark, in the dict before it. */
  setItems(): void {
    this.raw(0x75);
  }

  /** Makes a tuple: of what came since the mark. */
  tupleFromMark(): void {
    this.raw(0x74);
  }

  /** A tuple of what `write` writes; without a mark where Python writes none. */
  tuple(...items: (() => void)[]): void {
    if (items.length > 3) this.mark();
    for (const item of items) item();
    this.raw([0x29, 0x85, 0x86, 0x87][items.length] ?? 0x74);
  }

  /** Calls the function below the tuple on top with it. */
  reduce(): void {
    this.raw(0x52);
  }

  /** A reference to something outside, by the id on top. */
  persistent(): void {
    this.raw(0x51);
  }

  /** Drops the value on top. */
  pop(): void {
    this.raw(0x30);
  }

  /** Remembers the value on top as `object`. */
  remember(object: object | string): void {
    const index = this.memo.size;
    this.memo.set(object, index);
    if (index <= 0xff) this.raw(0x71, index);
    else {
      this.raw(0x72);
      this.reserve(4).writeUInt32LE(index);
    }
  }

  isRemembered(object: object): boolean {
    return this.memo.has(object);
  }

  /** Writes a reference to what was remembered as `object`; false where nothing was. */
  recall(object: object | string): boolean {
    const index = this.memo.get(object);
    if (index === undefined) return false;
    if (index <= 0xff) this.raw(0x68, index);
    else {
      this.raw(0x6a);
      this.reserve(4).writeUInt32LE(index);
    }
    return true;
  }

  private once(key: string, write: () => void): void {
    if (this.recall(key)) return;
    write();
    this.remember(key);
  }

  private raw(...bytes: number[]): void {
    this.reserve(bytes.length).set(bytes);
  }

  private reserve(bytes: number): Buffer {
    if (this.length + bytes > this.buffer.length) {
      const larger = Buffer.alloc(Math.max(2 * this.buffer.length, this.length + bytes));
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
    }
    this.length += bytes;
    return this.buffer.subarray(this.length - bytes, this.length);
  }
}

/** The fewest bytes, the lowest first, whose highest bit is the sign. */
function twosComplement(value: bigint): Uint8Array {
  const magnitude = value < 0n ? -value - 1n : value;
  const length = Math.floor(magnitude.toString(2).length / 8) + 1;
  const hex = BigInt.asUintN(8 * length, value)
    .toString(16)
    .padStart(2 * length, '0');
  return Buffer.from(hex, 'hex').reverse();
}
