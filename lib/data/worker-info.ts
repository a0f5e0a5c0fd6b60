/** What a worker thread of a DataLoader knows of itself. */

import { TorchError } from '../engine';

/** See {@link getWorkerInfo}. */
export interface WorkerInfo {
  /** From 0. */
  readonly id: number;
  readonly numWorkers: number;
  /** What this worker's default generator was seeded with: the iteration's base seed plus `id`. */
  readonly seed: bigint;
  /** This worker's copy of the data set. */
  readonly dataset: unknown;
}

let info: WorkerInfo | null = null;
let isWorker = false;

/**
 * In a worker of a {@link DataLoader}: which one it is, of how many; null elsewhere. By it an iterable data set gives each
 * worker a part of its own. (`torch.utils.data.get_worker_info`)
 *
 * @example
 * ```ts
 * console.log(torch.data.getWorkerInfo()); // null
 * ```
 */
export function getWorkerInfo(): WorkerInfo | null {
  return info;
}

/** @internal This thread is a loader's worker, from its first line on. */
export function beginWorker(): void {
  isWorker = true;
}

/** @internal */
export function setWorkerInfo(known: WorkerInfo): void {
  info = known;
}

/** @internal Refuses to go on in a worker, whose own workers would start theirs, without end. */
export function refuseInWorker(): void {
  if (!isWorker) return;
  throw new TorchError(
    'a worker of a DataLoader cannot start workers itself. Workers import the modules that their data set comes from: ' +
      'what trains must be in another module, or run only where `isMainThread` of node:worker_threads is true',
    'TORCH_WORKER',
  );
}
