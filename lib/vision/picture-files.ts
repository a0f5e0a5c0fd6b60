/** Pictures to files: PNG and animated GIF. */
import sharp from 'sharp';
import { ArgumentError, checkList, checkNumbers, checkObject, checkString, checkTensor, describe } from '../engine';
import { writeFileAtomic } from '../serialize';
import type { Tensor } from '../tensor';
import { makeGrid, type MakeGridOptions, toPixels } from './grid';
import { checkImage, type DecodedImage } from './decoded-image';

/**
 * Saves an image, or a batch as a grid, as a PNG (`torchvision.utils.save_image`, with the same pixels). Values are
 * floats in 0..1; what lies outside is clamped. The file is written aside and renamed.
 */
export async function saveImage(
  images: Tensor | readonly Tensor[],
  file: string,
  options: MakeGridOptions = {},
): Promise<void> {
  await savePixels(pixelsOf(makeGrid(images, options)), file);
}

/** Saves bytes `[height, width, channels]` as a PNG. The file is written aside and renamed. */
export async function savePixels(pixels: DecodedImage, file: string): Promise<void> {
  checkImage('savePixels', pixels);
  checkString('savePixels', 'file', file);
  const { data, height, width, channels } = pixels;
  let pipeline = sharp(data, { raw: { width, height, channels: asChannels(channels) } });
  if (channels <= 2) pipeline = pipeline.toColourspace('b-w');
  writeFileAtomic(file, await pipeline.png().toBuffer());
}

/** Options of {@link saveGif}. */
export interface SaveGifOptions {
  /** Milliseconds that each frame is shown, or one number for each. The default is 200. */
  readonly delay?: number | readonly number[];
  /** How often it is played; 0 is for ever, the default. */
  readonly loop?: number;
}

/**
 * Saves frames `[C, H, W]`, floats in 0..1 and all of one size, as an animated GIF. The file is written aside and renamed.
 */
export async function saveGif(
  frames: readonly (Tensor | DecodedImage)[],
  file: string,
  options: SaveGifOptions = {},
): Promise<void> {
  checkObject('saveGif', 'options', options);
  const { delay = 200, loop = 0 } = options;
  checkList('saveGif', 'frames', frames);
  checkString('saveGif', 'file', file);
  checkNumbers('saveGif', { loop });
  if (typeof delay !== 'number') checkList('saveGif', 'delay', delay);
  const pages = frames.map((frame) => {
    checkObject('saveGif', 'frames', frame, 'tensors or decoded images');
    if (!('data' in frame && frame.data instanceof Uint8Array)) return pixelsOf(frame as Tensor);
    checkImage('saveGif', frame as DecodedImage);
    return frame as DecodedImage;
  });
  const [first] = pages;
  if (first === undefined) throw new ArgumentError('expected at least one frame for argument `frames`', 'TORCH_VALUE');
  const { height, width, channels } = first;
  if (pages.some((page) => page.height !== height || page.width !== width || page.channels !== channels)) {
    throw new ArgumentError('expected frames of one size for argument `frames`', 'TORCH_VALUE');
  }
  const raw = { width, height: height * pages.length, channels: asChannels(channels), pageHeight: height };
  const strip = Buffer.concat(pages.map((page) => page.data));
  const delays = typeof delay === 'number' ? pages.map(() => delay) : delay.slice();
  // Dithering would speckle flat masks, and differently in each frame.
  const gif = await sharp(strip, { raw, limitInputPixels: false }).gif({ delay: delays, loop, dither: 0 }).toBuffer();
  writeFileAtomic(file, gif);
}

/** Float `[C, H, W]` in 0..1 to bytes `[height, width, channels]`. */
export function pixelsOf(picture: Tensor): DecodedImage {
  checkTensor('pixelsOf()', 'picture', picture);
  if (picture.dim() !== 3) {
    throw new ArgumentError(`expected a picture [C, H, W], received ${describe(picture)}`);
  }
  const [channels, height, width] = picture.shape as [number, number, number];
  const pixels = toPixels(picture);
  try {
    return { data: pixels.toBytes(), height, width, channels };
  } finally {
    pixels.dispose();
  }
}

function asChannels(channels: number): 1 | 2 | 3 | 4 {
  if (channels === 1 || channels === 2 || channels === 3 || channels === 4) return channels;
  throw new ArgumentError(`expected a picture of 1 to 4 channels, received ${channels}`, 'TORCH_VALUE');
}
