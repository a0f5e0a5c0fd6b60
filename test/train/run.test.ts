import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import sharp from 'sharp';

import { floatHex, loadSafetensors } from '../../lib/serialize';
import { savePixels } from '../../lib/vision';
import { finish, jsonLines, only, tiny, tinyImages, waitFor, Workshop, type JsonLine } from './program';

const workshop = new Workshop();
let lines: JsonLine[];

beforeAll(async () => {
  await workshop.open();
  lines = await workshop.train(['--epochs', '3', '--seed', '5']);
});
afterAll(() => workshop.close());

const run = 'runs/001-vit-segmentation';

describe('the JSON lines', () => {
  it('come in the order of the program', () => {
    const order = lines.map((line) => line.event).join(' ');
    const epoch = 'step step epoch';
    expect(order).toBe(`start batch batch epoch ${epoch} ${epoch} ${epoch} test done`);
  });

  it('begin with what decides the bits', () => {
    expect(lines[0]).toMatchObject({
      device: 'cpu',
      seed: 5,
      recipe: 'article-vit',
      model: 'vit-segmentation',
      trainSamples: tinyImages.trainval,
      testSamples: tinyImages.test,
      stepsPerEpoch: 2,
      protocol: 'article',
      run,
    });
    expect(lines[0]?.['libtorch']).toMatch(/^\d+\.\d+\.\d+/);
    expect(lines[0]?.['initSha256']).toBe(only(lines, 'epoch')[0]?.['stateSha256']);
  });

  it('give losses and scores exactly', () => {
    const steps = only(lines, 'step');
    expect(steps.map((step) => [step['epoch'], step['step']])).toEqual([
      [1, 1],
      [1, 2],
      [2, 3],
      [2, 4],
      [3, 5],
      [3, 6],
    ]);
    for (const step of steps) expect(step['lossHex']).toBe(floatHex(step['loss'] as number));
    for (const epoch of only(lines, 'epoch')) {
      for (const score of ['pixelAccuracy', 'iou', 'customIou']) {
        expect(epoch[score]).toBeGreaterThanOrEqual(0);
        expect(epoch[score]).toBeLessThanOrEqual(1);
        expect(epoch[`${score}Hex`]).toBe(floatHex(epoch[score] as number));
      }
    }
    const [first, second] = steps.map((step) => step['loss'] as number);
    expect(only(lines, 'epoch')[1]?.['meanLoss']).toBe((0 + (first ?? NaN) + (second ?? NaN)) / 2);
  });

  it('end with the test of the whole split', () => {
    expect(only(lines, 'test')[0]).toMatchObject({ protocol: 'article', samples: tinyImages.test, epoch: 3 });
    expect(lines.at(-1)).toEqual({ event: 'done', run });
  });

  it('tell how the model learns: every state is another, and the loss falls', () => {
    const states = only(lines, 'epoch').map((epoch) => epoch['stateSha256']);
    expect(new Set(states).size).toBe(4);
    const means = only(lines, 'epoch')
      .slice(1)
      .map((epoch) => epoch['meanLoss'] as number);
    expect(means[2]).toBeLessThan(means[0] ?? 0);
  });
});

