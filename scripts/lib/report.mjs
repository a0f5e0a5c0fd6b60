/**
 * What the installation tells. Everything goes to build/install.log, because npm 11 shows a script's output only with
 * `--foreground-scripts`; the plan and the progress go to standard output too.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { logPath } from './project.mjs';

/**
 * @typedef {object} Report
 * @property {(text: string) => void} say A line for the person and for the log.
 * @property {(text: string) => void} show For the person only: progress.
 * @property {(text: string) => void} log For the log only, as it is.
 */

/**
 * @param {{ file?: string, append?: boolean }} [options] The log is begun anew unless `append` is set.
 * @returns {Report}
 */
export function openReport({ file = logPath, append = false } = {}) {
  mkdirSync(path.dirname(file), { recursive: true });
  if (!append) writeFileSync(file, '');
  /** @param {string} text */
  const show = (text) => {
    process.stdout.write(`libtorch-node: ${text}\n`);
  };
  return {
    show,
    say(text) {
      show(text);
      appendFileSync(file, `${text}\n`);
    },
    log(text) {
      appendFileSync(file, text);
    },
  };
}
