/** An iteration whose batches worker threads make, handed out as PyTorch does (`_MultiProcessingDataLoaderIter`). */

import { ArgumentError, TorchError } from '../engine';
import type { DataLoaderIterator, LoaderParts, LoaderState } from './data-loader-iterator';
import type { Drawn } from './fetcher';
import { refuseIterable, warnBeyondLength } from './iterable-length';
import { pinned, warnWithoutDevice } from './pin-memory';
import { drop, unpack } from './portable';
import { iterateSampler, type SamplerIterator } from './sampler';
import { type Answer, errorOf } from './worker-messages';
import type { WorkerPool } from './worker-pool';

/** How a loader uses its workers. */
export interface WorkerOptions {
  readonly numWorkers: number;
  /** Batches that each worker may have in hand. */
  readonly prefetchFactor: number;
  readonly persistentWorkers: boolean;
  readonly inOrder: boolean;
}

/** An answer to a task. */
type Outcome = Exclude<Answer, { kind: 'resumed' }>;

interface Task {
  readonly worker: number;
  readonly drawn: Drawn;
  /** It came before its turn. */
  outcome?: Outcome;
}

/** The order in which tasks are made decides where random numbers are drawn: it is PyTorch's, line by line. */
export class WorkerIterator<B> implements DataLoaderIterator<B> {
  private readonly sampler: SamplerIterator<Drawn>;
  private readonly iteration: number;
  private readonly tasks = new Map<number, Task>();
  private readonly active: boolean[];
  private readonly tasksOf: number[];
  /** These have yet to answer what an earlier iteration asked them. */
  private readonly resuming: boolean[];
  /** Came while others were still resuming. */
  private readonly early: Outcome[] = [];
  /** Of each worker, after its last batch that was handed out; null: as it was seeded. */
  private readonly random: (ArrayBuffer | Uint8Array | null)[];
  private nextTask = 0;
  private nextOut = 0;
  private outstanding = 0;
  private cycle: number;
  private position: number;
  private ended = false;
  private turn: Promise<unknown> = Promise.resolve();

