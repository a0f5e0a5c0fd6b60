/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops keep every index inside its array, and a test per byte would say nothing */
/**
 * Image files to pixels, the same pixels as Pillow's.
 *
 * libjpeg-turbo, libpng and libwebp do the work on both sides, so the pixels can be equal to the last bit. The options
 * below are what it takes: no colour management, no rotation, alpha dropped and not blended, and the kinds of file
 * where sharp and Pillow disagree (CMYK, 16-bit grey, GIF) converted by Pillow's own rule. Small JPEGs do without sharp's
 * pipeline.
 */
import { ArgumentError, describe } from '../engine';
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import type { DecodedImage } from './decoded-image';
import { DataError, reason, systemCode } from './errors';
import { decodeGifFirstFrame, isGif } from './gif-first-frame';
import { decodePngSamples, isPng, readPngHeader } from './png';
import { decodeSmallJpeg, readJpegHeader } from './small-jpeg';

type Format = 'JPEG' | 'PNG' | 'GIF' | 'WebP';

/**
 * Reads an image as `PIL.Image.open(file).convert('RGB')` does.
 *
 * The content decides the format, not the file's name: JPEG, PNG, GIF (first frame) and WebP. Alpha is dropped, a
 * palette looked up, grey repeated, an embedded colour profile and an EXIF rotation ignored.
 *
 * @param source a file's path, or its bytes
 * @returns RGB pixels, `channels` 3
 * @throws DataError naming the file, where it is missing, damaged, cut short or of another format
 */
export async function decodeImage(source: string | Uint8Array): Promise<DecodedImage> {
  const bytes = read(source);
  const format = sniff(bytes, source);
  return guard(source, async () => {
    if (format === 'GIF') return { ...decodeGifFirstFrame(bytes), channels: 3 };
    if (format === 'JPEG') {
      const header = readJpegHeader(bytes);
      if (header?.sampling.length === 4) return cmykToRgb(await pixels(bytes, 'cmyk'));
      const small = decodeSmallJpeg(bytes, header);
      if (small !== null) return small;
    }
    if (format === 'PNG' && isGrey16(bytes)) return repeatGrey(clippedGrey16(bytes));
    const image = await pixels(bytes, 'srgb');
    return image.channels === 1 ? repeatGrey(image) : image;
  });
}

/**
 * Reads a trimap's labels: channel 0 of what `PIL.Image.open(file)` holds, without conversion.
 *
 * A palette PNG gives its indices, a grey one its levels (spread to 0..255 where it has fewer than 8 bits), any other
 * image its first channel.
 *
 * @returns one byte per pixel, `channels` 1
 * @throws DataError naming the file, where it is missing, damaged, cut short, of 16 bits or of another format
 */
export async function decodeTrimap(source: string | Uint8Array): Promise<DecodedImage> {
  const bytes = read(source);
  const format = sniff(bytes, source);
  return guard(source, async () => {
    if (format === 'PNG' && [0, 3].includes(readPngHeader(bytes).colourType)) return labels(bytes);
    if (format === 'GIF' || (format === 'JPEG' && readJpegHeader(bytes)?.sampling.length === 4)) {
      throw new Error('a trimap must be a grey or palette PNG');
    }
    return firstChannel(await pixels(bytes, 'srgb'));
  });
}

/** Not `fs.promises`: for files of this size it takes seven times the processor time, most of it on this very thread. */
function read(source: string | Uint8Array): Uint8Array {
  if (typeof source !== 'string') return source;
  try {
    return readFileSync(source);
  } catch (cause) {
    const missing = systemCode(cause) === 'ENOENT';
    throw new DataError(missing ? `there is no file ${source}` : `cannot read ${source}: ${reason(cause)}`, { cause });
  }
}