describe('the run folder', () => {
  it('holds everything that the design lists', () => {
    expect(readdirSync(workshop.path(run)).sort()).toEqual([
      'checkpoints',
      'config.json',
      'env.json',
      'log.txt',
      'metrics.jsonl',
      'pictures',
      'results.csv',
      'summary.txt',
      'test.json',
    ]);
    expect(readdirSync(workshop.path(run, 'checkpoints')).sort()).toEqual(['best', 'last']);
    expect(readdirSync(workshop.path(run, 'pictures')).sort()).toEqual([
      'curves.svg',
      'grid-epoch-00.png',
      'grid-epoch-01.png',
      'grid-epoch-02.png',
      'grid-epoch-03.png',
      'masks.gif',
    ]);
  });

  it('has the same lines as stdout in metrics.jsonl, and a row per epoch in results.csv', () => {
    expect(jsonLines(workshop.read(run, 'metrics.jsonl'))).toEqual(lines);
    const [header, ...rows] = workshop.read(run, 'results.csv').trimEnd().split('\n');
    expect(header).toMatch(/^epoch,lr,meanLoss,pixelAccuracy,iou,customIou,/);
    expect(rows.map((row) => row.split(',')[0])).toEqual(['0', '1', '2', '3']);
    expect(Number(rows[2]?.split(',')[2])).toBe(only(lines, 'epoch')[2]?.['meanLoss']);
  });

  it('has all effective settings, the surroundings and the journey of a tensor', () => {
    expect(JSON.parse(workshop.read(run, 'config.json'))).toMatchObject({
      recipe: 'article-vit',
      modelOptions: { patchSize: 8, embedSize: 16, numBlocks: 1, numHeads: 2, dropout: 0.1 },
      gamma: 0.8,
      stepSize: 12,
      dtype: 'float32',
      limit: null,
    });
    expect(JSON.parse(workshop.read(run, 'env.json'))).toMatchObject({ node: process.version, seed: 5, resumed: [] });
    expect(workshop.read(run, 'summary.txt')).toMatch(/Unfold\(.*\(8, 4, 192\)/);
    expect(JSON.parse(workshop.read(run, 'test.json'))).toEqual(only(lines, 'test')[0]);
    expect(workshop.read(run, 'log.txt')).toContain('pixel accuracy');
  });

  it('has curves of the loss and the scores, with a point for each epoch', () => {
    const curves = workshop.read(run, 'pictures', 'curves.svg');
    const points = [...curves.matchAll(/<polyline points="([^"]*)".*?<title>([^<]+)</g)].map(([, path = '', label]) => [
      label,
      path.split(' ').length,
    ]);
    // The untrained model has scores, but no loss.
    expect(points).toEqual([
      ['loss', 3],
      ['pixel accuracy', 4],
      ['IoU', 4],
    ]);
  });

  it('has a picture of three grids of seven, and a frame per epoch', async () => {
    const padded = 16 + 2;
    const picture = await sharp(workshop.path(run, 'pictures', 'grid-epoch-03.png')).metadata();
    expect([picture.width, picture.height]).toEqual([7 * padded + 2, 3 * (3 * padded + 2)]);
    const gif = await sharp(workshop.path(run, 'pictures', 'masks.gif'), { animated: true }).metadata();
    expect([gif.pages, gif.width, gif.pageHeight]).toEqual([4, 7 * padded + 2, 3 * padded + 2]);
  });
});

test('the same seed gives the same bits in a folder of its own, another seed gives others', async () => {
  const again = await workshop.train(['--epochs', '3', '--seed', '5', '--name', 'again']);
  const other = await workshop.train(['--epochs', '1', '--seed', '6', '--name', 'other']);
  const facts = (from: JsonLine[]): unknown[] =>
    from.map((line) => [line['lossHex'], line['stateSha256'], line['iouHex']]);
  expect(facts(again)).toEqual(facts(lines));
  expect(only(other, 'step')[0]?.['lossHex']).not.toBe(only(lines, 'step')[0]?.['lossHex']);
  expect(readdirSync(workshop.path('runs')).sort()).toEqual(['001-vit-segmentation', '002-again', '003-other']);
});

test('runs that start at the same moment get folders of their own', async () => {
  const starts = await Promise.all([1, 2, 3].map(() => workshop.train(['--epochs', '0', '--out', 'at-once'])));
  const folders = readdirSync(workshop.path('at-once')).sort();
  expect(folders).toEqual([1, 2, 3].map((number) => `00${number}-vit-segmentation`));
  expect(starts.map(([line]) => line?.['run']).sort()).toEqual(folders.map((folder) => `at-once/${folder}`));
});

