import path from 'node:path';
import { checkFunction, TorchError } from '../engine';

/** What was being done to a file. */
export type FileAction = 'read' | 'write';

/** The system refused to read or write a file: one sentence with the file and the reason; the system's error is the `cause`. */
export class FileError extends TorchError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'TORCH_FILE', options);
  }
}

/** A file was read, but its content is not what it must be: one sentence with the file and the fault. */
export class FormatError extends TorchError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 'TORCH_FILE_FORMAT', options);
  }
}

/** Runs a file operation; a system error comes out as a {@link FileError} that names the file, any other as it is. */
export function attemptOn<T>(file: string, action: FileAction, operation: () => T): T {
  checkFunction('attemptOn', 'operation', operation);
  try {
    return operation();
  } catch (error) {
    throw fileErrorOf(error, file, action);
  }
}

/** {@link attemptOn} for an asynchronous operation. */
export async function attemptOnAsync<T>(file: string, action: FileAction, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw fileErrorOf(error, file, action);
  }
}

function fileErrorOf(error: unknown, file: string, action: FileAction): unknown {
  if (!isSystemError(error)) return error;
  return new FileError(`cannot ${action} ${file}: ${reason(error, action, file)}`, { cause: error });
}

/** Told by its fields: jest runs this code in another realm than the one whose `Error` the file system throws. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'code' in error && 'syscall' in error;
}

function reason({ code, message }: NodeJS.ErrnoException, action: FileAction, file: string): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no space left on the disk; what was written is removed again, and an older file of this name is unchanged';
    case 'ENOENT':
      return action === 'read' ? 'it does not exist' : `the folder ${path.dirname(file)} does not exist`;
    case 'ENOTDIR':
      return 'a part of its path is not a folder';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EROFS':
      return 'the disk is read-only';
    default:
      return message;
  }
}
