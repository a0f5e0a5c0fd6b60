import {
  BatchSampler,
  RandomSampler,
  SequentialSampler,
  type RandomSamplerOptions,
  type SamplerState,
} from '../../lib/data';
import { Generator, getRngState, manualSeed } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

const sized = (length: number) => ({ length });

describe('SequentialSampler', () => {
  it('counts, and continues from a state', () => {
    const sampler = new SequentialSampler(sized(4));
    expect([...sampler]).toEqual([0, 1, 2, 3]);
    const first = sampler.iterate();
    first.next();
    expect(sampler.iterate(first.state()).next().value).toBe(1);
  });
});

describe('BatchSampler', () => {
  it('groups any iterable and counts its batches', () => {
    const indices = [3, 1, 4, 1, 5];
    expect([...new BatchSampler(indices, 2, false)]).toEqual([[3, 1], [4, 1], [5]]);
    expect([...new BatchSampler(indices, 2, true)]).toEqual([
      [3, 1],
      [4, 1],
    ]);
    expect(new BatchSampler(indices, 2, false)).toHaveLength(3);
    expect(new BatchSampler(indices, 2, true)).toHaveLength(2);
    expect([...new BatchSampler(new Set(indices), 5, false)]).toEqual([[3, 1, 4, 5]]);
    expect([...new BatchSampler([], 5, false)]).toEqual([]);
  });

  it('refuses a batch size that is none', () => {
    for (const size of [0, -1, 1.5, NaN]) {
      expect(() => new BatchSampler([1], size, false)).toThrow('expected a positive integer for argument `batchSize`');
    }
  });

  it('knows no length of an iterable without one', () => {
    const endless = new BatchSampler((function* () {})(), 2, false);
    expect(() => endless.length).toThrow('expected something with a length for argument `sampler`');
  });
});

describe('RandomSampler', () => {
  it('refuses to draw from nothing, or nothing', () => {
    expect(() => new RandomSampler(sized(0))).toThrow('expected a positive integer for the length of `dataSource`');
    expect(() => new RandomSampler(sized(3), { numSamples: 0 })).toThrow('for argument `numSamples`, received 0');
  });
});

const cases: [length: number, options: RandomSamplerOptions][] = [
  [1, {}],
  [37, {}],
  [10, { numSamples: 4 }],
  [10, { numSamples: 20 }],
  [10, { numSamples: 25 }],
  [10, { replacement: true }],
  [50, { replacement: true, numSamples: 64 }],
  [50, { replacement: true, numSamples: 71 }],
];

describeWithOracle('RandomSampler and Python', (oracle) => {
  const python = `
    torch.manual_seed(5)
    generator = torch.Generator() if shared else None
    if shared: generator.manual_seed(77)
    from torch.utils.data import BatchSampler, RandomSampler
    sampler = RandomSampler(range(length), replacement, num_samples, generator)
    batches = [list(BatchSampler(sampler, 4, False)) for _ in range(2)]
    state = torch.get_rng_state()
    shared_state = generator.get_state() if shared else state
  `;

  it.each(cases.flatMap(([length, options]) => [false, true].map((shared) => ({ length, options, shared }))))(
    'draw the same, as much, in two iterations: $length $options, shared generator $shared',
    async ({ length, options, shared }) => {
      const { batches, state, shared_state } = await oracle().run(python, {
        inputs: { length, replacement: options.replacement ?? false, num_samples: options.numSamples ?? null, shared },
        outputs: { batches: 'value', state: 'tensor', shared_state: 'tensor' },
      });
      manualSeed(5);
      const generator = shared ? new Generator().manualSeed(77) : undefined;
      const sampler = new BatchSampler(new RandomSampler(sized(length), { ...options, generator }), 4, false);
      expect([[...sampler], [...sampler]]).toEqual(batches);
      expectSameBits(getRngState(), state, 'default generator');
      expectSameBits(generator?.getState() ?? getRngState(), shared_state, 'shared generator');
    },
  );
});

describe('a state of RandomSampler', () => {
  it.each(cases.flatMap(([length, options]) => [false, true].map((shared) => ({ length, options, shared }))))(
    'continues anywhere without drawing twice: $length $options, shared generator $shared',
    ({ length, options, shared }) => {
      const generator = shared ? new Generator() : undefined;
      const sampler = new BatchSampler(new RandomSampler(sized(length), { ...options, generator }), 4, false);
      const start = () => {
        manualSeed(1);
        generator?.manualSeed(2);
      };
      start();
      const whole = [...sampler];
      const end = [getRngState(), generator?.getState() ?? getRngState()] as const;

      for (let taken = 0; taken <= whole.length; taken++) {
        start();
        const first = sampler.iterate();
        const batches = whole.slice(0, taken).map(() => first.next().value);
        const state = JSON.parse(JSON.stringify(first.state())) as SamplerState;
        const second = sampler.iterate(state);
        for (let batch = second.next(); !batch.done; batch = second.next()) batches.push(batch.value);
        expect(batches).toEqual(whole);
        expectSameBits(getRngState(), end[0], 'default generator');
        expectSameBits(generator?.getState() ?? getRngState(), end[1], 'shared generator');
      }
    },
  );
});
