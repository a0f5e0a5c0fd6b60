import path from 'node:path';

import { type ChildResult, runChild } from '../support/child';

const run = (file: string, ...args: string[]): Promise<ChildResult> =>
  runChild(path.join(__dirname, file), { args, milliseconds: 100_000, env: { OMP_WAIT_POLICY: 'passive' } });

describe('the event loop', () => {
  it('goes on while a model trains and predicts on the compute thread', async () => {
    const child = await run('compute-delay.ts');
    expect(child).toMatchObject({ code: 0, signal: null });
    const { synchronous, p99 } = JSON.parse(child.stdout) as { synchronous: number; p99: number };
    // Meant to be below 20 ms; a loaded machine gets leave, but no more than a part of what the work itself takes.
    expect(synchronous).toBeGreaterThan(100);
    expect(p99).toBeLessThan(60);
  }, 120_000);
});

describe('a process whose compute thread is busy', () => {
  it.each([
    ['waits for the result, and ends', 'natural', { code: 0, signal: null, stdout: 'computed 0' }],
    ['exits by process.exit', 'exit', { code: 3, signal: null }],
    ['exits during a backward pass', 'backward', { code: 0, signal: null }],
    ['exits while a worker thread computes', 'worker', { code: 0, signal: null }],
    ['exits by an uncaught exception', 'throw', { code: 1, signal: null }],
    ['exits by an unhandled rejection', 'reject', { code: 1, signal: null }],
    ['is ended by a signal', 'abort', { code: null, signal: 'SIGTERM' }],
  ])(
    '%s',
    async (_, way, outcome) => {
      expect(await run('compute-exit.ts', way)).toMatchObject(outcome);
    },
    120_000,
  );
});
