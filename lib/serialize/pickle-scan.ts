/** The functions and classes that a pickle names, found without making anything of it: also where it cannot be loaded. */

import type { ByteSource } from './byte-source';
import { FormatFault } from './format-fault';
import { decodeText } from './python-text';

/** A function or a class, as the pickle names it. */
export interface NamedGlobal {
  readonly module: string;
  readonly name: string;
}

const range = (codes: string, bytes: number): [number, number][] =>
  Array.from(codes, (code) => [code.charCodeAt(0), bytes]);

/** Bytes of the arguments of the instructions whose arguments are always as long. */
const FIXED: ReadonlyMap<number, number> = new Map([
  ...range('(012NQR)]}abdelostu\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x97\x98', 0),
  ...range('K\x80\x82', 1),
  ...range('M\x83', 2),
  ...range('J\x84', 4),
  ...range('G', 8),
]);

/** Bytes of the length before the argument. */
const COUNTED: ReadonlyMap<number, number> = new Map([
  ...range('C\x8a', 1),
  ...range('B\x8b', 4),
  ...range('\x8e\x96', 8),
]);

/** Those of them whose arguments are strings. */
const STRINGS: ReadonlyMap<number, number> = new Map([...range('U\x8c', 1), ...range('TX', 4), ...range('\x8d', 8)]);

/** Instructions of protocol 0, whose argument is a line. */
const LINES: ReadonlySet<number> = new Set(Array.from('FILPSVgp', (code) => code.charCodeAt(0)));

/** Reads one pickle, from its first byte to the one behind its end, and gives what it names, in the order of the names. */
export function* globalsOf(source: ByteSource): Generator<NamedGlobal> {
  // Strings alone are remembered: the instruction that takes a global from the stack needs the two on top.
  const memo = new Map<number, string | null>();
  let top: string | null = null;
  let below: string | null = null;
  const push = (value: string | null): void => {
    below = top;
    top = value;
  };
  const length = (bytes: number): number =>
    bytes === 8 ? Number(source.take(8).readBigUInt64LE()) : bytes === 4 ? source.uint32() : source.byte();
  for (;;) {
    const code = source.byte();
    const [fixed, counted, string] = [FIXED.get(code), COUNTED.get(code), STRINGS.get(code)];
    if (code === 0x2e /* STOP */) return;
    if (string !== undefined) push(decodeText(source.take(length(string))));
    else if (code === 0x68 /* BINGET */) push(memo.get(source.byte()) ?? null);
    else if (code === 0x6a /* LONG_BINGET */) push(memo.get(source.uint32()) ?? null);
    else if (code === 0x71 /* BINPUT */) memo.set(source.byte(), top);
    else if (code === 0x72 /* LONG_BINPUT */) memo.set(source.uint32(), top);
    else if (code === 0x94 /* MEMOIZE */) memo.set(memo.size, top);
    // One may begin between two strings and the instruction that takes them.
    else if (code === 0x95 /* FRAME */) source.take(8);
    else if (code === 0x93 /* STACK_GLOBAL */) {
      if (typeof top !== 'string' || typeof below !== 'string') throw new FormatFault('its pickle computes a name');
      yield { module: below, name: top };
      push(null);
    } else {
      push(null);
      if (code === 0x63 /* GLOBAL */ || code === 0x69 /* INST */) {
        const module = decodeText(source.line());
        yield { module, name: decodeText(source.line()) };
      } else if (fixed !== undefined) source.take(fixed);
      else if (counted !== undefined) source.skip(length(counted));
      else if (LINES.has(code)) source.line();
      else throw new FormatFault(`its pickle has the unknown instruction 0x${code.toString(16)}`);
    }
  }
}
