/** Child processes of the installation: no standard input (CI has none), all output into the log. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

const LAST_LINES = 40;
const ERROR_LINES = 15;

/**
 * The lines of an output that tell why it failed: the first error of a compiler, or the last lines.
 * @param {string} output
 */
function tellingLines(output) {
  const lines = output.trimEnd().split(/\r?\n/);
  const first = lines.findIndex((line) => /(\berror:|\bError\b.*:|CMake Error)/.test(line));
  return (first < 0 ? lines.slice(-LAST_LINES) : lines.slice(first, first + ERROR_LINES)).join('\n');
}

/**
 * The full path of a program, or undefined.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} [env]
 */
export function which(name, env = process.env) {
  const endings = process.platform === 'win32' ? (env.PATHEXT ?? '.EXE;.CMD;.BAT').split(';') : [''];
  const folders = path.isAbsolute(name) ? [''] : (env.PATH ?? '').split(path.delimiter).filter(Boolean);
  for (const folder of folders) {
    for (const ending of endings) {
      const file = path.join(folder, name + ending);
      try {
        accessSync(file, constants.X_OK);
        if (statSync(file).isFile()) return file;
      } catch {
        // Not here.
      }
    }
  }
  return undefined;
}

/**
 * Runs a program to its end.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} options
 * @param {import('./report.mjs').Report} options.report
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {(line: string) => boolean} [options.isProgress] Lines to show as they come.
 * @returns {Promise<{ status: number, output: string, telling: string }>} All output, and the lines that tell why it failed.
 */
export function runChild(command, args, { report, cwd, env, isProgress = () => false }) {
  report.log(`$ ${[command, ...args].join(' ')}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    let output = '';
    let unfinished = '';
    /** @param {string} chunk */
    const take = (chunk) => {
      output += chunk;
      report.log(chunk);
      const lines = (unfinished + chunk).split(/\r?\n/);
      unfinished = lines.pop() ?? '';
      for (const line of lines) if (isProgress(line)) report.show(`  ${line.trim()}`);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ status: code ?? 1, output, telling: tellingLines(output) });
    });
  });
}
