import { binding } from '../../lib/engine';
import * as torch from '../../lib/tensor';
import { type DType, Generator, manualSeed, type Tensor } from '../../lib/tensor';
import { signatureOf } from '../../lib/tensor/signature';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { SAMPLERS, type Sampler, type Setting } from './sampling-ops';

const DTYPES: readonly DType[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'int16',
  'int8',
  'uint8',
  'bool',
];

/** What the library declares: every overload with a generator among its arguments that can be called from here. */
function overloadsWithGenerator(): string[] {
  return binding.opNames().filter((name) => {
    const schema = name.startsWith('aten::') && !/out$/.test(name) ? binding.opSchema(name) : null;
    return (
      schema !== null &&
      schema.arguments.some(({ type }) => type.startsWith('Generator')) &&
      signatureOf(schema, false) !== null
    );
  });
}

function takes({ dtypes }: Sampler, dtype: DType): boolean {
  const isFloat = torch.isFloatingDType(dtype);
  return dtypes === 'any' || (dtypes === 'real' && isFloat) || dtype === 'float32' || dtype === 'float64';
}

/** Both sides' results, or that both refuse the dtype. */
type Outcome = Tensor | 'refused';

function attempt(draw: () => Tensor): Outcome {
  try {
    return draw();
  } catch (error) {
    expect(String(error)).toMatch(/not implemented|only supports|expects|expected|out of bounds|not supported/);
    return 'refused';
  }
}

describeWithOracle('sampling', (oracle) => {
  it('knows every op that takes a generator', () => {
    expect(
      Object.keys(SAMPLERS)
        .map((name) => `aten::${name}`)
        .sort(),
    ).toEqual(overloadsWithGenerator().sort());
  });

  it.each(DTYPES)(
    'draws the bits of Python from a generator and without one, in order and transposed: %s',
    async (dtype) => {
      const entries = Object.entries(SAMPLERS).filter(([, sampler]) => takes(sampler, dtype));
      manualSeed(17);
      const base = torch
        .rand([6, 8])
        .mul(torch.isFloatingDType(dtype) ? 1 : 2)
        .to(dtype);
      const ours: { label: string; result: Outcome }[] = [];
      for (const transposed of [false, true]) {
        const p = transposed ? base.t() : base;
        for (const given of [true, false]) {
          for (const [index, [name, sampler]] of entries.entries()) {
            using generator = new Generator().manualSeed(index);
            manualSeed(1000 + index);
            const setting: Setting = { dtype, p, options: (given ? { generator } : {}) as Setting['options'] };
            ours.push({
              label: `${name} of ${dtype}${transposed ? ', transposed' : ''}${given ? ', with a generator' : ''}`,
              result: attempt(() => sampler.ours(setting)),
            });
          }
        }
      }
      const { theirs, refused } = await oracle().run(
        `
      dtype = getattr(torch, name)
      theirs, refused = [], []
      for transposed in (False, True):
          p = base.t() if transposed else base
          for given in (True, False):
              for index, source in enumerate(sources):
                  g = torch.Generator().manual_seed(index)
                  torch.manual_seed(1000 + index)
                  o = {'generator': g} if given else {}
                  try:
                      theirs.append(eval(source))
                      refused.append('')
                  except Exception as error:
                      theirs.append(torch.zeros(0))
                      refused.append(str(error))
      `,
        {
          inputs: { base, name: dtype, sources: entries.map(([, { python }]) => python) },
          outputs: { theirs: 'tensors', refused: 'strings' },
        },
      );
      for (const [index, { label, result }] of ours.entries()) {
        expect([label, result === 'refused', refused[index]]).toEqual([label, refused[index] !== '', refused[index]]);
        if (result !== 'refused') expectSameBits(result, theirs[index] as Tensor, label);
      }
      // A table that everything refuses would prove nothing.
      expect(ours.filter(({ result }) => result !== 'refused').length).toBeGreaterThan(30);
    },
  );

  it('draws complex numbers, and large tensors on several threads, as Python does', async () => {
    manualSeed(3);
    const ours = [
      torch.randn([5, 3], { dtype: 'complex64' }),
      torch.rand([2, 3], { dtype: 'complex128' }),
      torch.empty([4], { dtype: 'complex64' }).normal_(0, 2),
      torch.randn([300, 400]),
      torch.rand([70_000]),
      torch.randperm(100_000),
      torch.randint(-(2 ** 40), 2 ** 40, [1000]),
      torch.empty([40_000]).exponential_(),
    ];
    const { theirs } = await oracle().run(
      `
      torch.manual_seed(3)
      theirs = [torch.randn(5, 3, dtype=torch.complex64), torch.rand(2, 3, dtype=torch.complex128),
                torch.empty(4, dtype=torch.complex64).normal_(0, 2), torch.randn(300, 400), torch.rand(70_000),
                torch.randperm(100_000), torch.randint(-(2 ** 40), 2 ** 40, (1000,)), torch.empty(40_000).exponential_()]
      `,
      { outputs: { theirs: 'tensors' } },
    );
    for (const [index, mine] of ours.entries()) expectSameBits(mine, theirs[index] as Tensor, `draw ${index}`);
  });

  it('drops out the same elements as Python, in every kind of dropout', async () => {
    manualSeed(8);
    const x = torch.randn([6, 5, 4, 3]);
    const kinds = ['dropout', 'alpha_dropout', 'feature_dropout', 'feature_alpha_dropout', 'native_dropout'] as const;
    const ours = ['float32', 'float64', 'bfloat16'].flatMap((dtype, index) => {
      const input = x.to(dtype as DType);
      manualSeed(40 + index);
      return [
        torch.dropout(input, 0.3, true),
        torch.alphaDropout(input, 0.2, true),
        torch.featureDropout(input, 0.4, true),
        torch.featureAlphaDropout(input, 0.3, true),
        ...torch.nativeDropout(input, 0.25, true),
        torch.dropout(input, 0.5, false),
        torch.dropout_(input.clone(), 0.5, true),
      ];
    });
    const { theirs } = await oracle().run(
      `
      theirs = []
      for index, dtype in enumerate((torch.float32, torch.float64, torch.bfloat16)):
          input = x.to(dtype)
          torch.manual_seed(40 + index)
          theirs += [torch.dropout(input, 0.3, True), torch.alpha_dropout(input, 0.2, True),
                     torch.feature_dropout(input, 0.4, True), torch.feature_alpha_dropout(input, 0.3, True),
                     *torch.native_dropout(input, 0.25, True), torch.dropout(input, 0.5, False),
                     torch.dropout_(input.clone(), 0.5, True)]
      `,
      { inputs: { x }, outputs: { theirs: 'tensors' } },
    );
    expect(ours).toHaveLength(theirs.length);
    for (const [index, mine] of ours.entries()) {
      expectSameBits(mine, theirs[index] as Tensor, `${kinds[index % 8] ?? 'dropout'}, ${index}`);
    }
  });
});
