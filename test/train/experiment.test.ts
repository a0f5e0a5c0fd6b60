import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runExperiment, type RunObserver } from '../../lib/train';
import type { TestEvent } from '../../lib/train/events';
import { experiments, type ExperimentDefinition } from '../../lib/train/experiments';
import { chooseSize } from '../../lib/train/grid/budget';
import { type Cell, cellsOf } from '../../lib/train/grid/cells';
import { writePlan } from '../../lib/train/grid/plan-file';
import { reportText, resultsTable } from '../../lib/train/grid/report';
import type { CellResult } from '../../lib/train/grid/results';
import { clearDifference, median, sampleOf, shownSample } from '../../lib/train/grid/statistics';
import { writeSample } from '../../lib/vision';
import { finish, jsonLines, only, Workshop } from './program';

const workshop = new Workshop();
beforeAll(() => workshop.open());
afterAll(() => workshop.close());

const surroundings = () => ({ data: { kind: 'folder', directory: workshop.data }, device: 'cpu', threads: 1 }) as const;
const questions = experiments.get('article-questions');
const comparison = experiments.get('comparison');
if (questions === undefined || comparison === undefined) throw new Error('both experiments are there');

describe('every experiment, in every size', () => {
  const cases = [...experiments.values()].flatMap((definition) =>
    definition.sizes.map((size) => ({ definition, size })),
  );
  it.each(cases)('$definition.name $size.name has runs that go together, under names of their own', (each) => {
    const cells = cellsOf(each.definition, each.size, surroundings());
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
    expect(cells.every(({ id }) => /^[\w.-]+$/.test(id))).toBe(true);
    expect(cells.every(({ settings }) => settings.protocol === 'clean')).toBe(true);
    const factors = each.definition.questions.flatMap(({ levels }) => levels.filter(({ overrides }) => overrides));
    const shared = each.definition.questions.some(({ levels }) => levels.some(({ overrides }) => overrides === null));
    expect(cells).toHaveLength((factors.length + (shared ? 1 : 0)) * each.size.seeds.length);
  });

  it('the questions change one number of the article', () => {
    const full = questions.sizes.find(({ name }) => name === 'full');
    const cells = cellsOf(questions, full as never, surroundings()).filter(({ seed }) => seed === 0);
    const base = cells.find(({ variant }) => variant === 'base')?.settings;
    expect(base).toMatchObject({
      epochs: 50,
      lr: 4e-4,
      modelOptions: { patchSize: 16, embedSize: 768, head: 'linear' },
    });
    const differences = cells.map(({ settings }) => {
      const flat = (from: object): [string, unknown][] => Object.entries({ ...from, ...settings.modelOptions });
      const of = new Map(Object.entries({ ...base, ...base?.modelOptions } as object));
      const changed = flat(settings).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(of.get(name)));
      return changed.map(([name]) => name).filter((name) => name !== 'modelOptions');
    });
    expect(differences.map(({ length }) => length)).toEqual([0, ...Array.from({ length: 9 }, () => 1)]);
    expect(new Set(differences.flat())).toEqual(new Set(['head', 'patchSize', 'epochs', 'dataFraction', 'lr']));
  });
});

describe('the budget', () => {
  const silent = (): void => undefined;
  it('is a name, or minutes in which the runs fit', () => {
    expect(chooseSize(questions, 'full', surroundings(), silent)).toMatchObject({ size: { name: 'full' } });
    expect(() => chooseSize(questions, 'huge', surroundings(), silent)).toThrow(
      '--budget huge: expected minutes, or one of tiny, small, medium, full',
    );
    const told: string[] = [];
    const chosen = chooseSize(questions, 1e-6, surroundings(), (line) => told.push(line));
    expect(chosen.size).toMatchObject({ name: 'tiny', seeds: [0] });
    expect(chosen.size.note).toContain('one seed, since even that does not fit');
    expect(told).toHaveLength(1);
    const some = chooseSize({ ...questions, sizes: questions.sizes.slice(0, 2) }, 1e6, surroundings(), silent);
    expect(some.size.name).toBe('small');
    expect(some.estimatedSeconds).toBeGreaterThan(0);
  });
});

describe('statistics', () => {
  it('know the middle one, in whatever order they come', () => {
    expect([median([3, 100, 1]), median([10, 9]), median([])]).toEqual([3, 10, NaN]);
  });

  it('know mean, spread, and when a difference is clear', () => {
    expect(sampleOf([1, 2, 3, 6])).toEqual({ count: 4, mean: 3, spread: Math.sqrt(14 / 3) });
    expect(shownSample(sampleOf([0.5]))).toBe('0.5000');
    expect(shownSample(sampleOf([0.4, 0.6]))).toBe('0.5000 ± 0.1414');
    expect(clearDifference(sampleOf([1]), sampleOf([1, 2]))).toBeNull();
    // Two values each: two degrees of freedom.
    expect(clearDifference(sampleOf([0, 2]), sampleOf([0, 2]))).toBeCloseTo(4.303 * Math.SQRT2, 9);
    // Beyond the table nothing is called clear that is not.
    const [ten, error] = [sampleOf([0, 0, 0, 0, 0, 2, 2, 2, 2, 2]), Math.sqrt(10 / 9 / 5)];
    expect(clearDifference(ten, ten)).toBeGreaterThan(2.101 * error);
  });
});

