/**
 * The article's sample: a photo and its trimap, resized and jittered together, in two phases.
 *
 * `load` reads and decodes, and draws nothing, so that a loader can run it ahead. `transform` draws, and must be called
 * sample by sample when the batch is asked for: only then do the random numbers fall where Python's fall.
 */
import { workerArguments } from '../data';
import { ArgumentError, checkList, checkObject, describe, scope, withNumThreads } from '../engine';
import { float32, frombytes, int64, type Tensor } from '../tensor';
import { DataError } from './errors';
import { resizeNearestToPlanes } from './nearest';
import type { OxfordIIITPet } from './oxford-pets';
import { SampleCache } from './sample-cache';
import { ColorJitter, RandomHorizontalFlip } from './v1/transforms';

/** Options of {@link PetSegmentation}. */
export interface PetSegmentationOptions {
  /** Side of the samples, or `[height, width]`. Aspect is not kept. The default is 128. */
  readonly imageSize?: number | readonly [height: number, width: number];
  /** Flip and jitter at random; false draws nothing. The default is true. */
  readonly augment?: boolean;
  /** Probability of a flip; the default is 0.5. */
  readonly flip?: number;
  /** Contrast jitter; the default is 0.3, for factors from 0.7 to 1.3. */
  readonly contrast?: number;
  /** Bytes of decoded samples to keep in memory, so that later epochs decode nothing. The default is 512 MiB. */
  readonly cacheBytes?: number;
}

/** Elements from which libtorch splits a sum over its threads (`at::internal::GRAIN_SIZE`). */
const kSplitReduction = 32768;

/** A decoded sample: planes red, green, blue, trimap, each `[height, width]`. */
export interface LoadedPet {
  readonly planes: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/**
 * Samples `[image, target]`: image float32 `[3, H, W]` in 0..1; target int64 `[1, H, W]` with 0 pet, 1 background,
 * 2 border.
 */
export class PetSegmentation {
  readonly height: number;
  readonly width: number;
  private readonly augment: boolean;
  private readonly flip: RandomHorizontalFlip;
  private readonly jitter: ColorJitter;
  private readonly cacheBytes: number;
  private readonly cache = new Map<number, LoadedPet>();
  private cached = 0;
  /** Loaded, kept nowhere, and to be given back by {@link release}. */
  private readonly lent = new WeakSet<LoadedPet>();
  /** Memory that was given back; at most as much of it as was ever lent at a time. */
  private readonly spare: Uint8Array[] = [];

  /** @param shared - internal: of the workers that this is one of */
  constructor(
    readonly pets: OxfordIIITPet,
    private readonly options: PetSegmentationOptions = {},
    private shared: SampleCache | null = null,
  ) {
    checkObject('PetSegmentation', 'pets', pets, 'an OxfordIIITPet', ['image', 'trimap', 'length']);
    checkObject('PetSegmentation', 'options', options);
    const { imageSize = 128, augment = true, flip = 0.5, contrast = 0.3, cacheBytes = 512 * 1024 * 1024 } = options;
    const sides = typeof imageSize === 'number' ? [imageSize, imageSize] : imageSize;
    checkList('PetSegmentation', 'imageSize', sides);
    const [height, width] = sides as [number, number];
    if (!(Number.isInteger(height) && height > 0 && Number.isInteger(width) && width > 0)) {
      throw new ArgumentError(
        `expected whole numbers above 0 for argument \`imageSize\`, received ${describe(imageSize)}`,
        'TORCH_VALUE',
      );
    }
    this.height = height;
    this.width = width;
    this.augment = augment;
    this.flip = new RandomHorizontalFlip(flip);
    this.jitter = new ColorJitter({ contrast });
    this.cacheBytes = cacheBytes;
  }

  /** Number of samples. */
  get length(): number {
    return this.pets.length;
  }

