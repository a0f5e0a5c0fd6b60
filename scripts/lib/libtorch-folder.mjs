/** Reads what a libtorch folder holds: an unpacked official archive, or the `torch` package of a Python. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { InstallError } from './errors.mjs';
import { sharedLibrary } from './project.mjs';
import { parseVersion } from './versions.mjs';

/**
 * @typedef {object} Libtorch
 * @property {string} path The folder that contains include/ and lib/.
 * @property {string} lib The folder of the shared libraries.
 * @property {string} version As the build calls itself, such as `2.13.0+cpu`.
 * @property {string} release The version without what the build calls itself: `2.13.0`.
 * @property {'cpu' | 'cuda'} variant
 * @property {string} cxx11Abi `0` or `1` where the build says which; empty where it is the compiler's default.
 * @property {string} openmp The OpenMP runtime that comes with it, or an empty string.
 */

const VERSION_HEADERS = ['include/torch/headeronly/version.h', 'include/torch/csrc/api/include/torch/version.h'];

/** @param {string} file */
const readIfThere = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/**
 * @param {string} folder
 * @returns {string} such as `2.13.0+cpu`; empty where the folder does not tell
 */
function readVersion(folder) {
  const named =
    readIfThere(path.join(folder, 'build-version')).trim() ||
    (/^__version__\s*(?::[^=]*)?=\s*['"]([^'"]+)['"]/m.exec(readIfThere(path.join(folder, 'version.py')))?.[1] ?? '');
  if (named !== '') return named;
  for (const header of VERSION_HEADERS) {
    const text = readIfThere(path.join(folder, header));
    const numbers = ['MAJOR', 'MINOR', 'PATCH'].map(
      (part) => new RegExp(`#define TORCH_VERSION_${part} (\\d+)`).exec(text)?.[1],
    );
    if (numbers.every((number) => number !== undefined)) return numbers.join('.');
  }
  return '';
}

/** @param {string} folder */
function readCxx11Abi(folder) {
  const config = readIfThere(path.join(folder, 'share', 'cmake', 'Torch', 'TorchConfig.cmake'));
  return /_GLIBCXX_USE_CXX11_ABI=([01])/.exec(config)?.[1] ?? '';
}

/** @param {string} lib */
function findOpenmp(lib) {
  const name = readdirSync(lib)
    .sort()
    .find((file) => /^libgomp.*\.so/.test(file));
  return name === undefined ? '' : path.join(lib, name);
}

/**
 * Describes the libtorch in a folder. Its version may still be one that is not accepted.
 * @param {string} folder
 * @returns {Libtorch}
 * @throws {InstallError} where parts are missing.
 */
export function inspectLibtorch(folder) {
  const full = path.resolve(folder);
  if (!existsSync(full) || !statSync(full).isDirectory()) {
    throw new InstallError('LIBTORCH_MISSING', `There is no libtorch folder at ${full}.`);
  }
  const lib = path.join(full, 'lib');
  const needed = [
    path.join('include', 'ATen', 'ATen.h'),
    ...['torch_cpu', 'c10'].map((name) => path.join('lib', sharedLibrary(name))),
  ];
  const missing = needed.filter((file) => !existsSync(path.join(full, file)));
  if (missing.length > 0) {
    throw new InstallError('LIBTORCH_INCOMPLETE', `${full} is not a whole libtorch: ${missing.join(', ')} missing.`);
  }
  const version = readVersion(full);
  if (version === '') {
    throw new InstallError(
      'LIBTORCH_INCOMPLETE',
      `${full} does not tell its version (no build-version, no version.h).`,
    );
  }
  return {
    path: full,
    lib,
    version,
    release: parseVersion(version)?.release ?? version,
    variant: existsSync(path.join(lib, sharedLibrary('torch_cuda'))) ? 'cuda' : 'cpu',
    cxx11Abi: readCxx11Abi(full),
    openmp: findOpenmp(lib),
  };
}