describe('the report', () => {
  const size = questions.sizes[0];
  const results = (score: (variant: string, seed: number) => number): CellResult[] =>
    cellsOf(questions, size as never, surroundings()).map((cell) => {
      const mIoU = score(cell.variant, cell.seed);
      const test = { pixelAccuracy: mIoU + 0.1, mIoU, perClassIou: [0.9, 0.9, 0.3], epoch: 1 } as unknown as TestEvent;
      return { cell, test, epochSeconds: 1, measures: null };
    });
  const text = (found: CellResult[]): string =>
    reportText({ definition: questions, heading: ['- size'], results: found, planned: 20, chart: null });

  it('answers each question by the difference that it asks for', () => {
    const better = new Map([
      ['head-mlp', 0.1],
      ['patch-half', 0.2],
      ['epochs-double', -0.2],
      ['data-half', -0.3],
    ]);
    const report = text(results((variant, seed) => 0.5 + (better.get(variant) ?? 0) + seed * 0.001));
    const answers = [...report.matchAll(/^\*\*(.+?)\*\*/gm)].map(([, answer]) => answer);
    expect(answers).toEqual(['Yes', 'Yes', 'No, on the contrary', 'Yes', 'No clear difference']);
    expect(report).toContain('| mlp | 2 | 0.7005 ± 0.0007 | 0.6005 ± 0.0007 | 0.3000 ± 0.0000 |');
    expect(report).toContain('`all` has +0.3000 mIoU against `half`');
  });

  it('says what is not known', () => {
    const all = results(() => 0.5);
    const oneSeed = text(all.filter(({ cell }) => cell.seed === 0));
    expect(oneSeed).toContain('10 of 20 runs are done');
    expect(oneSeed.match(/Not settled/g)).toHaveLength(5);
    expect(text([]).match(/Not known yet/g)).toHaveLength(5);
    expect(resultsTable(all).split('\n')[1]).toBe('base-seed-0,base,0,0.6,0.5,0.3,1,1,,,');
  });
});

describe('an experiment, in this process', () => {
  const observer = (warnings: string[] = []): RunObserver => ({
    ...{ stopRequested: () => false, onEvent: () => undefined },
    onWarning: (message) => warnings.push(message),
  });

  /** A plan of a few cells of the smallest size, in a folder of its own. */
  const planned = (name: string, from: ExperimentDefinition, keep: (cell: Cell) => Cell[]): string => {
    const cells = cellsOf(from, from.sizes[0] as never, surroundings()).flatMap(keep);
    const folder = workshop.path(name);
    mkdirSync(folder);
    writePlan(folder, { experiment: from.name, heading: [], cells });
    return folder;
  };

  it('measures what a kill between a run and its measurement has left out', async () => {
    const folder = planned('measured', comparison, (cell) =>
      cell.variant === 'model-unet-fast' ? [{ ...cell, settings: { ...cell.settings, epochs: 1 } }] : [],
    );
    await runExperiment({ resume: folder }, observer(), () => undefined);
    const report = readFileSync(join(folder, 'report.md'), 'utf8');
    expect(report).toMatch(/^\| unet-fast \| 1,942,611 \|/m);
    rmSync(join(folder, '001-model-unet-fast-seed-0', 'measures.json'));
    await runExperiment({ resume: folder }, observer(), () => undefined);
    expect(readFileSync(join(folder, 'report.md'), 'utf8')).toMatch(/^\| unet-fast \| 1,942,611 \|/m);
  });

  it('goes on without a run that diverges', async () => {
    const folder = planned('diverged', questions, (cell) =>
      cell.seed === 0 && (cell.variant === 'base' || cell.variant === 'lr-times-2.5')
        ? [{ ...cell, settings: { ...cell.settings, epochs: 2, lr: cell.variant === 'base' ? 1e30 : 1e-3 } }]
        : [],
    );
    const warnings: string[] = [];
    const outcome = await runExperiment({ resume: folder }, observer(warnings), () => undefined);
    expect(outcome.kind).toBe('done');
    expect(warnings).toEqual([expect.stringMatching(/^base-seed-0 has no result: .* the training has diverged; /)]);
    expect(readFileSync(join(folder, 'report.md'), 'utf8')).toContain('1 of 2 runs are done');
  });
});

