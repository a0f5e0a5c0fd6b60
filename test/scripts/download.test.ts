import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { libtorchFiles } from './fake-libtorch';
import { runNode, withFolder } from './run-script';
import { fileListener, withServer } from './server';
import { zip } from './zip';

const DOWNLOAD = 'scripts/download.mjs';
const ARCHIVES: Record<string, string> = {
  'linux-x64': '/libtorch/cpu/libtorch-shared-with-deps-2.13.0%2Bcpu.zip',
  'darwin-arm64': '/libtorch/cpu/libtorch-macos-arm64-2.13.0.zip',
};
const ARCHIVE = ARCHIVES[`${process.platform}-${process.arch}`];

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

function archiveOf(version: string): Buffer {
  const files: Record<string, string> = { 'libtorch/share/long.txt': 'many equal words '.repeat(5000) };
  for (const [name, text] of Object.entries(libtorchFiles(version))) files[`libtorch/${name}`] = text;
  return zip(files);
}

function download(folder: string, env: NodeJS.ProcessEnv) {
  const own = { PATH: '', LIBTORCH_NODE_CACHE: join(folder, 'cache'), LIBTORCH_NODE_VARIANT: 'cpu' };
  return runNode([DOWNLOAD], { env: { ...own, ...env } });
}

// PyTorch has no archive for other platforms.
(ARCHIVE === undefined ? describe.skip : describe)('the official archive', () => {
  const body = archiveOf('2.13.0+cpu');
  const source = { LIBTORCH_NODE_SOURCE: 'archive', LIBTORCH_NODE_SHA256: sha256(body) };

  test('comes from the mirror, is unpacked into the cache, and is found there next time', () =>
    withFolder((folder) =>
      withServer(fileListener(body), async (mirror, _server, requests) => {
        const libtorch = join(folder, 'cache', 'libtorch-2.13.0-cpu-archive', 'libtorch');
        const { status, stdout, stderr } = await download(folder, {
          ...source,
          LIBTORCH_NODE_MIRROR: `${mirror}/base/`,
        });
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        expect(stdout.trim().split('\n').at(-1)).toBe(libtorch);
        expect(requests.map((request) => request.url)).toEqual([`/base${ARCHIVE}`]);
        expect(readFileSync(join(libtorch, 'share', 'long.txt'), 'utf8')).toBe('many equal words '.repeat(5000));
        expect(readdirSync(join(folder, 'cache'))).toEqual(['libtorch-2.13.0-cpu-archive']);

        const offline = { LIBTORCH_NODE_OFFLINE: '1', LIBTORCH_NODE_SOURCE: 'cache' };
        expect((await download(folder, offline)).stdout.trim().split('\n').at(-1)).toBe(libtorch);
        expect(requests).toHaveLength(1);
      }),
    ));

  test('that is broken is one clear sentence with exit code 4, and leaves nothing', () =>
    withFolder((folder) =>
      withServer(fileListener(Buffer.from(body).fill(7, 100, 110)), async (mirror) => {
        const { status, stderr } = await download(folder, { ...source, LIBTORCH_NODE_MIRROR: mirror });
        expect(status).toBe(4);
        expect(stderr).toMatch(
          /^libtorch-node: The download of .* is broken and was removed: expected SHA-256 .*\.\n {2}→ /,
        );
        expect(readdirSync(join(folder, 'cache'))).toEqual([]);
      }),
    ));

  test('whose contents are cut leaves nothing', () =>
    withFolder((folder) => {
      const cut = body.subarray(0, body.length - 40);
      return withServer(fileListener(cut), async (mirror) => {
        const env = { ...source, LIBTORCH_NODE_SHA256: sha256(cut), LIBTORCH_NODE_MIRROR: mirror };
        const { status, stderr } = await download(folder, env);
        expect(status).toBe(4);
        expect(stderr).toContain('The archive is damaged: it has no directory');
        expect(readdirSync(join(folder, 'cache')).filter((name) => name.startsWith('libtorch-2'))).toEqual([]);
      });
    }));

  test('with a path out of its folder is refused', () =>
    withFolder((folder) => {
      const evil = zip({ '../../evil.txt': 'x' });
      return withServer(fileListener(evil), async (mirror) => {
        const env = { ...source, LIBTORCH_NODE_SHA256: sha256(evil), LIBTORCH_NODE_MIRROR: mirror };
        const { status, stderr } = await download(folder, env);
        expect(status).toBe(4);
        expect(stderr).toContain('../../evil.txt points out of the folder');
        expect(existsSync(join(folder, 'evil.txt'))).toBe(false);
      });
    }));

  test('of a version without a pinned hash asks for one, and nothing is fetched', () =>
    withFolder((folder) =>
      withServer(fileListener(body), async (mirror, _server, requests) => {
        const env = { LIBTORCH_NODE_SOURCE: 'archive', LIBTORCH_NODE_VERSION: '2.12.0', LIBTORCH_NODE_MIRROR: mirror };
        const { status, stderr } = await download(folder, env);
        expect(status).toBe(4);
        expect(stderr).toContain('no SHA-256 is pinned for the archive of 2.12.0');
        expect(stderr).toContain('set LIBTORCH_NODE_SHA256');
        expect(requests).toEqual([]);
      }),
    ));

  test('is not fetched offline', () =>
    withFolder((folder) =>
      withServer(fileListener(body), async (mirror, _server, requests) => {
        const env = { ...source, LIBTORCH_NODE_MIRROR: mirror, LIBTORCH_NODE_OFFLINE: '1' };
        const { status, stderr } = await download(folder, env);
        expect(status).toBe(4);
        expect(stderr).toContain('LIBTORCH_NODE_OFFLINE is set');
        expect(requests).toEqual([]);
      }),
    ));
});

