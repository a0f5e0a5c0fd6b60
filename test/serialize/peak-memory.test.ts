import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runChild } from '../support/child';

let folder: string;
beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peak-memory-'))));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const child = path.join(__dirname, 'peak-memory.ts');
const file = (): string => path.join(folder, 'large');

async function tensorsBesides(action: string): Promise<number> {
  const { code, stdout, stderr } = await runChild(child, { args: [action, file()] });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/\d/);
  return Number(stdout);
}

// One tensor's copy is in use at a time; a few more may wait for the garbage collector. All twelve would be 12.
it.each(['saveSafetensors', 'loadSafetensors'])(
  '%s takes memory for a few tensors, not for the file once more',
  async (action) => {
    if (action === 'loadSafetensors') await runChild(child, { args: ['saveSafetensors', file()] });
    expect(await tensorsBesides(action)).toBeLessThan(5);
  },
);

// Tensors are written from where they lie and read to where they stay, so not even one of them is there twice.
it.each(['save', 'load', 'loadAsync'])('%s takes no memory for a copy of a tensor', async (action) => {
  if (action !== 'save') await runChild(child, { args: ['save', file()] });
  expect(await tensorsBesides(action)).toBeLessThan(1);
});

// Pieces of 4 MiB, some of which wait for the garbage collector.
it('saveAsync takes memory for pieces', async () => {
  expect(await tensorsBesides('saveAsync')).toBeLessThan(4);
});

it('a mapped file takes no memory until it is used', async () => {
  await runChild(child, { args: ['save', file()] });
  expect(await tensorsBesides('mmap')).toBeLessThan(-10);
});
