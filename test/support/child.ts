import { spawn } from 'node:child_process';
import path from 'node:path';

export interface ChildResult {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  readonly args?: readonly string[];
  /** Options of Node itself, such as `--expose-gc`. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The deadline; the child is killed (SIGKILL) then, which the result shows. Default 60,000 ms. */
  readonly milliseconds?: number;
}

/**
 * Runs a TypeScript file in a Node of its own, which may crash, leak or exit as it likes: a crash inside jest would take
 * the whole run with it.
 */
export function runChild(file: string, options: ChildOptions = {}): Promise<ChildResult> {
  const { args = [], nodeArgs = [], env = {}, milliseconds = 60_000 } = options;
  const register = path.join(__dirname, 'register.cjs');
  const child = spawn(process.execPath, [...nodeArgs, '-r', register, file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: milliseconds,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
