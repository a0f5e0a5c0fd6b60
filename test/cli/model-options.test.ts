import { collectModelOption, readModelOptions } from '../../lib/cli/model-options';

describe('--model-option', () => {
  it('collects names and texts, written as in the library or as a flag', () => {
    const first = collectModelOption('width=32');
    const both = collectModelOption('embed-size=2=3', first);
    expect(both).toEqual([
      { name: 'width', text: '32' },
      { name: 'embedSize', text: '2=3' },
    ]);
    // What was given before is not changed: commander may hand out the same list again.
    expect(first).toHaveLength(1);
  });

  it.each(['', '=', 'width', 'width=', '=3', '3=4', 'a b=3', '--width=3'])('refuses %j', (text) => {
    expect(() => collectModelOption(text)).toThrow('Expected name=value.');
  });

  const defaults = { width: 64, head: 'linear', bias: true, depths: [2, 2] };
  const read = (...texts: string[]): unknown =>
    readModelOptions(
      'net',
      defaults,
      texts.reduce<ReturnType<typeof collectModelOption>>((before, text) => collectModelOption(text, before), []),
    );

  it('gives each the type of its default, and keeps the last of a name', () => {
    expect(read('width=1e2', 'head=true', 'bias=false', 'width=8')).toEqual({ width: 8, head: 'true', bias: false });
    expect(read('depths=1,2,3')).toEqual({ depths: [1, 2, 3] });
    expect(read()).toEqual({});
  });

  it.each([
    ['widht=3', 'net has no option widht, did you mean width?'],
    ['constructor=3', 'net has no option constructor; it has width, head, bias, depths'],
    ['width=wide', '--model-option width=wide: expected a number'],
    ['width=0x10', '--model-option width=0x10: expected a number'],
    ['width=1,2', '--model-option width=1,2: expected a number'],
    ['depths=1,', '--model-option depths=1,: expected numbers with commas between'],
    ['bias=1', '--model-option bias=1: expected true or false'],
  ])('refuses %s', (text, sentence) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ message: sentence, code: 'USAGE' }) as Error);
  });
});
