import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DataError, type DecodedImage, decodeImage, decodeTrimap } from '../../lib/vision';
import { describeWithOracle } from '../oracle/oracle';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'vision-image-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeWithOracle('decoding files of every kind', (oracle) => {
  let files: string[];

  beforeAll(async () => {
    await oracle().run(
      `
      import sys
      sys.path.insert(0, here)
      import image_kinds
      image_kinds.write_all(folder)
      `,
      { inputs: { here: __dirname, folder } },
    );
    files = readdirSync(folder).sort();
    expect(files.length).toBeGreaterThan(150);
  });

  /** Compares with a Python expression for the pixels; a file that Python refuses must be refused here. */
  async function compare(expression: string, decode: (file: string) => Promise<DecodedImage>): Promise<string[]> {
    const different: string[] = [];
    let decoded = 0;
    let refused = 0;
    for (const name of files) {
      const file = path.join(folder, name);
      const theirs = await oracle().run(
        `
        import_torchvision()
        import numpy as np, warnings
        from PIL import Image
        from torchvision.transforms import ToTensor
        warnings.simplefilter('ignore')
        try:
            pixels = ${expression}
        except Exception:
            pixels = None
        shape = list(pixels.shape) if pixels is not None else []
        pixels = pixels.tobytes() if pixels is not None else b''
        `,
        { inputs: { file }, outputs: { pixels: 'bytes', shape: 'numbers' } },
      );
      try {
        const ours = await decode(file);
        decoded++;
        const same = ours.height === theirs.shape[0] && ours.width === theirs.shape[1];
        if (!same || Buffer.compare(ours.data, theirs.pixels) !== 0) different.push(name);
      } catch (error) {
        refused++;
        expect(error).toBeInstanceOf(DataError);
        expect((error as Error).message).toContain(file);
        if (theirs.shape.length > 0) different.push(`${name}: ${(error as Error).message}`);
      }
    }
    expect(decoded).toBeGreaterThan(120);
    expect(refused).toBeGreaterThan(4);
    return different;
  }

  it('gives the pixels of PIL convert("RGB"), and refuses what Pillow refuses', async () => {
    expect(await compare(`np.asarray(Image.open(file).convert('RGB'))`, decodeImage)).toEqual([]);
  });

  it('gives the first channel of a trimap as Pillow holds it', async () => {
    const different = await compare(
      `(ToTensor()(Image.open(file))[0] * 255).round().to(torch.uint8).numpy()`,
      decodeTrimap,
    );
    // Trimaps of these kinds are refused here: nobody's trimap is a 16-bit, CMYK or GIF file.
    const refused = /^(raw-0-16-|cmyk\.jpg: |[\w-]+\.gif: )/;
    expect(different.filter((line) => !refused.test(line))).toEqual([]);
  });
});

describe('files that are no images', () => {
  const cases: [name: string, content: string | Uint8Array, message: RegExp][] = [
    ['empty.jpg', '', /empty\.jpg is empty/],
    ['text.jpg', 'hello, I am not a picture', /text\.jpg is not an image this program reads/],
    [
      'bitmap.bmp',
      Buffer.concat([Buffer.from('BM'), Buffer.alloc(200)]),
      /expected the content of a JPEG, PNG, GIF or WebP/,
    ],
    ['head-only.jpg', Buffer.from([0xff, 0xd8, 0xff, 0xe0]), /cannot decode the image .*head-only\.jpg/],
    [
      'head-only.png',
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]),
      /cannot decode the image .*head-only\.png/,
    ],
    ['head-only.gif', 'GIF89a', /cannot decode the image .*head-only\.gif/],
  ];

  it.each(cases)('%s', async (name, content, message) => {
    const file = path.join(folder, name);
    writeFileSync(file, content);
    for (const decode of [decodeImage, decodeTrimap]) {
      const attempt = decode(file);
      await expect(attempt).rejects.toThrow(message);
      await expect(attempt).rejects.toMatchObject({ code: 'TORCH_DATA' });
    }
  });

  it('names a file that is not there', async () => {
    await expect(decodeImage(path.join(folder, 'nowhere.jpg'))).rejects.toThrow(/there is no file .*nowhere\.jpg/);
  });

  it('refuses a header that promises more pixels than any picture has', async () => {
    const header = Buffer.alloc(33);
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]).copy(header);
    header.write('IHDR', 12, 'latin1');
    header.writeUInt32BE(0xffffffff, 16);
    header.writeUInt32BE(0xffffffff, 20);
    header[24] = 8;
    await expect(decodeTrimap(header)).rejects.toThrow(/promises 4294967295 x 4294967295 pixels/);
  });
});
