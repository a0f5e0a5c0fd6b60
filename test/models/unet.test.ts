import { create, UNet, type UNetArgs } from '../../lib/models';
import { getRngState, manualSeed, randn } from '../../lib/tensor';
import { Draws } from '../nn/draws';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { settle } from '../support/settle';
import { compareOnImage, expectSameParameters, pythonTwin, trainBesidePython } from './beside-python';

beforeEach(settle);

const twin = (options: Partial<UNetArgs>): string => pythonTwin('unet', 'UNet', options);
const kinds: Pick<UNetArgs, 'stemStride' | 'upsample'>[] = [
  { stemStride: 1, upsample: 'transposed' },
  { stemStride: 2, upsample: 'transposed' },
  { stemStride: 1, upsample: 'bilinear' },
  { stemStride: 2, upsample: 'bilinear' },
];

describeWithOracle('UNet', (oracle) => {
  it.each(kinds)('has the bits of the Python model: %j', async (kind) => {
    const draws = new Draws(kinds.indexOf(kind));
    for (let round = 0; round < 2; round++) {
      const options = {
        ...kind,
        inChannels: draws.int(1, 4),
        outChannels: draws.int(2, 5),
        width: draws.int(1, 5),
        depth: draws.int(1, 4),
      };
      const least = 2 ** options.depth * options.stemStride;
      manualSeed(round);
      // Sizes that the poolings do not divide, too: what they drop is made up for.
      const image = randn([draws.int(2, 3), options.inChannels, least + draws.int(1, 20), least + draws.int(1, 20)]);
      await compareOnImage(oracle(), round, image, () => new UNet(options), twin(options));
    }
  });

  it.each(kinds.flatMap((kind) => [false, true].map((bfloat16) => ({ ...kind, bfloat16 }))))(
    'trains with the bits of Python: %j',
    async ({ bfloat16, ...kind }) => {
      const options = { ...kind, width: 4, depth: 3 };
      await trainBesidePython(oracle(), {
        make: () => new UNet(options),
        python: twin(options),
        shape: [3, 3, 32, 24],
        target: 'pixels',
        classes: 3,
        bfloat16,
      });
    },
  );

  it('has the parameters and keys of the usual one', async () => {
    const counts = await Promise.all([
      expectSameParameters(oracle(), () => new UNet(), twin({})),
      expectSameParameters(oracle(), () => new UNet({ upsample: 'bilinear' }), twin({ upsample: 'bilinear' })),
    ]);
    expect(counts[0]).toBe(31_037_763);
    expect(counts[1]).toBeLessThan(31_037_763);
  });
});

it('tells a tensor’s journey by the shapes that its blocks return, what forward does at the end too', () => {
  const model = new UNet({ width: 2, depth: 2, stemStride: 2, outChannels: 5 });
  expect(model.journey(7, 32)).toEqual([
    { step: 'input', module: '', shape: [7, 3, 32, 32] },
    { step: 'inc', module: 'DoubleConv', shape: [7, 2, 16, 16] },
    { step: 'down1', module: 'Down', shape: [7, 4, 8, 8] },
    { step: 'down2', module: 'Down', shape: [7, 8, 4, 4] },
    { step: 'up1', module: 'Up', shape: [7, 4, 8, 8] },
    { step: 'up2', module: 'Up', shape: [7, 2, 16, 16] },
    { step: 'outc', module: 'OutConv', shape: [7, 5, 16, 16] },
    { step: 'output', module: '', shape: [7, 5, 32, 32] },
  ]);
});

it.each([
  [{ stemStride: 3 } as unknown as Partial<UNetArgs>, 'expected 1 or 2 for `stemStride`, received 3'],
  [{ upsample: 'nearest' } as unknown as Partial<UNetArgs>, "expected 'transposed' or 'bilinear' for `upsample`"],
  [{ depth: 0 }, 'expected a whole number of at least 1 for `depth`, received 0'],
])('refuses %j before it draws anything', (options, sentence) => {
  const before = getRngState();
  expect(() => create('unet', options)).toThrow(sentence);
  expectSameBits(getRngState(), before);
});
