/** Runs the compiled program in child processes, on a tiny drawn data set, with a deadline for each. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { writeSample } from '../../lib/vision';

const root = resolve(__dirname, '..', '..');
export const trainScript = join(root, 'train.js');

/** A model so small that an epoch takes no time; two batches of 8 and 4 an epoch. */
export const tiny =
  '--embed-size 16 --num-blocks 1 --num-heads 2 --image-size 16 --patch-size 8 --batch-size 8 --lr 0.01 --dropout 0.1'.split(
    ' ',
  );
export const tinyImages = { trainval: 12, test: 21, size: 24 };

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder for one test file, with the tiny data set in `data`. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'libtorch-node-train-'));
  readonly data = join(this.folder, 'data-set');

  async open(): Promise<this> {
    if (!existsSync(join(root, 'dist', 'cli', 'index.js'))) {
      throw new Error('these tests run the compiled program: `npm run build:ts` first');
    }
    await writeSample(this.data, tinyImages);
    return this;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** One thread: two of a model this small wait for each other more than they compute, above all on a busy machine. */
  get env(): NodeJS.ProcessEnv {
    const cache = this.path('cache');
    return { ...process.env, OXFORD_PETS_DIR: '', LIBTORCH_NODE_CACHE: cache, OMP_NUM_THREADS: '1' };
  }

  /** Starts `node train.js` in the workshop's folder. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    return spawn(process.execPath, [trainScript, ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...this.env, ...env },
    });
  }

  /** Runs `node train.js` to its end. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
    return finish(this.start(args, env));
  }

  /** Trains the tiny model on the tiny data set; fails unless the exit code is 0. Returns the JSON lines. */
  async train(args: readonly string[]): Promise<JsonLine[]> {
    const finished = await this.run(['--data', this.data, ...tiny, '--json', ...args]);
    if (finished.code !== 0) throw new Error(`exit code ${finished.code}: ${finished.stderr}`);
    return jsonLines(finished.stdout);
  }

  read(...parts: string[]): string {
    return readFileSync(this.path(...parts), 'utf8');
  }
}

export type JsonLine = Record<string, unknown> & { event: string };

export function jsonLines(text: string): JsonLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonLine);
}

/** Only the lines of one kind. */
export function only(lines: readonly JsonLine[], event: string): JsonLine[] {
  return lines.filter((line) => line.event === event);
}

/** Waits for the end of a child; kills it and fails when the deadline passes. */
export function finish(child: ChildProcess, deadline = 90_000): Promise<Finished> {
  return new Promise((resolvePromise, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`no end after ${deadline} ms\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`));
    }, deadline);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolvePromise({ code, signal, stdout, stderr });
    });
  });
}

/** Waits until a child has written a JSON line that `wanted` accepts. */
export function waitFor(child: ChildProcess, wanted: (line: JsonLine) => boolean): Promise<void> {
  return new Promise((resolvePromise, reject) => {
    let rest = '';
    const listen = (chunk: Buffer | string): void => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      if (parts.some((part) => wanted(JSON.parse(part) as JsonLine))) {
        child.stdout?.off('data', listen);
        resolvePromise();
      }
    };
    child.stdout?.on('data', listen);
    child.on('close', () => reject(new Error('the program ended first')));
  });
}
