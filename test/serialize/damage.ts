/** Damage to the bytes of a file, by a generator of random numbers that a seed starts. */

/** Uniform integers below `limit`; mulberry32, so that a find can be made again by its seed. */
export function dice(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

const WORDS = [
  '__builtin__\neval\n',
  'os\nsystem\n',
  'torch._utils\n_rebuild_qtensor\n',
  'torch\nQInt8Storage\n',
  'torch\nBoolStorage\n',
  'torch\nDoubleStorage\n',
  'collections\nOrderedDict\n',
  'torch._tensor\n_rebuild_from_type_v2\n',
  '_codecs\nencode\n',
  'cuda:0',
  'meta',
  'storage',
  'big',
];

const NUMBERS = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  2n ** 32n,
  2n ** 40n,
  2n ** 63n - 1n,
  2n ** 64n - 1n,
];

/** A damaged copy; `other` is another good file, whose pieces may stand in the wrong place. */
export function damage(good: Buffer, other: Buffer, roll: (limit: number) => number): Buffer {
  let bytes: Buffer = Buffer.from(good);
  for (let times = 1 + roll(3); times > 0; times--) bytes = kinds[roll(kinds.length)]?.(bytes, other, roll) ?? bytes;
  return bytes;
}

/** Where the damage is: anywhere, but more often in the first and the last pages, where the descriptions are. */
function place(bytes: Buffer, roll: (limit: number) => number): number {
  const page = Math.min(2048, bytes.length);
  const spot = roll(3);
  if (spot === 0) return roll(bytes.length);
  return spot === 1 ? roll(page) : bytes.length - page + roll(page);
}

type Damage = (bytes: Buffer, other: Buffer, roll: (limit: number) => number) => Buffer;

const replaced = (bytes: Buffer, at: number, piece: Uint8Array, drop = piece.length): Buffer =>
  Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + drop)]);

const kinds: readonly Damage[] = [
  // A byte, a bit, a run of bytes.
  (bytes, _, roll) => replaced(bytes, place(bytes, roll), Uint8Array.of(roll(256))),
  (bytes, _, roll) => {
    const at = place(bytes, roll);
    if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << roll(8));
    return bytes;
  },
  (bytes, _, roll) =>
    replaced(
      bytes,
      place(bytes, roll),
      Uint8Array.from({ length: 1 + roll(16) }, () => roll(256)),
    ),
  // A number where numbers hurt, of each width.
  (bytes, _, roll) => {
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(NUMBERS[roll(NUMBERS.length)] ?? 0n);
    return replaced(bytes, place(bytes, roll), number.subarray(0, [1, 2, 4, 8][roll(4)]));
  },
  (bytes, _, roll) => {
    const digits = [...bytes.keys()].slice(0, 4096).filter((at) => /\d/.test(String.fromCharCode(bytes[at] ?? 0)));
    return replaced(bytes, digits[roll(digits.length)] ?? 0, Uint8Array.of(0x30 + roll(10)));
  },
  // Cut off, a piece missing, twice, or of another file.
  (bytes, _, roll) => bytes.subarray(0, roll(bytes.length)),
  (bytes, _, roll) => replaced(bytes, place(bytes, roll), new Uint8Array(0), 1 + roll(64)),
  (bytes, _, roll) => {
    const at = place(bytes, roll);
    return replaced(bytes, at, bytes.subarray(at, at + 1 + roll(64)), 0);
  },
  (bytes, other, roll) => {
    const from = roll(other.length);
    const piece = other.subarray(from, from + 1 + roll(256));
    return replaced(bytes, place(bytes, roll), piece, roll(2) * piece.length);
  },
  // Names that mean something, in the place of others.
  (bytes, _, roll) => {
    const word = Buffer.from(WORDS[roll(WORDS.length)] ?? '');
    const names = [
      ...bytes
        .toString('latin1')
        .slice(0, 65_536)
        .matchAll(/[\w.]{2,}\n[\w.]+\n|cpu|storage|little/g),
    ];
    const name = names[roll(names.length)];
    return replaced(bytes, name?.index ?? place(bytes, roll), word, name?.[0].length ?? 0);
  },
  // Instructions of a pickle.
  (bytes, _, roll) => {
    const codes = Buffer.from(
      '(.0123MNPQRUTXBCGIJKLSVabcdeghijlmnopqrstu})]\x80\x81\x82\x85\x88\x8a\x8b\x8e\x93\x94\x96',
      'latin1',
    );
    return replaced(bytes, place(bytes, roll), Uint8Array.of(codes[roll(codes.length)] ?? 0), roll(2));
  },
];
