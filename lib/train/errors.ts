/** What the user asked for cannot be done: an unknown name, an impossible value, a folder that is not there. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}
