import path from 'node:path';

import { runChild } from '../support/child';

interface Seen {
  readonly kinds: boolean[];
  readonly format: string;
  readonly canvasSize: number[];
}

describe('transforms of v2 in workers of a DataLoader', () => {
  it('hand out images, masks and boxes that are so still, with the values of the main thread', async () => {
    const child = await runChild(path.join(__dirname, 'v2-workers.ts'), { args: ['run'], milliseconds: 90_000 });
    expect(child).toMatchObject({ code: 0, signal: null, stderr: '' });
    const { none, two } = JSON.parse(child.stdout) as { none: Seen[]; two: Seen[] };
    expect(none).toHaveLength(4);
    for (const { kinds, format, canvasSize } of none) {
      expect({ kinds, format, canvasSize }).toEqual({ kinds: [true, true, true], format: 'XYXY', canvasSize: [6, 5] });
    }
    expect(two).toEqual(none);
  });
});
