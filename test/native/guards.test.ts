/** Calls that would take the process along (docs/known-libtorch-crashes.md), in a child, for that is what they would do. */
import path from 'node:path';

import { runChild } from '../support/child';

describe('arguments on which libtorch crashes or hangs', () => {
  it('are refused with one sentence, and their neighbours are not', async () => {
    const child = await runChild(path.join(__dirname, 'guards.ts'), { milliseconds: 100_000 });
    expect(child).toMatchObject({ code: 0, signal: null });
    const { refused, taken } = JSON.parse(child.stdout) as {
      refused: Record<string, string>;
      taken: Record<string, string>;
    };
    expect(Object.keys(refused).length).toBeGreaterThan(10);
    for (const [call, message] of Object.entries(refused)) {
      expect([call, message]).toEqual([call, expect.stringMatching(/^(TypeError|ArgumentError): aten::\w+\(\): /)]);
    }
    expect(taken).toEqual(Object.fromEntries(Object.keys(taken).map((call) => [call, 'taken'])));
  }, 120_000);
});
