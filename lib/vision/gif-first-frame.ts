/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops keep every index inside its array, and a test per byte would say nothing */
/**
 * Reads the first frame of a GIF as Pillow's `Image.open(file).convert('RGB')` does.
 *
 * sharp turns pixels of the transparent colour to black; Pillow keeps that colour as the palette has it. Nothing but
 * reading the palette ourselves gives Pillow's pixels.
 */

/** RGB pixels, `[height, width, 3]`. */
export interface GifFrame {
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
}

const kMaximumPixels = 0x3fff * 0x3fff;
const kMaximumCodes = 4096;

export function isGif(bytes: Uint8Array): boolean {
  return /^GIF8[79]a$/.test(Buffer.from(bytes.subarray(0, 6)).toString('latin1'));
}

/**
 * Decodes the first frame. Outside the frame's own rectangle lies the transparent colour, or colour 0 without one;
 * the screen grows where the frame reaches beyond it.
 *
 * @throws Error where the file is damaged or cut short.
 */
export function decodeGifFirstFrame(bytes: Uint8Array): GifFrame {
  const reader = new Reader(bytes);
  reader.skip(6);
  let width = reader.uint16();
  let height = reader.uint16();
  const screenFlags = reader.uint8();
  reader.skip(2);
  let palette = screenFlags & 0x80 ? reader.take(3 << ((screenFlags & 7) + 1)) : null;

  let background = 0;
  for (;;) {
    const kind = reader.uint8();
    if (kind === 0x21) {
      const label = reader.uint8();
      const blocks = reader.blocks();
      if (label === 0xf9 && blocks.length >= 4 && blocks[0]! & 1) background = blocks[3]!;
    } else if (kind === 0x2c) {
      break;
    } else if (kind === 0x3b) {
      throw new Error('the GIF holds no image');
    }
  }

  const left = reader.uint16();
  const top = reader.uint16();
  const columns = reader.uint16();
  const rows = reader.uint16();
  const flags = reader.uint8();
  if (flags & 0x80) palette = reader.take(3 << ((flags & 7) + 1));
  width = Math.max(width, left + columns);
  height = Math.max(height, top + rows);
  if (width * height === 0 || width * height > kMaximumPixels) {
    throw new Error(`the GIF header promises ${width} x ${height} pixels`);
  }

  const codeSize = reader.uint8();
  const indices = decompress(reader.blocks(), codeSize, columns * rows);
  const screen = new Uint8Array(width * height).fill(background);
  const order = flags & 0x40 ? interlacedRows(rows) : null;
  for (let row = 0; row < rows; row++) {
    const target = top + (order === null ? row : order[row]!);
    screen.set(indices.subarray(row * columns, (row + 1) * columns), target * width + left);
  }
  return { data: colour(screen, palette), height, width };
}

/** Looks up colours. As in Pillow, an index beyond the palette is black, and without any palette indices are greys. */
function colour(indices: Uint8Array, palette: Uint8Array | null): Uint8Array {
  const data = new Uint8Array(indices.length * 3);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    for (let channel = 0; channel < 3; channel++) {
      data[3 * i + channel] = palette === null ? index : (palette[3 * index + channel] ?? 0);
    }
  }
  return data;
}

function interlacedRows(rows: number): number[] {
  const order: number[] = [];
  for (const [start, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ] as const) {
    for (let row = start; row < rows; row += step) order.push(row);
  }
  return order;
}

/** LZW with variable code size, least significant bit first. */
function decompress(input: Uint8Array, minimumCodeSize: number, length: number): Uint8Array {
  if (minimumCodeSize < 1 || minimumCodeSize > 11) throw new Error('the GIF has an impossible code size');
  const clear = 1 << minimumCodeSize;
  const prefix = new Uint16Array(kMaximumCodes);
  const suffix = new Uint8Array(kMaximumCodes);
  const stack = new Uint8Array(kMaximumCodes + 1);
  for (let code = 0; code < clear; code++) suffix[code] = code;

  const output = new Uint8Array(length);
  let size = minimumCodeSize + 1;
  let next = clear + 2;
  let previous = -1;
  let first = 0;
  let bits = 0;
  let held = 0;
  let position = 0;
  let written = 0;
  while (written < length) {
    while (held < size) {
      if (position === input.length) throw new Error('the GIF image data is cut short');
      bits |= input[position++]! << held;
      held += 8;
    }
    const code = bits & ((1 << size) - 1);
    bits >>>= size;
    held -= size;

    if (code === clear) {
      size = minimumCodeSize + 1;
      next = clear + 2;
      previous = -1;
      continue;
    }
    if (code === clear + 1) throw new Error('the GIF image data is cut short');
    if (code > next || (code === next && previous < 0)) throw new Error('the GIF image data is damaged');

    let depth = 0;
    let walk = code;
    if (code === next) {
      stack[depth++] = first;
      walk = previous;
    }
    while (walk >= clear) {
      stack[depth++] = suffix[walk]!;
      walk = prefix[walk]!;
    }
    first = suffix[walk]!;
    stack[depth++] = first;
    while (depth > 0 && written < length) output[written++] = stack[--depth]!;

    if (previous >= 0 && next < kMaximumCodes) {
      prefix[next] = previous;
      suffix[next] = first;
      next++;
      if (next === 1 << size && size < 12) size++;
    }
    previous = code;
  }
  return output;
}

/** Reads forwards and refuses to run past the end. */
class Reader {
  private position = 0;

  constructor(private readonly bytes: Uint8Array) {}

  take(count: number): Uint8Array {
    if (this.position + count > this.bytes.length) throw new Error('the GIF is cut short');
    this.position += count;
    return this.bytes.subarray(this.position - count, this.position);
  }

  skip(count: number): void {
    this.take(count);
  }

  uint8(): number {
    return this.take(1)[0]!;
  }

  uint16(): number {
    const bytes = this.take(2);
    return bytes[0]! | (bytes[1]! << 8);
  }

  /** A run of length-prefixed blocks up to the empty one, joined. A file may end without that one. */
  blocks(): Uint8Array {
    const parts: Uint8Array[] = [];
    while (this.position < this.bytes.length) {
      const length = this.uint8();
      if (length === 0) break;
      parts.push(this.take(Math.min(length, this.bytes.length - this.position)));
    }
    return Buffer.concat(parts);
  }
}
