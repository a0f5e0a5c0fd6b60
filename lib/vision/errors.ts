import { TorchError } from '../engine/errors';

/**
 * Something is wrong with the data: a missing folder, a split list that names what is not there, a file that cannot be
 * decoded, a broken download. One sentence that names the file. The program's exit code for it is 3.
 */
export class DataError extends TorchError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'TORCH_DATA', options);
  }
}

/**
 * First line of an error's message, for the end of a sentence. Works for errors of another realm too: jest runs this
 * code in one, and `instanceof Error` is false there for what Node's file system throws.
 */
export function reason(error: unknown): string {
  const hasMessage = typeof error === 'object' && error !== null && 'message' in error;
  const text = String(hasMessage ? error.message : error);
  return text.slice(0, (text + '\n').indexOf('\n')).trim();
}

/** `code` of a system error, such as ENOENT; undefined for any other. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
