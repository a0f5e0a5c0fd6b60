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

  it('leave nothing behind when a hundred come and go, at work or idle', async () => {
    const child = await runChild(path.join(__dirname, 'worker-churn.ts'), { milliseconds: 240_000 });
    expect(child).toMatchObject({ code: 0, signal: null });
    const { endings, before, after } = JSON.parse(child.stdout) as Record<'before' | 'after', Usage> & {
      endings: string[];
    };
    expect(endings).toEqual(Array.from({ length: 20 }, () => ['return', 'exit', 'on purpose', 'busy', 'idle']).flat());
    // Each of the 75 measured threads made about 3 MiB of tensors.
    expect(after.allocated - before.allocated).toBeLessThan(4);
    expect(after.rss - before.rss).toBeLessThan(200);
  }, 300_000);
});

/** In MiB. */
interface Usage {
  rss: number;
  allocated: number;
}
