/** Decodes a small JPEG and damaged copies of it again and again; prints by how many megabytes the process grew. */
import sharp from 'sharp';
import { decodeSmallJpeg, readJpegHeader } from '../../lib/vision/small-jpeg';

async function main(): Promise<void> {
  const good = await sharp({ create: { width: 200, height: 150, channels: 3, background: 'teal' } })
    .jpeg()
    .toBuffer();
  // Counts of Huffman codes that no table can have: libjpeg leaves its code in the middle.
  const hopeless = Buffer.from(good);
  hopeless.fill(0xff, good.indexOf(Buffer.from([0xff, 0xc4])) + 5, good.indexOf(Buffer.from([0xff, 0xc4])) + 21);
  const cut = good.subarray(0, good.length - 2);
  const header = readJpegHeader(good);
  const found = new Map<string, boolean>();
  let before = 0;
  for (let round = 0; round < 3000; round++) {
    if (round === 500) before = process.memoryUsage.rss();
    found.set('good', decodeSmallJpeg(good, header) !== null);
    found.set('hopeless', decodeSmallJpeg(hopeless, header) !== null);
    found.set('cut', decodeSmallJpeg(cut, header) !== null);
    // Finalizers of buffers run between turns.
    if (round % 50 === 0) await new Promise(setImmediate);
  }
  const megabytes = (process.memoryUsage.rss() - before) / 1e6;
  process.stdout.write(JSON.stringify({ ...Object.fromEntries(found), megabytes }));
}

void main();
