/** Exit code of every problem with the native library, as the program's other exit codes are documented. */
export const NATIVE_LIBRARY_EXIT = 4;

/** A problem that a person can solve: one sentence that says what is wrong, and what to do about it. */
export class InstallError extends Error {
  /**
   * @param {string} code Stable name, such as `LIBTORCH_VERSION`.
   * @param {string} message One sentence.
   * @param {string} [cure] The command or the change that solves it.
   */
  constructor(code, message, cure) {
    super(message);
    this.name = 'InstallError';
    this.code = code;
    this.cure = cure;
  }
}

/**
 * The text for an error that ends a script: the sentence and its cure, or the stack of what was not foreseen.
 * @param {unknown} error
 */
export function describeError(error) {
  if (error instanceof InstallError) return error.cure ? `${error.message}\n  → ${error.cure}` : error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * Runs a script's main function and turns a failure into one message and exit code 4.
 * @param {() => Promise<number | void>} main
 */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    process.stderr.write(`libtorch-node: ${describeError(error)}\n`);
    process.exitCode = NATIVE_LIBRARY_EXIT;
  }
}
