/** What the user asked for cannot be done: an unknown name, an impossible value, a folder that is not there. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

/** The loss or the weights are no numbers any more: nothing that comes after could be worth keeping. Exit code 1. */
export class DivergenceError extends Error {
  override readonly name = 'DivergenceError';
  readonly code = 'DIVERGED';
}
