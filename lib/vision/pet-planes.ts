/** Samples that nothing is drawn for, made into batches at once. */
import { checkList, checkObject, scope, valueError } from '../engine';
import { float32, frombytes, int64, type Tensor } from '../tensor';
import type { LoadedPet, PetSegmentation } from './pet-segmentation';

/**
 * The decoded samples of a data set as they are, for {@link collatePlanes}: what is not augmented one by one needs no tensor
 * of its own. Batches have the bits of the data set without augmentation.
 */
export class PetPlanes {
  /** @param pets - whose `load` is used; its augmentation is not */
  constructor(private readonly pets: PetSegmentation) {
    checkObject('PetPlanes', 'pets', pets, 'a PetSegmentation', ['load', 'length']);
  }

  /** Number of samples. */
  get length(): number {
    return this.pets.length;
  }

  /** As {@link PetSegmentation.load}. */
  load(index: number): Promise<LoadedPet> {
    return this.pets.load(index);
  }

  /** The sample as it is. */
  transform(loaded: LoadedPet): LoadedPet {
    return loaded;
  }
}

/**
 * Makes a batch of decoded samples of one size: two conversions, whatever its size.
 *
 * @param samples - at least one
 * @returns images float32 `[N, 3, H, W]` in 0..1, and classes int64 `[N, 1, H, W]`: 0 pet, 1 background, 2 border
 * @throws ArgumentError for samples of two sizes
 */
export function collatePlanes(samples: readonly LoadedPet[]): [images: Tensor, targets: Tensor] {
  checkList('collatePlanes', 'samples', samples);
  for (const sample of samples) {
    checkObject('collatePlanes', 'samples', sample, 'what load() returned', ['planes', 'height', 'width']);
  }
  const [first] = samples;
  if (first === undefined) throw valueError('collatePlanes(): expected at least one sample for argument `samples`');
  const { height, width } = first;
  const size = 4 * height * width;
  const bytes = new Uint8Array(samples.length * size);
  for (const [index, { planes, ...sides }] of samples.entries()) {
    if (sides.height !== height || sides.width !== width || planes.length !== size) {
      throw valueError(
        `collatePlanes(): expected samples of one size, received ${width} x ${height} and ${sides.width} x ${sides.height}`,
      );
    }
    bytes.set(planes, index * size);
  }
  return scope(() => {
    const both = frombytes(bytes, 'uint8', [samples.length, 4, height, width]);
    return [both.narrow(1, 0, 3).to(float32).div_(255), both.narrow(1, 3, 1).to(int64).sub_(1)];
  });
}
