import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { attemptOn, writeFileAtomic } from '../serialize';

/** How many bytes of the growing files a checkpoint vouches for. */
export interface LogPosition {
  readonly metrics: number;
  readonly results: number;
  readonly log: number;
}

const growing = { metrics: 'metrics.jsonl', results: 'results.csv', log: 'log.txt' } as const;
type Growing = keyof typeof growing;

const subfolders = ['pictures', 'checkpoints'];

/**
 * The folder of one run, `runs/NNN-name/`.
 *
 * It appears under its name with `config.json` already inside, so that a run killed at any moment can be told from a
 * half-made folder. Three files grow line by line; everything else is written aside and renamed.
 */
export class RunFolder {
  readonly path: string;
  private readonly files = new Map<Growing, number>();

  private constructor(path: string) {
    this.path = path;
  }

  /** Takes the next free number under `parent` and makes the folder with `config` in it. */
  static create(parent: string, name: string, config: object): RunFolder {
    const path = numberedFolder(parent, name, (claim) => {
      for (const folder of subfolders) makeFolder(join(claim, folder));
      writeFileAtomic(join(claim, 'config.json'), toJson(config));
    });
    return new RunFolder(path);
  }

  /** Opens the folder of a run that is to go on. */
  static open(path: string): RunFolder {
    for (const folder of subfolders) makeFolder(join(path, folder));
    return new RunFolder(path);
  }

  get checkpoints(): string {
    return join(this.path, 'checkpoints');
  }

  get pictures(): string {
    return join(this.path, 'pictures');
  }

  get hasCheckpoint(): boolean {
    return existsSync(join(this.checkpoints, 'last'));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  writeJson(name: string, value: object): void {
    writeFileAtomic(this.file(name), toJson(value));
  }

  writeText(name: string, text: string): void {
    writeFileAtomic(this.file(name), text);
  }

  /** Adds one line to a growing file. */
  append(file: Growing, line: string): void {
    const path = this.file(growing[file]);
    attemptOn(path, 'write', () => {
      const descriptor = this.files.get(file) ?? openSync(path, 'a');
      this.files.set(file, descriptor);
      const bytes = Buffer.from(`${line}\n`);
      // A disk that fills up takes a part of the line first and fails on the rest.
      for (let written = 0; written < bytes.length;) written += writeSync(descriptor, bytes, written);
    });
  }

  position(): LogPosition {
    const length = (file: Growing): number => statSync(this.file(growing[file]), { throwIfNoEntry: false })?.size ?? 0;
    return { metrics: length('metrics'), results: length('results'), log: length('log') };
  }

  /** Cuts the growing files back to what a checkpoint vouches for. */
  rewind(position: LogPosition): void {
    this.close();
    for (const file of Object.keys(growing) as Growing[]) {
      const path = this.file(growing[file]);
      if (!existsSync(path)) continue;
      const aside = `${path}.rewind`;
      attemptOn(path, 'write', () => {
        copyFileSync(path, aside);
        truncateSync(aside, Math.min(position[file], statSync(aside).size));
        renameSync(aside, path);
      });
    }
  }

  close(): void {
    for (const descriptor of this.files.values()) closeSync(descriptor);
    this.files.clear();
  }

  /** Takes the whole folder away: for a run that failed before it left anything worth keeping. */
  remove(): void {
    this.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Makes `parent/NNN-name` with the next free number, which appears when `fill` has filled it; returns its path. */
export function numberedFolder(parent: string, name: string, fill: (folder: string) => void): string {
  makeFolder(parent);
  for (let number = nextNumber(parent); ; number++) {
    const digits = String(number).padStart(3, '0');
    // The claim is exclusive, so two runs started at once never share a number; the folder is renamed when filled.
    const claim = join(parent, `.${digits}`);
    if (!claimFolder(claim)) continue;
    try {
      // Taken between our look and our claim.
      if (nextNumber(parent) > number) {
        rmSync(claim, { recursive: true });
        continue;
      }
      fill(claim);
      const path = join(parent, `${digits}-${name}`);
      attemptOn(path, 'write', () => renameSync(claim, path));
      return path;
    } catch (error) {
      rmSync(claim, { recursive: true, force: true });
      throw error;
    }
  }
}

function makeFolder(path: string): void {
  attemptOn(path, 'write', () => mkdirSync(path, { recursive: true }));
}

/** False where the folder exists already. */
function claimFolder(path: string): boolean {
  return attemptOn(path, 'write', () => {
    try {
      mkdirSync(path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

function nextNumber(parent: string): number {
  const numbers = readdirSync(parent).map((name) => Number(/^(\d+)-/.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers) + 1;
}

/** As files of a run have it. */
export function toJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
