import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { runModule, withFolder } from './run-script';

/** Holds the lock in `folder` for a while and notes when it came and went. */
const hold = (folder: string, name: string, milliseconds: number, options = '{}') =>
  runModule(`
    const { withLock } = await load('lib/lock.mjs');
    const { appendFileSync } = await import('node:fs');
    const [lock, notes, name] = ${JSON.stringify([join(folder, 'lock'), join(folder, 'notes'), name])};
    await withLock(lock, report, async () => {
      appendFileSync(notes, name + ' in ');
      await new Promise((resolve) => setTimeout(resolve, ${milliseconds}));
      appendFileSync(notes, name + ' out ');
    }, ${options});`);

const notes = (folder: string) => readFileSync(join(folder, 'notes'), 'utf8').trim();

test('three parallel processes take turns, and leave no lock', () =>
  withFolder(async (folder) => {
    const results = await Promise.all(['a', 'b', 'c'].map((name) => hold(folder, name, 300)));
    expect(results.map(({ status }) => status)).toEqual([0, 0, 0]);
    expect(notes(folder)).toMatch(/^(\w) in \1 out (\w) in \2 out (\w) in \3 out$/);
    expect(results.filter(({ stdout }) => stdout.includes('another installation is running')).length).toBeGreaterThan(
      0,
    );
    expect(readdirSync(folder)).toEqual(['notes']);
  }));

test.each([
  ['a process that is gone', { pid: 2 ** 22 + 1, host: hostname(), started: '1' }],
  ['an earlier process with the id of a living one', { pid: process.pid, host: hostname(), started: '1' }],
  ['a writer that was cut off', undefined],
])('the lock of %s is taken over', (_what, holder) =>
  withFolder(async (folder) => {
    writeFileSync(join(folder, 'lock'), holder === undefined ? '{"pid":' : JSON.stringify(holder));
    expect((await hold(folder, 'a', 0)).status).toBe(0);
    expect(notes(folder)).toBe('a in a out');
    expect(readdirSync(folder)).toEqual(['notes']);
  }),
);

test('the lock of a living process is respected, and the message says how to go on', () =>
  withFolder(async (folder) => {
    const holder = JSON.stringify({ pid: process.pid, host: hostname(), started: '' });
    writeFileSync(join(folder, 'lock'), holder);
    const { status, stderr } = await hold(folder, 'a', 0, '{ timeoutMs: 300 }');
    expect(status).toBe(4);
    expect(stderr).toContain(`is held by another installation (${holder})`);
    expect(readFileSync(join(folder, 'lock'), 'utf8')).toBe(holder);
  }));

test('a failure inside frees the lock', () =>
  withFolder(async (folder) => {
    const result = await runModule(`
      const { withLock } = await load('lib/lock.mjs');
      await withLock(${JSON.stringify(join(folder, 'lock'))}, report, async () => { throw new Error('inside'); });`);
    expect(result.status).toBe(4);
    expect(result.stderr).toContain('inside');
    expect(readdirSync(folder)).toEqual([]);
  }));
