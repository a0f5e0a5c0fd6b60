/** Child of v2-workers.test.ts: samples of images with masks and boxes, transformed by v2 in worker threads. */

import { DataLoader, forWorkers } from '../../lib/data';
import { manualSeed, rand, randint, type Tensor } from '../../lib/tensor';
import { tvTensors, v2 } from '../../lib/vision';

const { BoundingBoxes, Image, Mask } = tvTensors;

interface Sample {
  readonly image: Tensor;
  readonly mask: Tensor;
  readonly boxes: tvTensors.BoundingBoxes;
}

class Scenes {
  readonly transform = new v2.Compose([new v2.RandomHorizontalFlip(), new v2.RandomResizedCrop([6, 5])]);

  constructor(readonly length: number) {}

  getItem(index: number): Sample {
    manualSeed(index);
    const sample = {
      image: new Image(rand([3, 8, 9])),
      mask: new Mask(randint(3, [8, 9])),
      boxes: new BoundingBoxes([[1, 2, 5, 6]], { format: 'XYXY', canvasSize: [8, 9] }),
    };
    return this.transform.forward(sample);
  }
}

const together = (samples: Sample[]): Sample[] => samples;
forWorkers(__filename, { Scenes, together });

async function samplesWith(numWorkers: number): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const batch of new DataLoader(new Scenes(4), { batchSize: 2, numWorkers, collateFn: together })) {
    for (const { image, mask, boxes } of batch) {
      const kinds = [image instanceof Image, mask instanceof Mask, boxes instanceof BoundingBoxes];
      const { format, canvasSize, clampingMode } = boxes;
      seen.push({ kinds, format, canvasSize, clampingMode, values: [image, mask, boxes].map((each) => each.tolist()) });
    }
  }
  return seen;
}

if (process.argv[2] === 'run') {
  void (async () => {
    process.stdout.write(JSON.stringify({ none: await samplesWith(0), two: await samplesWith(2) }));
  })();
}