function sniff(bytes: Uint8Array, source: string | Uint8Array): Format {
  if (!(bytes instanceof Uint8Array)) {
    throw new ArgumentError(
      `expected a file name or a Uint8Array for argument \`source\`, received ${describe(bytes)}`,
    );
  }
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'JPEG';
  if (isPng(bytes)) return 'PNG';
  if (isGif(bytes)) return 'GIF';
  const riff = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  if (riff.startsWith('RIFF') && riff.endsWith('WEBP')) return 'WebP';
  throw new DataError(
    `${name(source)} is ${bytes.length === 0 ? 'empty' : 'not an image this program reads'}: ` +
      'expected the content of a JPEG, PNG, GIF or WebP file',
  );
}

async function guard(source: string | Uint8Array, decode: () => Promise<DecodedImage>): Promise<DecodedImage> {
  try {
    return await decode();
  } catch (cause) {
    throw new DataError(`cannot decode the image ${name(source)}: ${reason(cause)}`, { cause });
  }
}

function name(source: string | Uint8Array): string {
  return typeof source === 'string' ? source : `(${source.length} bytes in memory)`;
}

/**
 * libvips's pixels without alpha. `failOn: 'error'` is Pillow's strictness: a file cut short is an error, stray bytes
 * between JPEG markers (some files of the pet set have them) are not.
 */
async function pixels(bytes: Uint8Array, space: 'srgb' | 'cmyk'): Promise<DecodedImage> {
  const pipeline = sharp(bytes, { failOn: 'error', ignoreIcc: true });
  // Naming the pipeline's own space keeps libvips from turning CMYK to RGB through a colour profile.
  if (space === 'cmyk') pipeline.pipelineColourspace('cmyk').toColourspace('cmyk');
  else pipeline.removeAlpha().toColourspace('srgb');
  const { data, info } = await pipeline.raw().toBuffer({ resolveWithObject: true });
  return { data, height: info.height, width: info.width, channels: info.channels };
}

/** Pillow's integer conversion, which knows no profile: (255 - k) - round(c * (255 - k) / 255). */
function cmykToRgb(image: DecodedImage): DecodedImage {
  const count = image.height * image.width;
  const data = new Uint8Array(count * 3);
  for (let i = 0; i < count; i++) {
    const light = 255 - image.data[4 * i + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      const product = image.data[4 * i + channel]! * light + 128;
      data[3 * i + channel] = light - (((product >> 8) + product) >> 8);
    }
  }
  return { data, height: image.height, width: image.width, channels: 3 };
}

function isGrey16(bytes: Uint8Array): boolean {
  const header = readPngHeader(bytes);
  return header.colourType === 0 && header.bitDepth === 16;
}

/** Pillow clips 16-bit grey at 255 where libvips would scale it down. */
function clippedGrey16(bytes: Uint8Array): DecodedImage {
  const { samples, height, width } = decodePngSamples(bytes);
  return { data: Uint8Array.from(samples, (sample) => Math.min(sample, 255)), height, width, channels: 1 };
}

function labels(bytes: Uint8Array): DecodedImage {
  const { samples, height, width, bitDepth, palette } = decodePngSamples(bytes);
  if (samples instanceof Uint16Array) throw new Error('a trimap must have 8 bits or fewer, this one has 16');
  if (!palette && bitDepth < 8) {
    const scale = 255 / ((1 << bitDepth) - 1);
    for (let i = 0; i < samples.length; i++) samples[i] = samples[i]! * scale;
  }
  return { data: samples, height, width, channels: 1 };
}

function repeatGrey(image: DecodedImage): DecodedImage {
  const data = new Uint8Array(image.data.length * 3);
  for (let i = 0, at = 0; i < image.data.length; i++) {
    const grey = image.data[i]!;
    data[at++] = grey;
    data[at++] = grey;
    data[at++] = grey;
  }
  return { data, height: image.height, width: image.width, channels: 3 };
}

function firstChannel(image: DecodedImage): DecodedImage {
  if (image.channels === 1) return image;
  const data = new Uint8Array(image.height * image.width);
  for (let i = 0; i < data.length; i++) data[i] = image.data[i * image.channels]!;
  return { data, height: image.height, width: image.width, channels: 1 };
}
