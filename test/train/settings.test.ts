import { recipes } from '../../lib/train/recipes';
import { flagOf } from '../../lib/train/spelling';
import { readSettings, resolveSettings, resumeSettings } from '../../lib/train/settings';

const surroundings = { data: { kind: 'sample', directory: 'sample' }, device: 'cpu', threads: 2 } as const;

describe('resolveSettings', () => {
  it('gives the numbers of the article', () => {
    expect(resolveSettings('article-vit', surroundings, {})).toMatchObject({
      model: 'vit-segmentation',
      modelOptions: { patchSize: 16, embedSize: 768, numBlocks: 12, numHeads: 8, dropout: 0.2 },
      imageSize: 128,
      epochs: 50,
      batchSize: 64,
      testBatchSize: 21,
      lr: 4e-4,
      stepSize: 12,
      gamma: 0.8,
      protocol: 'article',
      seed: 0,
      limit: null,
    });
  });

  it('lets a flag replace one number and ignores flags that were not given', () => {
    const settings = resolveSettings('quick', surroundings, { epochs: 3, lr: undefined, protocol: 'clean' });
    const plain = resolveSettings('quick', surroundings, {});
    expect(settings).toEqual({ ...plain, epochs: 3, protocol: 'clean' });
  });

  it.each([
    [{ imageSize: 100, modelOptions: { patchSize: 16 } }, '--patch-size 16 does not divide --image-size 100'],
    [{ modelOptions: { embedSize: 100, numHeads: 8 } }, '--num-heads 8 does not divide --embed-size 100'],
    [{ model: 'segnett' }, 'there is no model segnett, did you mean segnet?'],
    [{ modelOptions: { patchSise: 8 } }, 'the model vit-segmentation has no option patchSise, did you mean patchSize?'],
    [{ model: 'unet', modelOptions: { patchSize: 8 } }, 'the model unet has no option patchSize; it has width'],
    [{ modelOptions: { patchSize: 'big' } }, '--model-option patchSize=big: expected a number'],
    [{ modelOptions: { imageSize: 64 } }, 'the side of the images is set by --image-size'],
    [{ modelOptions: { outChannels: 4 } }, 'outChannels is not to be chosen: the images have 3 colours'],
    [{ warmup: 10 }, '--warmup means nothing to --schedule step'],
    [{ schedule: 'cosine', warmup: 1.5 }, '--warmup 1.5 is neither a whole number of steps nor a share'],
    [{ schedule: 'poly', finalLrShare: 0.1 }, '--final-lr-share means nothing to --schedule poly'],
    [{ loss: 'cross-entropi' }, '--loss cross-entropi: there is no loss cross-entropi, did you mean cross-entropy?'],
    [{ loss: 'dice+' }, '--loss dice+: expected losses with + between, such as cross-entropy+0.5*dice'],
    [{ loss: '0*dice' }, '--loss 0*dice: expected a weight above 0 for dice'],
    [{ loss: 'dice', labelSmoothing: 0.1 }, '--label-smoothing needs cross-entropy in --loss'],
    [{ loss: 'dice', classWeights: [1, 1, 2] }, '--class-weights needs cross-entropy in --loss'],
    [{ classWeights: [1, 2] }, '--class-weights has 2 numbers, there are 3 classes'],
    [
      { progressive: [{ untilEpochShare: 0.5, imageSize: 64 }] },
      '--progressive: the model vit-segmentation is made for',
    ],
  ] as const)('refuses what cannot go together: %j', (overrides, message) => {
    expect(() => resolveSettings('article-vit', surroundings, overrides)).toThrow(message);
  });
});

describe('recipes', () => {
  it.each([...recipes.keys()])('%s goes together', (name) => {
    const settings = resolveSettings(name, surroundings, {});
    expect(settings).toMatchObject(recipes.get(name)?.numbers ?? {});
  });

  it("have the series' settings for its CNNs", () => {
    const shared = { imageSize: 128, batchSize: 64, epochs: 20, optimizer: 'adam', lr: 1e-3, weightDecay: 0 };
    const segnet = resolveSettings('article-segnet', surroundings, {});
    expect(segnet).toMatchObject({ ...shared, model: 'segnet', schedule: 'step', stepSize: 7, gamma: 0.7 });
    const dsc = resolveSettings('article-dsc', surroundings, {});
    expect(dsc).toMatchObject({ ...shared, model: 'segnet-dsc', schedule: 'constant', warmup: 0 });
    expect(segnet.modelOptions).toEqual({ width: 64, kernelSize: 3 });
  });
});

