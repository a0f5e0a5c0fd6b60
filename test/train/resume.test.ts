import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { cuda, libraryInfo } from '../../lib';
import { readCheckpoint } from '../../lib/train/checkpoint';
import type { TrainEvent } from '../../lib/train/events';
import { buildExperiment } from '../../lib/train/experiment';
import { TrainLoop } from '../../lib/train/loop';
import { RunFolder } from '../../lib/train/run-folder';
import type { TrainSettings } from '../../lib/train/settings';
import { writeSample } from '../../lib/vision';
import { finish, jsonLines, only, tiny, waitFor, Workshop, type JsonLine } from './program';

const workshop = new Workshop();
const epochs = 4;
let whole: JsonLine[];

beforeAll(async () => {
  await workshop.open();
  whole = await workshop.train(['--epochs', String(epochs), '--out', 'whole']);
});
afterAll(() => workshop.close());

const args = (out: string): string[] => [
  '--data',
  workshop.data,
  ...tiny,
  '--json',
  '--epochs',
  String(epochs),
  '--out',
  out,
];

/** Everything of a run that must not depend on interruptions, from its metrics.jsonl. */
function facts(lines: readonly JsonLine[]): unknown[] {
  return lines
    .filter((line) => ['epoch', 'step', 'test'].includes(line.event))
    .map((line) => [
      line.event,
      line['epoch'],
      line['step'],
      line['lossHex'],
      line['meanLoss'],
      line['iouHex'],
      line['stateSha256'],
    ]);
}

/** The run folder's files must be those of a run never interrupted, but for times. */
function expectSameRun(run: string): void {
  expect(facts(jsonLines(workshop.read(run, 'metrics.jsonl')))).toEqual(facts(whole));
  const rows = workshop.read(run, 'results.csv').trimEnd().split('\n');
  const column = (row: string): unknown[] => [row.split(',')[0], row.split(',').at(-1)];
  expect(rows.slice(1).map(column)).toEqual(
    only(whole, 'epoch').map((line) => [String(line['epoch']), line['stateSha256']]),
  );
  expect(existsSync(workshop.path(run, 'pictures', 'masks.gif'))).toBe(true);
  expect(readdirSync(workshop.path(run, 'checkpoints')).sort()).toEqual(['best', 'last']);
}

describe('after kill -9 a resumed run has the bits of one never interrupted', () => {
  // Moments over the whole life of the process, and again over what is left after a first kill.
  it.each([0.1, 0.3, 0.5, 0.7, 0.9])('at %d of its time', async (moment) => {
    const out = `kill-${moment}`;
    const began = performance.now();
    const child = workshop.start(args(out));
    await waitFor(child, (line) => line.event === 'start');
    const startup = performance.now() - began;
    // The rest of a run takes about half as long as starting does.
    setTimeout(() => child.kill('SIGKILL'), moment * startup);
    const { signal, stdout } = await finish(child);
    const [name = ''] = readdirSync(workshop.path(out)).filter((entry) => !entry.startsWith('.'));
    const run = `${out}/${name}`;
    const resumed = await workshop.run(['--resume', run, '--json']);
    expect(resumed.stderr).toBe('');
    expect(resumed.code).toBe(0);
    expect(only(jsonLines(resumed.stdout), 'done')).toHaveLength(1);
    expectSameRun(run);
    if (signal === null) expect(stdout).toContain('"done"');
  });

  it('at each event, twice in a row', async () => {
    for (const event of ['start', 'batch', 'epoch', 'step']) {
      const out = `twice-${event}`;
      let child = workshop.start(args(out));
      await waitFor(child, (line) => line.event === event);
      child.kill('SIGKILL');
      await finish(child);
      const run = `${out}/001-vit-segmentation`;
      child = workshop.start(['--resume', run, '--json']);
      await waitFor(child, (line) => line.event === 'epoch' && (line['epoch'] as number) >= 1);
      child.kill('SIGKILL');
      await finish(child);
      expect((await workshop.run(['--resume', run, '--quiet'])).code).toBe(0);
      expectSameRun(run);
    }
  });
});