test('a reader that goes away ends the program quietly', async () => {
  const child = workshop.start(['--data', workshop.data, ...tiny, '--json', '--epochs', '200', '--out', 'pipe']);
  await waitFor(child, (line) => line.event === 'step');
  child.stdout?.destroy();
  const { code, stderr } = await finish(child);
  expect(stderr).toBe('');
  expect(code).toBe(1);
});

test('without --json people read a header and a row per epoch, without escape codes in a pipe', async () => {
  const { stdout, stderr, code } = await workshop.run([
    '--data',
    workshop.data,
    ...tiny,
    '--epochs',
    '2',
    '--out',
    'text',
  ]);
  expect(code).toBe(0);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^libtorch-node \d/);
  expect(stdout).toMatch(/\n\s+2\s+\d\.\d{4} /);
  expect(stdout).toMatch(/\nrun +text\/001-vit-segmentation\n$/);
  expect(stdout).toContain(`\nelse    node train.js --data ${workshop.data} --recipe quick   trains a small model`);
  expect(stdout).toContain('to go, by the first 3 steps');
  expect(stdout).not.toContain('\x1b');
  expect(stdout).not.toContain('\r');
});

test('--quiet prints the run folder and nothing else', async () => {
  const { stdout, stderr } = await workshop.run([
    '--data',
    workshop.data,
    ...tiny,
    '--epochs',
    '0',
    '--quiet',
    '--out',
    'q',
  ]);
  expect(stdout).toBe('q/001-vit-segmentation\n');
  expect(stderr).toBe('');
});

test('the clean protocol holds samples out, tests the best epoch, and scores without batches', async () => {
  const clean = await workshop.train(['--epochs', '2', '--protocol', 'clean', '--out', 'clean']);
  const again = await workshop.train(['--epochs', '2', '--protocol', 'clean', '--out', 'clean']);
  expect(clean[0]).toMatchObject({ trainSamples: 11, validationSamples: 1, testSamples: tinyImages.test });
  const epochs = only(clean, 'epoch');
  const trained = epochs.slice(1);
  const best = trained.reduce((a, b) => ((b['mIoU'] as number) > (a['mIoU'] as number) ? b : a));
  expect(only(clean, 'test')[0]).toMatchObject({ protocol: 'clean', epoch: best['epoch'], customIou: null });
  expect(only(clean, 'test')[0]?.['perClassIou']).toHaveLength(3);
  expect(only(again, 'test')[0]?.['mIoU']).toBe(only(clean, 'test')[0]?.['mIoU']);
});

test('the best epoch is a trained one, even where training makes it worse', async () => {
  const worse = await workshop.train('--epochs 1 --protocol clean --lr 100 --seed 7 --out worse'.split(' '));
  const [untrained, trained] = only(worse, 'epoch').map((epoch) => epoch['mIoU'] as number);
  expect(trained).toBeLessThan(untrained ?? 0);
  expect(only(worse, 'test')[0]).toMatchObject({ epoch: 1 });
});

test('batches that nothing is drawn for are the same from workers', async () => {
  const flags = ['--epochs', '1', '--augment', 'none', '--dropout', '0'];
  const alone = await workshop.train([...flags, '--out', 'alone']);
  const helped = await workshop.train([...flags, '--workers', '2', '--out', 'helped']);
  const facts = (from: JsonLine[]): unknown[] => from.map((line) => [line['imagesSha256'], line['lossHex']]);
  expect(facts(helped)).toEqual(facts(alone));
});

