import { create, type SegNetArgs, SegNet, SegNetDsc } from '../../lib/models';
import { getRngState, manualSeed, randn } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';
import { compareOnImage, expectSameParameters, pythonTwin, trainBesidePython } from './beside-python';

beforeEach(settle);

const models = [
  ['SegNet', SegNet, 15_274_892],
  ['SegNetDsc', SegNetDsc, 1_749_671],
] as const;

describe.each(models)('%s', (name, Model, parameters) => {
  const twin = (options: Partial<SegNetArgs>): string => pythonTwin('segnet', name, options);

  describeWithOracle('beside Python', (oracle) => {
    it('has the bits of the Python model: initial values, forward, backward, evaluation', async () => {
      const draws = new Draws(21);
      for (let round = 0; round < 3; round++) {
        const options = {
          inChannels: draws.int(1, 4),
          outChannels: draws.int(2, 5),
          width: draws.int(1, 4),
          kernelSize: draws.pick([1, 3, 5]),
        };
        manualSeed(round);
        // Sizes that the poolings do not divide, too: what they drop is made up for.
        const image = randn([draws.int(2, 3), options.inChannels, draws.int(16, 40), draws.int(16, 40)]);
        await compareOnImage(oracle(), round, image, () => new Model(options), twin(options));
      }
    });

    it.each([false, true])('trains with the bits of Python; in bfloat16: %s', async (bfloat16) => {
      const options = { width: 4, outChannels: 3 };
      await trainBesidePython(oracle(), {
        make: () => new Model(options),
        python: twin(options),
        shape: [3, 3, 32, 24],
        target: 'pixels',
        classes: 3,
        bfloat16,
      });
    });

    it("has the article's parameters and keys", async () => {
      expect(await expectSameParameters(oracle(), () => new Model(), twin({}))).toBe(parameters);
    });
  });

  it('tells a tensor’s journey by the shapes that its blocks return', () => {
    const model = new Model({ width: 2, outChannels: 5, inChannels: 1 });
    expect(model.journey(7, 36)).toEqual([
      { step: 'input', module: '', shape: [7, 1, 36, 36] },
      { step: 'bn_input', module: 'BatchNorm2d', shape: [7, 1, 36, 36] },
      { step: 'dc1', module: 'DownBlock', shape: [7, 2, 18, 18] },
      { step: 'dc2', module: 'DownBlock', shape: [7, 4, 9, 9] },
      { step: 'dc3', module: 'DownBlock', shape: [7, 8, 4, 4] },
      { step: 'dc4', module: 'DownBlock', shape: [7, 16, 2, 2] },
      { step: 'uc4', module: 'UpBlock', shape: [7, 8, 4, 4] },
      { step: 'uc3', module: 'UpBlock', shape: [7, 4, 9, 9] },
      { step: 'uc2', module: 'UpBlock', shape: [7, 2, 18, 18] },
      { step: 'uc1', module: 'UpBlock', shape: [7, 5, 36, 36] },
    ]);
  });
});

it.each([
  [{ kernelSize: 2 }, 'expected an odd `kernelSize`, received 2'],
  [{ width: 0 }, 'expected a whole number of at least 1 for `width`, received 0'],
  [{ depth: 2 } as Partial<SegNetArgs>, 'among inChannels, outChannels, width, kernelSize, received `depth`'],
])('refuses %j before it draws anything', (options, sentence) => {
  const before = getRngState();
  expect(() => create('segnet', options)).toThrow(sentence);
  expect(() => create('segnet-dsc', options)).toThrow(sentence);
  expectSameBits(getRngState(), before);
});