describe('Ctrl-C', () => {
  it('finishes the step, saves, says how to go on, and ends with 130; resumed in the middle of an epoch', async () => {
    const child = workshop.start(args('ctrl-c'));
    // Step 3 is the first of the two of epoch 2.
    await waitFor(child, (line) => line['step'] === 3);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await finish(child);
    const run = 'ctrl-c/001-vit-segmentation';
    expect(code).toBe(130);
    expect(stderr).toContain(`node train.js --resume ${run}`);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ event: 'interrupted', run });
    const resumed = await workshop.run(['--resume', run, '--json']);
    expect(resumed.code).toBe(0);
    expect(only(jsonLines(resumed.stdout), 'step')[0]?.['step']).toBe(
      (only(jsonLines(stdout), 'step').at(-1)?.['step'] as number) + 1,
    );
    expectSameRun(run);
  });

  it('is taken in the middle of an epoch by every step', async () => {
    // A checkpoint after each single step: interrupted by a request that is there from the beginning.
    const settings = JSON.parse(workshop.read('whole/001-vit-segmentation', 'config.json')) as TrainSettings;
    const run = RunFolder.create(workshop.path('steps'), 'vit', settings);
    const steps: unknown[] = [];
    let last: unknown;
    for (let kind = 'interrupted'; kind === 'interrupted';) {
      let requested = false;
      const emit = (line: TrainEvent): void => {
        if (line.event === 'step') {
          steps.push(line.lossHex);
          requested = true;
        }
        if (line.event === 'epoch') last = line.stateSha256;
      };
      const surroundings = { run, stopRequested: () => requested, emit };
      const from = readCheckpoint(run.checkpoints);
      const experiment = buildExperiment(settings);
      const loop =
        from === null ? TrainLoop.begin(experiment, surroundings) : TrainLoop.resume(experiment, surroundings, from);
      kind = await (await loop).run();
    }
    expect(steps).toEqual(only(whole, 'step').map((line) => line['lossHex']));
    expect(last).toBe(only(whole, 'epoch').at(-1)?.['stateSha256']);
  });
});

