import { closeSync, existsSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { copyFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { writeFileAtomic } from '../serialize';

/** How many bytes of the growing files a checkpoint vouches for. */
export interface LogPosition {
  readonly metrics: number;
  readonly results: number;
  readonly log: number;
}

const growing = { metrics: 'metrics.jsonl', results: 'results.csv', log: 'log.txt' } as const;
type Growing = keyof typeof growing;

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
    mkdirSync(this.pictures, { recursive: true });
    mkdirSync(this.checkpoints, { recursive: true });
  }

  /** Takes the next free number under `parent` and makes the folder with `config` in it. */
  static create(parent: string, name: string, config: object): RunFolder {
    mkdirSync(parent, { recursive: true });
    for (let number = nextNumber(parent); ; number++) {
      const digits = String(number).padStart(3, '0');
      // The claim is exclusive, so two runs started at once never share a number; the folder is renamed when filled.
      const claim = join(parent, `.${digits}`);
      try {
        mkdirSync(claim);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw error;
      }
      try {
        // Taken between our look and our claim.
        if (nextNumber(parent) > number) {
          rmSync(claim, { recursive: true });
          continue;
        }
        writeFileAtomic(join(claim, 'config.json'), toJson(config));
        const path = join(parent, `${digits}-${name}`);
        renameSync(claim, path);
        return new RunFolder(path);
      } catch (error) {
        rmSync(claim, { recursive: true, force: true });
        throw error;
      }
    }
  }

  /** Opens the folder of a run that is to go on. */
  static open(path: string): RunFolder {
    return new RunFolder(path);
  }

  get checkpoints(): string {
    return join(this.path, 'checkpoints');
  }

  get pictures(): string {
    return join(this.path, 'pictures');
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
    let descriptor = this.files.get(file);
    if (descriptor === undefined) {
      descriptor = openSync(this.file(growing[file]), 'a');
      this.files.set(file, descriptor);
    }
    const bytes = Buffer.from(`${line}\n`);
    // A disk that fills up takes a part of the line first and fails on the rest.
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
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
      copyFileSync(path, aside);
      truncateSync(aside, Math.min(position[file], statSync(aside).size));
      renameSync(aside, path);
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

function nextNumber(parent: string): number {
  const numbers = readdirSync(parent).map((name) => Number(/^(\d+)-/.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers) + 1;
}

function toJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
