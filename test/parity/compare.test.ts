import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

interface Comparison {
  equal: Record<string, boolean>;
  steps: number;
  first: string | null;
}

/** compare.mjs is an ES module for plain Node, which jest cannot import: a child process evaluates the expression. */
function evaluate<T>(expression: string, values: object): T {
  const module = pathToFileURL(path.join(__dirname, 'compare.mjs')).href;
  const source = `
    import { compareFacts, factsOf, firstDifferentTensor } from ${JSON.stringify(module)};
    const values = JSON.parse(process.argv[1]);
    process.stdout.write(JSON.stringify(${expression}));
  `;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', source, JSON.stringify(values)],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

const run = [
  { event: 'start', parameters: 3, initSha256: 'aa' },
  { event: 'epoch', epoch: 0, lr: 0.1, pixelAccuracy: 0.5, iou: 0.25, customIou: 0.125, stateSha256: 'aa' },
  { event: 'step', epoch: 1, step: 1, lossHex: '0x1.0p+0', seconds: 1 },
  { event: 'step', epoch: 1, step: 2, lossHex: '0x1.8p+0', seconds: 2 },
  {
    event: 'epoch',
    epoch: 1,
    lr: 0.1,
    meanLoss: 1.25,
    pixelAccuracy: 0.6,
    iou: 0.3,
    customIou: 0.2,
    stateSha256: 'bb',
  },
  { event: 'batch', split: 'train', imagesSha256: 'dd', targetsSha256: 'ee' },
  { event: 'test', pixelAccuracy: 0.1, iou: 0.2, customIou: 0.3 },
];

const compare = (ours: object[], theirs: object[]) =>
  evaluate<Comparison>('compareFacts(factsOf(values.ours), factsOf(values.theirs))', { ours, theirs });

const changed = (index: number, change: object) =>
  run.map((event, at) => (at === index ? { ...event, ...change } : event));

describe('the comparison of two runs', () => {
  it('finds equal runs equal, whatever their times', () => {
    const result = compare(changed(2, { seconds: 99 }), run);
    expect(result).toEqual({ equal: { batch: true, state: true, loss: true, score: true }, steps: 2, first: null });
  });

  it.each([
    [0, { initSha256: 'ff' }, 'state', "initial state: ours ff, Python's aa"],
    [3, { lossHex: '0x1.8000000000001p+0' }, 'loss', "loss of step 2: ours 0x1.8000000000001p+0, Python's 0x1.8p+0"],
    [4, { meanLoss: 1.2500000000000002 }, 'loss', "mean loss of epoch 1: ours 1.2500000000000002, Python's 1.25"],
    [4, { stateSha256: 'cc' }, 'state', "state after epoch 1: ours cc, Python's bb"],
    [4, { iou: 0.30000000000000004 }, 'score', "iou after epoch 1: ours 0.30000000000000004, Python's 0.3"],
    [5, { targetsSha256: 'ff' }, 'batch', "targets of the first train batch: ours ff, Python's ee"],
    [6, { customIou: null }, 'score', "final customIou: ours null, Python's 0.3"],
  ])('tells a difference in event %i', (index, change, kind, first) => {
    const result = compare(changed(index, change), run);
    expect(result.first).toBe(first);
    expect(Object.entries(result.equal).filter(([, equal]) => !equal)).toEqual([[kind, false]]);
  });

  it('does not take a run that stopped early, or one without a step, for equal', () => {
    expect(compare(run.slice(0, 3), run).first).toContain('loss of step 2: ours is missing');
    expect(compare([], []).first).toBe("Python's run has no step");
  });

  it('names the first tensor that differs', () => {
    const line = (step: number, tensor: string, sha256: string) => JSON.stringify({ step, tensor, sha256 });
    const theirs = [line(0, 'w', '1'), line(1, 'grad w', '2'), line(1, 'w', '3')];
    const find = (ours: string[]) => evaluate('firstDifferentTensor(values.ours, values.theirs)', { ours, theirs });
    expect(find(theirs)).toBeNull();
    expect(find([theirs[0]!, line(1, 'grad w', '9'), line(1, 'w', '9')])).toEqual({ step: 1, tensor: 'grad w' });
    expect(find(theirs.slice(0, 2))).toEqual({ step: 1, tensor: 'w' });
  });
});
