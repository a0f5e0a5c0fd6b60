import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export const PROJECT = resolve(__dirname, '..', '..');

export interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Settings of the machine that runs the tests must not decide about their outcome. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(LIBTORCH|npm_|PYTHON$|VIRTUAL_ENV$|HTTPS?_PROXY$|NO_PROXY$|CXX$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** Runs Node in a process of its own and waits for its end. */
export function runNode(
  args: readonly string[],
  { env = {}, cwd = PROJECT }: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Result> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, {
      cwd,
      env: { ...cleanEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    });
    const result: Result = { status: null, stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (result.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (result.stderr += text));
    child.on('error', fail);
    child.on('close', (status) => done({ ...result, status }));
  });
}

/**
 * Runs the body of an ES module against the installation's modules; `load('lib/lock.mjs')` imports one. The scripts are
 * ES modules, which jest does not load, and each test wants an environment of its own anyway.
 */
export function runModule(body: string, options: { env?: NodeJS.ProcessEnv } = {}): Promise<Result> {
  const base = pathToFileURL(join(PROJECT, 'scripts') + '/').href;
  const prelude = `
    const load = (name) => import(new URL(name, ${JSON.stringify(base)}).href);
    const { runMain } = await load('lib/errors.mjs');
    const report = { say: (text) => console.log(text), show() {}, log() {} };
    await runMain(async () => {`;
  return runNode(['--input-type=module', '-e', `${prelude}${body}\n});`], options);
}

/** Runs `work` with an empty folder that is removed afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'libtorch-node-scripts-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
