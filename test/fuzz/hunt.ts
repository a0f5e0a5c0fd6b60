/** Runs test/fuzz/child.ts again and again until every function was called, and collects what went wrong. */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Complaint, Job } from './child';

export interface Find {
  readonly target: string;
  /** A signal, `hang`, an exit code, or what was wrong with the error. */
  readonly problem: string;
  /** The call, with its arguments. */
  readonly call: string;
}

export interface Hunt {
  readonly finds: readonly Find[];
  /** Functions that were called. */
  readonly functions: number;
}

export interface HuntOptions {
  readonly seed: string;
  readonly lists: number;
  readonly internal?: boolean;
  readonly selfTest?: boolean;
  readonly filter?: string;
  /** A call that takes longer is taken for a hang. Default 40,000. */
  readonly milliseconds?: number;
  /** Told of each find as it is made. */
  readonly report?: (find: Find) => void;
}

/** A function that crashed so often is left alone. */
const ENOUGH_CRASHES = 2;
/**
 * The child's address space in KiB: what asks for more must get an OutOfMemoryError, and may not swap this machine to
 * death. Node.js and libtorch take about 2 GiB of it, and the stacks of the 255 threads that a call may ask for must not take
 * the rest: V8 ends the process where it gets none for itself.
 */
const ADDRESS_SPACE_KIB = 5 * 1024 * 1024;
const STACK_KIB = 2048;

interface End {
  readonly how: string;
  /** What the child wrote before its last call. */
  readonly last: string;
  readonly stderr: string;
  readonly complaints: readonly Complaint[];
}

function runOnce(job: Job, folder: string, milliseconds: number): Promise<End> {
  const file = path.join(folder, 'call');
  const register = path.join(__dirname, '..', 'support', 'register.cjs');
  const node = [process.execPath, '-r', register, path.join(__dirname, 'child.ts'), file, JSON.stringify(job)];
  // AddressSanitizer keeps terabytes of addresses for itself, and has a limit of its own.
  const limit =
    process.env['ASAN_OPTIONS'] === undefined ? `ulimit -v ${ADDRESS_SPACE_KIB}; ulimit -s ${STACK_KIB};` : '';
  const child = spawn('sh', ['-c', `${limit} ulimit -c 0; exec "$@"`, 'sh', ...node], {
    // Memory is filled when it is freed, so that reading it then shows.
    env: { ...process.env, OMP_NUM_THREADS: '1', MALLOC_PERTURB_: '165' },
    // Functions that write files are given drawn names.
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const read = (): string => {
    try {
      return readFileSync(file, 'utf8').trim();
    } catch {
      return '';
    }
  };
  let seen = '';
  let since = Date.now();
  let hung = false;
  const watch = setInterval(() => {
    const now = read();
    if (now !== seen) [seen, since] = [now, Date.now()];
    else if (Date.now() - since > milliseconds) hung = child.kill('SIGKILL');
  }, 500);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4000)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearInterval(watch);
      const complaints = stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Complaint);
      const how = hung ? 'hang' : (signal ?? `exit code ${code ?? 0}`);
      resolve({ how, last: read(), stderr, complaints });
    });
  });
}

/** What the process said when it died; libtorch's warnings are not it. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !/Warning:|\(function /.test(line));
  return lines.slice(-3).join(' | ').slice(-300);
}

/** Calls every function with `lists` argument lists each. */
export async function hunt(options: HuntOptions): Promise<Hunt> {
  const {
    seed,
    lists,
    internal = false,
    selfTest = false,
    filter = '',
    milliseconds = 40_000,
    report = () => undefined,
  } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'libtorch-node-fuzz-'));
  const finds: Find[] = [];
  const add = (find: Find): void => {
    finds.push(find);
    report(find);
  };
  const crashes = new Map<number, number>();
  let from: Job['from'] = [0, 0];
  try {
    for (;;) {
      const end = await runOnce({ seed, lists, internal, selfTest, filter, from }, folder, milliseconds);
      for (const { target, problem, args } of end.complaints) {
        if (target !== 'done') add({ target, problem, call: `${target}(${args})` });
      }
      const done = end.complaints.find(({ target }) => target === 'done');
      if (done !== undefined && end.how === 'exit code 0') return { finds, functions: done.list };
      const [, target, list, call] = /^(\d+) (\d+) ([^]*)$/.exec(end.last) ?? [];
      if (target === undefined || done !== undefined) {
        throw new Error(`the fuzzing child ended before its first call or after its last: ${end.how}\n${end.stderr}`);
      }
      add({
        target: /^[^(]*/.exec(call ?? '')?.[0] ?? '',
        problem: `${end.how} (list ${list ?? ''}) ${lastWords(end.stderr)}`,
        call: call ?? '',
      });
      const index = Number(target);
      const count = (crashes.get(index) ?? 0) + 1;
      crashes.set(index, count);
      from = count >= ENOUGH_CRASHES ? [index + 1, 0] : [index, Number(list) + 1];
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
