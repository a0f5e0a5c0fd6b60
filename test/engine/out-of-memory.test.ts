import path from 'node:path';

import { runChild } from '../support/child';

interface Outcome {
  before: number;
  after: number;
  isRangeError: boolean;
  name: string;
  message: string;
  code: string;
  sum: number;
}

// prlimit sets the limit, and belongs to Linux.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('at the end of memory', () => {
  it.each([
    ['the allocator tries again', 'here', {}],
    [
      'an op is called again where the allocator is not ours, as on CUDA',
      'here',
      { LIBTORCH_NODE_ALLOCATOR: 'system' },
    ],
    ['the compute thread has the garbage collected by the other', 'compute', {}],
  ])(
    '%s, after garbage was collected; else the error says what is alive',
    async (_, where, env) => {
      const child = await runChild(path.join(__dirname, 'out-of-memory.ts'), { args: [where], env });
      expect(child).toMatchObject({ code: 0, signal: null });
      const outcome = JSON.parse(child.stdout) as Outcome;
      // Ten dropped blocks made room for one of their size together.
      expect(outcome.before - outcome.after).toBeGreaterThanOrEqual(9);
      expect(outcome).toMatchObject({
        isRangeError: true,
        name: 'OutOfMemoryError',
        code: 'TORCH_OUT_OF_MEMORY',
        sum: 1000,
      });
      expect(outcome.message).toContain(String(4000 * 2 ** 20));
      expect(outcome.message).toMatch(
        /alive in this thread after collecting garbage: \d+ tensors, 15\d\.\d MiB on cpu/,
      );
      expect(outcome.message).toMatch(/the largest:\n +\[3, 50, 1048576\] uint8 on cpu, 150\.0 MiB/);
      expect(outcome.message).toMatch(/scope\(\) or dispose\(\)/);
      expect(outcome.message).toContain('empty');
    },
    120_000,
  );
});
