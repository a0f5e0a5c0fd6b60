/** Starts the article's program on either side, from the same files. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { configFlags } from './configs.mjs';
import { root } from '../../scripts/lib/project.mjs';

const here = path.join(root, 'test', 'parity');

/** @typedef {import('./configs.mjs').ParityConfig} ParityConfig */
/** @typedef {import('./compare.mjs').Event} Event */

/**
 * @param {string} python
 * @param {string} data
 * @param {ParityConfig} config
 * @param {{ trace?: string }} [options]
 * @returns {Promise<Event[]>}
 */
export async function runPython(python, data, config, { trace } = {}) {
  const args = [path.join(here, 'article.py'), '--data', data, ...configFlags(config)];
  return parse(await run(python, trace === undefined ? args : [...args, '--trace', trace]));
}

/**
 * `node train.js --json`, in a run folder that is taken away again.
 * @param {string} data
 * @param {ParityConfig} config
 * @returns {Promise<Event[]>}
 */
export async function runOurs(data, config) {
  const cache = path.join(root, '.cache', 'parity');
  mkdirSync(cache, { recursive: true });
  const out = mkdtempSync(path.join(cache, 'run-'));
  try {
    const flags = [
      '--data',
      data,
      '--recipe',
      'article-vit',
      '--device',
      'cpu',
      '--out',
      out,
      '--json',
      ...configFlags(config),
    ];
    return parse(await run(process.execPath, [path.join(root, 'train.js'), ...flags]));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/**
 * The same training with its steps written out, which names every tensor of every step.
 * @param {string} data
 * @param {ParityConfig} config
 * @param {string} trace
 */
export async function traceOurs(data, config, trace) {
  await run(process.execPath, [path.join(here, 'trace.mjs'), data, JSON.stringify(config), trace]);
}

/** @param {string} file */
export function readLines(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/**
 * @param {string} output
 * @returns {Event[]}
 */
function parse(output) {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<string>} what it wrote on stdout
 */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (errors = (errors + text).slice(-4000)));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${[command, ...args].join(' ')}\nended with ${signal ?? `exit code ${code}`}\n${errors}`));
    });
  });
}
