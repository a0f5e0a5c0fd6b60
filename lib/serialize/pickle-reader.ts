/**
 * Reads pickles of the protocols 2 to 5. Nothing is executed: functions and classes are names, and what a call of one
 * makes is decided by the {@link PickleWorld}, which knows a fixed list of them.
 */

import type { ByteSource } from './byte-source';
import { FormatFault } from './format-fault';
import { Dict, kindOf, PickleSet, type PickleValue, Tuple } from './pickle-values';
import { decodeText } from './python-text';

/** What stands outside of a pickle. All of it throws {@link FormatFault} where it refuses. */
export interface PickleWorld {
  /** A function or a class, by its module and name. */
  global(module: string, name: string): PickleValue;
  /** The result of a call. */
  call(callable: PickleValue, args: readonly PickleValue[]): PickleValue;
  /** Gives an object the state that was saved with it. */
  build(object: PickleValue, state: PickleValue): void;
  /** What is stored outside of the pickle. */
  persistent(id: PickleValue): PickleValue;
}

/** An int of more bytes is no number that anybody has saved. */
const LONGEST_INT = 1 << 16;

/** Reads one pickle, from its first byte to the one behind its end. */
export function readPickle(source: ByteSource, world: PickleWorld): PickleValue {
  const machine = new Machine(source, world);
  for (;;) {
    const code = source.byte();
    if (code === STOP) return machine.pop();
    const action = actions[code];
    if (action === undefined) {
      throw new FormatFault(`its pickle has the instruction 0x${code.toString(16)}, which no file of PyTorch needs`);
    }
    action(machine);
  }
}

const STOP = 0x2e;

class Machine {
  private stack: PickleValue[] = [];
  /** What lay on the stack when a mark was set, for each mark. */
  private readonly marked: PickleValue[][] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(
    readonly source: ByteSource,
    readonly world: PickleWorld,
  ) {}

  push(value: PickleValue): void {
    this.stack.push(value);
  }

  pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined) throw new FormatFault('its pickle takes more values than it has made');
    return value;
  }

  top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined) throw new FormatFault('its pickle takes more values than it has made');
    return value;
  }

  mark(): void {
    this.marked.push(this.stack);
    this.stack = [];
  }

  /** The values since the last mark. */
  popMark(): PickleValue[] {
    const items = this.stack;
    const below = this.marked.pop();
    if (below === undefined) throw new FormatFault('its pickle goes back to a mark that was not set');
    this.stack = below;
    return items;
  }

  popTuple(count: number): void {
    if (this.stack.length < count) throw new FormatFault('its pickle takes more values than it has made');
    this.push(new Tuple(this.stack.splice(-count)));
  }

  put(index = this.memo.size): void {
    this.memo.set(index, this.top());
  }

  get(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw new FormatFault(`its pickle refers to the value ${index}, which it has not made`);
    this.push(value);
  }

  extend(items: readonly PickleValue[]): void {
    const target = this.top();
    if (target instanceof PickleSet || Array.isArray(target)) {
      const list = target instanceof PickleSet ? target.items : target;
      for (const item of items) list.push(item);
    } else throw new FormatFault(`its pickle appends to ${kindOf(target)}`);
  }

  setItems(items: readonly PickleValue[]): void {
    const target = this.top();
    if (!(target instanceof Dict)) throw new FormatFault(`its pickle sets items of ${kindOf(target)}`);
    if (items.length % 2 !== 0) throw new FormatFault('its pickle has a key without a value');
    for (let at = 0; at < items.length; at += 2) {
      target.entries.set(keyOf(items[at]), items[at + 1] ?? null);
    }
  }

  dictOf(items: readonly PickleValue[]): void {
    this.push(new Dict(false));
    this.setItems(items);
  }

  global(module: Uint8Array | string, name: Uint8Array | string): void {
    const text = (part: Uint8Array | string): string => (typeof part === 'string' ? part : decodeText(part));
    this.push(this.world.global(text(module), text(name)));
  }

  stackGlobal(): void {
    const [name, module] = [this.pop(), this.pop()];
    if (typeof name !== 'string' || typeof module !== 'string') {
      throw new FormatFault(`its pickle names a global by ${kindOf(module)} and ${kindOf(name)}`);
    }
    this.global(module, name);
  }

  call(): void {
    const args = this.pop();
    const callable = this.pop();
    if (!(args instanceof Tuple)) throw new FormatFault(`its pickle calls something with ${kindOf(args)}`);
    this.push(this.world.call(callable, args.items));
  }

  build(): void {
    const state = this.pop();
    this.world.build(this.top(), state);
  }

  length8(): number {
    const length = this.source.take(8).readBigUInt64LE();
    // Beyond it the source refuses it, and below it the number is exact.
    return Number(length);
  }

  long(length: number): void {
    if (length > LONGEST_INT) throw new FormatFault(`its pickle has an int of ${length} bytes`);
    if (length === 0) {
      this.push(0);
      return;
    }
    const digits = Buffer.from(this.source.take(length)).reverse().toString('hex');
    const value = BigInt.asIntN(8 * length, BigInt(`0x${digits}`));
    const number = Number(value);
    this.push(Number.isSafeInteger(number) ? number : value);
  }

  text(length: number): void {
    this.push(decodeText(this.source.take(length)));
  }

  bytes(length: number): void {
    this.push(new Uint8Array(this.source.take(length)));
  }

  /** Protocols before 2 are text, and those after 5 unknown. */
  protocol(version: number): void {
    if (version < 2 || version > 5) throw new FormatFault(`its pickle has protocol ${version}, expected 2 to 5`);
  }
}