  /**
   * Reads, decodes and resizes sample `index`; draws nothing. May run for several samples side by side.
   *
   * @throws DataError naming the file, where one cannot be read, or the trimap has another size than its image or other values
   *   than 1, 2 and 3
   */
  async load(index: number): Promise<LoadedPet> {
    const known = this.known(index);
    if (known !== undefined) return known;
    const { height, width } = this;
    const [image, trimap] = await Promise.all([this.pets.image(index), this.pets.trimap(index)]);
    if (image.height !== trimap.height || image.width !== trimap.width) {
      throw new DataError(
        `the trimap ${this.pets.trimapPath(index)} has ${trimap.width} x ${trimap.height} pixels, ` +
          `its image ${this.pets.imagePath(index)} has ${image.width} x ${image.height}`,
      );
    }
    const planes = this.spare.pop() ?? new Uint8Array(4 * height * width);
    resizeNearestToPlanes(image, height, width, planes, 0);
    resizeNearestToPlanes(trimap, height, width, planes, 3 * height * width);
    this.checkTrimap(index, planes.subarray(3 * height * width));
    const loaded = { planes, height, width };
    if (!this.keeps(index, loaded)) this.lent.add(loaded);
    return loaded;
  }

  /** Another value would be a class that there is not, of which the loss could only say that, and not where. */
  private checkTrimap(index: number, labels: Uint8Array): void {
    for (const label of labels) {
      if (label >= 1 && label <= 3) continue;
      throw new DataError(
        `the trimap ${this.pets.trimapPath(index)} has a pixel of value ${label}; expected 1 (pet), 2 (background) or 3 (border)`,
      );
    }
  }

  /** Makes the tensors of a loaded sample, and draws what the augmentation draws. */
  transform(loaded: LoadedPet): [image: Tensor, target: Tensor] {
    checkObject('transform', 'loaded', loaded, 'what load() returned', ['planes', 'height', 'width']);
    const tensors = (): [image: Tensor, target: Tensor] => scope(() => this.tensors(loaded));
    // Meanwhile the next samples are decoded, on the very cores that an op's threads would wait for. Larger planes keep
    // their threads, since the mean in the contrast is then split by the thread count, which decides its bits.
    return loaded.height * loaded.width < kSplitReduction ? withNumThreads(1, tensors) : tensors();
  }

  /** Takes the memory of what {@link load} gave for later samples, unless it is kept for later epochs. */
  release(loaded: LoadedPet): void {
    checkObject('release', 'loaded', loaded, 'what load() returned', ['planes', 'height', 'width']);
    if (this.lent.delete(loaded)) this.spare.push(loaded.planes);
  }

  private tensors({ planes, height, width }: LoadedPet): [image: Tensor, target: Tensor] {
    let both = frombytes(planes, 'uint8', [4, height, width]).to(float32).div_(255);
    if (this.augment) both = this.flip.forward(both);
    const [image, trimap] = both.split([3, 1]) as [Tensor, Tensor];
    const jittered = this.augment ? this.jitter.forward(image) : image;
    return [jittered, trimap.mul(255).to(int64).sub_(1)];
  }

  /** The workers keep what they decode in one place, for each other and for those of later iterations. */
  [workerArguments](): unknown[] {
    this.shared ??= new SampleCache(this.length, 4 * this.height * this.width, this.cacheBytes);
    return [this.pets, this.options, this.shared];
  }

  private known(index: number): LoadedPet | undefined {
    const planes = this.shared?.get(index);
    return planes === undefined ? this.cache.get(index) : { planes, height: this.height, width: this.width };
  }

  /**
   * Keeps what fits and never drops: a shuffled epoch visits each sample once, so "least recent" is a lottery. False where
   * this very object is not what is kept.
   */
  private keeps(index: number, loaded: LoadedPet): boolean {
    if (this.shared !== null) {
      this.shared.put(index, loaded.planes);
      return false;
    }
    if (this.cache.has(index) || this.cached + loaded.planes.byteLength > this.cacheBytes) return false;
    this.cache.set(index, loaded);
    this.cached += loaded.planes.byteLength;
    return true;
  }
}
