import os from 'node:os';

import { applyProcessSettings, processSettings } from '../../lib/cli/process-settings';

const names = ['OMP_WAIT_POLICY', 'UV_THREADPOOL_SIZE'] as const;
const before = names.map((name) => process.env[name]);

afterEach(() => {
  jest.restoreAllMocks();
  for (const [index, name] of names.entries()) {
    if (before[index] === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before[index];
  }
});

it.each([
  [1, 0, 1],
  [2, 0, 1],
  [2, 2, 2],
  [4, 2, 3],
  [16, 0, 4],
  [16, 8, 8],
])('on %i cores with %i workers %i threads decode', (cores, workers, threads) => {
  jest.spyOn(os, 'availableParallelism').mockReturnValue(cores);
  expect(processSettings(workers).UV_THREADPOOL_SIZE).toBe(String(threads));
});

it('leaves what the user has set', () => {
  process.env['UV_THREADPOOL_SIZE'] = '7';
  Reflect.deleteProperty(process.env, 'OMP_WAIT_POLICY');
  applyProcessSettings(2);
  expect(names.map((name) => process.env[name])).toEqual(['passive', '7']);
});
