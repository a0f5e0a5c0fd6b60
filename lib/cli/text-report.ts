import type {
  EpochEvent,
  ReferenceLines,
  ResumeEvent,
  StartEvent,
  StepEvent,
  TestEvent,
  TrainEvent,
} from '../train/events';
import { duration, thousands } from './format';

/** Steps that are measured before the time to come is told; the bar goes by the newest {@link recentSteps}. */
const measuredSteps = 3;
const recentSteps = 20;

const columns = [
  ['epoch', 5],
  ['loss', 8],
  ['pixel accuracy', 15],
  ['IoU', 8],
  ['custom IoU', 11],
  ['lr', 10],
  ['images/s', 9],
  ['time', 12],
] as const;

/** Turns events into lines for people: a header, a row per epoch, the test. */
export class TextReport {
  private start: StartEvent | null = null;
  private readonly stepSeconds: number[] = [];
  private stepsSeen = 0;
  private lastTime = 0;
  private lastColumn = 'custom IoU';

  /**
   * @param notes what was chosen and why, printed under the header
   * @param clock seconds from any start
   */
  constructor(
    private readonly notes: readonly string[],
    private readonly clock: () => number = () => performance.now() / 1000,
  ) {}

  lines(event: TrainEvent): string[] {
    switch (event.event) {
      case 'start':
        this.start = event;
        this.lastColumn = event.protocol === 'clean' ? 'mIoU' : 'custom IoU';
        return this.header(event);
      case 'resume':
        this.lastTime = this.clock();
        return [resumption(event), '', this.columnTitles()];
      case 'step':
        return this.estimate(event);
      case 'epoch':
        this.lastTime = this.clock();
        return event.epoch === 0
          ? [...referenceLines(event.references), this.columnTitles(), this.row(event)]
          : [this.row(event)];
      case 'test':
        return testLines(event);
      case 'done':
        return [`run     ${event.run}`];
      case 'batch':
      case 'interrupted':
        return [];
    }
  }

  /** Seconds that the steps still to come will take, as far as the steps so far tell; null before the first. */
  secondsLeft(step: number): number | null {
    if (this.start === null || this.stepSeconds.length === 0) return null;
    const mean = this.stepSeconds.reduce((sum, seconds) => sum + seconds, 0) / this.stepSeconds.length;
    return mean * (this.start.epochs * this.start.stepsPerEpoch - step);
  }

  /** How many steps of its epoch this step completes. */
  epochProgress(step: number): { done: number; total: number } {
    const total = this.start?.stepsPerEpoch ?? 1;
    return { done: ((step - 1) % total) + 1, total };
  }

  private header(start: StartEvent): string[] {
    const { version, libtorch, device, threads, seed } = start;
    const samples =
      `${thousands(start.trainSamples)} to train on, ${thousands(start.testSamples)} to test on` +
      (start.validationSamples > 0 ? `, ${thousands(start.validationSamples)} held out to choose the best epoch` : '');
    return [
      `libtorch-node ${version} · libtorch ${libtorch} · ${device} · ${count(threads, 'thread')} · seed ${seed}`,
      `data    ${start.data}: ${samples}`,
      `model   ${start.model}, ${thousands(start.parameters)} parameters: ${journey(start.shapes)}`,
      `recipe  ${start.recipe}: ${count(start.epochs, 'epoch')} of ${count(start.stepsPerEpoch, 'step')}, protocol ${start.protocol}`,
      `run     ${start.run}`,
      ...this.notes,
      '',
    ];
  }

  private estimate(event: StepEvent): string[] {
    // From the end of the step before: reading the images belongs to what a step takes.
    const now = this.clock();
    this.stepSeconds.push(now - this.lastTime);
    this.lastTime = now;
    if (this.stepSeconds.length > recentSteps) this.stepSeconds.shift();
    this.stepsSeen += 1;
    const seconds = this.secondsLeft(event.step);
    if (seconds === null || this.stepsSeen !== measuredSteps) return [];
    return [`        about ${duration(seconds)} to go, by the first ${measuredSteps} steps`];
  }

  private columnTitles(): string {
    return columns.map(([title, width]) => (title === 'custom IoU' ? this.lastColumn : title).padStart(width)).join('');
  }

  private row(event: EpochEvent): string {
    const last = this.lastColumn === 'mIoU' ? event.mIoU : event.customIou;
    const cells = [
      String(event.epoch),
      fixed(event.meanLoss),
      fixed(event.pixelAccuracy),
      fixed(event.iou),
      fixed(last),
      learningRate(event.lr),
      event.imagesPerSecond === null ? '-' : event.imagesPerSecond.toFixed(1),
      event.imagesPerSecond === null ? '-' : duration(event.seconds),
    ];
    return cells.map((cell, column) => cell.padStart(columns[column]?.[1] ?? 0)).join('');
  }
}

function referenceLines(references: ReferenceLines | undefined): string[] {
  if (references === undefined) return [];
  const { allBackground, noBorder, oneClassPerPatch } = references;
  const perPatch = oneClassPerPatch === null ? '' : `, one class per patch ${fixed(oneClassPerPatch)}`;
  return [
    `to compare with, pixel accuracy of: background everywhere ${fixed(allBackground)}, ` +
      `perfect but without border ${fixed(noBorder)}${perPatch}`,
  ];
}

function testLines(event: TestEvent): string[] {
  const classes = ['pet', 'background', 'border'];
  const perClass = classes.map((name, index) => `${name} ${fixed(event.perClassIou[index])}`).join(', ');
  const custom = event.customIou === null ? '' : `, custom IoU ${fixed(event.customIou)}`;
  return [
    '',
    `test    ${thousands(event.samples)} images, epoch ${event.epoch}, protocol ${event.protocol}: ` +
      `pixel accuracy ${fixed(event.pixelAccuracy)}, IoU ${fixed(event.iou)}${custom}`,
    `        mIoU ${fixed(event.mIoU)} (${perClass})`,
  ];
}

function fixed(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : value.toFixed(4);
}

function resumption({ epochs, batches }: ResumeEvent): string {
  const within = batches === 0 ? '' : ` and ${batches} of the next one's steps`;
  return `goes on after ${count(epochs, 'epoch')}${within}`;
}

function count(number: number, thing: string): string {
  return `${thousands(number)} ${thing}${number === 1 ? '' : 's'}`;
}

/** The shapes that a batch takes, each once; what is shorter is a parameter on the way. */
function journey(shapes: readonly number[][]): string {
  const batches = shapes.filter((shape) => shape.length > 2).map((shape) => `[${shape.join(', ')}]`);
  return batches.filter((shape, index) => shape !== batches[index - 1]).join(' → ');
}

/** Three digits, in powers of ten where the zeros before them would fill the column. */
function learningRate(lr: number): string {
  return lr > 0 && lr < 1e-4 ? lr.toExponential(2) : String(Number(lr.toPrecision(3)));
}
