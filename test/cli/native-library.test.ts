import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { finish, trainScript, Workshop } from '../train/program';

const workshop = new Workshop();
const clone = workshop.path('clone');
const root = dirname(trainScript);

beforeAll(() => {
  mkdirSync(clone);
  for (const file of ['train.js', 'package.json']) cpSync(join(root, file), join(clone, file));
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
});
afterAll(() => workshop.close());

const run = (): ReturnType<typeof finish> =>
  finish(spawn(process.execPath, [join(clone, 'train.js'), '--epochs', '1'], { stdio: ['ignore', 'pipe', 'pipe'] }));

test('a clone that is not compiled says which command compiles it, and ends with 4', async () => {
  const { code, stdout, stderr } = await run();
  expect(stderr).toMatch(/^error: .*`npm run build`.*\n$/);
  expect(stdout).toBe('');
  expect(code).toBe(4);
});

test('a clone without the native library says how to build it, and ends with 4', async () => {
  cpSync(join(root, 'dist'), join(clone, 'dist'), { recursive: true });
  const { code, stdout, stderr } = await run();
  expect(stderr).toMatch(/^error: .*native part of libtorch-node is missing/);
  expect(stderr).toContain('npm install');
  expect(stderr).not.toMatch(/\n {4}at /);
  expect(stdout).toBe('');
  expect(code).toBe(4);
});
