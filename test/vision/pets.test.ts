import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { memory } from '../../lib/engine';
import { manualSeed, rand, type Tensor } from '../../lib/tensor';
import { OxfordIIITPet, PetSegmentation, writeSample } from '../../lib/vision';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';

beforeEach(settle);

let folder: string;
let sample: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'vision-pets-'));
  sample = path.join(folder, 'sample');
  await writeSample(sample, { trainval: 9, test: 4, size: 72, seed: 3 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const segmentation = { targetTypes: 'segmentation' } as const;

/** A fresh copy of the sample to spoil. */
function copy(name: string): string {
  const target = path.join(folder, name);
  mkdirSync(path.join(target, 'images'), { recursive: true });
  mkdirSync(path.join(target, 'annotations', 'trimaps'), { recursive: true });
  const pets = new OxfordIIITPet(sample);
  for (let i = 0; i < pets.length; i++) {
    copyFileSync(pets.imagePath(i), path.join(target, 'images', `${pets.name(i)}.jpg`));
    copyFileSync(pets.trimapPath(i), path.join(target, 'annotations', 'trimaps', `${pets.name(i)}.png`));
  }
  copyFileSync(path.join(sample, 'annotations', 'trainval.txt'), path.join(target, 'annotations', 'trainval.txt'));
  return target;
}

const articlePython = `
import_torchvision()
import os, tempfile
import torchvision.transforms as T
from torchvision.datasets import OxfordIIITPet
from torchvision.transforms import InterpolationMode
root = tempfile.mkdtemp()
os.symlink(folder, os.path.join(root, 'oxford-iiit-pet'))
to_tensor = T.ToTensor()
both = T.Compose([T.Resize((size[0], size[1]), InterpolationMode.NEAREST), T.RandomHorizontalFlip(0.5)])
jitter = T.ColorJitter(contrast=0.3)
def sample(image, trimap):
    stacked = both(torch.cat([to_tensor(image), to_tensor(trimap)]))
    image, trimap = torch.split(stacked, [3, 1])
    return jitter(image), (trimap * 255).to(torch.long) - 1
pets = OxfordIIITPet(root, split, target_types='segmentation', transforms=sample)
`;

describeWithOracle('the article’s samples', (oracle) => {
  async function compare(directory: string, split: 'trainval' | 'test', size: [number, number]): Promise<void> {
    const pets = new OxfordIIITPet(directory, { split, ...segmentation });
    const samples = new PetSegmentation(pets, { imageSize: size });
    const theirs = await oracle().run(
      `${articlePython}
torch.manual_seed(8)
y = [x for i in range(len(pets)) for x in pets[i]] + [torch.rand(3)]
classes, index = pets.classes, [pets._labels[i] for i in range(len(pets))]
binary = [pets._bin_labels[i] for i in range(len(pets))]
`,
      {
        inputs: { folder: directory, split, size },
        outputs: { y: 'tensors', classes: 'strings', index: 'numbers', binary: 'numbers' },
      },
    );
    // Decoded in another order, and ahead of every draw: only the transforms draw.
    const loaded = await Promise.all(Array.from({ length: samples.length }, (_, i) => samples.load(i)));
    manualSeed(8);
    const ours: Tensor[] = loaded.flatMap((decoded) => samples.transform(decoded));
    ours.push(rand([3]));
    expect(ours.length).toBe(theirs.y.length);
    ours.forEach((tensor, i) => expectSameBits(tensor, theirs.y[i]!, `tensor ${i}`));
    expect(pets.classes).toEqual(theirs.classes);
    const indices = loaded.map((_, i) => i);
    expect(indices.map((i) => pets.category(i))).toEqual(theirs.index);
    expect(indices.map((i) => pets.binaryCategory(i))).toEqual(theirs.binary);
  }

  it('have the bits of torchvision at the size of the files', () => compare(sample, 'trainval', [72, 72]));
  it('have the bits of torchvision resized', () => compare(sample, 'test', [64, 48]));
  // 181 x 181 pixels are the first square whose mean libtorch splits over its threads.
  it.each([180, 181, 224])('have the bits of torchvision at %d pixels, where sums begin to be split', (side) =>
    compare(sample, 'test', [side, side]),
  );

  it('have the bits of torchvision for photos of many sizes, palette trimaps and odd formats', async () => {
    const directory = path.join(folder, 'odd');
    await oracle().run(
      `
      import os, numpy as np
      from PIL import Image
      rng = np.random.default_rng(2)
      os.makedirs(folder + '/images'); os.makedirs(folder + '/annotations/trimaps')
      kinds = ['JPEG', 'PNG-alpha', 'GIF', 'grey', 'CMYK', 'PNG', 'JPEG']
      with open(folder + '/annotations/test.txt', 'w') as out:
          for i, kind in enumerate(kinds):
              w, h = (int(v) for v in rng.integers(20, 300, 2))
              image = Image.fromarray(rng.integers(0, 256, (h // 4, w // 4, 4)).astype(np.uint8)).resize((w, h))
              file = f'{folder}/images/some_pet_{i}.jpg'
              if kind == 'PNG-alpha': image.save(file, 'PNG')
              elif kind == 'GIF': image.convert('RGB').quantize(200).save(file, 'GIF')
              elif kind in ('grey', 'CMYK'): image.convert('RGB').convert('L' if kind == 'grey' else 'CMYK').save(file, 'JPEG')
              else: image.convert('RGB').save(file, kind)
              trimap = Image.fromarray(rng.integers(1, 4, (h, w)).astype(np.uint8))
              if i % 2: trimap.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
              trimap.save(f'{folder}/annotations/trimaps/some_pet_{i}.png')
              print(f'some_pet_{i}', 5, 2, 3, file=out)
      `,
      { inputs: { folder: directory } },
    );
    await compare(directory, 'test', [128, 128]);
    await compare(directory, 'test', [40, 96]);
  });

  it('without augmentation are the images themselves, and draw nothing', async () => {
    const samples = new PetSegmentation(new OxfordIIITPet(sample, segmentation), { imageSize: 72, augment: false });
    manualSeed(4);
    const expected = rand([1]);
    manualSeed(4);
    const [image, target] = samples.transform(await samples.load(2));
    expectSameBits(rand([1]), expected, 'random state');
    const theirs = await oracle().run(
      `
      import_torchvision()
      from PIL import Image
      from torchvision.transforms import ToTensor
      image = ToTensor()(Image.open(photo).convert('RGB'))
      target = (ToTensor()(Image.open(trimap)) * 255).to(torch.long) - 1
      `,
      {
        inputs: { photo: samples.pets.imagePath(2), trimap: samples.pets.trimapPath(2) },
        outputs: ['image', 'target'],
      },
    );
    expectSameBits(image, theirs.image);
    expectSameBits(target, theirs.target);
  });
});

describe('PetSegmentation', () => {
  it('names a trimap with another value', async () => {
    const pets = new OxfordIIITPet(sample, segmentation);
    const trimap = await pets.trimap(0);
    for (const value of [0, 4, 255]) {
      const data = trimap.data.slice();
      data[data.length - 1] = value;
      jest.spyOn(pets, 'trimap').mockResolvedValueOnce({ ...trimap, data });
      const { height, width } = trimap;
      await expect(new PetSegmentation(pets, { imageSize: [height, width] }).load(0)).rejects.toThrow(
        `the trimap ${pets.trimapPath(0)} has a pixel of value ${value}; expected 1 (pet), 2 (background) or 3 (border)`,
      );
    }
  });

  it('leaves two tensors behind for each sample', async () => {
    const samples = new PetSegmentation(new OxfordIIITPet(sample, segmentation), { imageSize: 32 });
    const loaded = await samples.load(0);
    samples.transform(loaded).forEach((tensor) => tensor.dispose());
    const before = memory().tensors;
    const made = samples.transform(loaded);
    expect(memory().tensors).toBe(before + 2);
    made.forEach((tensor) => tensor.dispose());
  });

  it('decodes once what fits its cache, and again what does not', async () => {
    const directory = copy('cache');
    const pets = new OxfordIIITPet(directory, segmentation);
    const one = 4 * 32 * 32;
    const samples = new PetSegmentation(pets, { imageSize: 32, cacheBytes: 2 * one });
    const first = await samples.load(0);
    await samples.load(1);
    const third = await samples.load(2);
    for (const i of [0, 2]) writeFileSync(pets.imagePath(i), readFileSync(pets.imagePath(5)));
    expect(await samples.load(0)).toBe(first);
    expect(Buffer.compare((await samples.load(2)).planes, third.planes)).not.toBe(0);
  });

  it('uses memory again that was given back, and none that it keeps', async () => {
    const pets = new OxfordIIITPet(sample, segmentation);
    const samples = new PetSegmentation(pets, { imageSize: 32, cacheBytes: 4 * 32 * 32 });
    const kept = await samples.load(0);
    const lent = await samples.load(1);
    for (const loaded of [kept, lent, lent]) samples.release(loaded);
    const [second, third] = [await samples.load(2), await samples.load(3)];
    expect([second.planes === lent.planes, third.planes === lent.planes]).toEqual([true, false]);
    expect([second.planes, third.planes]).not.toContain(kept.planes);
    const fresh = new PetSegmentation(pets, { imageSize: 32 });
    for (const [index, { planes }] of [kept, lent, second, third].entries()) {
      // What was given back is the next sample's by now.
      if (index !== 1) expect(Buffer.compare(planes, (await fresh.load(index)).planes)).toBe(0);
    }
  });

  it('refuses a trimap of another size than its image, and names both', async () => {
    const directory = copy('size');
    const pets = new OxfordIIITPet(directory, segmentation);
    const other = path.join(folder, 'other-size');
    await writeSample(other, { trainval: 1, test: 0, size: 40, seed: 1 });
    copyFileSync(new OxfordIIITPet(other).trimapPath(0), pets.trimapPath(3));
    const attempt = new PetSegmentation(pets).load(3);
    await expect(attempt).rejects.toThrow(
      `the trimap ${pets.trimapPath(3)} has 40 x 40 pixels, its image ${pets.imagePath(3)} has 72 x 72`,
    );
    await expect(attempt).rejects.toMatchObject({ code: 'TORCH_DATA' });
  });

  it('names an image that cannot be read', async () => {
    const pets = new OxfordIIITPet(copy('unreadable'), segmentation);
    writeFileSync(pets.imagePath(1), readFileSync(pets.imagePath(1)).subarray(0, 900));
    await expect(new PetSegmentation(pets).load(1)).rejects.toThrow(`cannot decode the image ${pets.imagePath(1)}`);
  });

  it('refuses an impossible image size', () => {
    expect(() => new PetSegmentation(new OxfordIIITPet(sample), { imageSize: [0, 4] })).toThrow(
      /expected whole numbers above 0 for argument `imageSize`, received \[0, 4\]/,
    );
  });
});

describe('OxfordIIITPet', () => {
  it('reads the split list in order, and a limit takes its head', () => {
    const lines = readFileSync(path.join(sample, 'annotations', 'trainval.txt'), 'utf8')
      .trim()
      .split('\n');
    const pets = new OxfordIIITPet(sample);
    expect(Array.from({ length: pets.length }, (_, i) => pets.name(i))).toEqual(
      lines.map((line) => line.split(' ')[0]),
    );
    expect(new OxfordIIITPet(sample, { limit: 4 }).length).toBe(4);
    expect(new OxfordIIITPet(sample, { split: 'test' }).length).toBe(4);
    expect(new OxfordIIITPet(sample, { limit: 4 }).classes).toEqual(pets.classes);
  });

  it('gives image and targets by their types', async () => {
    const pets = new OxfordIIITPet(sample, { targetTypes: ['segmentation', 'category', 'binary-category'] });
    const [image, trimap, category, binary] = await pets.getItem(2);
    expect(image).toMatchObject({ height: 72, width: 72, channels: 3 });
    expect(trimap).toMatchObject({ height: 72, width: 72, channels: 1 });
    expect([category, binary]).toEqual([pets.category(2), pets.binaryCategory(2)]);
  });

  it('finds the set inside the folder that torchvision would make', () => {
    const root = path.join(folder, 'root');
    mkdirSync(root);
    copy('root/oxford-iiit-pet');
    expect(new OxfordIIITPet(root).directory).toBe(path.join(root, 'oxford-iiit-pet'));
  });

  it('passes over what the split list does not name', () => {
    const directory = copy('junk');
    writeFileSync(path.join(directory, 'annotations', 'trimaps', '._drawn.png'), 'junk');
    writeFileSync(path.join(directory, 'images', 'Abyssinian_100.mat'), 'junk');
    mkdirSync(path.join(directory, 'annotations', 'xmls'));
    expect(new OxfordIIITPet(directory, segmentation).length).toBe(9);
  });

  const spoil: [what: string, spoil: (directory: string) => void, message: (directory: string) => string][] = [
    ['a missing folder', (d) => rmSync(d, { recursive: true }), (d) => `there is no folder ${d}`],
    [
      'an empty folder',
      (d) => {
        rmSync(d, { recursive: true });
        mkdirSync(d);
      },
      (d) => `${d} is not the Oxford-IIIT Pet set: expected the folders images and annotations in it, but it is empty`,
    ],
    [
      'a folder of something else',
      (d) => rmSync(path.join(d, 'images'), { recursive: true }),
      (d) =>
        `${d} is not the Oxford-IIIT Pet set: expected the folders images and annotations in it, but it holds annotations`,
    ],
    [
      'an empty images folder',
      (d) => {
        rmSync(path.join(d, 'images'), { recursive: true });
        mkdirSync(path.join(d, 'images'));
      },
      (d) => `the folder ${path.join(d, 'images')} is empty`,
    ],
    [
      'a missing trimaps folder',
      (d) => rmSync(path.join(d, 'annotations', 'trimaps'), { recursive: true }),
      (d) => `there is no folder ${path.join(d, 'annotations', 'trimaps')}`,
    ],
    [
      'a missing split list',
      (d) => rmSync(path.join(d, 'annotations', 'trainval.txt')),
      (d) => `the split list ${path.join(d, 'annotations', 'trainval.txt')} is missing`,
    ],
    [
      'an empty split list',
      (d) => writeFileSync(path.join(d, 'annotations', 'trainval.txt'), '\n'),
      (d) => `the split list ${path.join(d, 'annotations', 'trainval.txt')} is empty`,
    ],
    [
      'a damaged line of the split list',
      (d) => appendLine(d, 'Abyssinian_100 one 1 1'),
      (d) =>
        `${path.join(d, 'annotations', 'trainval.txt')}, line 10: expected NAME CLASS SPECIES BREED, received "Abyssinian_100 one 1 1"`,
    ],
    [
      'a path in place of a name',
      (d) => appendLine(d, '../../secret 1 1 1'),
      (d) => `${path.join(d, 'annotations', 'trainval.txt')}, line 10: expected NAME CLASS SPECIES BREED`,
    ],
    [
      'a list that names a file that is not there',
      (d) => appendLine(d, 'Abyssinian_100 1 1 1'),
      (d) =>
        `${path.join(d, 'annotations', 'trainval.txt')}, line 10 names Abyssinian_100, but there is no file ` +
        path.join(d, 'images', 'Abyssinian_100.jpg'),
    ],
    [
      'a missing trimap',
      (d) => rmSync(new OxfordIIITPet(d).trimapPath(4)),
      (d) =>
        `annotations/trainval.txt, line 5 names ${new OxfordIIITPet(d).name(4)}, but there is no file ${new OxfordIIITPet(d).trimapPath(4)}`,
    ],
  ];

  it.each(spoil)('refuses %s in one clear sentence', (what, act, message) => {
    const directory = copy(what.replaceAll(' ', '-'));
    act(directory);
    let thrown: unknown;
    try {
      new OxfordIIITPet(directory, segmentation);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'TORCH_DATA' });
    expect((thrown as Error).message).toContain(message(directory));
    expect((thrown as Error).message).not.toContain('\n');
  });

  it.each([
    [{ split: 'val' as 'test' }, /expected one of 'trainval', 'test' for argument `split`, received 'val'/],
    [{ targetTypes: 'mask' as 'category' }, /for argument `targetTypes`, received 'mask'/],
    [{ limit: 0 }, /expected a whole number above 0 for argument `limit`, received 0/],
  ])('refuses %j', (options, message) => {
    expect(() => new OxfordIIITPet(sample, options)).toThrow(message);
  });

  it('refuses an index that it does not have', () => {
    expect(() => new OxfordIIITPet(sample).imagePath(9)).toThrow(/expected an index from 0 to 8/);
  });
});

function appendLine(directory: string, line: string): void {
  const list = path.join(directory, 'annotations', 'trainval.txt');
  writeFileSync(list, `${readFileSync(list, 'utf8')}${line}\n`);
}
