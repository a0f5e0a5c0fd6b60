import { flagOf, resolveSettings, resumeSettings } from '../../lib/train/settings';

const surroundings = { data: { kind: 'sample', directory: 'sample' }, device: 'cpu', threads: 2 } as const;

describe('resolveSettings', () => {
  it('gives the numbers of the article', () => {
    expect(resolveSettings('article-vit', surroundings, {})).toMatchObject({
      model: 'vit-segmentation',
      imageSize: 128,
      patchSize: 16,
      embedSize: 768,
      numBlocks: 12,
      numHeads: 8,
      dropout: 0.2,
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
    [{ imageSize: 100, patchSize: 16 }, '--patch-size 16 does not divide --image-size 100'],
    [{ embedSize: 100, numHeads: 8 }, '--num-heads 8 does not divide --embed-size 100'],
  ])('refuses sizes that cannot go together: %j', (overrides, message) => {
    expect(() => resolveSettings('article-vit', surroundings, overrides)).toThrow(message);
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

test('a setting is told by its flag', () => expect(flagOf('testLimit')).toBe('--test-limit'));
