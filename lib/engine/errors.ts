/**
 * The error classes of the library. Each has a stable `code`; the class says what JavaScript would have thrown.
 *
 * An addon throws plain errors of its own realm (jest, for one, runs the library in another), so code that must tell
 * errors apart looks at `code`, and {@link isTorchError} does so. Stacks begin at the line of the user.
 */

import { trimStack } from './stack';

/** Stable codes of the errors that this library throws. */
export type ErrorCode =
  | 'TORCH_ERROR'
  | 'TORCH_INDEX'
  | 'TORCH_TYPE'
  | 'TORCH_VALUE'
  | 'TORCH_OUT_OF_MEMORY'
  | 'TORCH_NOT_IMPLEMENTED'
  | 'TORCH_DISPOSED'
  | 'TORCH_ASYNC'
  | 'TORCH_STATE_DICT'
  | 'TORCH_SAMPLE'
  | 'TORCH_WORKER'
  | 'TORCH_FILE'
  | 'TORCH_FILE_FORMAT'
  | 'TORCH_DATA'
  | 'ERR_LIBTORCH_NODE_LOAD';

/** What PyTorch raises as `RuntimeError`, and the base of the errors that have no JavaScript relative. */
export class TorchError extends Error {
  /** Says what kind of error it is, and never changes: an {@link ErrorCode}. */
  readonly code: string;

  constructor(message: string, code: string = 'TORCH_ERROR', options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    trimStack(this);
  }
}

/** An index or a dimension that the tensor does not have: Python's `IndexError`. */
export class IndexError extends RangeError {
  readonly code = 'TORCH_INDEX';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'IndexError';
    trimStack(this);
  }
}

/** An argument of a wrong type or an impossible value: Python's `TypeError` (TORCH_TYPE) and `ValueError` (TORCH_VALUE). */
export class ArgumentError extends TypeError {
  readonly code: 'TORCH_TYPE' | 'TORCH_VALUE';

  constructor(message: string, code: 'TORCH_TYPE' | 'TORCH_VALUE' = 'TORCH_TYPE', options?: ErrorOptions) {
    super(message, options);
    this.name = 'ArgumentError';
    this.code = code;
    trimStack(this);
  }
}

/** An error for an impossible value: Python's `ValueError`. */
export function valueError(message: string): ArgumentError {
  return new ArgumentError(message, 'TORCH_VALUE');
}

/** An allocation failed: Python's `torch.OutOfMemoryError`. */
export class OutOfMemoryError extends RangeError {
  readonly code = 'TORCH_OUT_OF_MEMORY';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OutOfMemoryError';
    trimStack(this);
  }
}

/** The op has no kernel for these arguments: Python's `NotImplementedError`. */
export class NotImplementedError extends TorchError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'TORCH_NOT_IMPLEMENTED', options);
  }
}

/** A tensor or generator was used after its memory was given back. */
export class DisposedError extends TorchError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'TORCH_DISPOSED', options);
  }
}

/** Asynchronous work in the wrong place: a promise from a function that must be synchronous, a tensor not awaited. */
export class AsyncError extends TorchError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'TORCH_ASYNC', options);
  }
}

/** The native library cannot be loaded; the message lists causes and cures. */
export class LoadError extends TorchError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'ERR_LIBTORCH_NODE_LOAD', options);
  }
}

/**
 * True for every error that this library throws, from whichever realm.
 *
 * @example
 * ```ts
 * try {
 *   torch.zeros([2]).reshape(3);
 * } catch (error) {
 *   console.log(torch.isTorchError(error) && error.code); // TORCH_ERROR
 * }
 * ```
 */
export function isTorchError(error: unknown): error is Error & { code: string } {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  const { code } = error;
  return typeof code === 'string' && (code.startsWith('TORCH_') || code === 'ERR_LIBTORCH_NODE_LOAD');
}

/** Makes the class that stands for `code`. */
export function errorFromCode(code: string, message: string, options?: ErrorOptions): Error {
  switch (code) {
    case 'TORCH_INDEX':
      return new IndexError(message, options);
    case 'TORCH_TYPE':
    case 'TORCH_VALUE':
      return new ArgumentError(message, code, options);
    case 'TORCH_OUT_OF_MEMORY':
      return new OutOfMemoryError(message, options);
    case 'TORCH_NOT_IMPLEMENTED':
      return new NotImplementedError(message, options);
    case 'TORCH_DISPOSED':
      return new DisposedError(message, options);
    case 'TORCH_ASYNC':
      return new AsyncError(message, options);
    default:
      return new TorchError(message, code, options);
  }
}
