/** The Pythons of this machine, asked without importing torch. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const windows = process.platform === 'win32';

/**
 * Interpreters to ask, the most deliberate choice first.
 * @param {NodeJS.ProcessEnv} [env]
 */
export function pythonCandidates(env = process.env) {
  const candidates = [
    env.PYTHON,
    env.VIRTUAL_ENV && path.join(env.VIRTUAL_ENV, windows ? 'Scripts/python.exe' : 'bin/python'),
    'python3',
    'python',
  ];
  return [...new Set(candidates.flatMap((candidate) => candidate || []))];
}

/**
 * Runs `python -c` and gives its output, or undefined where it failed.
 * @param {string} python
 * @param {string} program
 */
function ask(python, program) {
  const result = spawnSync(python, ['-c', program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 30_000,
    windowsHide: true,
  });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

// The current folder is taken off the path: a folder called torch there is not the package.
const FIND_TORCH = `
import sys, os
sys.path = [p for p in sys.path if p not in ('', os.getcwd())]
import importlib.util
spec = importlib.util.find_spec('torch')
print(os.path.dirname(spec.origin) if spec and spec.origin else '')
`;

/**
 * The folder of the `torch` package of an interpreter; empty where it has none, undefined where there is no interpreter.
 * @param {string} python
 */
export function findTorchPackage(python) {
  return ask(python, FIND_TORCH);
}

/**
 * The first interpreter that has pip, with its version as `[3, 11]`.
 * @returns {{ python: string, version: [number, number] } | undefined}
 */
export function findPip() {
  for (const python of pythonCandidates()) {
    const answer = ask(python, 'import sys, pip; print(sys.version_info[0], sys.version_info[1])');
    const match = answer === undefined ? null : /^(\d+) (\d+)$/.exec(answer);
    if (match) return { python, version: [Number(match[1]), Number(match[2])] };
  }
  return undefined;
}
