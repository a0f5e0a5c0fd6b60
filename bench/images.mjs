/**
 * From files to batches: sharp decodes, the article's transforms, the DataLoader collates. Measured twice: every image
 * decoded in every pass, as Python does, and with the decoded samples kept, as the program trains.
 */
import { library, options, peakRssBytes, result } from './harness.mjs';

const torch = library();
const { OxfordIIITPet, PetSegmentation } = library('vision');
const { DataLoader } = library('data');
const { floatHex } = library('serialize');
const settings = options();
torch.setNumThreads(settings.threads);
const pets = new OxfordIIITPet(settings.data, {
  split: 'trainval',
  targetTypes: 'segmentation',
  limit: settings.limit,
});

/**
 * Seconds of each pass but the first, which brings the files into the page cache, and a number that tells whether the
 * pixels of the last batch are Python's.
 * @param {object} dataOptions
 */
async function measure(dataOptions) {
  torch.manualSeed(0);
  const dataset = new PetSegmentation(pets, { imageSize: settings.imageSize, ...dataOptions });
  const loader = new DataLoader(dataset, { batchSize: 64, shuffle: true });
  const seconds = [];
  /** @type {any[]} */
  let last = [];
  for (let pass = 0; pass <= settings.passes; pass++) {
    const began = performance.now();
    for await (const batch of loader) {
      torch.dispose(...last);
      last = batch;
    }
    if (pass > 0) seconds.push((performance.now() - began) / 1000);
  }
  const [images, truth] = last;
  return { seconds, checksum: floatHex(images.double().sum().item() + truth.sum().item()) };
}

const decoding = await measure({ cacheBytes: 0 });
const peak = peakRssBytes();
const kept = await measure({});
const checksum = `${decoding.checksum} ${kept.checksum}`;
result({ seconds: decoding.seconds, keptSeconds: kept.seconds, images: pets.length, checksum, peakRssBytes: peak });
