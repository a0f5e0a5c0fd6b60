import { init } from '../../lib/nn';
import { empty, Generator, getRngState, manualSeed, type Tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';
import { Draws } from './draws';

/** Each with the same arguments on both sides. */
const cases: [name: string, ours: (tensor: Tensor) => Tensor, python: string][] = [
  ['uniform_', (t) => init.uniform_(t, -0.3, 1.7), 'uniform_(t, -0.3, 1.7)'],
  ['normal_', (t) => init.normal_(t, 0.1, 2.5), 'normal_(t, 0.1, 2.5)'],
  ['constant_', (t) => init.constant_(t, 0.3), 'constant_(t, 0.3)'],
  ['ones_', (t) => init.ones_(t), 'ones_(t)'],
  ['zeros_', (t) => init.zeros_(t), 'zeros_(t)'],
  ['xavier_uniform_', (t) => init.xavierUniform_(t, 1.3), 'xavier_uniform_(t, 1.3)'],
  ['xavier_normal_', (t) => init.xavierNormal_(t), 'xavier_normal_(t)'],
  ['kaiming_uniform_', (t) => init.kaimingUniform_(t, Math.sqrt(5)), 'kaiming_uniform_(t, math.sqrt(5))'],
  [
    'kaiming_uniform_ fan_out',
    (t) => init.kaimingUniform_(t, 0, 'fan_out', 'relu'),
    "kaiming_uniform_(t, mode='fan_out', nonlinearity='relu')",
  ],
  ['kaiming_normal_', (t) => init.kaimingNormal_(t, 0.2), 'kaiming_normal_(t, 0.2)'],
  ['orthogonal_', (t) => init.orthogonal_(t, 1.3), 'orthogonal_(t, 1.3)'],
  ['trunc_normal_', (t) => init.truncNormal_(t, 0, 0.02), 'trunc_normal_(t, std=0.02)'],
  ['trunc_normal_ narrow', (t) => init.truncNormal_(t, 0.1, 1, -0.5, 1), 'trunc_normal_(t, 0.1, 1.0, -0.5, 1.0)'],
  ['trunc_normal_ tail', (t) => init.truncNormal_(t, 0, 1, 1.5, 4), 'trunc_normal_(t, 0.0, 1.0, 1.5, 4.0)'],
];

describeWithOracle('nn.init', (oracle) => {
  it.each(cases)('%s has the values and leaves the generator as Python does', async (name, ours, python) => {
    const draws = new Draws(name.length);
    for (let round = 0; round < 4; round++) {
      const shape = [draws.int(1, 40), draws.int(1, 40), ...(draws.flag() ? [draws.int(1, 3), draws.int(1, 3)] : [])];
      const seed = draws.int(0, 1e6);
      const { t, state } = await oracle().run(
        `
        torch.manual_seed(seed)
        t = torch.nn.Parameter(torch.empty(shape))
        torch.nn.init.${python}
        state = torch.get_rng_state()
        `,
        { inputs: { seed, shape }, outputs: ['t', 'state'] },
      );
      manualSeed(seed);
      const made = empty(shape, { requiresGrad: true });
      expect(ours(made)).toBe(made);
      expectSameBits(made, t, `${name} of [${shape.join()}]`);
      expectSameBits(getRngState(), state, `generator after ${name}`);
      expect(made.requiresGrad).toBe(true);
    }
  });

  it('dirac_, in groups, and sparse_ have the values and leave the generator as Python does', async () => {
    const draws = new Draws(17);
    for (let round = 0; round < 8; round++) {
      const groups = draws.int(1, 3);
      const kernel = Array.from({ length: draws.int(1, 3) }, () => draws.int(1, 4));
      const shape = [groups * draws.int(1, 5), draws.int(1, 6), ...kernel];
      const [rows, columns, sparsity] = [draws.int(1, 20), draws.int(1, 9), draws.pick([0, 0.1, 0.45, 1])];
      const seed = draws.int(0, 1e6);
      const { dirac, sparse, state } = await oracle().run(
        `
        torch.manual_seed(seed)
        dirac = torch.nn.init.dirac_(torch.empty(shape), groups)
        sparse = torch.nn.init.sparse_(torch.empty(rows, columns), sparsity, 0.3)
        state = torch.get_rng_state()
        `,
        { inputs: { seed, shape, groups, rows, columns, sparsity }, outputs: ['dirac', 'sparse', 'state'] },
      );
      manualSeed(seed);
      expectSameBits(init.dirac_(empty(shape), groups), dirac, `dirac_ of [${shape.join()}], ${groups} groups`);
      expectSameBits(init.sparse_(empty([rows, columns]), sparsity, 0.3), sparse, `sparse_ ${sparsity}`);
      expectSameBits(getRngState(), state, 'generator');
    }
  });

  it('orthogonal_ takes more dimensions, and tensors without elements', async () => {
    for (const shape of [
      [3, 2, 2],
      [2, 5, 3],
      [0, 3],
    ]) {
      const { t } = await oracle().run(
        'torch.manual_seed(5); t = torch.nn.init.orthogonal_(torch.empty(shape), generator=None)',
        { inputs: { shape }, outputs: ['t'] },
      );
      manualSeed(5);
      expectSameBits(init.orthogonal_(empty(shape)), t, `[${shape.join()}]`);
    }
  });

  it('draws from a given generator and leaves the default one alone', async () => {
    const before = getRngState();
    const generator = new Generator().manualSeed(3);
    const ours = init.xavierUniform_(empty([5, 7]), 1, generator);
    const { t } = await oracle().run(
      't = torch.nn.init.xavier_uniform_(torch.empty(5, 7), generator=torch.Generator().manual_seed(3))',
      { outputs: ['t'] },
    );
    expectSameBits(ours, t);
    expectSameBits(getRngState(), before);
  });

  it("has Python's gains", async () => {
    const names = ['linear', 'conv2d', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'selu'] as const;
    const { gains, slopes } = await oracle().run(
      `
      gains = [float(torch.nn.init.calculate_gain(n)) for n in names]
      slopes = [torch.nn.init.calculate_gain('leaky_relu', s) for s in (0.1, 0.2, math.sqrt(5), 3)]
      `,
      { inputs: { names: [...names] }, outputs: { gains: 'numbers', slopes: 'numbers' } },
    );
    expect(names.map((name) => init.calculateGain(name))).toEqual(gains);
    expect([0.1, 0.2, Math.sqrt(5), 3].map((slope) => init.calculateGain('leaky_relu', slope))).toEqual(slopes);
  });

  it('refuses shapes without a fan', () => {
    expect(() => init.xavierUniform_(empty([3]))).toThrow('fewer than 2 dimensions, received shape [3]');
    expect(() => init.dirac_(empty([3, 2]))).toThrow('Only tensors with 3, 4, or 5 dimensions are supported');
    expect(() => init.dirac_(empty([3, 2, 1]), 2)).toThrow('dim 0 must be divisible by groups');
    expect(() => init.orthogonal_(empty([3]))).toThrow('Only tensors with 2 or more dimensions are supported');
    expect(() => init.sparse_(empty([3, 2, 1]), 0.1)).toThrow('Only tensors with 2 dimensions are supported');
  });
});
