/**
 * Random numbers and noise for the drawn sample.
 *
 * Everything here is 32-bit integer arithmetic, or + - * / on doubles, which every machine rounds alike. `Math.sin` and
 * friends may differ in the last bit between engines and would make the sample's bytes differ with them. PyTorch's
 * generator is left alone: drawing pictures must not move the random numbers of a training run.
 */

// Once per pixel and more: in a vm context, such as jest's, each look-up of the global `Math` is a hundred times dearer.
const { floor, imul } = Math;

/** Mixes two integers to 32 well-spread bits (the finaliser of MurmurHash3). */
export function hash(a: number, b: number): number {
  let h = imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ imul(b ^ 0x7f4a7c15, 0xc2b2ae35);
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A stream of numbers from a 32-bit counter. */
export class SampleRandom {
  private state: number;

  constructor(seed: number, stream: number) {
    this.state = hash(seed, stream);
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    return hash(this.state, 0x51ed270b) / 4294967296;
  }

  /** Uniform in [low, high). */
  range(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Integer in [0, count). */
  below(count: number): number {
    return floor(this.next() * count);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

/** Smooth noise in [0, 1) with one bump per unit of x and y. */
export function noise(x: number, y: number, salt: number): number {
  const x0 = floor(x);
  const y0 = floor(y);
  const tx = x - x0;
  const ty = y - y0;
  const sx = tx * tx * (3 - 2 * tx);
  const sy = ty * ty * (3 - 2 * ty);
  const top = mix(lattice(x0, y0, salt), lattice(x0 + 1, y0, salt), sx);
  const bottom = mix(lattice(x0, y0 + 1, salt), lattice(x0 + 1, y0 + 1, salt), sx);
  return mix(top, bottom, sy);
}

export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

export function clamp01(x: number): number {
  return x < 0 ? 0 : x > 1 ? 1 : x;
}

function lattice(x: number, y: number, salt: number): number {
  return hash(x + imul(y, 0x1f123bb5), salt) / 4294967296;
}