describe('with workers', () => {
  const flags = ['--workers', '2', '--epochs', '2'];

  it('a run stopped in the middle of an epoch goes on to the same bits', async () => {
    const uninterrupted = await workshop.train([...flags, '--out', 'workers']);
    expect(JSON.parse(workshop.read('workers/001-vit-segmentation', 'config.json'))).toMatchObject({ workers: 2 });
    // Each worker has random numbers of its own.
    expect(facts(uninterrupted)).not.toEqual(facts(whole).slice(0, facts(uninterrupted).length));
    const child = workshop.start(['--data', workshop.data, ...tiny, '--json', ...flags, '--out', 'stopped']);
    await waitFor(child, (line) => line['step'] === 3);
    child.kill('SIGINT');
    expect((await finish(child)).code).toBe(130);
    const run = 'stopped/001-vit-segmentation';
    expect((await workshop.run(['--resume', run, '--json'])).code).toBe(0);
    expect(facts(jsonLines(workshop.read(run, 'metrics.jsonl')))).toEqual(facts(uninterrupted));
    const other = await workshop.run(['--resume', run, '--workers', '1', '--epochs', '3']);
    expect(other.stderr).toMatch(/^error: --workers 1 differs from this run's 2: /);
  });
});

describe('--resume', () => {
  const run = 'done/001-vit-segmentation';
  beforeAll(() => cpSync(workshop.path('whole'), workshop.path('done'), { recursive: true }));

  const expectRefused = async (flags: string[], code: number, message: RegExp): Promise<void> => {
    const before = workshop.read(run, 'metrics.jsonl');
    const refused = await workshop.run(['--resume', run, ...flags]);
    expect(refused.stderr).toMatch(message);
    expect(refused.stderr.trimEnd()).not.toContain('\n');
    expect(refused.code).toBe(code);
    expect(workshop.read(run, 'metrics.jsonl')).toBe(before);
  };

  it('refuses settings that would change the bits', async () => {
    await expectRefused(['--batch-size', '4'], 2, /^error: --batch-size 4 differs from this run's 8: /);
    await expectRefused(['--seed', '9'], 2, /^error: --seed 9 differs from this run's 0: /);
    await expectRefused(['--epochs', '2'], 2, /^error: --epochs 2 is less than the 4 epochs/);
  });

  it('refuses other data', async () => {
    await writeSample(workshop.path('other'), { trainval: 12, test: 21, size: 24, seed: 1 });
    await expectRefused(['--data', 'other'], 3, /^error: .*other is not the data that this run was trained on/);
    // Of which the images that are scored are the same.
    const mixed = workshop.path('mixed');
    cpSync(workshop.data, mixed, { recursive: true });
    const list = path.join(mixed, 'annotations', 'trainval.txt');
    const lines = readFileSync(list, 'utf8').trim().split('\n');
    writeFileSync(list, lines.slice(1).join('\n'));
    await expectRefused(['--data', 'mixed'], 3, /this run was trained on: it has 11 samples to train on, not 12$/m);
    writeFileSync(list, [...lines.slice(1), lines[1]].join('\n'));
    await expectRefused(['--data', 'mixed'], 3, /this run was trained on: its first train images differ$/m);
  });

  it('refuses a checkpoint of another model, and a damaged one', async () => {
    await workshop.train(['--epochs', '0', '--out', 'wide', '--embed-size', '32']);
    const model = (folder: string): string => workshop.path(folder, 'checkpoints', 'last', 'model.safetensors');
    const kept = workshop.path('kept.safetensors');
    cpSync(model(run), kept);
    cpSync(model('wide/001-vit-segmentation'), model(run));
    await expectRefused(
      [],
      3,
      /^error: the checkpoint in .* does not fit this run: .*size mismatch for layers\.1\.position_embed/,
    );
    writeFileSync(model(run), 'damaged');
    await expectRefused([], 3, /^error: .*model\.safetensors/);
    cpSync(kept, model(run));
  });

  it.each([
    ['config.json', '{}', /config\.json is damaged: there is no `recipe` in it$/m],
    ['config.json', '[]', /config\.json is damaged: expected an object$/m],
    ['config.json', '{"model":"none"}', /config\.json is damaged: there is no model none/],
    ['env.json', null, /env\.json is missing$/m],
    ['env.json', '{}', /env\.json is damaged: there is no `resumed` in it$/m],
    ['checkpoints/last/model.safetensors', null, /last.model\.safetensors is missing$/m],
    ['checkpoints/last/optimizer.safetensors', null, /last.optimizer\.safetensors is missing$/m],
    ['checkpoints/last/state.json', null, /last.state\.json is missing$/m],
    ['checkpoints/last/state.json', 'epochs: 4', /last.state\.json is damaged: .*JSON/],
    ['checkpoints/last/state.json', 'null', /last.state\.json is damaged: expected an object$/m],
    ['checkpoints/last/state.json', '{"format":1}', /last.state\.json is damaged: there is no `epochs` in it$/m],
  ])('names %s where it is %j', async (file, text, message) => {
    const place = workshop.path(run, file);
    const whole = readFileSync(place);
    if (text === null) rmSync(place);
    else writeFileSync(place, text);
    try {
      await expectRefused([], 3, message);
    } finally {
      writeFileSync(place, whole);
    }
  });

  it('names a checkpoint whose random numbers are damaged', async () => {
    const place = workshop.path(run, 'checkpoints', 'last', 'state.json');
    const whole = readFileSync(place, 'utf8');
    writeFileSync(place, JSON.stringify({ ...(JSON.parse(whole) as object), random: 'AAAA' }));
    try {
      await expectRefused([], 3, /^error: the checkpoint in .* does not fit this run: /);
    } finally {
      writeFileSync(place, whole);
    }
  });

  it('trains on when --epochs is raised, as if it had been asked for at once', async () => {
    const more = await workshop.run(['--resume', run, '--epochs', String(epochs + 1), '--json']);
    expect(more.code).toBe(0);
    const atOnce = await workshop.train(['--epochs', String(epochs + 1), '--out', 'five']);
    expect(facts(jsonLines(workshop.read(run, 'metrics.jsonl')))).toEqual(facts(atOnce));
    expect(JSON.parse(workshop.read(run, 'config.json'))).toMatchObject({ epochs: epochs + 1 });
  });

  it('goes on with a run of the first release, which named fewer settings', async () => {
    cpSync(workshop.path('whole'), workshop.path('old'), { recursive: true });
    const old = 'old/001-vit-segmentation';
    const rewrite = (file: string, keep: (from: Record<string, unknown>) => object): void => {
      const from = JSON.parse(workshop.read(old, file)) as Record<string, unknown>;
      writeFileSync(workshop.path(old, file), JSON.stringify(keep(from)));
    };
    const names =
      'recipe protocol seed dtype limit testLimit model imageSize epochs batchSize testBatchSize lr stepSize gamma data device threads'.split(
        ' ',
      );
    rewrite('config.json', (config) => {
      const { patchSize, embedSize, numBlocks, numHeads, dropout } = config['modelOptions'] as Record<string, number>;
      const kept = Object.entries(config).filter(([name]) => names.includes(name));
      return { ...Object.fromEntries(kept), patchSize, embedSize, numBlocks, numHeads, dropout };
    });
    rewrite('checkpoints/last/state.json', (state) =>
      Object.fromEntries(
        Object.entries(state).filter(([name]) => !['lr', 'dataSeconds', 'augmentSeconds'].includes(name)),
      ),
    );
    const more = await workshop.run(['--resume', old, '--epochs', String(epochs + 1), '--json']);
    expect(more.stderr).toBe('');
    const atOnce = workshop.read('five/001-vit-segmentation', 'metrics.jsonl');
    expect(facts(jsonLines(workshop.read(old, 'metrics.jsonl')))).toEqual(facts(jsonLines(atOnce)));
    expect(JSON.parse(workshop.read(old, 'config.json'))).toMatchObject({ modelOptions: { patchSize: 8 } });
  });

  it('finds data that has moved', async () => {
    cpSync(workshop.data, workshop.path('moved'), { recursive: true });
    cpSync(workshop.path('whole'), workshop.path('elsewhere'), { recursive: true });
    const elsewhere = 'elsewhere/001-vit-segmentation';
    rmSync(workshop.path(elsewhere, 'test.json'));
    const { code } = await workshop.run(['--resume', elsewhere, '--data', 'moved', '--json']);
    expect(code).toBe(0);
    expectSameRun(elsewhere);
  });
});

// On the CPU: random-states.test.ts.
const withGpu = cuda.isAvailable() ? describe : describe.skip;
if (!cuda.isAvailable()) {
  process.stdout.write(
    `\nno GPU here (${libraryInfo().cudaReason}): runs on one that are resumed are not compared with whole ones\n`,
  );
}

withGpu('on a GPU, where dropout draws from its own generator', () => {
  it('a resumed run has the bits of one never interrupted', async () => {
    const onGpu = (out: string): string[] => [...args(out), '--device', 'cuda:0'];
    const [first, second] = [await workshop.run(onGpu('gpu-first')), await workshop.run(onGpu('gpu-second'))];
    const uninterrupted = facts(jsonLines(first.stdout));
    // Else the comparison below would say nothing of checkpoints.
    expect(facts(jsonLines(second.stdout))).toEqual(uninterrupted);
    const child = workshop.start(onGpu('gpu-resumed'));
    await waitFor(child, (line) => line['step'] === 3);
    child.kill('SIGINT');
    expect((await finish(child)).code).toBe(130);
    const run = 'gpu-resumed/001-vit-segmentation';
    expect(readCheckpoint(workshop.path(run, 'checkpoints'))?.state.deviceRandom).toMatch(/^[\w+/]+=*$/);
    expect((await workshop.run(['--resume', run, '--quiet'])).code).toBe(0);
    expect(facts(jsonLines(workshop.read(run, 'metrics.jsonl')))).toEqual(uninterrupted);
  });
});
