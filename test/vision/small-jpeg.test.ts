import path from 'node:path';
import sharp from 'sharp';
import { PythonRandom } from '../../lib/vision';
import { decodeSmallJpeg, readJpegHeader } from '../../lib/vision/small-jpeg';
import { describeWithOracle } from '../oracle/oracle';
import { runChild } from '../support/child';

const decode = (bytes: Uint8Array): Uint8Array | undefined => decodeSmallJpeg(bytes, readJpegHeader(bytes))?.data;

describeWithOracle("small JPEGs against Pillow's pixels", (oracle) => {
  it.each([0, 1, 2])(
    'are the same for random sizes, qualities, samplings, tables and restarts, seed %d',
    async (seed) => {
      const count = 80;
      const { files, fileEnds, pixels, pixelEnds } = await oracle()
        .run(
          `
        import io
        import numpy as np
        from PIL import Image
        rng = np.random.default_rng(int(seed))
        files, pixels, file_ends, pixel_ends = b'', b'', [], []
        for index in range(int(count)):
            width, height = (256, 256) if index == 0 else rng.integers(1, 257 if index % 8 == 0 else 70, 2)
            rough = rng.integers(0, 256, (height, width, 3)) if index % 3 == 0 else rng.integers(0, 256, (-(-height // 9), -(-width // 7), 3)).repeat(9, 0).repeat(7, 1)[:height, :width]
            image = Image.fromarray(rough.astype(np.uint8))
            if index % 7 == 0:
                image = image.convert('L')
            options = dict(quality=int(rng.integers(1, 101)), subsampling=int(rng.integers(0, 3)), optimize=bool(rng.integers(0, 2)))
            if index % 4 == 0:
                options['restart_marker_blocks'] = int(rng.integers(1, 9))
            if index % 11 == 0:
                options.update(keep_rgb=True, subsampling=0)
            buffer = io.BytesIO()
            image.save(buffer, 'JPEG', **options)
            files += buffer.getvalue()
            file_ends.append(len(files))
            pixels += Image.open(buffer).convert('RGB').tobytes()
            pixel_ends.append(len(pixels))
        `,
          {
            inputs: { seed, count },
            outputs: { files: 'bytes', pixels: 'bytes', file_ends: 'numbers', pixel_ends: 'numbers' },
          },
        )
        .then(({ file_ends, pixel_ends, ...bytes }) => ({ ...bytes, fileEnds: file_ends, pixelEnds: pixel_ends }));
      const different: number[] = [];
      for (let index = 0; index < count; index++) {
        const ours = decode(files.subarray(fileEnds[index - 1] ?? 0, fileEnds[index]));
        const theirs = pixels.subarray(pixelEnds[index - 1] ?? 0, pixelEnds[index]);
        if (ours === undefined || Buffer.compare(ours, theirs) !== 0) different.push(index);
      }
      expect(fileEnds).toHaveLength(count);
      expect(different).toEqual([]);
    },
  );
});

describe('what is left to sharp', () => {
  const picture = (width: number, height = width): sharp.Sharp =>
    sharp({ create: { width, height, channels: 3, background: { r: 200, g: 90, b: 30 } } });
  let usual: Buffer;
  beforeAll(async () => {
    usual = await picture(60).jpeg().toBuffer();
  });

  it('not a usual file', () => {
    expect(decode(usual)).toHaveLength(60 * 60 * 3);
  });

  it.each([
    ['more than 256x256 pixels', () => picture(257, 256).jpeg()],
    ['progressive', () => picture(60).jpeg({ progressive: true })],
    ['CMYK', () => picture(60).toColourspace('cmyk').jpeg()],
  ])('%s', async (_, make) => {
    expect(decode(await make().toBuffer())).toBeUndefined();
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['cut short', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['without its end', (bytes) => bytes.subarray(0, bytes.length - 2)],
    [
      'stray bytes before the end',
      (bytes) => Buffer.concat([bytes.subarray(0, -2), Buffer.alloc(99, 7), bytes.subarray(-2)]),
    ],
    ['the first bytes only', (bytes) => bytes.subarray(0, 20)],
    [
      'a comment larger than any picture of this size',
      (bytes) => {
        const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0xff, 0xff]), Buffer.alloc(0xffff - 2)]);
        return Buffer.concat([bytes.subarray(0, 2), ...Array.from({ length: 9 }, () => comment), bytes.subarray(2)]);
      },
    ],
    ['another vertical sampling', (bytes) => changed(bytes, 11, 0x12)],
    ['12 bits', (bytes) => changed(bytes, 4, 12)],
    ['no height', (bytes) => changed(changed(bytes, 5, 0), 6, 0)],
  ])('%s', (_, damage) => {
    expect(decode(damage(usual))).toBeUndefined();
    expect(decode(usual)).toHaveLength(60 * 60 * 3);
  });

  /** With another byte at an offset from the frame's marker. */
  function changed(bytes: Buffer, offset: number, value: number): Buffer {
    const copy = Buffer.from(bytes);
    copy[copy.indexOf(Buffer.from([0xff, 0xc0])) + offset] = value;
    return copy;
  }
});

// Not compared with sharp's: where damage goes unnoticed, coefficients are beyond what an encoder writes, and libjpeg's C code
// wraps the pixels that they overflow where its SIMD code clamps them.
it('survives 3,000 damaged files', async () => {
  const random = new PythonRandom(3);
  const noise = Buffer.from(
    Array.from({ length: 40 * 30 * 3 }, (_, k) => (k % 97) + Math.floor(random.random() * 120)),
  );
  const good = await sharp(noise, { raw: { width: 40, height: 30, channels: 3 } })
    .jpeg({ quality: 70 })
    .toBuffer();
  const pixels = decode(good);
  let decoded = 0;
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(good);
    for (let times = 1 + (round % 3); times > 0; times--) {
      bytes[Math.floor(random.random() * bytes.length)] = Math.floor(random.random() * 256);
    }
    const header = readJpegHeader(bytes);
    const image = decodeSmallJpeg(bytes, header);
    if (image !== null) {
      decoded++;
      expect(image).toMatchObject({ height: header?.height, width: header?.width, channels: 3 });
      expect(image.data).toHaveLength(3 * image.height * image.width);
    }
    if (round % 10 === 0) expect(decode(good)).toEqual(pixels);
  }
  expect(decoded).toBeGreaterThan(300);
  expect(decoded).toBeLessThan(2990);
}, 60_000);

it('stays flat over thousands of images, hopeless ones among them', async () => {
  const child = await runChild(path.join(__dirname, 'small-jpeg-loop.ts'), { milliseconds: 120_000 });
  expect(child).toMatchObject({ code: 0, signal: null });
  const { megabytes, ...found } = JSON.parse(child.stdout) as { megabytes: number };
  expect(found).toEqual({ good: true, hopeless: false, cut: false });
  expect(megabytes).toBeLessThan(60);
}, 130_000);
