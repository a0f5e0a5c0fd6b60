import { deviceName, folderName, fraction, oneOf, positiveNumber, wholeNumber } from '../../lib/cli/values';

describe('parsers of option values', () => {
  it('takes whole numbers in their range and nothing else', () => {
    const parse = wholeNumber(1, 64);
    expect([parse('1'), parse('64'), parse('+7')]).toEqual([1, 64, 7]);
    for (const text of ['0', '65', '1.5', '1e3', '0x10', '', ' 3', 'three', '-1', 'NaN', 'Infinity']) {
      expect(() => parse(text)).toThrow('Expected a whole number from 1 to 64.');
    }
    expect(() => wholeNumber(1)('9007199254740993')).toThrow('of at least 1');
  });

  it('takes numbers above zero', () => {
    expect([positiveNumber('4e-4'), positiveNumber('.5'), positiveNumber('2.')]).toEqual([0.0004, 0.5, 2]);
    for (const text of ['0', '-1', '', 'x', '0x1', '1e999', 'Infinity']) {
      expect(() => positiveNumber(text)).toThrow('Expected a number above 0.');
    }
  });

  it('takes shares', () => {
    expect([fraction('0'), fraction('1'), fraction('0.2')]).toEqual([0, 1, 0.2]);
    for (const text of ['-0.1', '1.1', '']) expect(() => fraction(text)).toThrow('Expected a number from 0 to 1.');
  });

  it('takes one of a few names and suggests the one that was meant', () => {
    const parse = oneOf(['article', 'clean', 'other']);
    expect(parse('clean')).toBe('clean');
    expect(() => parse('claen')).toThrow('Expected article, clean or other, did you mean clean?');
    expect(() => parse('xyz')).toThrow(/^Expected article, clean or other$/);
  });

  it('takes devices', () => {
    expect(['cpu', 'cuda', 'cuda:1'].map(deviceName)).toEqual(['cpu', 'cuda', 'cuda:1']);
    for (const text of ['gpu', 'cuda:', 'cuda:x', 'cpu:0', 'CPU'])
      expect(() => deviceName(text)).toThrow('Expected cpu');
  });

  it('takes names that are safe as a part of a path', () => {
    expect(folderName('my-run_2.1')).toBe('my-run_2.1');
    for (const text of ['', '..', '.x', 'a/b', 'a b', 'a\\b'])
      expect(() => folderName(text)).toThrow('Expected letters');
  });
});
