import { TextReport } from '../../lib/cli/text-report';
import type { EpochEvent, StartEvent, StepEvent } from '../../lib/train/events';

const start: StartEvent = {
  event: 'start',
  version: '0.1.0',
  libtorch: '2.13.0',
  device: 'cpu',
  threads: 2,
  seed: 0,
  recipe: 'article-vit',
  model: 'vit-segmentation',
  parameters: 86284806,
  shapes: [
    [64, 3, 128, 128],
    [64, 3, 128, 128],
    [64, 64, 768],
    [64, 768],
    [64, 3, 128, 128],
  ],
  data: 'data/oxford-iiit-pet',
  trainSamples: 3680,
  validationSamples: 0,
  testSamples: 3669,
  protocol: 'article',
  epochs: 2,
  stepsPerEpoch: 58,
  initSha256: '',
  run: 'runs/001-vit-segmentation',
};
const epoch: EpochEvent = {
  event: 'epoch',
  epoch: 1,
  lr: 0.0004 * 0.8,
  meanLoss: 0.98765,
  meanLossHex: '',
  pixelAccuracy: 0.8589,
  pixelAccuracyHex: '',
  iou: 0.6853,
  iouHex: '',
  customIou: 0.7347,
  customIouHex: '',
  stateSha256: '',
  imagesPerSecond: 12.34,
  seconds: 298,
  dataSeconds: 3,
  augmentSeconds: 0,
  peakRssBytes: 0,
  best: true,
};
const step = (number: number): StepEvent => ({
  event: 'step',
  epoch: 1,
  step: number,
  loss: 1,
  lr: 0.0004,
  lossHex: '',
  seconds: 1,
});

describe('TextReport', () => {
  it('tells what runs, on what, and why', () => {
    expect(new TextReport(['chosen  x']).lines(start)).toEqual([
      'libtorch-node 0.1.0 · libtorch 2.13.0 · cpu · 2 threads · seed 0',
      'data    data/oxford-iiit-pet: 3,680 to train on, 3,669 to test on',
      'model   vit-segmentation, 86,284,806 parameters: [64, 3, 128, 128] → [64, 64, 768] → [64, 3, 128, 128]',
      'recipe  article-vit: 2 epochs of 58 steps, protocol article',
      'run     runs/001-vit-segmentation',
      'chosen  x',
      '',
    ]);
  });

  it('aligns the rows under the titles', () => {
    const report = new TextReport([]);
    report.lines(start);
    const references = { allBackground: 0.59, noBorder: 0.875, oneClassPerPatch: 0.861 };
    const [reference, titles = '', untrained = ''] = report.lines({
      ...epoch,
      epoch: 0,
      meanLoss: null,
      imagesPerSecond: null,
      references,
    });
    const [row = ''] = report.lines(epoch);
    expect(reference).toMatch(/background everywhere 0\.5900, .* 0\.8750, .* 0\.8610$/);
    expect(titles).toBe('epoch    loss pixel accuracy     IoU custom IoU        lr images/s        time');
    expect(row).toBe('    1  0.9877         0.8589  0.6853     0.7347   0.00032     12.3  4 min 58 s');
    expect(untrained).toBe('    0       -         0.8589  0.6853     0.7347   0.00032        -           -');
    expect(new Set([titles.length, row.length, untrained.length]).size).toBe(1);
  });

  it.each([
    [0.00130902, '   0.00131'],
    [0.0000218524, '   2.19e-5'],
    [2.34567e-10, '  2.35e-10'],
    [0, '         0'],
  ])('has room for the learning rate %p of any schedule', (lr, cell) => {
    const report = new TextReport([]);
    report.lines(start);
    const [row = ''] = report.lines({ ...epoch, lr });
    expect(row).toBe(`    1  0.9877         0.8589  0.6853     0.7347${cell}     12.3  4 min 58 s`);
  });

  it('estimates the time to come after three steps, once, from the time between the ends of steps', () => {
    let now = 100;
    const report = new TextReport([], () => now);
    report.lines(start);
    report.lines({ ...epoch, epoch: 0 });
    const told = [1, 2, 3, 4].map((number) => {
      now += 2;
      return report.lines(step(number));
    });
    expect(told).toEqual([[], [], ['        about 3 min 46 s to go, by the first 3 steps'], []]);
    expect(report.secondsLeft(4)).toBe(2 * (116 - 4));
    expect(report.epochProgress(59)).toEqual({ done: 1, total: 58 });
    expect(report.epochProgress(58)).toEqual({ done: 58, total: 58 });
  });

  it('says where a resumed run goes on', () => {
    const report = new TextReport([]);
    report.lines(start);
    expect(report.lines({ event: 'resume', epochs: 1, batches: 0 })[0]).toBe('goes on after 1 epoch');
    expect(report.lines({ event: 'resume', epochs: 2, batches: 7 })[0]).toBe(
      "goes on after 2 epochs and 7 of the next one's steps",
    );
  });

  it('shows the score that the clean protocol chooses by', () => {
    const report = new TextReport([]);
    report.lines({ ...start, protocol: 'clean', validationSamples: 368 });
    const [titles, row] = report.lines({ ...epoch, epoch: 0, customIou: null, mIoU: 0.5 }).slice(-2);
    expect(titles).toContain(' mIoU ');
    expect(row).toContain(' 0.5000 ');
  });
});
