/**
 * The first Ctrl-C asks the loop to stop after its step. It also gives the signal back to the system, so that the second
 * one ends the process at once, even in the middle of an op.
 */
export function stopOnSignal(say: (line: string) => void): () => boolean {
  let requested = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      requested = true;
      say('stopping after this step; once more stops at once');
    });
  }
  return () => requested;
}
