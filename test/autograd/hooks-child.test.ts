import path from 'node:path';

import { runChild } from '../support/child';

const child = path.join(__dirname, 'hooks-child.ts');
const run = (mode: string): ReturnType<typeof runChild> => runChild(child, { args: [mode] });

describe('a process with hooks', () => {
  it('exits in peace while they are alive', async () => {
    expect(await run('exit')).toEqual({ code: 0, signal: null, stdout: 'alive', stderr: '' });
  });

  it('frees in a plain loop what hooks and nodes of the graph held', async () => {
    const { code, stdout } = await run('loop');
    // One tensor of an iteration that stayed would be 1,500.
    expect([code, Number(stdout) < 750]).toEqual([0, true]);
  });

  it('may exit inside of one', async () => {
    expect(await run('exit-in-hook')).toMatchObject({ code: 7, signal: null, stderr: '' });
  });

  it('ends with the error of a hook that nobody caught', async () => {
    const { code, signal, stderr } = await run('uncaught');
    expect([code, signal]).toEqual([1, null]);
    expect(stderr).toMatch(/Error: thrown by the hook\n\s+at .*hooks-child\.ts/);
  });

  it('refuses to nest backward so deep that hooks would leave their thread', async () => {
    const { code, stdout } = await run('deep');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/one that libtorch starts for passes nested deeply.* and on$/s),
    ]);
  });

  it('has hooks of their own in its worker threads, which may be ended in the middle', async () => {
    const { code, signal, stdout, stderr } = await run('workers');
    expect([code, signal, stderr]).toEqual([0, null, '']);
    // 30 of 210 throw.
    expect(JSON.parse(stdout)).toEqual([2, 3, 4].map((value) => 180 * 3 * value));
  });
});
