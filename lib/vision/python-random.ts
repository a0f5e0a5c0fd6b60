/**
 * The generator of Python's module `random`, number for number. torchvision's v1 draws the transform of `RandomChoice` and
 * the order of `RandomOrder` from it, not from PyTorch's.
 */
import { randomFillSync } from 'node:crypto';
import { checkInteger, checkList, describe, valueError } from '../engine';

const N = 624;
const M = 397;

/** The Mersenne Twister MT19937 as CPython has it (`random.Random`). */
export class PythonRandom {
  private readonly words = new Uint32Array(N);
  private at = N;

  /** @param seed - a whole number, as for {@link PythonRandom.seed}; without one it begins somewhere */
  constructor(seed?: number) {
    if (seed === undefined) this.begin(randomFillSync(new Uint32Array(N)));
    else this.seed(seed);
  }

  /** `random.seed(seed)` of a whole number; as in Python, −1 and 1 are the same. */
  seed(seed: number): void {
    checkInteger('seed', 'seed', seed);
    const size = Math.abs(seed);
    const high = Math.floor(size / 2 ** 32);
    this.begin(high === 0 ? [size] : [size % 2 ** 32, high]);
  }

  /** `random.random()`: a double in [0, 1). */
  random(): number {
    const [high, low] = [this.next() >>> 5, this.next() >>> 6];
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** The list in an order drawn as by `random.shuffle`, which works in place; this leaves the list as it is. */
  shuffled<T>(list: readonly T[]): T[] {
    checkList('shuffled', 'list', list);
    const order = [...list];
    for (let last = order.length - 1; last > 0; last -= 1) {
      const other = this.below(last + 1);
      [order[last], order[other]] = [order[other] as T, order[last] as T];
    }
    return order;
  }

  /** `random.choices(list, weights)[0]`: one element, each as likely as its weight. */
  choice<T>(list: readonly T[], weights: readonly number[] | null = null): T {
    checkList('choice', 'list', list);
    if (list.length === 0)
      throw valueError('choice(): expected something to choose from for argument `list`, received []');
    if (weights === null) return list[Math.floor(this.random() * list.length)] as T;
    checkWeights('choice', 'weights', weights, list.length);
    let total = 0;
    const sums = weights.map((weight) => (total += weight));
    const drawn = this.random() * total;
    const place = sums.findIndex((sum) => drawn < sum);
    return list[place < 0 ? list.length - 1 : place] as T;
  }

  /** A whole number from 0 to `bound` − 1: so many bits as it has, again until they are fewer. */
  private below(bound: number): number {
    const spare = Math.clz32(bound);
    let drawn = this.next() >>> spare;
    while (drawn >= bound) drawn = this.next() >>> spare;
    return drawn;
  }

  /** Mixes a key of any length into the state (`init_by_array`). */
  private begin(key: ArrayLike<number>): void {
    const { words } = this;
    words[0] = 19650218;
    for (let i = 1; i < N; i += 1) words[i] = Math.imul(1812433253, mixed(words, i)) + i;
    let i = 1;
    const step = (factor: number, rest: number): void => {
      words[i] = ((words[i] as number) ^ Math.imul(mixed(words, i), factor)) + rest;
      i += 1;
      if (i < N) return;
      words[0] = words[N - 1] as number;
      i = 1;
    };
    for (let k = 0; k < Math.max(N, key.length); k += 1) {
      const j = k % key.length;
      step(1664525, (key[j] as number) + j);
    }
    for (let k = 1; k < N; k += 1) step(1566083941, -i);
    words[0] = 0x80000000;
    this.at = N;
  }

  private next(): number {
    if (this.at === N) this.refill();
    let word = this.words[this.at] as number;
    this.at += 1;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  private refill(): void {
    const { words } = this;
    for (let i = 0; i < N; i += 1) {
      const joined = ((words[i] as number) & 0x80000000) | ((words[(i + 1) % N] as number) & 0x7fffffff);
      words[i] = (words[(i + M) % N] as number) ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.at = 0;
  }
}

const mixed = (words: Uint32Array, i: number): number => {
  const previous = words[i - 1] as number;
  return previous ^ (previous >>> 30);
};

/** Refuses weights that are not one number of 0 or more for each of `count`, or are all 0. */
export function checkWeights(callee: string, argument: string, weights: unknown, count: number): void {
  checkList(callee, argument, weights);
  const list = weights as readonly unknown[];
  const areNumbers = list.length === count && list.every((x) => typeof x === 'number' && x >= 0 && x < Infinity);
  if (areNumbers && list.some((x) => x !== 0)) return;
  throw valueError(
    `${callee}(): expected ${count} numbers of 0 or more, not all 0, for argument \`${argument}\`, received ${describe(weights)}`,
  );
}

/** The generator of this environment: seed it where Python's program calls `random.seed`. */
export const pythonRandom = new PythonRandom();