describe('node train.js --experiment', () => {
  const args = ['--data', 'data-set', '--experiment', 'article-questions', '--budget', 'tiny', '--out', 'out'];
  const folder = (...parts: string[]): string => workshop.path('out', '001-article-questions', ...parts);
  const runs = (): string[] => readdirSync(folder()).filter((name) => /^\d/.test(name));

  it('stops in the middle of a run, goes on with it, and does not run again what is done', async () => {
    const child = workshop.start([...args, '--json']);
    let epochs = 0;
    // A second signal would end it at once.
    let asked = false;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      epochs += text.split('"event":"epoch"').length - 1;
      // In the second run: the first has epochs 0 to 6.
      if (epochs >= 10 && !asked) asked = child.kill('SIGINT');
    });
    const stopped = await finish(child);
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('node train.js --resume out/001-article-questions');
    expect(readFileSync(folder('report.md'), 'utf8')).toMatch(/^[1-9] of 20 runs are done/m);
    const first = runs();
    const done = first.filter((run) => existsSync(folder(run, 'test.json')));
    expect(done).toHaveLength(first.length - 1);
    const written = statSync(folder(done[0] ?? '', 'test.json')).mtimeMs;

    const resumed = await workshop.run(['--resume', 'out/001-article-questions', '--json']);
    expect(resumed.stderr).toBe('');
    expect(resumed.code).toBe(0);
    expect(only(jsonLines(resumed.stdout), 'resume')).toHaveLength(1);
    expect(only(jsonLines(resumed.stdout), 'test')).toHaveLength(20 - done.length);
    expect(statSync(folder(done[0] ?? '', 'test.json')).mtimeMs).toBe(written);
    expect(runs()).toHaveLength(20);
    const report = readFileSync(folder('report.md'), 'utf8');
    expect(report).toContain('20 of 20 runs are done');
    expect(report).not.toContain('Not known yet');
    expect(readFileSync(folder('results.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(21);
    expect(readFileSync(folder(runs()[0] ?? '', 'log.txt'), 'utf8')).toContain('pixel accuracy');

    const again = await workshop.run(['--resume', 'out/001-article-questions']);
    expect(again.stdout).toBe(`report  ${join('out', '001-article-questions', 'report.md')}\n`);
  }, 180_000);

  it('that is done says so again', async () => {
    const again = await workshop.run(['--resume', 'out/001-article-questions', '--json']);
    expect(jsonLines(again.stdout)).toEqual([{ event: 'done', run: 'out/001-article-questions' }]);
    expect(again.code).toBe(0);
  });

  it('goes on where its data has moved, if it is the same', async () => {
    expect(readFileSync(folder('report.md'), 'utf8')).toContain('--budget tiny --data data-set`');
    const resume = (data: string): ReturnType<Workshop['run']> =>
      workshop.run(['--resume', 'out/001-article-questions', '--data', data, '--json']);
    const [run = ''] = runs();
    rmSync(folder(run, 'test.json'));
    await writeSample(workshop.path('other'), { trainval: 12, test: 21, size: 24, seed: 1 });
    const refused = await resume('other');
    expect(refused.stderr).toMatch(/^error: .*other is not the data that this run was trained on: .*\n$/);
    expect(refused.code).toBe(3);
    renameSync(workshop.data, workshop.path('moved'));
    const lost = await workshop.run(['--resume', 'out/001-article-questions']);
    expect(lost.stderr).toMatch(/^error: .*data-set, the data of this experiment, is not there: --data says .*\n$/);
    expect(lost.code).toBe(3);
    const resumed = await resume('moved');
    renameSync(workshop.path('moved'), workshop.data);
    expect(resumed.stderr).toBe('');
    expect(only(jsonLines(resumed.stdout), 'test')).toHaveLength(1);
    expect(readFileSync(folder('report.md'), 'utf8')).toContain('- data: moved; ');
    expect(readFileSync(folder('experiment.json'), 'utf8')).not.toContain('data-set"');
  });

  it.each(['{}', 'no JSON'])('is told to be damaged where experiment.json is %s', async (text) => {
    mkdirSync(workshop.path('damaged'), { recursive: true });
    writeFileSync(workshop.path('damaged', 'experiment.json'), text);
    const { code, stderr } = await workshop.run(['--resume', 'damaged']);
    expect(stderr).toMatch(/^error: damaged.experiment\.json is damaged: [^\n]+\n$/);
    expect(code).toBe(3);
  });

  it('refuses what an experiment decides itself', async () => {
    const refused = async (flags: string[], message: string): Promise<void> => {
      const { code, stderr } = await workshop.run(flags);
      expect(stderr).toBe(`error: ${message}\n`);
      expect(code).toBe(2);
    };
    await refused([...args, '--epochs', '3'], '--epochs means nothing together with --experiment');
    await refused(['--budget', '5', '--data', 'data-set'], '--budget means nothing without --experiment');
    await refused(
      ['--experiment', 'questions'],
      "option '--experiment <name>' argument 'questions' is invalid. Expected article-questions or comparison",
    );
  });
});
