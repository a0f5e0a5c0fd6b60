import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

/** Runs a program as its user would; it must end by itself. */
async function run(file: string): Promise<unknown> {
  const options = { timeout: 60_000, killSignal: 'SIGKILL' } as const;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [path.join(__dirname, file)], options);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('workers of the compiled library', () => {
  it('import ES modules', async () => {
    expect(await run('esm.mjs')).toEqual([
      [1, 1],
      [5, 13],
      [4, 16],
    ]);
  });

  it('require CommonJS, of one file with what trains', async () => {
    expect(await run('commonjs.cjs')).toEqual([[[0], [0.5]], [[1]]]);
  });
});
