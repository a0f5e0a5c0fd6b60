/** The native sources, from the list that both build routes read. Run as a program it prints them for binding.gyp. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isMain, root } from './project.mjs';

/** Paths of native/sources.txt, relative to the package. */
export function nativeSources() {
  return readFileSync(path.join(root, 'native', 'sources.txt'), 'utf8')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

if (isMain(import.meta.url)) process.stdout.write(`${nativeSources().join('\n')}\n`);
