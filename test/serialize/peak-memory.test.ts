import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runChild } from '../support/child';

let folder: string;
beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peak-memory-'))));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

// One tensor's copy is in use at a time; a few more may wait for the garbage collector. All twelve would be 12.
it.each(['save', 'load'])('to %s takes memory for a few tensors, not for the file once more', async (action) => {
  const file = path.join(folder, 'large.safetensors');
  if (action === 'load') await runChild(path.join(__dirname, 'peak-memory.ts'), { args: ['save', file] });
  const { code, stdout, stderr } = await runChild(path.join(__dirname, 'peak-memory.ts'), { args: [action, file] });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(Number(stdout)).toBeLessThan(5);
  expect(stdout).toMatch(/\d/);
});
