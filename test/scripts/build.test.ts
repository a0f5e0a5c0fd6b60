import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeLibtorch } from './fake-libtorch';
import { PROJECT, runNode, withFolder } from './run-script';

const SOURCE = `#include <napi.h>
static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("torch", Napi::String::New(env, LIBTORCH_NODE_TORCH_VERSION));
  return exports;
}
NODE_API_MODULE(libtorch_node, Init)
`;

/** A package with our scripts and build files, one small source, and a libtorch of empty files. */
function writePackage(folder: string): { root: string; env: NodeJS.ProcessEnv; addon: string } {
  const root = join(folder, 'package');
  mkdirSync(join(root, 'native'), { recursive: true });
  for (const name of ['scripts', 'CMakeLists.txt', 'binding.gyp', 'package.json']) {
    cpSync(join(PROJECT, name), join(root, name), { recursive: true });
  }
  symlinkSync(join(PROJECT, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'native', 'sources.txt'), '# the list\nnative/addon.cc\n');
  writeFileSync(join(root, 'native', 'precompiled.h'), '#include <napi.h>\n');
  writeFileSync(join(root, 'native', 'addon.cc'), SOURCE);
  // The linker takes an empty file for a script without commands.
  const env = { LIBTORCH: writeLibtorch(join(folder, 'libtorch'), '2.13.0+cpu') };
  return { root, env, addon: join(root, 'build', 'Release', 'libtorch_node.node') };
}

const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

async function torchOf(addon: string): Promise<string> {
  return (await runNode(['-p', `require(${JSON.stringify(addon)}).torch`])).stdout.trim();
}

test('the first run builds, the second does nothing, a change builds again', () =>
  withFolder(async (folder) => {
    const { root, env, addon } = writePackage(folder);
    const build = (extra: NodeJS.ProcessEnv = {}) =>
      runNode(['scripts/install.mjs'], { cwd: root, env: { ...env, ...extra } });

    const first = await build();
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toContain('libtorch 2.13.0+cpu (cpu)');
    expect(await torchOf(addon)).toBe('2.13.0');
    const libtorch = join(folder, 'libtorch');
    expect(json(join(root, 'build', 'libtorch.json'))).toEqual({
      path: libtorch,
      version: '2.13.0+cpu',
      variant: 'cpu',
      source: 'env',
      torchLib: join(libtorch, 'lib'),
    });
    expect(readFileSync(join(root, 'build', 'install.log'), 'utf8')).toContain('cmake-js');

    const built = statSync(addon).mtimeMs;
    const second = await build();
    expect(second).toEqual({ status: 0, stderr: '', stdout: 'libtorch-node: the addon is up to date.\n' });
    expect(statSync(addon).mtimeMs).toBe(built);
    // What asks for no other libtorch makes nothing stale.
    expect((await build({ LIBTORCH_NODE_OFFLINE: '1' })).stdout).toContain('up to date');

    writeLibtorch(join(folder, 'other'), '2.14.0');
    expect((await build({ LIBTORCH: join(folder, 'other') })).stdout).toContain('built build/Release');
    expect(await torchOf(addon)).toBe('2.14.0');

    const before = readFileSync(addon);
    writeFileSync(join(root, 'native', 'addon.cc'), `${SOURCE}#error this source is broken\n`);
    const broken = await build();
    expect(broken.status).toBe(4);
    expect(broken.stderr).toContain('error: #error this source is broken');
    expect(broken.stderr).toContain('build/install.log');
    // The old addon is whole, and nothing says that it belongs to the new source.
    expect(readFileSync(addon).equals(before)).toBe(true);
    expect(existsSync(join(root, 'build', 'stamp.json'))).toBe(false);
  }));

test('two installations at once build once', () =>
  withFolder(async (folder) => {
    const { root, env, addon } = writePackage(folder);
    const both = await Promise.all([1, 2].map(() => runNode(['scripts/install.mjs'], { cwd: root, env })));
    expect(both.map(({ status }) => status)).toEqual([0, 0]);
    expect(both.map(({ stdout }) => stdout.includes('built build/Release')).sort()).toEqual([false, true]);
    expect(await torchOf(addon)).toBe('2.13.0');
  }));

