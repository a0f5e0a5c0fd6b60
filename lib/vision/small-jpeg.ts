/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loop keeps every index inside its array, and a test per byte would say nothing */
/**
 * Small JPEGs, decoded on the calling thread.
 *
 * sharp's pipeline takes a millisecond of processor time for an image of 128x128, whatever it does, and a tenth of that is the
 * decoding. libjpeg-turbo as a WebAssembly module takes a third of the time, without a thread to wait for, and libjpeg-turbo is
 * what Pillow decodes with: the pixels are the same. Only what its versions agree on is decoded here, and only where it had
 * nothing to say about the file: all else is sharp's, with sharp's errors. (Of a damaged file whose damage it does not notice
 * single pixels can differ, since its C code wraps what its SIMD code clamps. No encoder writes such a file.)
 */
import { readFileSync } from 'node:fs';
import type { DecodedImage } from './decoded-image';

/** Beyond so many pixels sharp's SIMD makes up for its pipeline, and this thread would be held up for milliseconds. */
const kMaxPixels = 256 * 256;

/** Of a file: more than any image of that size needs, and then some for what cameras write beside it. */
const kMaxBytes = 512 * 1024;

/** What a JPEG file says of itself before its first scan. */
export interface JpegHeader {
  readonly height: number;
  readonly width: number;
  /** Bits of a sample. */
  readonly precision: number;
  /** Code of the frame's marker, which is the kind of coding: 0xc0 baseline, 0xc1 extended, 0xc2 progressive... */
  readonly frame: number;
  /** For each component the sampling factors, horizontal and vertical, as digits of a hexadecimal number. */
  readonly sampling: readonly number[];
  /** Components in the first scan; 0 where the file has none. */
  readonly scanned: number;
}

/** Reads the markers up to the first scan; null where there is no frame among them. */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | null {
  const number = (at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;
  let header: JpegHeader | null = null;
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]!;
    if (marker === 0xda) return header && { ...header, scanned: bytes[at + 4]! };
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      const sampling = Array.from({ length: bytes[at + 9]! }, (_, component) => bytes[at + 11 + 3 * component] ?? 0);
      const [height, width] = [number(at + 5), number(at + 7)];
      header = { height, width, precision: bytes[at + 4]!, frame: marker, sampling, scanned: 0 };
    }
    // 0xff may be repeated as filling before a marker.
    at += marker === 0xff ? 1 : 2 + number(at + 2);
  }
  return header;
}

/** One image of usual sampling in one sequential scan of 8 bits: versions of libjpeg-turbo differ in what is rarer. */
function isPlain({ height, width, precision, frame, sampling, scanned }: JpegHeader): boolean {
  if (height === 0 || width === 0 || height * width > kMaxPixels) return false;
  if (precision !== 8 || frame > 0xc1 || scanned !== sampling.length) return false;
  if (sampling.length === 1) return true;
  const [first = 0, ...others] = sampling;
  return others.length === 2 && [0x11, 0x21, 0x22].includes(first) && others.every((factors) => factors === 0x11);
}

/**
 * RGB pixels of a small JPEG of the usual kind, the same as Pillow's.
 *
 * @returns null for a larger one, another kind, and a file that libjpeg-turbo warns of: that is for the caller to decode otherwise
 */
export function decodeSmallJpeg(bytes: Uint8Array, header: JpegHeader | null): DecodedImage | null {
  if (header === null || bytes.length > kMaxBytes || !isPlain(header)) return null;
  const { height, width } = header;
  decoder ??= createDecoder();
  try {
    const data = decoder.decode(bytes, height, width);
    return data && { data, height, width, channels: 3 };
  } catch {
    // It left its C code in the middle, and what it had allocated with it.
    decoder = null;
    return null;
  }
}

/** Of this thread, made with the first image. */
let decoder: Decoder | null = null;

interface Decoder {
  /** Null where libjpeg-turbo warns, or finds other sizes. Throws where it gives up; the decoder is of no use afterwards. */
  decode(bytes: Uint8Array, height: number, width: number): Uint8Array | null;
}

/** The TurboJPEG API's functions in the module, and its memory; pointers are offsets in that. */
interface TurboJpeg {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(bytes: number): number;
  tjInitDecompress(): number;
  tjDecompressHeader3(
    handle: number,
    jpeg: number,
    jpegBytes: number,
    width: number,
    height: number,
    subsampling: number,
    colourSpace: number,
  ): number;
  tjDecompress2(
    handle: number,
    jpeg: number,
    jpegBytes: number,
    pixels: number,
    width: number,
    pitch: number,
    height: number,
    pixelFormat: number,
    flags: number,
  ): number;
}

/** A global of Node, whose types TypeScript keeps among those of browsers. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: Record<string, Record<string, (...args: number[]) => number>>,
  ) => {
    readonly exports: unknown;
  };
};

/** `TJPF_RGB`. */
const kRgb = 0;
/** The accurate inverse cosine transform and smooth upsampling, as Pillow has them. */
const kNoFlags = 0;

/** Compiled code, from which a decoder is made in no time. */
let compiled: object | null = null;

function createDecoder(): Decoder {
  compiled ??= new WebAssembly.Module(readFileSync(require.resolve('@cwasm/jpeg-turbo/jpeg-turbo.wasm')));
  // libjpeg's way out of an error. Nothing can be resumed, so that the throw is all there is of it.
  const longjmp = (): never => {
    throw new Error('libjpeg-turbo gave up');
  };
  const none = (): number => 0;
  const wasi = {
    environ_sizes_get: (count: number, bytes: number): number => {
      const view = new DataView(turbo.memory.buffer);
      view.setUint32(count, 0, true);
      view.setUint32(bytes, 0, true);
      return 0;
    },
    environ_get: none,
    proc_exit: longjmp,
    fd_close: none,
    fd_seek: none,
    fd_write: longjmp,
  };
  const instance = new WebAssembly.Instance(compiled, {
    env: { setjmp: none, longjmp },
    wasi_snapshot_preview1: wasi,
  });
  const turbo = instance.exports as TurboJpeg;
  const handle = turbo.tjInitDecompress();
  const [jpeg, pixels, sizes] = [kMaxBytes, 3 * kMaxPixels, 16].map((bytes) => turbo.malloc(bytes)) as [
    number,
    number,
    number,
  ];
  return {
    decode(bytes, height, width) {
      new Uint8Array(turbo.memory.buffer, jpeg, bytes.length).set(bytes);
      const status = turbo.tjDecompressHeader3(handle, jpeg, bytes.length, sizes, sizes + 4, sizes + 8, sizes + 12);
      // `pixels` has room for what the header promised to us.
      const [foundWidth, foundHeight] = new Int32Array(turbo.memory.buffer, sizes, 2);
      if (status !== 0 || foundHeight !== height || foundWidth !== width) return null;
      const pitch = 3 * width;
      const failed = turbo.tjDecompress2(handle, jpeg, bytes.length, pixels, width, pitch, height, kRgb, kNoFlags);
      return failed ? null : new Uint8Array(turbo.memory.buffer, pixels, pitch * height).slice();
    },
  };
}
