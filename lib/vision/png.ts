/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops keep every index inside its array, and a test per byte would say nothing */
/**
 * Reads PNG files that hold one sample per pixel, grey or palette, to their raw samples.
 *
 * sharp hands out colours only. A trimap's *indices* are its labels, and Pillow keeps them, so a palette file must be
 * read without its palette. It is also four times cheaper than a sharp pipeline, and every training sample has a trimap.
 */
import { inflateSync } from 'node:zlib';

/** Raw samples of a one-channel PNG, `[height, width]`. */
export interface PngSamples {
  /** 16-bit files give a Uint16Array, all others one byte per sample, as stored: a 2-bit file holds 0 to 3. */
  readonly samples: Uint8Array | Uint16Array;
  readonly height: number;
  readonly width: number;
  readonly bitDepth: number;
  readonly palette: boolean;
}

/** What a PNG's first chunk says of it. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha. */
  readonly colourType: number;
  readonly interlaced: boolean;
}

/** As many pixels as sharp takes: a header that promises more is damaged or hostile. */
const kMaximumPixels = 0x3fff * 0x3fff;

/** Column and row where each Adam7 pass starts, and its steps. */
const kAdam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

export function isPng(bytes: Uint8Array): boolean {
  return bytes.length > 8 && view(bytes).getUint32(0) === 0x89504e47 && view(bytes).getUint32(4) === 0x0d0a1a0a;
}

/** Reads the header chunk. @throws Error where it is missing or promises an absurd size. */
export function readPngHeader(bytes: Uint8Array): PngHeader {
  const data = view(bytes);
  if (bytes.length < 33 || chunkType(data, 8) !== 'IHDR') throw new Error('the PNG header is missing');
  const header = {
    width: data.getUint32(16),
    height: data.getUint32(20),
    bitDepth: data.getUint8(24),
    colourType: data.getUint8(25),
    interlaced: data.getUint8(28) === 1,
  };
  const pixels = header.width * header.height;
  if (pixels === 0 || pixels > kMaximumPixels) {
    throw new Error(`the PNG header promises ${header.width} x ${header.height} pixels`);
  }
  return header;
}

/**
 * Decodes a grey or palette PNG of 1, 2, 4, 8 or 16 bits, interlaced or not.
 *
 * @throws Error where the file is damaged, cut short, or holds more than one sample per pixel.
 */
