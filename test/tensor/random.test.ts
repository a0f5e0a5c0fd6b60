import {
  bernoulli,
  defaultGenerator,
  forkRng,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  randint,
  randn,
  random,
  randperm,
  seed,
  setRngState,
  empty,
  type Seed,
  type Tensor,
} from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

const SEEDS: readonly Seed[] = [
  0,
  1,
  -1,
  42,
  2 ** 31,
  2 ** 53 - 1,
  -(2n ** 63n),
  2n ** 63n,
  2n ** 64n - 1n,
  12345678901234567890n,
];

describeWithOracle('random numbers', (oracle) => {
  it('draws the same numbers for every seed that Python takes', async () => {
    for (const seed of SEEDS) {
      manualSeed(seed);
      const ours: Tensor[] = [
        randn([3, 7]),
        randn([40]),
        randperm(20),
        randint(0, 1000, [9]),
        empty([5]).uniform_(-1, 2),
        empty([6]).bernoulli_(0.3),
      ];
      const { theirs, initial } = await oracle().run(
        `
        torch.manual_seed(seed)
        theirs = [torch.randn(3, 7), torch.randn(40), torch.randperm(20), torch.randint(0, 1000, (9,)),
                  torch.empty(5).uniform_(-1, 2), torch.empty(6).bernoulli_(0.3)]
        initial = torch.initial_seed()
        `,
        { inputs: { seed }, outputs: { theirs: 'tensors', initial: 'bigint' } },
      );
      for (const [index, mine] of ours.entries()) expectSameBits(mine, theirs[index] as Tensor, `seed ${seed}`);
      expect(BigInt.asUintN(64, initialSeed())).toBe(BigInt.asUintN(64, initial));
    }
  });

  it('goes on from a state of Python, and Python from ours', async () => {
    manualSeed(3);
    randn([5]);
    const state = getRngState();
    const mine = randn([30]);
    const { theirs, after } = await oracle().run(
      'torch.set_rng_state(state)\ntheirs = torch.randn(30)\nafter = torch.get_rng_state()',
      { inputs: { state }, outputs: ['theirs', 'after'] },
    );
    expectSameBits(mine, theirs);
    expectSameBits(getRngState(), after);
    setRngState(after);
    expectSameBits(getRngState(), after);
  });

  it('has generators of their own', async () => {
    using generator = new Generator().manualSeed(9);
    manualSeed(1);
    const ours = [
      randperm(12, { generator }),
      randn([4], { generator }),
      bernoulli(empty([8]).fill_(0.5), { generator }),
    ];
    const rest = randn([3]);
    const { theirs, other, seed } = await oracle().run(
      `
      g = torch.Generator().manual_seed(9)
      torch.manual_seed(1)
      theirs = [torch.randperm(12, generator=g), torch.randn(4, generator=g), torch.bernoulli(torch.full((8,), 0.5), generator=g)]
      other = torch.randn(3)
      seed = g.initial_seed()
      `,
      { outputs: { theirs: 'tensors', other: 'tensor', seed: 'bigint' } },
    );
    for (const [index, mine] of ours.entries()) expectSameBits(mine, theirs[index] as Tensor);
    expectSameBits(rest, other);
    expect(generator.initialSeed()).toBe(seed);
    const state = generator.getState();
    const next = randn([4], { generator });
    expectSameBits(randn([4], { generator: new Generator().setState(state) }), next);
  });
});

describe('seeds and states that cannot be', () => {
  it.each<[unknown]>([[1.5], [2n ** 64n], [-(2n ** 63n) - 1n], [NaN], ['1'], [2 ** 60]])('%p', (seed) => {
    expect(() => manualSeed(seed as Seed)).toThrow(/argument `seed`/);
  });

  it('refuses a state of another dtype, and a generator that was disposed', () => {
    expect(() => setRngState(randn([3]))).toThrow(/uint8/);
    const generator = new Generator();
    generator.dispose();
    generator.dispose();
    expect(() => generator.initialSeed()).toThrow(/disposed/);
    expect(() => randn([2], { generator })).toThrow();
  });
});

describeWithOracle('default generators', (oracle) => {
  it('are those of torch.random', async () => {
    expect(random.manualSeed(5)).toBe(defaultGenerator);
    const numbers = randn([4], { generator: defaultGenerator });
    const { theirs } = await oracle().run(
      'torch.random.manual_seed(5)\ntheirs = torch.randn(4, generator=torch.default_generator)',
      {
        outputs: ['theirs'],
      },
    );
    expectSameBits(numbers, theirs);
    defaultGenerator.dispose();
    expect(defaultGenerator.initialSeed()).toBe(5n);
  });

  it('are put back by forkRng(), also where it throws or a promise is returned', async () => {
    manualSeed(6);
    const inside = forkRng(() => randn([3]));
    expect(() => forkRng(() => Promise.resolve(randn([3])))).toThrow(/synchronous/);
    expect(() =>
      forkRng(() => {
        manualSeed(99);
        throw new Error('inside');
      }),
    ).toThrow('inside');
    const outside = randn([3]);
    const { forked, after } = await oracle().run(
      `
      torch.manual_seed(6)
      with torch.random.fork_rng():
          forked = torch.randn(3)
      after = torch.randn(3)
      `,
      { outputs: ['forked', 'after'] },
    );
    expectSameBits(inside, forked);
    expectSameBits(outside, after);
    const before = getRngState();
    forkRng(() => randn([3]), { enabled: false });
    expect(getRngState().equal(before)).toBe(false);
  });

  it('take states of generators of Python, and give them', async () => {
    using generator = new Generator().manualSeed(2n ** 63n + 5n);
    randn([7], { generator });
    using clone = generator.cloneState();
    const state = generator.getState();
    const ours = [randn([20], { generator: clone }), randperm(9, { generator: clone })];
    const { theirs, after } = await oracle().run(
      `
      g = torch.Generator()
      g.set_state(state)
      theirs = [torch.randn(20, generator=g), torch.randperm(9, generator=g)]
      after = g.get_state()
      `,
      { inputs: { state }, outputs: { theirs: 'tensors', after: 'tensor' } },
    );
    for (const [index, mine] of ours.entries()) expectSameBits(mine, theirs[index] as Tensor);
    expectSameBits(clone.getState(), after);
    // The clone is a stream of its own.
    expectSameBits(generator.getState(), state);
  });

  it('seed themselves with what nobody foresees, exact as a number', () => {
    const seeds = [seed(), seed(), new Generator().seed()];
    expect(new Set(seeds).size).toBe(3);
    expect(initialSeed()).toBe(seeds[1]);
    for (const drawn of seeds) expect(Number.isSafeInteger(Number(drawn))).toBe(true);
  });
});
