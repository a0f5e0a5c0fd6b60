import { ProgressBar } from '../../lib/cli/progress-bar';

function terminal(isTTY: boolean): { written: string[]; stream: NodeJS.WriteStream } {
  const written: string[] = [];
  const stream = { isTTY, columns: 60, write: (text: string) => written.push(text) > 0 };
  return { written, stream: stream as unknown as NodeJS.WriteStream };
}

describe('ProgressBar', () => {
  it('writes nothing where there is no terminal', () => {
    const { written, stream } = terminal(false);
    const bar = new ProgressBar(stream);
    bar.update('epoch 1', 1, 2, 10, 0);
    bar.clear();
    expect(written).toEqual([]);
  });

  it('rewrites one line, ten times a second at most, and clears it once', () => {
    const { written, stream } = terminal(true);
    const bar = new ProgressBar(stream);
    bar.update('epoch 1', 1, 4, 61, 0);
    bar.update('epoch 1', 2, 4, 40, 50);
    bar.update('epoch 1', 3, 4, 20, 150);
    bar.update('epoch 1', 4, 4, 0, 160);
    bar.clear();
    bar.clear();
    expect(written).toHaveLength(4);
    expect(written[0]).toBe(`\r\x1b[2Kepoch 1 [${'█'.repeat(6)}${' '.repeat(18)}] 1/4  1 min 01 s left`);
    expect(written[3]).toBe('\r\x1b[2K');
    // A line that wraps could not be rewritten.
    for (const line of written) expect(line.length).toBeLessThan(60 + '\r\x1b[2K'.length);
  });
});
