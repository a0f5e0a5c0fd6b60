import { didYouMean, nearest } from '../../lib/train/spelling';

describe('nearest', () => {
  const flags = ['--epochs', '--batch-size', '--image-size', '--lr'];

  it.each([
    ['--epoch', '--epochs'],
    ['--ephocs', '--epochs'],
    ['--batchsize', '--batch-size'],
    ['--imgae-size', '--image-size'],
    ['--EPOCHS', '--epochs'],
  ])('%s is meant to be %s', (word, meant) => expect(nearest(word, flags)).toBe(meant));

  it('suggests nothing that is far off', () => {
    expect(nearest('--colour', flags)).toBeNull();
    expect(didYouMean('--colour', flags)).toBe('');
  });

  it('counts swapped neighbours as one edit', () => expect(nearest('qiuck', ['quick', 'quack'])).toBe('quick'));

  it('takes the closest of several', () => expect(nearest('--image-siz', ['--image', ...flags])).toBe('--image-size'));
});
