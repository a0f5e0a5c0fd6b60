import path from 'node:path';

import { runChild } from '../support/child';

interface Kept {
  total: number;
  peakTensors: number;
  peakMegabytes: number;
  globalGc: string;
}

async function loop(iterations: number, side: number): Promise<Kept> {
  const child = await runChild(path.join(__dirname, 'plain-loop.ts'), {
    args: [String(iterations), String(side)],
    milliseconds: 300_000,
  });
  expect(child).toMatchObject({ code: 0, signal: null });
  return JSON.parse(child.stdout) as Kept;
}

describe('a plain synchronous loop', () => {
  it('stays flat over 20,000 iterations of relu, add and sum at 512x512', async () => {
    const kept = await loop(20_000, 512);
    // Kept, the loop's tensors would take 42 GB.
    expect(kept.peakMegabytes).toBeLessThan(600);
    expect(kept.total).toBeGreaterThan(0);
  }, 300_000);

  it('keeps few small tensors too, which no byte count betrays', async () => {
    const kept = await loop(50_000, 2);
    expect(kept.peakTensors).toBeLessThan(10_000);
  }, 300_000);

  it('shows the user no gc that was not asked for', async () => {
    expect((await loop(1, 2)).globalGc).toBe('undefined');
  });
});