  /** @param isFirst the pool has just been made */
  constructor(
    private readonly loader: LoaderParts,
    private readonly options: WorkerOptions,
    private readonly pool: WorkerPool,
    isFirst: boolean,
    resume: LoaderState | undefined,
  ) {
    const { numWorkers } = options;
    warnWithoutDevice(loader.pinMemory);
    this.iteration = pool.beginIteration();
    this.sampler = iterateSampler(loader.drawnFrom, resume?.sampler);
    this.position = resume?.position ?? 0;
    this.cycle = this.position % numWorkers;
    this.active = new Array<boolean>(numWorkers).fill(true);
    this.tasksOf = new Array<number>(numWorkers).fill(0);
    this.resuming = new Array<boolean>(numWorkers).fill(!isFirst);
    this.random = [...pool.setup.random];
    if (!isFirst) for (let worker = 0; worker < numWorkers; worker++) pool.send(worker, { kind: 'resume' });
    for (const drawn of resume?.workers?.ahead ?? []) this.put(drawn);
    while (this.outstanding < this.mostTasks && this.putNext());
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<B, undefined>> {
    const next = this.turn.then(() => this.nextBatch());
    this.turn = next.catch(() => undefined);
    return next;
  }

  async return(): Promise<IteratorResult<B, undefined>> {
    this.finish();
    if (!this.options.persistentWorkers) await this.pool.waitForEnd();
    return { done: true, value: undefined };
  }

  state(): LoaderState {
    refuseIterable(this.loader.dataset);
    if (!this.options.inOrder) {
      throw new TorchError(
        'an iteration with inOrder false has no state: its batches come as the workers happen to end',
      );
    }
    if (this.resuming.some(Boolean)) {
      throw new TorchError('an iteration of persistent workers has a state once its first batch was asked for');
    }
    const ahead: Drawn[] = [];
    for (let task = this.nextOut; task < this.nextTask; task++) ahead.push(...drawnOf(this.tasks.get(task)));
    const random = [...this.random];
    const workers = {
      ahead,
      // Written when it is read: a trainer asks for a state with every batch, and hardly any is ever kept.
      get random() {
        return random.map((state) => (state === null ? null : Buffer.from(state as ArrayBuffer).toString('base64')));
      },
    };
    const { position, sampler, pool } = this;
    return { baseSeed: pool.setup.baseSeed.toString(), position, sampler: sampler.state(), workers };
  }

  private get mostTasks(): number {
    return this.options.prefetchFactor * this.options.numWorkers;
  }

  private async nextBatch(): Promise<IteratorResult<B, undefined>> {
    try {
      await this.awaitResumption();
      const batch = this.ended ? undefined : await this.fetchNext();
      if (batch !== undefined) return { done: false, value: batch.value };
    } catch (error) {
      this.finish();
      if (!this.options.persistentWorkers || !this.pool.usable) void this.pool.end();
      throw error;
    }
    this.finish();
    if (!this.options.persistentWorkers) await this.pool.waitForEnd();
    return { done: true, value: undefined };
  }

  /** Undefined where there is no more. */
  private async fetchNext(): Promise<{ readonly value: B } | undefined> {
    for (;;) {
      this.skipGivenUp();
      if (this.nextOut === this.nextTask) return undefined;
      const task = this.tasks.get(this.nextOut) as Task;
      if (task.outcome !== undefined) return this.handOut(this.nextOut++, task, task.outcome);
      const received = this.early.shift() ?? (await this.receive());
      if (received === undefined) return undefined;
      this.outstanding--;
      if (received.kind === 'exhausted') {
        this.giveUp(received.task);
        continue;
      }
      const its = this.tasks.get(received.task) as Task;
      if (received.task === this.nextOut) return this.handOut(this.nextOut++, its, received);
      if (!this.options.inOrder) return this.handOut(received.task, its, received);
      its.outcome = received;
    }
  }

  /** Tasks that were handed out before their turn, or will never be done because their worker has no more. */
  private skipGivenUp(): void {
    for (; this.nextOut < this.nextTask; this.nextOut++) {
      const task = this.tasks.get(this.nextOut);
      if (task !== undefined && (task.outcome !== undefined || this.active[task.worker] === true)) return;
      this.tasks.delete(this.nextOut);
    }
  }

  /** Until all workers have begun this iteration; the first of them may have done tasks of it by then. */
  private async awaitResumption(): Promise<void> {
    while (!this.ended && this.resuming.some(Boolean)) {
      const received = await this.receive('resumed');
      if (received !== undefined) this.early.push(received);
    }
  }

  /** What is an answer to this iteration. Undefined where there will be none, or `until` has come. */
  private async receive(until?: 'resumed'): Promise<Outcome | undefined> {
    while (!this.ended) {
      const received = await this.pool.receive(this.iteration, (worker) => this.needs(worker));
      if (received === undefined) {
        this.ended = true;
        break;
      }
      const { worker, answer } = received;
      if (answer.kind === 'resumed') {
        this.resuming[worker] = false;
        this.random[worker] = answer.random;
        if (until === 'resumed') break;
      } else if (this.resuming[worker] !== true) {
        return answer;
      } else if (answer.kind === 'batch') {
        drop(answer.batch);
      }
    }
    return undefined;
  }

  /** Without that worker there is nothing more to hand out. */
  private needs(worker: number): boolean {
    if (!this.options.inOrder || this.resuming.some(Boolean)) return this.active[worker] === true;
    return this.tasks.get(this.nextOut)?.worker === worker;
  }

  /** The worker of an iterable data set that has no more. */
  private giveUp(exhaustedTask: number): void {
    const { worker } = this.tasks.get(exhaustedTask) as Task;
    this.active[worker] = false;
    if (!this.options.persistentWorkers) this.pool.send(worker, { kind: 'end' });
    this.putNext();
  }

  private handOut(id: number, { worker }: Task, outcome: Outcome): { readonly value: B } {
    this.tasks.delete(id);
    this.tasksOf[worker] = (this.tasksOf[worker] ?? 0) - 1;
    this.putNext();
    if (outcome.kind !== 'batch') throw errorOf(worker, (outcome as Extract<Outcome, { kind: 'failed' }>).failure);
    this.random[worker] = outcome.random;
    this.position++;
    warnBeyondLength(this.loader, this.position, this.options.numWorkers);
    const batch = unpack(outcome.batch) as B;
    return { value: this.loader.pinMemory ? pinned(batch) : batch };
  }

  /** The next batch that the sampler draws, to the next worker that may have it. False where there is none of either. */
  private putNext(): boolean {
    const { done, value } = this.sampler.next();
    return done !== true && this.put(value);
  }

  private put(drawn: Drawn): boolean {
    const worker = this.nextWorker();
    if (worker === undefined) return false;
    const task = this.nextTask++;
    this.tasks.set(task, { worker, drawn });
    this.tasksOf[worker] = (this.tasksOf[worker] ?? 0) + 1;
    this.outstanding++;
    this.pool.send(worker, { kind: 'fetch', task, drawn });
    return true;
  }

  private nextWorker(): number | undefined {
    const { numWorkers, inOrder } = this.options;
    const share = Math.floor(this.mostTasks / this.active.filter(Boolean).length);
    for (let i = 0; i < numWorkers; i++) {
      const worker = this.cycle;
      this.cycle = (this.cycle + 1) % numWorkers;
      if (this.active[worker] === true && (inOrder || (this.tasksOf[worker] ?? 0) < share)) return worker;
    }
    return undefined;
  }

  /** Nothing more is handed out. */
  private finish(): void {
    this.ended = true;
    const kept = [...Array.from(this.tasks.values(), ({ outcome }) => outcome), ...this.early.splice(0)];
    for (const outcome of kept) if (outcome?.kind === 'batch') drop(outcome.batch);
    this.tasks.clear();
  }
}

function drawnOf(task: Task | undefined): Drawn[] {
  return task === undefined ? [] : [task.drawn];
}

/** The generators' states of an iteration that goes on; throws where it had other workers. */
export function randomOf(resume: LoaderState | undefined, numWorkers: number): (Uint8Array | null)[] {
  if (resume === undefined) return new Array<null>(numWorkers).fill(null);
  const states = resume.workers?.random;
  if (Array.isArray(states) && states.length === numWorkers) {
    return (states as readonly (string | null)[]).map((state) =>
      state === null ? null : Buffer.from(state, 'base64'),
    );
  }
  throw new ArgumentError(
    `iterate(): the state is of an iteration with ${states?.length ?? 0} workers, which drew other random numbers than ` +
      `the ${numWorkers} of this loader would`,
    'TORCH_VALUE',
  );
}
