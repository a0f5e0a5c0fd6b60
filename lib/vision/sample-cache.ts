/** Decoded samples that threads share. */

/**
 * Room for as many samples of one size as fit, in memory that all workers of a loader see: each sample is decoded once in the
 * process, though workers come and go with each epoch. Nothing is ever dropped: a shuffled epoch visits each sample once, so
 * that "least recent" is a lottery.
 */
export class SampleCache {
  /** The places given so far, then each sample's: 0 none, -1 being written, else its place, from 1. */
  private readonly places: Int32Array;
  private readonly bytes: Uint8Array;

  /**
   * @param samples - number of samples
   * @param size - bytes of each
   * @param limit - bytes of all, at the most; pages that no sample fills take no memory
   */
  constructor(
    samples: number,
    private readonly size: number,
    limit: number,
  ) {
    const room = Math.max(0, Math.min(samples, Math.floor(limit / size)));
    this.places = new Int32Array(new SharedArrayBuffer(4 * (samples + 1)));
    this.bytes = new Uint8Array(new SharedArrayBuffer(room * size));
  }

  /** A copy of the sample's bytes; undefined where they are not there. */
  get(index: number): Uint8Array | undefined {
    const place = Atomics.load(this.places, index + 1);
    return place > 0 ? new Uint8Array(this.slot(place)) : undefined;
  }

  /** Keeps the sample's bytes where there is room; nothing where another thread is at it. */
  put(index: number, bytes: Uint8Array): void {
    if (bytes.length !== this.size || Atomics.compareExchange(this.places, index + 1, 0, -1) !== 0) return;
    const place = Atomics.add(this.places, 0, 1) + 1;
    if (place * this.size > this.bytes.length) return;
    this.slot(place).set(bytes);
    Atomics.store(this.places, index + 1, place);
  }

  private slot(place: number): Uint8Array {
    return this.bytes.subarray((place - 1) * this.size, place * this.size);
  }
}
