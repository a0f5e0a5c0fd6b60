import { collectModelOption } from '../../lib/cli/model-options';
import { completeModelOptions, typedOptions } from '../../lib/train/model-choice';
import { readModelOptions, unknownModelOption } from '../../lib/train/typed-options';

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
      defaults,
      texts.reduce<ReturnType<typeof collectModelOption>>((before, text) => collectModelOption(text, before), []),
      (name) => unknownModelOption('net', name, Object.keys(defaults)),
    );

  it('gives each the type of its default, and keeps the last of a name', () => {
    expect(read('width=1e2', 'head=true', 'bias=false', 'width=8')).toEqual({ width: 8, head: 'true', bias: false });
    expect(read('depths=1,2,3')).toEqual({ depths: [1, 2, 3] });
    expect(read()).toEqual({});
  });

  it.each([
    ['widht=3', 'the model net has no option widht, did you mean width?'],
    ['constructor=3', 'the model net has no option constructor; it has width, head, bias, depths'],
    ['width=wide', '--model-option width=wide: expected a number, such as 64'],
    ['width=0x10', '--model-option width=0x10: expected a number, such as 64'],
    ['width=1,2', '--model-option width=1,2: expected a number, such as 64'],
    ['depths=1,', '--model-option depths=1,: expected numbers with commas between, such as 2,2'],
    ['bias=1', '--model-option bias=1: expected true or false'],
  ])('refuses %s', (text, sentence) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ message: sentence, code: 'USAGE' }) as Error);
  });

  it('is read alike by `train`: a list of one number is a list, and a name may look like a number or a switch', () => {
    expect(typedOptions('segformer-b0', collectModelOption('depths=2'))).toEqual({ depths: [2] });
    expect(completeModelOptions('unet', {}, typedOptions('unet', collectModelOption('upsample=2')))).toMatchObject({
      upsample: '2',
    });
    expect(() => typedOptions('unet', collectModelOption('in-channels=1'))).toThrow('inChannels is not to be chosen');
    expect(() => typedOptions('unet', collectModelOption('widht=8'))).toThrow(
      'the model unet has no option widht, did you mean width?',
    );
  });
});