export function decodePngSamples(bytes: Uint8Array): PngSamples {
  const header = readPngHeader(bytes);
  const { width, height, bitDepth, colourType } = header;
  if (colourType !== 0 && colourType !== 3) throw new Error('the PNG holds more than one sample per pixel');
  if (![1, 2, 4, 8, 16].includes(bitDepth) || (colourType === 3 && bitDepth === 16)) {
    throw new Error(`the PNG has an impossible bit depth of ${bitDepth}`);
  }
  const passes = header.interlaced ? kAdam7 : [[0, 0, 1, 1] as const];
  const layout = passes.map(([x, y, dx, dy]) => {
    const columns = Math.ceil((width - x) / dx);
    return {
      x,
      y,
      dx,
      dy,
      columns,
      rows: columns > 0 ? Math.ceil((height - y) / dy) : 0,
      rowBytes: (columns * bitDepth + 7) >> 3,
    };
  });
  const expected = layout.reduce((sum, pass) => sum + pass.rows * (pass.rowBytes + 1), 0);
  // One chunk holds it all, and is not copied together from many.
  const chunkSize = expected + 1024;
  const raw = inflateSync(imageData(bytes), { chunkSize, maxOutputLength: chunkSize });
  if (raw.length < expected) throw new Error('the PNG image data is cut short');

  const lines = unfilter(raw, layout, bitDepth === 16 ? 2 : 1);
  const palette = colourType === 3;
  if (bitDepth === 8 && !header.interlaced) return { samples: lines, height, width, bitDepth, palette };
  const samples = bitDepth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
  let start = 0;
  for (const pass of layout) {
    for (let row = 0; row < pass.rows; row++) {
      unpackRow(lines, start, bitDepth, pass.columns, samples, (pass.y + row * pass.dy) * width + pass.x, pass.dx);
      start += pass.rowBytes;
    }
  }
  return { samples, height, width, bitDepth, palette };
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function chunkType(data: DataView, offset: number): string {
  return String.fromCharCode(...[4, 5, 6, 7].map((at) => data.getUint8(offset + at)));
}

/** The IDAT chunks as one stream. A missing end chunk is no error, as it is none to Pillow. */
function imageData(bytes: Uint8Array): Uint8Array {
  const data = view(bytes);
  const parts: Uint8Array[] = [];
  for (let offset = 8; offset + 12 <= bytes.length;) {
    const length = data.getUint32(offset);
    if (chunkType(data, offset) === 'IDAT') parts.push(bytes.subarray(offset + 8, offset + 8 + length));
    offset += 12 + length;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** The rows of all passes, one after the other, without the filters that each was written with. */
function unfilter(
  raw: Uint8Array,
  layout: readonly { readonly rows: number; readonly rowBytes: number }[],
  pixelBytes: number,
): Uint8Array {
  const lines = new Uint8Array(layout.reduce((sum, { rows, rowBytes }) => sum + rows * rowBytes, 0));
  let from = 0;
  let to = 0;
  for (const { rows, rowBytes } of layout) {
    for (let row = 0; row < rows; row++) {
      // Above the first row lie zeros: as a row that is its own predecessor finds, before it is written.
      unfilterRow(raw, from, lines, to, row === 0 ? 0 : rowBytes, rowBytes, pixelBytes);
      from += rowBytes + 1;
      to += rowBytes;
    }
  }
  return lines;
}

/** The row at `from` in `raw`, its filter's number first, to `to` in `lines`. The row above lies `above` bytes before that. */
function unfilterRow(
  raw: Uint8Array,
  from: number,
  lines: Uint8Array,
  to: number,
  above: number,
  length: number,
  pixelBytes: number,
): void {
  const shift = from + 1 - to;
  const second = to + pixelBytes;
  const end = to + length;
  switch (raw[from]) {
    case 0:
      for (let i = to; i < end; i++) lines[i] = raw[i + shift]!;
      return;
    case 1:
      for (let i = to; i < end; i++) lines[i] = raw[i + shift]! + (i < second ? 0 : lines[i - pixelBytes]!);
      return;
    case 2:
      for (let i = to; i < end; i++) lines[i] = raw[i + shift]! + lines[i - above]!;
      return;
    case 3:
      for (let i = to; i < end; i++) {
        const left = i < second ? 0 : lines[i - pixelBytes]!;
        lines[i] = raw[i + shift]! + ((left + lines[i - above]!) >> 1);
      }
      return;
    case 4:
      for (let i = to; i < end; i++) {
        const left = i < second ? 0 : lines[i - pixelBytes]!;
        const corner = i < second || above === 0 ? 0 : lines[i - above - pixelBytes]!;
        lines[i] = raw[i + shift]! + paeth(left, lines[i - above]!, corner);
      }
      return;
    default:
      throw new Error(`the PNG uses an unknown row filter ${raw[from]}`);
  }
}

function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

function unpackRow(
  raw: Uint8Array,
  start: number,
  bitDepth: number,
  columns: number,
  samples: Uint8Array | Uint16Array,
  first: number,
  step: number,
): void {
  const mask = (1 << bitDepth) - 1;
  for (let column = 0; column < columns; column++) {
    let sample: number;
    if (bitDepth === 16) {
      sample = (raw[start + 2 * column]! << 8) | raw[start + 2 * column + 1]!;
    } else {
      const bit = column * bitDepth;
      sample = (raw[start + (bit >> 3)]! >> (8 - bitDepth - (bit & 7))) & mask;
    }
    samples[first + column * step] = sample;
  }
}