test('other models, optimizers, schedules and losses are flags away', async () => {
  const flags =
    '--model unet --model-option width=4 --model-option depth=1 --optimizer adamw --weight-decay 0.01 --schedule poly ' +
    '--warmup 0.25 --loss cross-entropy+0.5*dice --label-smoothing 0.1 --class-weights 1,1,2 --ema 0.9 --clip-norm 1 ' +
    '--augment strong --channels-last --progressive 0.5:8 --validate-every 2 --save-every 2 --image-size 16 ' +
    '--batch-size 8 --epochs 2 --json --out flags';
  const { code, stderr, stdout } = await workshop.run(['--data', workshop.data, ...flags.split(' ')]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(only(jsonLines(stdout), 'epoch').map((epoch) => epoch['pixelAccuracy'] === undefined)).toEqual([
    false,
    true,
    false,
  ]);
  expect(JSON.parse(workshop.read('flags/001-unet', 'config.json'))).toMatchObject({
    model: 'unet',
    modelOptions: { width: 4, depth: 1, stemStride: 1, upsample: 'transposed' },
    optimizer: 'adamw',
    warmup: 0.25,
    loss: 'cross-entropy+0.5*dice',
    classWeights: [1, 1, 2],
    ema: 0.9,
    channelsLast: true,
    progressive: [{ untilEpochShare: 0.5, imageSize: 8 }],
    validateEvery: 2,
  });
});

test('what a recipe has switched on is switched off by --no-…', async () => {
  const flags =
    '--recipe fast-cpu --model-option width=2 --image-size 112 --epochs 0 --no-ema --no-progressive --no-channels-last ' +
    '--no-clip-norm --no-class-weights --quiet --out off';
  const { code, stderr } = await workshop.run(['--data', workshop.data, ...flags.split(' ')]);
  expect([stderr, code]).toEqual(['', 0]);
  expect(JSON.parse(workshop.read('off/001-unet', 'config.json'))).toMatchObject({
    ...{ recipe: 'fast-cpu', ema: null, progressive: [], channelsLast: false, clipNorm: null, classWeights: null },
  });
  const other = await workshop.run(['--resume', 'off/001-unet', '--ema', '0.9']);
  expect(other.stderr).toMatch(/^error: --ema 0\.9 differs from this run's none: /);
  const { stdout } = await workshop.run(['--help']);
  for (const name of ['ema', 'progressive', 'channels-last']) expect(stdout).toContain(`--no-${name} `);
});

test('data that fails in the middle of the beginning leaves no run folder', async () => {
  const { code } = await workshop.run([
    '--data',
    workshop.data,
    ...tiny,
    '--limit',
    '1',
    '--protocol',
    'clean',
    '--out',
    'no',
  ]);
  expect(code).toBe(2);
  expect(existsSync(workshop.path('no'))).toBe(false);
});

test.each([
  ['unet', '--image-size 8', 8],
  ['segnet', '--image-size 8', 8],
  ['unet', '--image-size 32 --progressive 0.5:8', 8],
])('%s refuses %s in a sentence, and leaves no run', async (model, flags, side) => {
  const { stdout, stderr, code } = await workshop.run([
    ...['--data', workshop.data, '--recipe', 'quick', '--model', model, ...flags.split(' ')],
    ...['--epochs', '1', '--out', 'small'],
  ]);
  expect(stderr).toMatch(new RegExp(`^error: images of ${side}x${side} do not fit the model ${model}: .+\\n$`));
  expect(code).toBe(2);
  expect(stdout).not.toContain('epoch');
  expect(existsSync(workshop.path('small')) ? readdirSync(workshop.path('small')) : []).toEqual([]);
});

// What a U-Net has at its bottom is then one number for each channel.
test.each(['--image-size 16', '--image-size 32 --progressive 0.5:16'])(
  'a last batch of one image that a batch norm would refuse is told before there is a run: %s',
  async (size) => {
    const flags =
      '--recipe quick --model unet --model-option width=2 --epochs 1 --batch-size 11 --quiet --out last-batch';
    const { code, stderr } = await workshop.run(['--data', workshop.data, ...flags.split(' '), ...size.split(' ')]);
    expect(stderr).toBe(
      'error: --batch-size 11 leaves one image for the last batch of 12 samples, which is too few for the batch norm ' +
        'down4.maxpool_conv.1.double_conv.1 of unet: of an image of 16x16 it sees one pixel; ' +
        'expected another --batch-size, such as 12\n',
    );
    expect(code).toBe(2);
    expect(existsSync(workshop.path('last-batch'))).toBe(false);
  },
);

test('a last batch of one image is no fault where each batch norm sees more than a pixel of it', async () => {
  const flags = '--recipe quick --model unet --model-option width=2 --model-option depth=1 --image-size 16 --epochs 1';
  const rest = ['--batch-size', '11', '--quiet', '--out', 'one-image'];
  const { code, stderr } = await workshop.run(['--data', workshop.data, ...flags.split(' '), ...rest]);
  expect([stderr, code]).toEqual(['', 0]);
});

test('a warm-up that would not end is told before there is a run', async () => {
  const flags = [...tiny, '--epochs', '3', '--schedule', 'cosine', '--out', 'warm'];
  const run = (warmup: number): ReturnType<Workshop['run']> =>
    workshop.run(['--data', workshop.data, ...flags, '--warmup', String(warmup), '--quiet']);
  const { code, stderr } = await run(6);
  expect(stderr).toBe('error: --warmup 6 is not less than the 6 steps of this run: 3 epochs of 2\n');
  expect(code).toBe(2);
  expect(existsSync(workshop.path('warm'))).toBe(false);
  expect(await run(5)).toMatchObject({ stderr: '', code: 0 });
});

describe('a training that diverges ends with 1, a sentence, and the last good checkpoint', () => {
  const diverged = async (out: string, flags: string): Promise<string> => {
    const all = [...tiny, '--optimizer', 'sgd', '--json', '--out', out, ...flags.split(' ')];
    const { code, stdout, stderr } = await workshop.run(['--data', workshop.data, ...all]);
    expect(code).toBe(1);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(stdout).not.toContain('"done"');
    const { tensors } = loadSafetensors(workshop.path(out, '001-vit-segmentation/checkpoints/last/model.safetensors'));
    for (const tensor of tensors.values()) expect(Number.isFinite(tensor.sum().item())).toBe(true);
    return stderr;
  };

  it('at the step whose loss is no number', async () => {
    const stderr = await diverged('loss', '--lr 1e30 --epochs 3');
    expect(stderr).toMatch(
      /^error: the loss of step 2, in epoch 1, is NaN: the training has diverged; loss\/001-vit-segmentation keeps .*--lr/,
    );
  });

  it('before weights that are none are saved: the loss of the last step was one of the weights before', async () => {
    const stderr = await diverged('weights', '--lr 3e38 --loss 1000*cross-entropy --epochs 1 --batch-size 12');
    expect(stderr).toMatch(/^error: after step 1, in epoch 1, layers\.\S+ holds what is NaN or infinite: /);
    expect(JSON.parse(workshop.read('weights/001-vit-segmentation/checkpoints/last/state.json'))).toMatchObject({
      epochs: 0,
    });
  });
});

test.each([0, 7, 255])('a trimap with a pixel of %d is named', async (value) => {
  const data = workshop.path(`pixel-${value}`);
  cpSync(workshop.data, data, { recursive: true });
  const trimaps = path.join(data, 'annotations', 'trimaps');
  const name = readFileSync(path.join(data, 'annotations', 'trainval.txt'), 'utf8').split(' ')[0] ?? '';
  const { size } = tinyImages;
  const pixels = new Uint8Array(size * size).fill(2);
  pixels[size + 1] = value;
  await savePixels({ data: pixels, height: size, width: size, channels: 1 }, path.join(trimaps, `${name}.png`));
  const { stderr, code } = await workshop.run(['--data', data, ...tiny, '--image-size', '24', '--epochs', '1']);
  expect(stderr).toMatch(
    new RegExp(`^error: .*${name}\\.png has a pixel of value ${value}; expected 1 .pet., 2 .+\\n$`),
  );
  expect(code).toBe(3);
});
