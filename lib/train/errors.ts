/** What the user asked for cannot be done: an unknown name, an impossible value, a folder that is not there. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

/** The run could not go on, through no fault of the request: a full disk, a broken checkpoint. Exit code 1. */
export class RunError extends Error {
  override readonly name = 'RunError';
  readonly code = 'RUN_FAILED';
}

const fileSystemReasons: Record<string, string> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than this system allows',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the disk is read-only',
  EIO: 'the disk reports an error',
  EMFILE: 'too many files are open',
};

/**
 * The sentence for an error of the file system, such as `no space is left on the disk (writing runs/001-x/log.txt)`;
 * null for any other error.
 */
export function describeFileSystemError(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  const reason = fileSystemReasons[String(error.code)];
  if (reason === undefined) return null;
  const path = 'dest' in error ? error.dest : 'path' in error ? error.path : undefined;
  return typeof path === 'string' ? `${reason} (${path})` : reason;
}
