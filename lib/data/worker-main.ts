/** The program of a DataLoader's worker thread (`_worker_loop` of PyTorch). */

import { createRequire } from 'node:module';
import { workerData } from 'node:worker_threads';

import { getRngState, manualSeed, setRngState, frombytes } from '../tensor';
import { workAlone } from '../tensor/parcels';
import type { AnyDataset } from './dataset';
import { exhausted, type Fetcher, makeFetcher } from './fetcher';
import { isLoaded } from './for-workers';
import { modulesOf, pack, type Packed, unpack } from './portable';
import { beginWorker, setWorkerInfo } from './worker-info';
import { type Answer, failureOf, type Order, type WorkerParts, type WorkerSetup } from './worker-messages';

type Fetch = Extract<Order, { kind: 'fetch' }>;

class Worker {
  private readonly orders: Order[] = [];
  private wake: () => void = () => undefined;
  private fetcher: Fetcher | null = null;
  private makeFetcher: () => Fetcher = () => {
    throw new Error('the worker has no data set');
  };
  /** What went wrong before the first order; told in the place of the first batch. */
  private broken: { readonly error: unknown } | null = null;
  /** The iterable data set has no more in this iteration. */
  private ended = false;

  constructor(private readonly setup: WorkerSetup) {
    // Orders wait in the port until there is somebody to hear them.
  }

  async run(): Promise<void> {
    const { port } = this.setup;
    try {
      await this.prepare();
    } catch (error) {
      this.broken = { error };
    }
    port.on('message', (order: Order) => {
      this.orders.push(order);
      if (order.kind === 'fetch') this.plan(order);
      this.wake();
    });
    for (let order = await this.next(); order.kind !== 'end'; order = await this.next()) {
      if (order.kind === 'resume') await this.resume();
      else if (!this.stopped && !this.ended) await this.fetch(order);
    }
    await this.fetcher?.close();
    port.close();
  }

  private get stopped(): boolean {
    return Atomics.load(this.setup.stop, 0) !== 0;
  }

  private async prepare(): Promise<void> {
    const { id, numWorkers, baseSeed, batched, dropLast, prefetch, random } = this.setup;
    for (const module of modulesOf(this.setup.parts)) await load(module);
    const { dataset, collateFn, workerInitFn } = unpack(this.setup.parts) as WorkerParts;
    const seed = baseSeed + BigInt(id);
    // Whatever the modules drew while they were loaded.
    manualSeed(BigInt.asUintN(64, seed));
    setWorkerInfo({ id, numWorkers, seed, dataset });
    await workerInitFn?.(id);
    if (random !== null) setRandom(random);
    this.makeFetcher = () =>
      makeFetcher({ dataset: dataset as AnyDataset<unknown>, collate: collateFn, batched, dropLast, prefetch });
    this.fetcher = this.makeFetcher();
  }

  private async next(): Promise<Order> {
    for (;;) {
      const order = this.orders.shift();
      if (order !== undefined) return order;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Samples of orders that wait are loaded meanwhile. */
  private plan({ drawn }: Fetch): void {
    if (this.fetcher === null || this.stopped) return;
    this.fetcher.plan(drawn);
    this.fetcher.fill();
  }

  private async resume(): Promise<void> {
    this.ended = false;
    if (this.fetcher !== null && this.fetcher.restarts) {
      await this.fetcher.close();
      this.fetcher = this.makeFetcher();
    }
    this.answer({ kind: 'resumed', random: random() });
  }

  private async fetch({ task, drawn }: Fetch): Promise<void> {
    try {
      if (this.broken !== null) {
        const { error } = this.broken;
        throw error;
      }
      const making = (this.fetcher as Fetcher).fetch(drawn, (batch) => pack(batch, 'a batch', this.setup.group));
      this.fetcher?.fill();
      const batch: Packed | typeof exhausted = await making;
      if (batch === exhausted) {
        this.ended = true;
        this.answer({ kind: 'exhausted', task });
      } else {
        this.answer({ kind: 'batch', task, batch, random: random() });
      }
    } catch (error) {
      this.answer({ kind: 'failed', task, failure: failureOf(error) });
    }
  }

  private answer(answer: Answer): void {
    this.setup.port.postMessage(answer);
  }
}

/** By the way in which the thread that sent us loaded it. */
async function load(module: string): Promise<void> {
  if (isLoaded(module)) return;
  if (module.startsWith('file:')) await import(module);
  else createRequire(__filename)(module);
}

function random(): ArrayBuffer {
  const state = getRngState();
  const bytes = state.toBytes();
  state.dispose();
  return bytes.slice().buffer;
}

function setRandom(bytes: Uint8Array): void {
  const state = frombytes(bytes, 'uint8', [bytes.length]);
  setRngState(state);
  state.dispose();
}

/** Handles that a data set left open must not keep the thread alive: it ends after so many milliseconds anyway. */
const PATIENCE = 1000;

async function main(): Promise<void> {
  beginWorker();
  const setup = workerData as WorkerSetup;
  workAlone(setup.baseSeed + BigInt(setup.id));
  await new Worker(setup).run();
  setTimeout(() => process.exit(), PATIENCE).unref();
}

void main();
