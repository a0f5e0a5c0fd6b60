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

// Tensors are written from where they lie and read to where they stay, so not even one of them is there twice.
it.each([
  ['save', 'save'],
  ['save', 'load'],
  ['save', 'loadAsync'],
  ['save', 'load bytes'],
  ['saveSafetensors', 'saveSafetensors'],
  ['saveSafetensors', 'loadSafetensors'],
  ['saveSafetensors', 'loadSafetensorsAsync'],
  ['saveSafetensors', 'loadSafetensors bytes'],
])('%s and then %s takes no memory for a copy of a tensor', async (written, action) => {
  if (action !== written) await runChild(child, { args: [written, file()] });
  expect(await tensorsBesides(action)).toBeLessThan(1);
});

// Of twelve tensors.
it.each(['saveToBuffer', 'saveSafetensorsToBuffer'])('%s takes memory for its result alone', async (action) => {
  expect(await tensorsBesides(action)).toBeLessThan(13);
});

// Pieces of 4 MiB, some of which wait for the garbage collector.
it('saveAsync takes memory for pieces', async () => {
  expect(await tensorsBesides('saveAsync')).toBeLessThan(4);
});

it('a mapped file takes no memory until it is used', async () => {
  await runChild(child, { args: ['save', file()] });
  expect(await tensorsBesides('mmap')).toBeLessThan(-10);
});

// What is freed leaves gaps in the heap; those of one file must be of use for the next.
it.each(['load', 'loadSafetensors', 'getTensors'])('%s again and again takes no more memory', async (action) => {
  const again = path.join(__dirname, 'repeated-loading.ts');
  const { code, stdout, stderr } = await runChild(again, { args: [action, file()] });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // Of forty tensors; each of four times would take as many where no gap fits.
  expect(Number(stdout)).toBeLessThan(60);
});
