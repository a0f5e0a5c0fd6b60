/** What a DataLoader and its worker threads say to each other. */

import type { MessagePort } from 'node:worker_threads';

import { TorchError } from '../engine';
import { messageOf, SampleError } from './dataset';
import type { Drawn } from './fetcher';
import type { Packed } from './portable';

/** What a worker begins with. */
export interface WorkerSetup {
  readonly port: MessagePort;
  readonly id: number;
  readonly numWorkers: number;
  /** Of the tensors on their way between the two threads. */
  readonly group: number;
  readonly baseSeed: bigint;
  /** A {@link WorkerParts}. */
  readonly parts: Packed;
  readonly batched: boolean;
  readonly dropLast: boolean;
  readonly prefetch: number;
  /** The generator's state to go on with, after `workerInitFn`. */
  readonly random: Uint8Array | null;
  /** One number, shared: not 0 once no batch is wanted any more. */
  readonly stop: Int32Array;
}

/** What a worker's batches are made of and by. */
export interface WorkerParts {
  readonly dataset: unknown;
  readonly collateFn: (samples: unknown) => unknown;
  readonly workerInitFn: ((id: number) => void | Promise<void>) | undefined;
}

/** To a worker; they are answered in order. */
export type Order =
  | { readonly kind: 'fetch'; readonly task: number; readonly drawn: Drawn }
  /** A new iteration begins. */
  | { readonly kind: 'resume' }
  | { readonly kind: 'end' };

/** From a worker. `random` is its generator's state at that moment. */
export type Answer =
  | { readonly kind: 'resumed'; readonly random: ArrayBuffer }
  | { readonly kind: 'batch'; readonly task: number; readonly batch: Packed; readonly random: ArrayBuffer }
  | { readonly kind: 'failed'; readonly task: number; readonly failure: Failure }
  /** Its iterable data set has no more. */
  | { readonly kind: 'exhausted'; readonly task: number };

/** An error in words, for its class does not cross. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly code: string | undefined;
  /** Of the sample that failed, where it was one. */
  readonly index: number | undefined;
}

/** Something failed in a worker of a {@link DataLoader}; the stack is the one that it had there. */
export class WorkerError extends TorchError {
  constructor(
    /** The worker, from 0; null where it cannot be told. */
    readonly workerId: number | null,
    message: string,
    options?: ErrorOptions & { readonly code?: string; readonly stack?: string },
  ) {
    super(message, options?.code ?? 'TORCH_WORKER', options);
    if (options?.stack !== undefined) {
      this.stack = `${this.name}: ${message}\nOriginal stack, in the worker:\n${options.stack}`;
    }
  }
}

/** In the worker. */
export function failureOf(error: unknown): Failure {
  const index = error instanceof SampleError ? error.index : undefined;
  const inner = error instanceof SampleError ? error.cause : error;
  const { name, stack, code } = (typeof inner === 'object' && inner !== null ? inner : {}) as Partial<
    Record<'name' | 'stack' | 'code', unknown>
  >;
  const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);
  const message = messageOf(inner);
  return {
    name: text(name, typeof inner),
    message,
    stack: text(stack, message),
    code: typeof code === 'string' ? code : undefined,
    index,
  };
}

/** Where the batch was asked for: a {@link SampleError} as without workers, or a {@link WorkerError}. */
export function errorOf(worker: number, { name, message, stack, code, index }: Failure): Error {
  const error = new WorkerError(worker, `Caught ${name} in DataLoader worker ${worker}: ${message}`, { code, stack });
  return index === undefined ? error : new SampleError(index, error);
}
