/** Images per second of the article's DataLoader with so many workers, which stay; every image is decoded in every pass. */
import { readFileSync } from 'node:fs';
import { library, options, result } from './harness.mjs';

const torch = library();
const { OxfordIIITPet, PetSegmentation } = library('vision');
const { DataLoader } = library('data');
const { floatHex } = library('serialize');
const settings = options();
torch.setNumThreads(settings.threads);
const { data, limit, imageSize, workers: numWorkers } = settings;
const pets = new OxfordIIITPet(data, { split: 'trainval', targetTypes: 'segmentation', limit });
const dataset = new PetSegmentation(pets, { imageSize, cacheBytes: 0 });

/** Of this process, whose threads the workers are. */
function memoryBytes() {
  const [, kibibytes] = /^Pss:\s+(\d+)/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}

torch.manualSeed(0);
const loader = new DataLoader(dataset, {
  batchSize: 64,
  shuffle: true,
  numWorkers,
  persistentWorkers: numWorkers > 0,
});
const seconds = [];
let firstBatch = 0;
let memory = 0;
/** @type {any[]} */
let last = [];
for (let pass = 0; pass <= settings.passes; pass++) {
  const began = performance.now();
  for await (const batch of loader) {
    firstBatch ||= (performance.now() - began) / 1000;
    torch.dispose(...last);
    last = batch;
  }
  // The first pass starts the workers and brings the files into the page cache.
  if (pass > 0) seconds.push((performance.now() - began) / 1000);
  memory = Math.max(memory, memoryBytes());
}
const [images, truth] = last;
const checksum = floatHex(images.double().sum().item() + truth.sum().item());
await loader.endWorkers();
result({ seconds, firstBatch, memory, images: pets.length, checksum });
