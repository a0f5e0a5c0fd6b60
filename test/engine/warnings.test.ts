import path from 'node:path';

import { runChild } from '../support/child';

interface Report {
  readonly where: string;
  readonly picked: number[];
  readonly heard: string[];
}

it("tells libtorch's warnings once per thread, as warnings of Node.js", async () => {
  const { code, stdout, stderr } = await runChild(path.join(__dirname, 'warnings.ts'));
  expect(code).toBe(0);
  const reports = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Report);
  expect(reports.map(({ where }) => where)).toEqual(['main', 'worker']);
  for (const { picked, heard } of reports) {
    expect(picked).toEqual([2, 2, 2]);
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatch(/^TorchWarning: indexing with dtype torch\.uint8 is now deprecated/);
  }
  // What libtorch would have written by itself.
  expect(stderr).not.toMatch(/^\[W/m);
});
