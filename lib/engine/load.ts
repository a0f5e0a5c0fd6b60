/** Finds and loads the addon, and refuses one that was built for another libtorch. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import type { LibraryInfo, NativeBinding } from './binding';
import { LoadError } from './errors';
import { tellWarning } from './warnings';

/** lib/engine and dist/engine lie equally deep in the package. */
const PACKAGE_ROOT = resolve(__dirname, '..', '..');
const ADDON = join('build', 'Release', 'libtorch_node.node');
/** Another addon than the usual one: the tests run one that was built with the compiler's sanitizers. */
const OVERRIDE = process.env['LIBTORCH_NODE_ADDON'];

const CURES = [
  'in a clone of the repository: `npm install` (or `npm run build:native` after a change)',
  'as a dependency: `npm rebuild libtorch-node`; where install scripts are off, allow them first',
  '  (`npm approve-scripts libtorch-node`, `pnpm approve-builds`, `npm config set ignore-scripts false`)',
  'with a libtorch of your own: `LIBTORCH=/path/to/libtorch npm rebuild libtorch-node`',
];

/** `2.13.0+cpu` and `2.13.0+cu130` have one ABI; 2.13 and 2.14 have not. */
function release(version: string): string {
  return version.split('+', 1)[0] ?? version;
}

function messageOf(error: unknown): string {
  return error instanceof Error || (typeof error === 'object' && error !== null && 'message' in error)
    ? String(error.message)
    : String(error);
}

/** Why the dynamic linker refused the addon, as far as its sentence tells. */
function causeOf(message: string): string {
  if (/libtorch|libc10/.test(message) && /cannot open|No such file|not found/i.test(message)) {
    return 'The libtorch that it was built with is gone; build it again.';
  }
  if (/undefined symbol/.test(message))
    return 'It was built for another libtorch than the one it finds; build it again.';
  if (/GLIBC|GLIBCXX/.test(message))
    return "This machine's C++ library is older than the one it was built with; build it here.";
  if (/NODE_MODULE_VERSION|Node-API/.test(message))
    return 'This Node.js cannot load it; version 20 or newer is needed.';
  return 'The file is damaged, or was built for another system; build it again.';
}

/** Throws unless the libtorch in memory is the release that the addon was compiled for: minor releases share no ABI. */
export function checkVersions(info: Pick<LibraryInfo, 'compiled' | 'loaded'>): void {
  if (release(info.compiled) === release(info.loaded)) return;
  throw new LoadError(
    `libtorch-node was compiled for libtorch ${info.compiled}, but libtorch ${info.loaded} was loaded. ` +
      'Build it again for the one that is there:\n' +
      CURES.map((cure) => `  ${cure}`).join('\n'),
  );
}

/**
 * Loads the addon from `root`.
 *
 * @throws LoadError that names the cause and the command which cures it
 */
export function loadAddon(root?: string): NativeBinding {
  const file = root === undefined && OVERRIDE !== undefined ? resolve(OVERRIDE) : join(root ?? PACKAGE_ROOT, ADDON);
  if (!existsSync(file)) {
    throw new LoadError(
      `The native part of libtorch-node is missing: there is no ${file}.\n` +
        'It is built when the package is installed. To build it:\n' +
        CURES.map((cure) => `  ${cure}`).join('\n'),
    );
  }
  let binding: NativeBinding;
  try {
    binding = createRequire(__filename)(file) as NativeBinding;
  } catch (error) {
    const message = messageOf(error);
    throw new LoadError(
      `The native part of libtorch-node cannot be loaded: ${message}\n${causeOf(message)} To build it:\n` +
        CURES.map((cure) => `  ${cure}`).join('\n'),
      { cause: error },
    );
  }
  checkVersions(binding.libraryInfo());
  binding.setWarningListener(tellWarning);
  return binding;
}