/** What can be a key of a dict in Python: what does not change. */
function keyOf(value: PickleValue | undefined): PickleValue {
  if (value === undefined || Array.isArray(value) || value instanceof Dict || value instanceof PickleSet) {
    throw new FormatFault(`its pickle has a dict with ${kindOf(value)} as a key`);
  }
  return value;
}

/** By instruction, under the names of Python's pickletools. */
const actions: Readonly<Record<number, (machine: Machine) => void>> = {
  0x80: /* PROTO */ (m) => m.protocol(m.source.byte()),
  0x95: /* FRAME */ (m) => void m.source.take(8),
  0x28: /* MARK */ (m) => m.mark(),
  0x30: /* POP */ (m) => void m.pop(),
  0x31: /* POP_MARK */ (m) => void m.popMark(),
  0x32: /* DUP */ (m) => m.push(m.top()),

  0x4e: /* NONE */ (m) => m.push(null),
  0x88: /* NEWTRUE */ (m) => m.push(true),
  0x89: /* NEWFALSE */ (m) => m.push(false),
  0x4a: /* BININT */ (m) => m.push(m.source.take(4).readInt32LE()),
  0x4b: /* BININT1 */ (m) => m.push(m.source.byte()),
  0x4d: /* BININT2 */ (m) => m.push(m.source.uint16()),
  0x8a: /* LONG1 */ (m) => m.long(m.source.byte()),
  0x8b: /* LONG4 */ (m) => m.long(m.source.uint32()),
  0x47: /* BINFLOAT */ (m) => m.push(m.source.take(8).readDoubleBE()),

  0x58: /* BINUNICODE */ (m) => m.text(m.source.uint32()),
  0x8c: /* SHORT_BINUNICODE */ (m) => m.text(m.source.byte()),
  0x8d: /* BINUNICODE8 */ (m) => m.text(m.length8()),
  // Strings of Python 2, which torch.load takes for UTF-8.
  0x55: /* SHORT_BINSTRING */ (m) => m.text(m.source.byte()),
  0x54: /* BINSTRING */ (m) => m.text(m.source.uint32()),
  0x42: /* BINBYTES */ (m) => m.bytes(m.source.uint32()),
  0x43: /* SHORT_BINBYTES */ (m) => m.bytes(m.source.byte()),
  0x8e: /* BINBYTES8 */ (m) => m.bytes(m.length8()),
  0x96: /* BYTEARRAY8 */ (m) => m.bytes(m.length8()),

  0x5d: /* EMPTY_LIST */ (m) => m.push([]),
  0x61: /* APPEND */ (m) => {
    const item = m.pop();
    m.extend([item]);
  },
  0x65: /* APPENDS */ (m) => m.extend(m.popMark()),
  0x6c: /* LIST */ (m) => m.push(m.popMark()),
  0x29: /* EMPTY_TUPLE */ (m) => m.push(new Tuple([])),
  0x74: /* TUPLE */ (m) => m.push(new Tuple(m.popMark())),
  0x85: /* TUPLE1 */ (m) => m.popTuple(1),
  0x86: /* TUPLE2 */ (m) => m.popTuple(2),
  0x87: /* TUPLE3 */ (m) => m.popTuple(3),
  0x7d: /* EMPTY_DICT */ (m) => m.push(new Dict(false)),
  0x64: /* DICT */ (m) => m.dictOf(m.popMark()),
  0x73: /* SETITEM */ (m) => {
    const value = m.pop();
    const key = m.pop();
    m.setItems([key, value]);
  },
  0x75: /* SETITEMS */ (m) => m.setItems(m.popMark()),
  0x8f: /* EMPTY_SET */ (m) => m.push(new PickleSet([])),
  0x90: /* ADDITEMS */ (m) => m.extend(m.popMark()),
  0x91: /* FROZENSET */ (m) => m.push(new PickleSet(m.popMark())),

  0x68: /* BINGET */ (m) => m.get(m.source.byte()),
  0x6a: /* LONG_BINGET */ (m) => m.get(m.source.uint32()),
  0x71: /* BINPUT */ (m) => m.put(m.source.byte()),
  0x72: /* LONG_BINPUT */ (m) => m.put(m.source.uint32()),
  0x94: /* MEMOIZE */ (m) => m.put(),

  0x63: /* GLOBAL */ (m) => {
    const module = decodeText(m.source.line());
    m.global(module, m.source.line());
  },
  0x93: /* STACK_GLOBAL */ (m) => m.stackGlobal(),
  0x52: /* REDUCE */ (m) => m.call(),
  0x81: /* NEWOBJ */ (m) => m.call(),
  0x62: /* BUILD */ (m) => m.build(),
  0x51: /* BINPERSID */ (m) => m.push(m.world.persistent(m.pop())),
};
