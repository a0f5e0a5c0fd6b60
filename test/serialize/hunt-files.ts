import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { runChild } from '../support/child';

/** What damaged files did, in all. */
export interface HuntedFiles {
  readonly refused: number;
  readonly harmless: number;
  /** Kinds of faults that were told. */
  readonly faults: number;
  /** What must not happen: crashes, hangs, other errors, memory. */
  readonly finds: readonly string[];
}

interface Report {
  readonly refused: number;
  readonly harmless: number;
  readonly greedy: number;
  readonly grown: number;
  readonly faults: number;
  readonly strange: readonly string[];
}

/** Files for one child: a minute's work, on a machine that does something else as well. */
const CHILD = 4000;
const DEADLINE = 300_000;
/** The heap of a child, and by how much a child may grow: of a file of some kilobytes, nothing comes near it. */
const HEAP = 128;
const GROWTH = 150 * 2 ** 20;

/** Loads `files` damaged checkpoints and safetensors files in child processes. */
export async function huntFiles(options: {
  readonly files: number;
  readonly seed: number;
  readonly report?: (find: string) => void;
}): Promise<HuntedFiles> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fuzz-files-'));
  const finds: string[] = [];
  let [refused, harmless, faults] = [0, 0, 0];
  try {
    for (let done = 0; done < options.files; done += CHILD) {
      const [seed, count] = [options.seed + done, Math.min(CHILD, options.files - done)];
      const found = await huntInChild(folder, seed, count);
      for (const find of found.finds) options.report?.(find);
      finds.push(...found.finds);
      refused += found.refused;
      harmless += found.harmless;
      faults = Math.max(faults, found.faults);
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  return { refused, harmless, faults, finds };
}

async function huntInChild(folder: string, seed: number, count: number): Promise<HuntedFiles> {
  const { code, signal, stdout, stderr } = await runChild(path.join(__dirname, 'fuzz-files.ts'), {
    args: [folder, String(seed), String(count)],
    nodeArgs: [`--max-old-space-size=${HEAP}`, '--no-warnings'],
    milliseconds: DEADLINE,
  });
  if (code !== 0) {
    const end = signal === null ? `exit ${String(code)}` : signal;
    return { refused: 0, harmless: 0, faults: 0, finds: [`seeds from ${seed} on: ${end}\n${stderr.slice(-2000)}`] };
  }
  const { greedy, grown, strange, ...counts } = JSON.parse(stdout) as Report;
  const finds = [...strange];
  if (greedy > 0) finds.push(`seeds from ${seed} on: ${greedy} files took memory of more than twice their size`);
  if (grown > GROWTH) finds.push(`seeds from ${seed} on: the process grew by ${grown} bytes`);
  return { ...counts, finds };
}
