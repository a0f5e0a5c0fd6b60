/** Runs the twins steps.mjs and steps.py over the same cases, and says where two runs part. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { root } from '../../scripts/lib/project.mjs';

/**
 * @typedef {{ losses: number[], state: string }} Result Of a case: losses and the like in the order of the steps, and a
 * digest of the end.
 */

/**
 * @param {string} command
 * @param {string} script
 * @param {string} device
 * @param {object[]} cases
 * @returns {Promise<Result[]>}
 */
function run(command, script, device, cases) {
  // Without it cuBLAS has no order among its streams.
  const deterministic = { CUBLAS_WORKSPACE_CONFIG: ':4096:8' };
  const child = spawn(command, [path.join(root, 'test', 'cuda', script)], {
    env: { ...process.env, ...deterministic },
  });
  let out = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (complaints += text));
  child.stdin.end(JSON.stringify({ device, cases }));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(JSON.parse(out));
      reject(new Error(`${script} ended with ${signal ?? `exit code ${code}`}\n${complaints.slice(-2000)}`));
    });
  });
}

/**
 * @param {string} device
 * @param {object[]} cases
 */
export const runOurs = (device, cases) => run(process.execPath, 'steps.mjs', device, cases);

/**
 * @param {string} python
 * @param {string} device
 * @param {object[]} cases
 */
export const runPython = (python, device, cases) => run(python, 'steps.py', device, cases);

/**
 * Where two runs part: a sentence, or an empty string.
 * @param {Result} ours
 * @param {Result} theirs
 */
function difference(ours, theirs) {
  const step = ours.losses.findIndex((loss, index) => !Object.is(loss, theirs.losses[index]));
  if (step !== -1)
    return `number ${step + 1} of what the steps came to is ${ours.losses[step]}, and ${theirs.losses[step]}`;
  return ours.state === theirs.state ? '' : 'the steps are equal, the states at the end are not';
}

/**
 * What can be said of a case, given a second run of Python's.
 * @param {Result} ours
 * @param {Result} theirs
 * @param {Result} control
 * @returns {{ verdict: 'equal' | 'different' | 'none', why: string }}
 */
export function judge(ours, theirs, control) {
  const disagreement = difference(control, theirs);
  if (disagreement !== '') return { verdict: 'none', why: `Python differs from itself: ${disagreement}` };
  const why = difference(ours, theirs);
  return { verdict: why === '' ? 'equal' : 'different', why };
}

/**
 * `Adam weightDecay=0.1`, `unet float16`: what a case is called.
 * @param {any} each
 */
export function nameOf({ model, optimizer, optimizerOptions, dtype, average }) {
  if (model !== undefined) return [model, dtype, `by ${optimizer}`, ...(average ? ['averaged'] : [])].join(' ');
  return [optimizer, ...Object.entries(optimizerOptions).map(([name, value]) => `${name}=${value}`)].join(' ');
}
