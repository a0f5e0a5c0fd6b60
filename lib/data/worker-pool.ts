/** The worker threads of a DataLoader: their start, what they are told and answer, and their end. */

import path from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';

import { closeParcelGroup, openParcelGroup } from '../tensor/parcels';
import { claim, drop, pack } from './portable';
import { refuseInWorker } from './worker-info';
import { type Answer, type Order, WorkerError, type WorkerParts, type WorkerSetup } from './worker-messages';

/** An answer and who gave it. */
export interface Received {
  readonly worker: number;
  readonly answer: Answer;
}

/** What all workers of a pool begin with. */
export type PoolSetup = Pick<WorkerSetup, 'numWorkers' | 'baseSeed' | 'batched' | 'dropLast' | 'prefetch'> & {
  readonly parts: WorkerParts;
  /** Seconds to wait for an answer; 0 for ever. */
  readonly timeout: number;
  /** The state of each worker's generator; null for a fresh one. */
  readonly random: readonly (Uint8Array | null)[];
};

/** As long as PyTorch waits for a worker to end by itself, in milliseconds. */
const PATIENCE = 5000;

/** Beside this file, and written in the same language: a program under a TypeScript loader passes that on to its threads. */
const program = path.join(__dirname, `worker-main${path.extname(__filename)}`);

/**
 * Threads that fetch. None of them keeps the process alive: only somebody who waits for an answer does.
 * @throws {ArgumentError} where the data set, or what goes with it, cannot be sent to a thread
 */
export class WorkerPool {
  private readonly threads: Thread[] = [];
  private readonly stop = new Int32Array(new SharedArrayBuffer(4));
  private readonly inbox: Received[] = [];
  private wake: (() => void) | undefined;
  private ending: Promise<void> | undefined;
  private iteration = 0;

  constructor(readonly setup: PoolSetup) {
    refuseInWorker();
    try {
      for (let id = 0; id < setup.numWorkers; id++) this.threads.push(this.start(id));
    } catch (error) {
      void this.end();
      throw error;
    }
  }

  /** False once it was ended, or a thread of it has. */
  get usable(): boolean {
    return this.ending === undefined && !this.threads.some((thread) => thread.hasEnded);
  }

  send(worker: number, order: Order): void {
    this.threads[worker]?.port.postMessage(order);
  }

  /** From now on answers are handed to the iteration of this number only. */
  beginIteration(): number {
    this.iteration++;
    this.wake?.();
    return this.iteration;
  }

  /**
   * The next answer of whichever worker; undefined where another iteration has begun, or the pool was ended.
   * @param needed - workers whose end is an error
   * @throws {WorkerError} a worker has ended, or none has answered in time
   */
  async receive(iteration: number, needed: (worker: number) => boolean): Promise<Received | undefined> {
    const deadline = this.setup.timeout > 0 ? performance.now() + this.setup.timeout * 1000 : Infinity;
    for (;;) {
      if (iteration !== this.iteration || this.ending !== undefined) return undefined;
      this.drain();
      const received = this.inbox.shift();
      if (received !== undefined) return received;
      this.refuseEnded(needed);
      if (performance.now() >= deadline) {
        throw new WorkerError(null, `DataLoader timed out after ${this.setup.timeout} seconds`);
      }
      await this.sleep(deadline);
    }
  }

  /** Ends all threads, those that do not listen by force; settled when they are gone. */
  end({ force = false }: { readonly force?: boolean } = {}): Promise<void> {
    this.ending ??= this.endAll();
    if (force) for (const thread of this.threads) void thread.worker.terminate();
    return this.ending;
  }

  /** While somebody waits for the end, the process does. */
  async waitForEnd(): Promise<void> {
    for (const thread of this.threads) thread.worker.ref();
    await this.end();
  }

  private async endAll(): Promise<void> {
    Atomics.store(this.stop, 0, 1);
    for (const thread of this.threads) thread.port.postMessage({ kind: 'end' } satisfies Order);
    const late = setTimeout(() => {
      for (const thread of this.threads) void thread.worker.terminate();
    }, PATIENCE).unref();
    await Promise.all(this.threads.map((thread) => thread.ended));
    clearTimeout(late);
    this.drain();
    for (const { answer } of this.inbox.splice(0)) if (answer.kind === 'batch') drop(answer.batch);
    for (const { port } of this.threads) port.close();
    this.wake?.();
  }

  private start(id: number): Thread {
    const { parts, numWorkers, baseSeed, batched, dropLast, prefetch, random } = this.setup;
    const group = openParcelGroup();
    const { port1, port2 } = new MessageChannel();
    try {
      const setup: WorkerSetup = {
        port: port2,
        id,
        numWorkers,
        group,
        baseSeed,
        parts: pack(parts, '', group),
        batched,
        dropLast,
        prefetch,
        random: random[id] ?? null,
        stop: this.stop,
      };
      const worker = new Worker(program, { workerData: setup, transferList: [port2] });
      const wake = (): void => this.wake?.();
      const take = (answer: Answer): void => {
        this.accept(id, answer);
        wake();
      };
      const end = (): void => {
        // What was sent and has arrived is taken first; of all else nobody will hear.
        this.drain();
        closeParcelGroup(group);
        wake();
      };
      return new Thread(worker, port1, take, end);
    } catch (error) {
      closeParcelGroup(group);
      throw error;
    }
  }

  /** Takes what has arrived, though the event loop may have had no turn since. */
  private drain(): void {
    this.threads.forEach(({ port }, worker) => {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        // eslint-disable-next-line @typescript-eslint/no-unsafe-argument -- Node's types say nothing of a message
        this.accept(worker, next.message);
      }
    });
  }

  private accept(worker: number, answer: Answer): void {
    // A worker that has no more to do may end before its last batches are handed out.
    if (answer.kind === 'batch') claim(answer.batch);
    this.inbox.push({ worker, answer });
  }

  private refuseEnded(needed: (worker: number) => boolean): void {
    const ended = this.threads.flatMap((thread, id) => (thread.hasEnded && needed(id) ? [{ id, thread }] : []));
    const [first] = ended;
    if (first === undefined) return;
    const { failure } = first.thread;
    const ids = ended.map(({ id }) => id).join(', ');
    const why = failure === undefined ? '' : `: ${failure.message}`;
    throw new WorkerError(first.id, `DataLoader worker (id(s) ${ids}) exited unexpectedly${why}`, {
      cause: failure,
      stack: failure?.stack,
    });
  }

  /** Until an answer comes, a thread ends, or the time is over. */
  private async sleep(deadline: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    for (const { port } of this.threads) port.ref();
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      if (deadline < Infinity) timer = setTimeout(resolve, Math.max(0, deadline - performance.now()));
    });
    clearTimeout(timer);
    this.wake = undefined;
    for (const { port } of this.threads) port.unref();
  }
}

/** One thread, our end of its channel, and how it ended. */
class Thread {
  readonly ended: Promise<void>;
  hasEnded = false;
  /** What it threw that nobody caught. */
  failure: Error | undefined;

  constructor(
    readonly worker: Worker,
    readonly port: MessagePort,
    onAnswer: (answer: Answer) => void,
    onEnd: () => void,
  ) {
    port.on('message', onAnswer);
    port.unref();
    worker.unref();
    worker.on('error', (error: Error) => (this.failure = error));
    this.ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.hasEnded = true;
        onEnd();
        resolve();
      });
    });
  }
}
