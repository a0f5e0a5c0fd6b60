import { join } from 'node:path';
import { runModule, runNode, withFolder } from './run-script';
import { writeLibtorch, writePython } from './fake-libtorch';

const LOCATE = 'scripts/locate.mjs';

/** Only what the test lays out can be found: no cache, and a Python without torch. */
function isolated(folder: string): NodeJS.ProcessEnv {
  return { PATH: '', LIBTORCH_NODE_CACHE: join(folder, 'cache'), LIBTORCH_NODE_VARIANT: 'cpu' };
}

const print = async (key: string, env: NodeJS.ProcessEnv) =>
  (await runNode([LOCATE, '--print', key], { env })).stdout.trim();

describe('LIBTORCH', () => {
  test.each(['2.11.0', '2.12.1+cpu', '2.13.0+cpu', '2.14.0a0+git1234567'])('%s is accepted', (version) =>
    withFolder(async (folder) => {
      const env = { ...isolated(folder), LIBTORCH: writeLibtorch(join(folder, 'own'), version) };
      expect(await print('path', env)).toBe(join(folder, 'own'));
      expect(await print('version', env)).toBe(version);
      expect(await print('source', env)).toBe('env');
      expect(await print('release', env)).toBe(version.slice(0, 6));
    }),
  );

  test.each(['2.10.0', '2.15.0+cpu', '1.13.0', '3.12.0'])('%s is refused in one sentence with exit code 4', (version) =>
    withFolder(async (folder) => {
      const own = writeLibtorch(join(folder, 'own'), version);
      const { status, stderr, stdout } = await runNode([LOCATE], { env: { ...isolated(folder), LIBTORCH: own } });
      expect(status).toBe(4);
      expect(stdout).toBe('');
      expect(stderr).toBe(
        `libtorch-node: libtorch ${version} (LIBTORCH=${own}) is not accepted: expected 2.11 to 2.14.\n` +
          '  → point LIBTORCH at another libtorch, or set LIBTORCH_BYPASS_VERSION_CHECK=1 to try this one at your own risk.\n',
      );
    }),
  );

  test('an unaccepted version ends a build before anything is written or compiled', () =>
    withFolder(async (folder) => {
      const own = writeLibtorch(join(folder, 'own'), '2.10.0');
      const body = `
        const { provideLibtorch } = await load('download.mjs');
        const { readSettings } = await load('lib/settings.mjs');
        await provideLibtorch(readSettings(), report);`;
      const { status, stderr } = await runModule(body, { env: { ...isolated(folder), LIBTORCH: own } });
      expect(status).toBe(4);
      expect(stderr).toContain('libtorch 2.10.0');
    }));

  test('the version check can be switched off', () =>
    withFolder(async (folder) => {
      const own = writeLibtorch(join(folder, 'own'), '2.15.0');
      const env = { ...isolated(folder), LIBTORCH: own, LIBTORCH_BYPASS_VERSION_CHECK: '1' };
      expect(await print('version', env)).toBe('2.15.0');
    }));

  test('the folder around a torch package will do', () =>
    withFolder(async (folder) => {
      writeLibtorch(join(folder, 'site-packages', 'torch'), '2.13.0');
      const env = { ...isolated(folder), LIBTORCH: join(folder, 'site-packages') };
      expect(await print('path', env)).toBe(join(folder, 'site-packages', 'torch'));
    }));

  test('a missing folder and missing parts are named', () =>
    withFolder(async (folder) => {
      const gone = await runNode([LOCATE], { env: { ...isolated(folder), LIBTORCH: join(folder, 'gone') } });
      expect(gone.status).toBe(4);
      expect(gone.stderr).toBe(`libtorch-node: There is no libtorch folder at ${join(folder, 'gone')}.\n`);

      const part = writeLibtorch(join(folder, 'part'), '2.13.0', ['include/ATen/ATen.h']);
      const partial = await runNode([LOCATE], { env: { ...isolated(folder), LIBTORCH: part } });
      expect(partial.status).toBe(4);
      expect(partial.stderr).toContain('is not a whole libtorch: include/ATen/ATen.h missing');
    }));
});

describe('the order of the sources', () => {
  const layOut = (folder: string) => {
    const env = { ...isolated(folder), PYTHON: writePython(join(folder, 'python'), join(folder, 'site', 'torch')) };
    writeLibtorch(join(folder, 'site', 'torch'), '2.14.1+cpu');
    writeLibtorch(join(folder, 'cache', 'libtorch-2.13.0-cpu-archive', 'libtorch'), '2.13.0+cpu');
    writeLibtorch(join(folder, 'own'), '2.12.0');
    // The fake Python is a shell script, so the shell must be found.
    return { ...env, PATH: '/usr/bin:/bin' };
  };

  test('LIBTORCH, then the cache, then Python', () =>
    withFolder(async (folder) => {
      const env = layOut(folder);
      expect(await print('source', { ...env, LIBTORCH: join(folder, 'own') })).toBe('env');
      expect(await print('source', env)).toBe('cache');
      expect(await print('source', { ...env, LIBTORCH_NODE_CACHE: join(folder, 'empty') })).toBe('python');
      expect(await print('source', { ...env, LIBTORCH_NODE_SOURCE: 'python' })).toBe('python');
    }));

  test('a cached download of another version is not taken', () =>
    withFolder(async (folder) => {
      const env = { ...layOut(folder), LIBTORCH_NODE_VERSION: '2.14.1' };
      expect(await print('source', env)).toBe('python');
    }));

  test('a damaged cached download is passed over', () =>
    withFolder(async (folder) => {
      const env = layOut(folder);
      writeLibtorch(join(folder, 'cache', 'libtorch-2.13.0-cpu-pip', 'torch'), '2.13.0', ['include/ATen/ATen.h']);
      expect(await print('path', env)).toBe(join(folder, 'cache', 'libtorch-2.13.0-cpu-archive', 'libtorch'));
    }));

  test.each([
    [{ LIBTORCH_NODE_VERSION: '2.13.0' }, 'is version 2.14.1+cpu, and 2.13.0 is asked for'],
    [{ LIBTORCH_NODE_VARIANT: 'cuda' }, 'is a cpu build, and cuda is asked for'],
  ])('a Python torch that %j does not want is passed over, and why is said', (wish, reason) =>
    withFolder(async (folder) => {
      const env = { ...layOut(folder), LIBTORCH_NODE_SOURCE: 'python', ...wish };
      const { status, stderr } = await runNode([LOCATE], { env: { ...env, PATH: '' } });
      expect(status).toBe(4);
      expect(stderr).toContain(reason);
    }),
  );
});

describe('settings', () => {
  test.each([
    ['LIBTORCH_NODE_VERSION', 'new', 'expected a version such as 2.13.0'],
    ['LIBTORCH_NODE_VERSION', '2.10.0', 'libtorch 2.10.0 (LIBTORCH_NODE_VERSION) is not accepted'],
    ['LIBTORCH_NODE_VARIANT', 'rocm', 'expected cpu or cuda'],
    ['LIBTORCH_NODE_SOURCE', 'conda', 'expected env, cache, python, pip, archive'],
    ['LIBTORCH_NODE_SHA256', 'abc', 'expected 64 hexadecimal digits'],
    ['LIBTORCH_NODE_MIRROR', 'mirror', 'expected an http or https URL'],
  ])('%s=%s is refused', (name, value, message) =>
    withFolder(async (folder) => {
      const { status, stderr } = await runNode([LOCATE], { env: { ...isolated(folder), [name]: value } });
      expect(status).toBe(4);
      expect(stderr).toContain(message);
      expect(stderr).toContain(value);
    }),
  );
});
