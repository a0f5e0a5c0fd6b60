import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A Python whose torch is the reference. */
export interface OraclePython {
  /** The interpreter. */
  readonly python: string;
  /** What its environment needs besides ours; `PYTHONPATH` where torch lies outside the interpreter's own folders. */
  readonly env: Readonly<Record<string, string>>;
  /** Where it came from, for messages. */
  readonly origin: string;
}

export const projectRoot = path.resolve(__dirname, '..', '..');

/** Written by `scripts/oracle-setup.mjs` once the environment is complete. */
const stampFile = path.join(projectRoot, '.cache', 'oracle', 'oracle.json');

let found: OraclePython | null | undefined;

/**
 * Finds the oracle's Python: `LIBTORCH_NODE_PYTHON`, then the environment made by `node scripts/oracle-setup.mjs`, then a
 * `python3` that can import torch. Null where there is none. Whether its torch has our version is checked when it starts.
 */
export function findOraclePython(): OraclePython | null {
  found ??= fromVariable() ?? fromStamp() ?? fromPath();
  return found;
}

function fromVariable(): OraclePython | null {
  const python = process.env['LIBTORCH_NODE_PYTHON'];
  return python ? { python, env: {}, origin: 'LIBTORCH_NODE_PYTHON' } : null;
}

function fromStamp(): OraclePython | null {
  if (!existsSync(stampFile)) return null;
  const stamp = JSON.parse(readFileSync(stampFile, 'utf8')) as { python: string; env?: Record<string, string> };
  return existsSync(stamp.python)
    ? { python: stamp.python, env: stamp.env ?? {}, origin: path.relative(projectRoot, stampFile) }
    : null;
}

function fromPath(): OraclePython | null {
  const probe = spawnSync(
    'python3',
    ['-c', 'import importlib.util as u, sys; sys.exit(u.find_spec("torch") is None)'],
    {
      stdio: 'ignore',
    },
  );
  return probe.status === 0 ? { python: 'python3', env: {}, origin: 'python3' } : null;
}
