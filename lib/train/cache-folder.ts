import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Where this program keeps what it can make or fetch again: `$LIBTORCH_NODE_CACHE`, or the system's folder for caches, or
 * where that cannot be written (a container without a home) the one for temporary files.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const folder = resolve(env['LIBTORCH_NODE_CACHE'] || systemFolder(env));
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    return join(tmpdir(), 'libtorch-node');
  }
}

function systemFolder(env: NodeJS.ProcessEnv): string {
  const local = env['LOCALAPPDATA'];
  if (process.platform === 'win32' && local) return join(local, 'libtorch-node', 'cache');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'libtorch-node');
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'libtorch-node');
}