describe('pip', () => {
  /** A Python 3.11 whose pip notes its arguments and then runs `install`, with the folder in $target. */
  function writePip(folder: string, install: string): string {
    const file = join(folder, 'python');
    const script = `#!/bin/sh
if [ "$1" = -c ]; then case "$2" in *pip*) echo 3 11;; *) echo;; esac; exit 0; fi
echo "$@" >> "${folder}/arguments"
while [ "$1" != --target ]; do shift; done
target=$2
${install}
`;
    writeFileSync(file, script, { mode: 0o755 });
    return file;
  }
  const fill = Object.entries(libtorchFiles('2.13.0+cpu'))
    .map(
      ([name, text]) => `mkdir -p "$target/torch/$(dirname ${name})"; printf '%s' '${text}' > "$target/torch/${name}"`,
    )
    .join('\n');
  const withShell = (folder: string, install: string) => ({
    PATH: '/usr/bin:/bin',
    PYTHON: writePip(folder, install),
    LIBTORCH_NODE_SOURCE: 'pip',
  });

  test('puts the wheel of the wanted version into the cache', () =>
    withFolder(async (folder) => {
      const { status, stdout } = await download(folder, withShell(folder, fill));
      expect(status).toBe(0);
      expect(stdout.trim().split('\n').at(-1)).toBe(join(folder, 'cache', 'libtorch-2.13.0-cpu-pip', 'torch'));
      const given = readFileSync(join(folder, 'arguments'), 'utf8');
      expect(given).toContain('-m pip install');
      expect(given).toContain('--no-deps torch==2.13.0');
      expect(given).not.toContain('--no-index');
      expect(readdirSync(join(folder, 'cache'))).toEqual(['libtorch-2.13.0-cpu-pip']);
    }));

  test('uses no index offline', () =>
    withFolder(async (folder) => {
      const env = { ...withShell(folder, fill), LIBTORCH_NODE_OFFLINE: '1' };
      expect((await download(folder, env)).status).toBe(0);
      const given = readFileSync(join(folder, 'arguments'), 'utf8');
      expect(given).toContain('--no-index');
      expect(given).not.toContain('https://');
    }));

  test('that fails is named with its reason, and leaves nothing', () =>
    withFolder(async (folder) => {
      const failing = 'mkdir -p "$target/torch"; echo "ERROR: No matching distribution found for torch" >&2; exit 1';
      const { status, stderr } = await download(folder, withShell(folder, failing));
      expect(status).toBe(4);
      expect(stderr).toContain('No libtorch 2.13.0 (cpu) could be found or fetched.');
      expect(stderr).toMatch(/pip: pip found no torch==2\.13\.0(\+cpu)? \(No matching distribution found for torch\)/);
      expect(stderr).toContain('→ set LIBTORCH to a libtorch folder');
      expect(readdirSync(join(folder, 'cache'))).toEqual([]);
    }));

  test('that gives another variant than the one asked for is refused', () =>
    withFolder(async (folder) => {
      const env = { ...withShell(folder, fill), LIBTORCH_NODE_VARIANT: 'cuda' };
      const { status, stderr } = await download(folder, env);
      expect(status).toBe(4);
      expect(stderr).toContain('pip gave a cpu build, and cuda is asked for');
      expect(readdirSync(join(folder, 'cache'))).toEqual([]);
    }));

  test('that is missing is named with the command that installs it', () =>
    withFolder(async (folder) => {
      const { status, stderr } = await download(folder, { LIBTORCH_NODE_SOURCE: 'pip' });
      expect(status).toBe(4);
      expect(stderr).toContain('pip: no Python with pip is here');
    }));
});
