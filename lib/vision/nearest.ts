/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops keep every index inside its array, and a test per byte would say nothing */
/**
 * Nearest-neighbour resizing of bytes, before they become floats.
 *
 * Copying pixels commutes with dividing each by 255, so picking bytes first gives the bits of torchvision's
 * ToTensor-then-Resize and spares the float image at full size: for a photo of 500 x 400 that is 2.4 MB per sample.
 */

import { ArgumentError, checkInteger, describe } from '../engine';
import { checkImage, type DecodedImage } from './decoded-image';

const { floor, fround, min } = Math;

/** No side of an image is longer. */
const LONGEST = 2 ** 24;

/**
 * Source index of each output index along one axis, as `aten::upsample_nearest2d` computes it for a given output size:
 * floor(i * float32(input / output)), in float32. Not "nearest-exact", and not Pillow's NEAREST.
 */
export function nearestIndices(input: number, output: number): Int32Array {
  for (const size of [input, output]) {
    if (Number.isInteger(size) && size >= 0 && size <= LONGEST) continue;
    throw new ArgumentError(`expected a size in pixels of at most ${LONGEST}, received ${describe(size)}`);
  }
  const indices = new Int32Array(output);
  const scale = fround(input / output);
  for (let i = 0; i < output; i++) {
    if (input === output) indices[i] = i;
    else if (output === 2 * input) indices[i] = i >> 1;
    else indices[i] = min(floor(fround(i * scale)), input - 1);
  }
  return indices;
}

/**
 * Resizes pixels `[height, width, channels]` into planes `[channels, outHeight, outWidth]`, written to `planes` from
 * byte `offset` on.
 */
export function resizeNearestToPlanes(
  image: DecodedImage,
  outHeight: number,
  outWidth: number,
  planes: Uint8Array,
  offset: number,
): void {
  checkImage('resizeNearestToPlanes', image);
  const { data, channels, height, width } = image;
  const plane = outHeight * outWidth;
  if (!(planes instanceof Uint8Array)) {
    throw new ArgumentError(`expected a Uint8Array for argument \`planes\`, received ${describe(planes)}`);
  }
  checkInteger('resizeNearestToPlanes', 'offset', offset, 0, planes.length);
  if (planes.length - offset < channels * plane) {
    throw new ArgumentError(
      `expected ${channels * plane} bytes from \`offset\` ${offset} on in argument \`planes\`, received ${planes.length}`,
      'TORCH_VALUE',
    );
  }
  if (channels === 1 && height === outHeight && width === outWidth) {
    planes.set(data, offset);
    return;
  }
  const rows = nearestIndices(height, outHeight).map((row) => row * width * channels);
  const columns = nearestIndices(width, outWidth).map((column) => column * channels);
  if (channels === 3 && outWidth % 4 === 0 && (planes.byteOffset + offset) % 4 === 0) {
    pickByFours(data, rows, columns, new Int32Array(planes.buffer, planes.byteOffset + offset, (3 * plane) / 4));
    return;
  }
  for (let channel = 0; channel < channels; channel++) {
    let at = offset + channel * plane;
    for (let y = 0; y < outHeight; y++) {
      const row = rows[y]! + channel;
      for (let x = 0; x < outWidth; x++) planes[at++] = data[row + columns[x]!]!;
    }
  }
}

/**
 * Of three channels, which photos have: one pass over the source in place of three, and four pixels with one store, which
 * takes half the time that bytes do. The first of four is in the lowest byte, on every processor that Node runs on with libtorch.
 */
function pickByFours(data: Uint8Array, rows: Int32Array, columns: Int32Array, planes: Int32Array): void {
  const plane = planes.length / 3;
  let red = 0;
  for (let y = 0; y < rows.length; y++) {
    const row = rows[y]!;
    for (let x = 0; x < columns.length; x += 4, red++) {
      const a = row + columns[x]!;
      const b = row + columns[x + 1]!;
      const c = row + columns[x + 2]!;
      const d = row + columns[x + 3]!;
      planes[red] = data[a]! | (data[b]! << 8) | (data[c]! << 16) | (data[d]! << 24);
      planes[red + plane] = data[a + 1]! | (data[b + 1]! << 8) | (data[c + 1]! << 16) | (data[d + 1]! << 24);
      planes[red + 2 * plane] = data[a + 2]! | (data[b + 2]! << 8) | (data[c + 2]! << 16) | (data[d + 2]! << 24);
    }
  }
}
