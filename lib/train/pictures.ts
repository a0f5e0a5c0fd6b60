import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { scope } from '../engine';
import { cat, type Tensor } from '../tensor';
import { decodeImage, makeGrid, pixelsOf, saveGif, savePixels, type DecodedImage } from '../vision';
import type { Batch } from './data';
import { classNames } from './classes';

const imagesInRow = 7;
/** Milliseconds that an epoch is shown, and the last one. */
const frameDelay = 400;
const lastDelay = 2000;

/**
 * The article's figures 1 and 8: for each epoch the fixed batch as three grids, one below the other (images, true masks,
 * predicted masks), and at the end the predicted masks of all epochs as a GIF.
 */
export class EpochPictures {
  constructor(
    private readonly folder: string,
    private readonly fixed: Batch,
  ) {}

  /** @param predicted classes [N, 1, H, W] */
  async write(epoch: number, predicted: Tensor): Promise<void> {
    const picture = scope(() => {
      const [images, targets] = this.fixed;
      const grids = [images, shades(targets), shades(predicted)].map((part) => makeGrid(part, { nrow: imagesInRow }));
      return pixelsOf(cat(grids, 1));
    });
    await savePixels(picture, this.file(epoch));
  }

  /** Reads the pictures of the epochs, those of earlier processes of this run too, and writes `masks.gif`. */
  async writeGif(epochs: number): Promise<void> {
    const files = Array.from({ length: epochs + 1 }, (_, epoch) => this.file(epoch)).filter((file) => existsSync(file));
    const frames = await Promise.all(files.map(async (file) => lowestThird(await decodeImage(file))));
    if (frames.length === 0) return;
    const delay = frames.map((_, index) => (index === frames.length - 1 ? lastDelay : frameDelay));
    await saveGif(frames, join(this.folder, 'masks.gif'), { delay });
  }

  private file(epoch: number): string {
    return join(this.folder, `grid-epoch-${String(epoch).padStart(2, '0')}.png`);
  }
}

/** Classes as grey values, the first black and the last white. */
function shades(classes: Tensor): Tensor {
  return classes.to('float32').div(classNames.length - 1);
}

function lowestThird({ data, height, width, channels }: DecodedImage): DecodedImage {
  const third = height / 3;
  return { data: data.subarray(2 * third * width * channels), height: third, width, channels };
}