describe("the stages of a recipe's image sizes", () => {
  it('fall away where they are no smaller, or the model has a size of its own', () => {
    const stages = (overrides: Parameters<typeof resolveSettings>[2]): unknown =>
      resolveSettings('fast-cpu', surroundings, overrides).progressive;
    expect(stages({})).toHaveLength(1);
    expect(stages({ imageSize: 96 })).toEqual([]);
    expect(stages({ model: 'vit-segmentation' })).toEqual([]);
    expect(() => stages({ imageSize: 64, progressive: [{ untilEpochShare: 0.5, imageSize: 96 }] })).toThrow(
      '--progressive: images of 96 are larger than those of --image-size 64',
    );
  });
});

describe('resumeSettings', () => {
  const saved = resolveSettings('quick', surroundings, { epochs: 5 });

  it('keeps the settings of the run and lets the epochs be raised', () => {
    expect(resumeSettings(saved, {}, 2)).toEqual(saved);
    expect(resumeSettings(saved, { epochs: 9, batchSize: saved.batchSize }, 2)).toEqual({ ...saved, epochs: 9 });
  });

  it.each([
    [{ batchSize: 3 }, `--batch-size 3 differs from this run's ${saved.batchSize}`],
    [{ threads: 1 }, "--threads 1 differs from this run's 2"],
    [{ protocol: 'clean' as const }, "--protocol clean differs from this run's article"],
    [{ epochs: 1 }, '--epochs 1 is less than the 2 epochs'],
  ])('refuses %j', (overrides, message) => expect(() => resumeSettings(saved, overrides, 2)).toThrow(message));
});

test('a number of epochs that the steps have gone by stays', () => {
  const saved = resolveSettings('quick', surroundings, { schedule: 'cosine', warmup: 0.1 });
  expect(() => resumeSettings(saved, { epochs: saved.epochs + 1 }, 2)).toThrow(
    "--epochs cannot be changed: this run's schedule cosine went by its 12 epochs from the start",
  );
  expect(resumeSettings(saved, { epochs: saved.epochs }, 2)).toEqual(saved);
});

test('an option of another model is told by its flag', () => {
  const saved = resolveSettings('quick', surroundings, {});
  expect(() => resumeSettings(saved, { modelOptions: { patchSize: 4 } }, 2)).toThrow(
    "--patch-size 4 differs from this run's 8",
  );
});

test('another model has its own defaults, and not the numbers of the recipe', () => {
  const { modelOptions } = resolveSettings('quick', surroundings, { model: 'unet', modelOptions: { width: 8 } });
  expect(modelOptions).toEqual({ width: 8, depth: 4, stemStride: 1, upsample: 'transposed' });
});

test('the config.json of the first release is read into the form of today', () => {
  const { modelOptions, ...rest } = resolveSettings('quick', surroundings, {});
  const { patchSize, embedSize, numBlocks, numHeads, dropout } = modelOptions;
  const { recipe, data, protocol, seed, dtype, limit, testLimit, threads, device } = rest;
  const { model, imageSize, epochs, batchSize, testBatchSize, lr, stepSize, gamma } = rest;
  const surrounding = { recipe, data, protocol, seed, dtype, limit, testLimit, threads, device };
  const vit = { imageSize, patchSize, embedSize, numBlocks, numHeads, dropout };
  const old = { ...surrounding, ...vit, model, epochs, batchSize, testBatchSize, lr, stepSize, gamma };
  expect(readSettings(old)).toEqual({ ...rest, modelOptions });
  expect(readSettings({ ...rest, modelOptions })).toEqual({ ...rest, modelOptions });
});

test.each([
  [{}, 'there is no `recipe` in it'],
  [{ ...resolveSettings('quick', surroundings, {}), epochs: 'three' }, '`epochs` is "three"'],
  [{ ...resolveSettings('quick', surroundings, {}), betas: null }, '`betas` is null'],
  [
    { ...resolveSettings('quick', surroundings, {}), schedule: 'linear' },
    '`schedule` is "linear", expected one of step, constant, cosine, poly',
  ],
  [{ ...resolveSettings('quick', surroundings, {}), optimizer: 'lion' }, '`optimizer` is "lion", expected one of adam'],
  [{ ...resolveSettings('quick', surroundings, {}), model: 'resnet' }, 'resnet'],
  [{ ...resolveSettings('quick', surroundings, {}), imageSize: 60 }, 'does not divide --image-size 60'],
  [{ ...resolveSettings('quick', surroundings, {}), data: {} }, 'there is no `directory` in its `data`'],
])('a config.json that is none is told by what is wrong: %#', (saved, sentence) => {
  expect(() => readSettings(saved as Record<string, unknown>)).toThrow(sentence);
});

test('a setting is told by its flag', () => expect(flagOf('testLimit')).toBe('--test-limit'));
