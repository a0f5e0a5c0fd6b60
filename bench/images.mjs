/** From files to batches: sharp decodes, the article's transforms, the DataLoader collates. Nothing is cached. */
import { library, options, result } from './harness.mjs';

const torch = library();
const { OxfordIIITPet, PetSegmentation } = library('vision');
const { DataLoader } = library('data');
const { floatHex } = library('serialize');
const settings = options();
torch.setNumThreads(settings.threads);
torch.manualSeed(0);
const pets = new OxfordIIITPet(settings.data, {
  split: 'trainval',
  targetTypes: 'segmentation',
  limit: settings.limit,
});
const dataset = new PetSegmentation(pets, { imageSize: settings.imageSize, cacheBytes: 0 });
const loader = new DataLoader(dataset, { batchSize: 64, shuffle: true });

const seconds = [];
let checksum = 0;
// The first pass brings the files into the page cache of both sides.
for (let pass = 0; pass <= settings.passes; pass++) {
  const began = performance.now();
  for await (const [images, truth] of loader) {
    checksum = torch.scope(() => images.double().sum().item() + truth.sum().item());
    torch.dispose(images, truth);
  }
  if (pass > 0) seconds.push((performance.now() - began) / 1000);
}
result({ seconds, images: dataset.length, checksum: floatHex(checksum) });
