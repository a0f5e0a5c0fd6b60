import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { decodeImage, decodeTrimap, drawSample, OxfordIIITPet, writeSample } from '../../lib/vision';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'vision-sample-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('drawSample', () => {
  it('is a function of seed, index and size', () => {
    const once = drawSample(7, 3, 48);
    const again = drawSample(7, 3, 48);
    expect(Buffer.compare(once.image, again.image)).toBe(0);
    expect(Buffer.compare(once.trimap, again.trimap)).toBe(0);
    for (const other of [drawSample(8, 3, 48), drawSample(7, 4, 48)]) {
      expect(Buffer.compare(once.image, other.image)).not.toBe(0);
    }
  });

  it('draws the same bytes on every machine', () => {
    const hash = createHash('sha256');
    for (let index = 0; index < 40; index++) {
      const { image, trimap } = drawSample(0, index, 40);
      hash.update(image).update(trimap);
    }
    // A change of the drawing changes this; the README of written samples then needs a new version number too.
    expect(hash.digest('hex')).toBe('4fea156d84a31b23916e8767f71c813ed47f7c0c8dab807f750a50f1b25275ab');
  });

  it('has the class shares of the real set, and every class in nearly every picture', () => {
    const counts = [0, 0, 0, 0];
    const size = 64;
    const pictures = 200;
    for (let index = 0; index < pictures; index++) {
      const { trimap } = drawSample(1, index, size);
      const own = [0, 0, 0, 0];
      for (const label of trimap) own[label]!++;
      expect(Math.min(own[1]!, own[2]!, own[3]!) / trimap.length).toBeGreaterThan(0.03);
      own.forEach((count, label) => (counts[label]! += count));
    }
    const shares = counts.map((count) => count / (pictures * size * size));
    const real = [0, 0.28, 0.59, 0.13];
    shares.forEach((share, label) => expect(Math.abs(share - real[label]!)).toBeLessThan(label === 0 ? 1e-9 : 0.03));
  });

  it('separates pet and background by the border band', () => {
    const size = 96;
    const { trimap } = drawSample(2, 5, size);
    let touching = 0;
    for (let i = 1; i < trimap.length; i++) {
      const left = trimap[i - 1]!;
      // Pet 1 beside background 2, in one row.
      if (i % size !== 0 && left !== 3 && trimap[i] !== 3 && left !== trimap[i]) touching++;
    }
    expect(touching).toBe(0);
  });

  it('refuses an impossible size', () => {
    expect(() => drawSample(0, 0, 7.5)).toThrow(
      /expected a whole number from 8 to 8192 for argument `size`, received 7.5/,
    );
  });
});

describe('writeSample', () => {
  const options = { trainval: 6, test: 3, size: 32, seed: 5 };

  it('writes the official layout, and labels without loss', async () => {
    const directory = path.join(folder, 'new');
    const progress: number[] = [];
    expect(await writeSample(directory, { ...options, onProgress: (done) => progress.push(done) })).toBe(true);
    expect(progress).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const train = new OxfordIIITPet(directory, { targetTypes: 'segmentation' });
    const test = new OxfordIIITPet(directory, { split: 'test', targetTypes: 'segmentation' });
    expect([train.length, test.length]).toEqual([6, 3]);
    const drawn = drawSample(5, 4, 32);
    expect(Buffer.compare((await decodeTrimap(train.trimapPath(4))).data, drawn.trimap)).toBe(0);
    const { data } = await decodeImage(train.imagePath(4));
    const errorAgainst = (image: Uint8Array): number =>
      data.reduce((sum, value, i) => sum + Math.abs(value - image[i]!), 0) / data.length;
    expect(errorAgainst(drawn.image) * 3).toBeLessThan(errorAgainst(drawSample(5, 3, 32).image));
    expect(new Set([...names(train), ...names(test)]).size).toBe(9);
    expect(readdirSync(folder)).toEqual(['new']);
  });

  it('keeps a sample of the same numbers, and refuses to overwrite anything else', async () => {
    const directory = path.join(folder, 'kept');
    await writeSample(directory, options);
    const image = new OxfordIIITPet(directory).imagePath(0);
    writeFileSync(image, 'touched');
    expect(await writeSample(directory, options)).toBe(false);
    expect(readFileSync(image, 'utf8')).toBe('touched');
    await expect(writeSample(directory, { ...options, seed: 6 })).rejects.toThrow(/exists and holds another set/);
    const foreign = path.join(folder, 'foreign');
    mkdirSync(foreign);
    await expect(writeSample(foreign, options)).rejects.toMatchObject({ code: 'TORCH_DATA' });
  });

  it('leaves nothing behind where it fails', async () => {
    const file = path.join(folder, 'a-file');
    writeFileSync(file, '');
    await expect(writeSample(path.join(file, 'sample'), options)).rejects.toThrow(/cannot write the drawn sample to/);
    const before = readdirSync(folder);
    const stop = (done: number): void => {
      if (done === 4) throw new Error('stopped');
    };
    await expect(writeSample(path.join(folder, 'stopped'), { ...options, onProgress: stop })).rejects.toThrow(
      /stopped; nothing is left/,
    );
    expect(readdirSync(folder)).toEqual(before);
    expect(existsSync(path.join(folder, 'stopped'))).toBe(false);
  });
});

function names(pets: OxfordIIITPet): string[] {
  return Array.from({ length: pets.length }, (_, i) => pets.name(i));
}
