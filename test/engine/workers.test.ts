import path from 'node:path';

import { runChild } from '../support/child';

describe('worker threads', () => {
  it('each have tensors of their own, several at once, and may be ended at any moment', async () => {
    const child = await runChild(path.join(__dirname, 'workers.ts'), { milliseconds: 120_000 });
    expect(child).toMatchObject({ code: 0, signal: null });
    const ended = JSON.parse(child.stdout) as { value: number; total: number; code: number }[];
    expect(ended).toHaveLength(20);
    for (const { value, total, code } of ended) {
      // d(x * x)/dx = 2x
      expect(total).toBe(2 * value);
      expect(code).toBe(value === 4 ? 1 : 0);
    }
  }, 150_000);
});
