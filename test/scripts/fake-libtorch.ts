import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ending = process.platform === 'darwin' ? 'dylib' : 'so';

/** The files by which the installation knows a libtorch, all empty but for its version. */
export function libtorchFiles(version: string): Record<string, string> {
  return {
    'build-version': `${version}\n`,
    'include/ATen/ATen.h': '',
    [`lib/libtorch_cpu.${ending}`]: '',
    [`lib/libc10.${ending}`]: '',
  };
}

/** Writes a folder that looks like a libtorch of this version. */
export function writeLibtorch(folder: string, version: string, without: readonly string[] = []): string {
  for (const [name, text] of Object.entries(libtorchFiles(version))) {
    if (without.includes(name)) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** An executable that answers as a Python with a torch package in `folder`, or without one where that is empty. */
export function writePython(file: string, folder: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho "${folder}"\n`, { mode: 0o755 });
  return file;
}
