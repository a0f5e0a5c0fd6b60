import { join } from 'node:path';
import { runChild } from '../support/child';
import { Workshop } from './program';

interface Live {
  before: { tensors: number; bytes: Record<string, number> };
  tensors: number[];
  bytes: Record<string, number>;
  losses: number[];
}

const workshop = new Workshop();
beforeAll(() => workshop.open());
afterAll(() => workshop.close());

// In a process of its own: test files of one jest worker share the addon, and with it the garbage of the files before.
test('a step and a report leave as many live tensors as they found', async () => {
  const child = await runChild(join(__dirname, 'live-tensors.ts'), { args: [workshop.data] });
  expect(child).toMatchObject({ code: 0, signal: null });
  const { before, tensors, bytes, losses } = JSON.parse(child.stdout) as Live;
  expect(tensors).toEqual(Array.from({ length: 20 }, () => before.tensors));
  expect(bytes).toEqual(before.bytes);
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
});
