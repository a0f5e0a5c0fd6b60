/** The tools of the two build routes, and how a person installs the ones that are missing. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { which } from './child.mjs';
import { InstallError } from './errors.mjs';

/** Oldest versions whose C++20 is enough for libtorch's headers. */
const OLDEST = { gcc: 11, clang: 14, cmake: [3, 18] };

/** @typedef {'compiler' | 'cmake' | 'make' | 'python'} Tool */
/** @typedef {'apt' | 'dnf' | 'pacman' | 'apk' | 'zypper' | 'brew' | 'other'} PackageManager */

/** @returns {PackageManager} */
function packageManager() {
  if (process.platform === 'darwin') return 'brew';
  if (process.platform !== 'linux') return 'other';
  if (!existsSync('/etc/os-release')) return 'other';
  const release = readFileSync('/etc/os-release', 'utf8');
  const ids = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?/gm)].flatMap((match) => (match[1] ?? '').split(' '));
  if (ids.some((id) => ['debian', 'ubuntu'].includes(id))) return 'apt';
  if (ids.some((id) => ['fedora', 'rhel', 'centos', 'amzn'].includes(id))) return 'dnf';
  if (ids.includes('arch')) return 'pacman';
  if (ids.includes('alpine')) return 'apk';
  if (ids.some((id) => id.includes('suse'))) return 'zypper';
  return 'other';
}

/** @type {Record<PackageManager, Record<Tool, string>>} */
const COMMANDS = {
  apt: {
    compiler: 'sudo apt-get install -y g++',
    cmake: 'sudo apt-get install -y cmake',
    make: 'sudo apt-get install -y make',
    python: 'sudo apt-get install -y python3 python3-pip',
  },
  dnf: {
    compiler: 'sudo dnf install -y gcc-c++',
    cmake: 'sudo dnf install -y cmake',
    make: 'sudo dnf install -y make',
    python: 'sudo dnf install -y python3 python3-pip',
  },
  pacman: {
    compiler: 'sudo pacman -S --needed gcc',
    cmake: 'sudo pacman -S --needed cmake',
    make: 'sudo pacman -S --needed make',
    python: 'sudo pacman -S --needed python python-pip',
  },
  apk: {
    compiler: 'sudo apk add g++',
    cmake: 'sudo apk add cmake',
    make: 'sudo apk add make',
    python: 'sudo apk add python3 py3-pip',
  },
  zypper: {
    compiler: 'sudo zypper install gcc-c++',
    cmake: 'sudo zypper install cmake',
    make: 'sudo zypper install make',
    python: 'sudo zypper install python3 python3-pip',
  },
  brew: {
    compiler: 'xcode-select --install',
    cmake: 'brew install cmake',
    make: 'xcode-select --install',
    python: 'brew install python',
  },
  other: {
    compiler: 'install a C++20 compiler (on Windows: Visual Studio 2022 with "Desktop development with C++")',
    cmake: 'install CMake from https://cmake.org/download/',
    make: 'install make or ninja',
    python: 'install Python 3 from https://www.python.org/downloads/',
  },
};

/** @param {Tool} tool */
export const installCommand = (tool) => COMMANDS[packageManager()][tool];

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
function firstLine(program, args) {
  const result = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 30_000 });
  return result.status === 0 ? (result.stdout.split('\n')[0] ?? '').trim() : '';
}

/**
 * The C++ compiler that the build will use.
 * @returns {{ path: string, text: string, problem: string }} `problem` is empty where it will do.
 */
export function findCompiler() {
  const names = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  const found = names.map((name) => which(name)).find((file) => file !== undefined);
  if (found === undefined) {
    const wanted = process.env.CXX ? `The compiler that CXX names (${process.env.CXX}) is missing` : 'No C++ compiler';
    return {
      path: '',
      text: '',
      problem: `${wanted}: g++ ${OLDEST.gcc} or clang++ ${OLDEST.clang}, or newer, is needed.`,
    };
  }
  const text = firstLine(found, ['--version']);
  const clang = /clang version (\d+)/.exec(text)?.[1];
  const gcc = clang === undefined ? /\)\s+(\d+)\.\d+/.exec(text)?.[1] : undefined;
  const tooOld = clang === undefined ? gcc !== undefined && Number(gcc) < OLDEST.gcc : Number(clang) < OLDEST.clang;
  return {
    path: found,
    text,
    problem: tooOld
      ? `${found} is too old (${text}): g++ ${OLDEST.gcc} or clang++ ${OLDEST.clang}, or newer, is needed.`
      : '',
  };
}

/** @returns {{ path: string, text: string, problem: string }} */
export function findCMake() {
  const found = which('cmake');
  if (found === undefined) return { path: '', text: '', problem: 'CMake is missing.' };
  const text = firstLine(found, ['--version']);
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(text) ?? []).slice(1).map(Number);
  const [oldMajor = 0, oldMinor = 0] = OLDEST.cmake;
  const tooOld = major < oldMajor || (major === oldMajor && minor < oldMinor);
  return {
    path: found,
    text,
    problem: tooOld ? `${text} is too old: ${OLDEST.cmake.join('.')} or newer is needed.` : '',
  };
}

/** @typedef {'cmake' | 'gyp'} Route */

/**
 * The route that can run here; the asked one, or CMake where it is there.
 * @param {Route | undefined} asked
 * @returns {Route}
 * @throws {InstallError} naming the tool that is missing and the command that installs it.
 */
export function chooseRoute(asked) {
  if (process.platform !== 'win32') {
    const compiler = findCompiler();
    if (compiler.problem !== '') throw new InstallError('COMPILER', compiler.problem, installCommand('compiler'));
  }
  const cmake = findCMake();
  const builder = process.platform === 'win32' || which('make') !== undefined;
  if (asked !== 'gyp' && cmake.problem === '' && (builder || which('ninja') !== undefined)) return 'cmake';
  if (asked === 'cmake' && cmake.problem !== '')
    throw new InstallError('CMAKE', cmake.problem, installCommand('cmake'));
  if (!builder) throw new InstallError('MAKE', 'make is missing.', installCommand('make'));
  if (![process.env.PYTHON, 'python3', 'python'].some((name) => name && which(name))) {
    throw new InstallError(
      'PYTHON',
      `${cmake.problem || 'The gyp route was asked for.'} The other route, node-gyp, needs Python 3, which is missing too.`,
      `${installCommand('cmake')}   (or: ${installCommand('python')})`,
    );
  }
  return 'gyp';
}

/**
 * The folder whose include/node holds the headers of the Node that runs, or undefined. node-gyp looks there only when
 * Node was configured so, and fetches them over the network otherwise.
 * @returns {string | undefined}
 */
export function findNodeHeaders() {
  const prefix = path.dirname(path.dirname(realpathSync(process.execPath)));
  try {
    const header = readFileSync(path.join(prefix, 'include', 'node', 'node_version.h'), 'utf8');
    const version = ['MAJOR', 'MINOR', 'PATCH'].map(
      (part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(header)?.[1],
    );
    return version.join('.') === process.versions.node ? prefix : undefined;
  } catch {
    return undefined;
  }
}
