import path from 'node:path';

import { memory, resetPeak, scope } from '../../lib/engine';
import { ones, zeros } from '../../lib/tensor';
import { runChild } from '../support/child';
import { settle } from '../support/settle';

beforeEach(settle);

const MIB = 1 << 20;

describe('allocated bytes', () => {
  const allocated = (): number => memory().allocated['cpu'] ?? NaN;
  const peak = (): number => memory().peak['cpu'] ?? NaN;

  it('are those of tensors, exactly for large ones, and views add none', () => {
    const before = allocated();
    const x = zeros([MIB]); // 4 MiB of float32
    const view = x.view(1024, 1024);
    expect(allocated() - before).toBe(4 * MIB);
    x.dispose();
    expect(allocated() - before).toBe(4 * MIB);
    view.dispose();
    expect(allocated()).toBe(before);
  });

  it('have a peak, which counts what is gone again, until it is reset', () => {
    resetPeak();
    const before = allocated();
    expect(peak()).toBe(before);
    scope(() => ones([MIB]).add(1).sum().item());
    expect(peak() - before).toBeGreaterThanOrEqual(8 * MIB);
    expect(peak() - before).toBeLessThan(9 * MIB);
    expect(allocated() - before).toBeLessThan(MIB);
    resetPeak();
    expect(peak()).toBe(allocated());
  });

  it('include what autograd saves for the backward pass, which no handle shows', () => {
    const x = ones([MIB], { requiresGrad: true });
    const before = { allocated: allocated(), handles: memory().bytes['cpu'] ?? 0 };
    const y = scope(() => x.exp().sum());
    expect(allocated() - before.allocated).toBeGreaterThanOrEqual(4 * MIB);
    expect((memory().bytes['cpu'] ?? 0) - before.handles).toBeLessThan(MIB);
    y.dispose();
    expect(allocated() - before.allocated).toBeLessThan(MIB);
  });
});

describe('sweeps', () => {
  it('come as soon for large tensors after a loop of small ones as without it', async () => {
    const grown = async (small: number): Promise<number> => {
      const child = await runChild(path.join(__dirname, 'sweep-spacing.ts'), { args: [String(small)] });
      expect(child).toMatchObject({ code: 0, signal: null });
      return Number(child.stdout);
    };
    const [without, after] = [await grown(0), await grown(200_000)];
    // Sweeps 256 MiB apart would let about that much pile up.
    expect(without).toBeLessThan(80);
    expect(after).toBeLessThan(80);
  });
});
