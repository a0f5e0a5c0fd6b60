import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DataLoader } from '../../lib/data';
import { Generator, type Tensor } from '../../lib/tensor';
import { collatePlanes, OxfordIIITPet, PetPlanes, PetSegmentation, writeSample } from '../../lib/vision';
import { expectSameBits } from '../oracle/oracle';

const parent = mkdtempSync(join(tmpdir(), 'libtorch-node-planes-'));
const folder = join(parent, 'sample');
beforeAll(() => writeSample(folder, { trainval: 9, test: 3, size: 30 }));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

type Batch = [Tensor, Tensor];

async function batches(loader: AsyncIterable<Batch>): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of loader) all.push(batch);
  return all;
}

describe('samples made into batches at once', () => {
  it('have the bits of samples made one by one', async () => {
    const pets = new PetSegmentation(new OxfordIIITPet(folder), { imageSize: [17, 23], augment: false });
    const loading = (): object => ({
      batchSize: 4,
      shuffle: true,
      generator: new Generator().manualSeed(3),
    });
    const one = await batches(new DataLoader(pets, loading()) as AsyncIterable<Batch>);
    const planes = new DataLoader(new PetPlanes(pets), { ...loading(), collateFn: collatePlanes } as object);
    const atOnce = await batches(planes as unknown as AsyncIterable<Batch>);
    expect(atOnce.map(([images]) => images.shape)).toEqual([4, 4, 1].map((count) => [count, 3, 17, 23]));
    atOnce.forEach(([images, targets], index) => {
      expectSameBits(images, one[index]?.[0] as Tensor, `images of batch ${index}`);
      expectSameBits(targets, one[index]?.[1] as Tensor, `targets of batch ${index}`);
    });
  });

  it('are refused where they are none', () => {
    const sample = { planes: new Uint8Array(16), height: 2, width: 2 };
    expect(() => collatePlanes([])).toThrow('expected at least one sample');
    expect(() => collatePlanes([sample, { ...sample, width: 1 }])).toThrow('expected samples of one size');
    expect(() => collatePlanes([1 as never])).toThrow('expected what load() returned for argument `samples`');
    expect(() => new PetPlanes({} as never)).toThrow('expected a PetSegmentation for argument `pets`');
  });
});
