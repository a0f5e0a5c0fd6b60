/** Where things are in this package, and what the platform calls them. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
export const buildDir = path.join(root, 'build');
/** The addon, whichever route built it. */
export const addonPath = path.join(buildDir, 'Release', 'libtorch_node.node');
/** What the TypeScript loader reads to find libtorch and to compare versions. */
export const libtorchJsonPath = path.join(buildDir, 'libtorch.json');
/** What was built from what; equal contents mean that there is nothing to do. */
export const stampPath = path.join(buildDir, 'stamp.json');
export const logPath = path.join(buildDir, 'install.log');

/**
 * File name of a shared library: `torch_cpu` is libtorch_cpu.so, libtorch_cpu.dylib or torch_cpu.dll.
 * @param {string} name
 */
export function sharedLibrary(name) {
  if (process.platform === 'win32') return `${name}.dll`;
  return `lib${name}.${process.platform === 'darwin' ? 'dylib' : 'so'}`;
}

/**
 * The module was started by `node <file>`, and not imported.
 * @param {string} moduleUrl `import.meta.url`
 */
export function isMain(moduleUrl) {
  const entry = process.argv[1];
  return entry !== undefined && realpathSync(entry) === realpathSync(fileURLToPath(moduleUrl));
}
