/** Data sets of the workers' tests, each beside its twin in programs.py. */

import * as data from '../../../lib/data';
import { empty, rand, randperm, tensor, type Tensor } from '../../../lib/tensor';
import { getNumThreads } from '../../../lib/engine';
import { dropout } from '../../../lib/nn/functional';

/** Draws from the worker's generator in several ways. */
export class Drawing implements data.Dataset<[number, Tensor, Tensor, Tensor, number]> {
  constructor(readonly length: number) {}

  getItem(index: number): [number, Tensor, Tensor, Tensor, number] {
    const uniform = empty([3]).uniform_(-1, 1);
    // No generator can be given to dropout.
    return [index, rand([2]), dropout(uniform, 0.5, true), randperm(5), getNumThreads()];
  }
}

/** The same draws, in two phases; the loads end in an order of their own. */
export class DrawingInTwoPhases implements data.TwoPhaseDataset<number, [number, Tensor, Tensor, Tensor, number]> {
  private readonly inner: Drawing;

  constructor(readonly length: number) {
    this.inner = new Drawing(length);
  }

  async load(index: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, (index * 7) % 3));
    return index;
  }

  transform(index: number): [number, Tensor, Tensor, Tensor, number] {
    return this.inner.getItem(index);
  }
}

/** Numbers from `start` to `end`, shared out among the workers, with a draw each. */
export class Stream {
  constructor(
    readonly start: number,
    readonly end: number,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<[number, Tensor]> {
    const info = data.getWorkerInfo();
    const [first, step] = info === null ? [0, 1] : [info.id, info.numWorkers];
    for (let number = this.start + first; number < this.end; number += step) {
      await Promise.resolve();
      yield [number, rand([1])];
    }
  }
}

/** As many samples as the worker has, so that some end sooner than others. */
export class Uneven {
  *[Symbol.iterator](): Generator<number> {
    const id = data.getWorkerInfo()?.id ?? 0;
    for (let i = 0; i < 2 + 3 * id; i++) yield 100 * id + i;
  }
}

export function drawInInit(id: number): void {
  rand([id + 1]);
}

export function sumUp(samples: number[]): string {
  return `sum ${samples.reduce((sum, each) => sum + each, 0)}`;
}

/** What its worker is. */
export class Infos implements data.Dataset<string> {
  readonly length = 4;

  getItem(index: number): string {
    const info = data.getWorkerInfo();
    return `${index} ${String(info?.id)} ${String(info?.numWorkers)} ${String(info?.seed)} ${String(info?.dataset === this)}`;
  }
}

/** Does what it is told at one index. */
export class Misbehaving implements data.Dataset<number> {
  readonly length = 8;

  constructor(
    readonly how: 'throws' | 'throws late' | 'hangs' | 'spins' | 'exits' | 'collates' | 'behaves',
    readonly at = 3,
  ) {}

  getItem(index: number): number | Promise<number> {
    if (index !== this.at) return index;
    if (this.how === 'throws') throw new RangeError(`index ${index} is bad`);
    if (this.how === 'throws late')
      setTimeout(() => {
        throw new Error('thrown by nobody');
      }, 0);
    if (this.how === 'exits') process.exit(0);
    if (this.how === 'collates') return 'text' as unknown as number;
    if (this.how === 'spins') for (;;);
    return new Promise((resolve) => {
      if (this.how === 'behaves') resolve(index);
    });
  }
}

/** Its parts are shared, refer to each other, and are of all kinds. */
export class Intricate implements data.Dataset<unknown> {
  readonly length = 1;
  readonly self: Intricate = this;
  readonly map = new Map<unknown, unknown>([['key', new Set([1, 'two', 3n])]]);
  readonly list: unknown[] = [];
  readonly bytes = Uint8Array.of(1, 2, 3);
  readonly collate = sumUp;
  readonly nothing = null;

  constructor(readonly tensors: Tensor[]) {
    this.list.push(this.list, tensors[0], undefined, new Date(0));
  }

  getItem(): unknown {
    const { map, list, bytes, collate, tensors, nothing } = this;
    const [inner, shared, missing, date] = list;
    const facts = [this.self === this, inner === list, shared === tensors[0], missing === undefined, collate === sumUp];
    tensors[0]?.add_(1);
    return { facts, map, bytes, date, nothing, tensors: [...tensors] };
  }
}

/** Made anew in the worker, by what its constructor took. */
export class Constructed implements data.Dataset<number> {
  readonly length: number;
  readonly #factor: number;

  constructor(length: number, factor: number) {
    this.length = length;
    this.#factor = factor;
  }

  getItem(index: number): number {
    return index * this.#factor;
  }

  [data.workerArguments](): unknown[] {
    return [this.length, this.#factor];
  }
}

/** Batches of many bytes. */
export class Large implements data.Dataset<Tensor> {
  constructor(readonly length: number) {}

  getItem(index: number): Tensor {
    return tensor([index], { dtype: 'float32' }).expand([1024, 64]).clone();
  }
}

data.forWorkers(__filename, {
  Drawing,
  DrawingInTwoPhases,
  Stream,
  Uneven,
  drawInInit,
  sumUp,
  Infos,
  Misbehaving,
  Intricate,
  Constructed,
  Large,
});