test('node-gyp builds the same list into the same place', () =>
  withFolder(async (folder) => {
    const { root, env, addon } = writePackage(folder);
    const result = await runNode(['scripts/build.mjs', '--route', 'gyp'], { cwd: root, env });
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(await torchOf(addon)).toBe('2.13.0');
    expect(json(join(root, 'build', 'stamp.json'))).toMatchObject({ route: 'gyp' });
    // A plain install keeps to what is built, whichever route built it.
    expect((await runNode(['scripts/install.mjs'], { cwd: root, env })).stdout).toContain('up to date');
  }));

describe('missing tools', () => {
  /** A PATH with nothing but these programs, which answer as these versions. */
  function writeTools(folder: string, tools: Record<string, string>): string {
    mkdirSync(join(folder, 'bin'));
    for (const [name, answer] of Object.entries(tools)) {
      writeFileSync(join(folder, 'bin', name), `#!/bin/sh\necho '${answer}'\n`);
      chmodSync(join(folder, 'bin', name), 0o755);
    }
    return join(folder, 'bin');
  }
  const GCC = 'g++ (Debian 12.2.0-14) 12.2.0';

  test.each([
    [
      'the compiler',
      {},
      /^libtorch-node: No C\+\+ compiler: g\+\+ 11 or clang\+\+ 14, or newer, is needed\.\n {2}→ \S/,
    ],
    [
      'a new enough compiler',
      { 'g++': 'g++ (GCC) 9.4.0' },
      /is too old \(g\+\+ \(GCC\) 9\.4\.0\): g\+\+ 11 .*\n {2}→ \S/,
    ],
    ['make', { 'g++': GCC, cmake: 'cmake version 3.25.1' }, /^libtorch-node: make is missing\.\n {2}→ \S/],
    [
      'CMake and Python',
      { 'g++': GCC, make: '' },
      /^libtorch-node: CMake is missing\. The other route, .* Python 3.*\n {2}→ .*cmake/,
    ],
  ])('%s: named, with the command that installs it, and exit code 4', (_what, tools, message) =>
    withFolder(async (folder) => {
      const { root, env } = writePackage(folder);
      const result = await runNode(['scripts/install.mjs'], {
        cwd: root,
        env: { ...env, PATH: writeTools(folder, tools) },
      });
      expect(result.status).toBe(4);
      expect(result.stderr).toMatch(message);
      expect(existsSync(join(root, 'build', 'Release'))).toBe(false);
    }),
  );

  test('of the route that was asked for', () =>
    withFolder(async (folder) => {
      const { root, env } = writePackage(folder);
      const PATH = writeTools(folder, { 'g++': GCC, make: '', python3: '' });
      const result = await runNode(['scripts/build.mjs', '--route', 'cmake'], { cwd: root, env: { ...env, PATH } });
      expect(result.status).toBe(4);
      expect(result.stderr).toContain('CMake is missing.');
    }));

  test('without CMake the route is node-gyp', () =>
    withFolder(async (folder) => {
      const { root, env } = writePackage(folder);
      const PATH = writeTools(folder, { 'g++': GCC, make: '', python3: '' });
      const result = await runNode(['scripts/install.mjs'], { cwd: root, env: { ...env, PATH } });
      // These tools build nothing, but which of them was called is plain.
      expect(result.stdout).toContain('building with node-gyp');
      expect(result.status).toBe(4);
    }));
});

test('LIBTORCH_NODE_SKIP_BUILD builds nothing', () =>
  withFolder(async (folder) => {
    const { root } = writePackage(folder);
    const env = { LIBTORCH_NODE_SKIP_BUILD: '1', PATH: '' };
    const result = await runNode(['scripts/install.mjs'], { cwd: root, env });
    expect(result.status).toBe(0);
    expect(result.stdout).toContain('LIBTORCH_NODE_SKIP_BUILD is set');
    expect(existsSync(join(root, 'build', 'Release'))).toBe(false);
  }));

test('an unaccepted libtorch is refused by the installation, with nothing built', () =>
  withFolder(async (folder) => {
    const { root } = writePackage(folder);
    const LIBTORCH = writeLibtorch(join(folder, 'old'), '2.10.0');
    const result = await runNode(['scripts/install.mjs'], { cwd: root, env: { LIBTORCH } });
    expect(result.status).toBe(4);
    expect(result.stderr).toMatch(
      /^libtorch-node: libtorch 2\.10\.0 \(LIBTORCH=.*\) is not accepted: expected 2\.11 to 2\.14\.\n {2}→ /,
    );
    expect(existsSync(join(root, 'build', 'Release'))).toBe(false);
  }));
