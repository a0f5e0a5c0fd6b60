/** libtorch's warnings as warnings of Node.js, which `process.on('warning')` hears and `--no-warnings` silences. */

const told = new Set<string>();
/** Messages that are remembered; some name sizes, so that a long run could gather them without end. */
const REMEMBERED = 1000;

let always = false;

/** @internal Tells every warning each time, or once. */
export function repeatWarnings(repeat: boolean): void {
  always = repeat;
}

/** @internal Tells each warning once, as Python's default filter does. */
export function tellWarning(message: string): void {
  if (told.has(message) && !always) return;
  if (told.size < REMEMBERED) told.add(message);
  process.emitWarning(message, 'TorchWarning');
}
