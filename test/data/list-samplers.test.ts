import {
  BatchSampler,
  DataLoader,
  DistributedSampler,
  type SamplerState,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from '../../lib/data';
import { Generator, getRngState, manualSeed, rand, tensor } from '../../lib/tensor';
import { describeWithOracle, expectSameBits } from '../oracle/oracle';

const random = (below: number): number => Math.floor(Math.random() * below);

describeWithOracle('samplers that draw a list, and Python', (oracle) => {
  it.each([false, true])('SubsetRandomSampler; shared generator: %s', async (shared) => {
    const indices = Array.from({ length: 1 + random(40) }, () => random(100));
    const theirs = await oracle().run(
      `
      torch.manual_seed(3)
      generator = torch.Generator().manual_seed(4) if shared else None
      sampler = torch.utils.data.SubsetRandomSampler(indices, generator)
      drawn = [list(torch.utils.data.BatchSampler(sampler, 3, False)) for _ in range(2)]
      drawn = [index for epoch in drawn for batch in epoch for index in batch]
      length, state = len(sampler), torch.get_rng_state()
      `,
      { inputs: { indices, shared }, outputs: { drawn: 'numbers', length: 'number', state: 'tensor' } },
    );
    manualSeed(3);
    const generator = shared ? new Generator().manualSeed(4) : undefined;
    const sampler = new SubsetRandomSampler(indices, { generator });
    const drawn = [0, 1].flatMap(() => [...new BatchSampler(sampler, 3, false)].flat());
    expect({ drawn, length: sampler.length }).toEqual({ drawn: theirs.drawn, length: theirs.length });
    expectSameBits(getRngState(), theirs.state, 'default generator');
  });

  it.each([true, false])('WeightedRandomSampler; replacement: %s', async (replacement) => {
    const weights = Array.from({ length: 20 }, () => Math.random() + 0.01);
    const count = replacement ? 1 + random(60) : 1 + random(20);
    const theirs = await oracle().run(
      `
      torch.manual_seed(5)
      sampler = torch.utils.data.WeightedRandomSampler(weights, count, replacement)
      drawn = [index for _ in range(3) for index in sampler]
      length, state = len(sampler), torch.get_rng_state()
      `,
      { inputs: { weights, count, replacement }, outputs: { drawn: 'numbers', length: 'number', state: 'tensor' } },
    );
    manualSeed(5);
    const sampler = new WeightedRandomSampler(weights, count, { replacement });
    expect({ drawn: [0, 1, 2].flatMap(() => [...sampler]), length: sampler.length }).toEqual({
      drawn: theirs.drawn,
      length: theirs.length,
    });
    expectSameBits(getRngState(), theirs.state, 'default generator');
    sampler.weights.dispose();
  });

  it('DistributedSampler', async () => {
    for (let round = 0; round < 30; round++) {
      const [samples, replicas, seed, epoch] = [1 + random(20), 1 + random(6), random(9), random(4)];
      const config = { samples, replicas, seed, epoch, shuffle: round % 2 === 0, drop_last: round % 3 === 0 };
      const theirs = await oracle().run(
        `
        samplers = [torch.utils.data.DistributedSampler(range(samples), replicas, rank, shuffle, seed, drop_last)
                    for rank in range(replicas)]
        for sampler in samplers: sampler.set_epoch(epoch)
        drawn = [index for sampler in samplers for index in sampler]
        lengths = [len(sampler) for sampler in samplers]
        `,
        { inputs: config, outputs: { drawn: 'numbers', lengths: 'numbers' } },
      );
      const samplers = Array.from({ length: replicas }, (_, rank) => {
        const { shuffle, drop_last: dropLast } = config;
        const sampler = new DistributedSampler(
          { length: samples },
          { numReplicas: replicas, rank, shuffle, seed, dropLast },
        );
        sampler.setEpoch(epoch);
        return sampler;
      });
      expect({ config, drawn: samplers.flatMap((sampler) => [...sampler]) }).toEqual({ config, drawn: theirs.drawn });
      // Python's may be -1 where samples are left out until none is there.
      expect(samplers.map(({ length }) => Math.max(0, length))).toEqual(
        theirs.lengths.map((each) => Math.max(0, each)),
      );
    }
  });
});

describe('samplers that draw a list', () => {
  it('go on from their state without a draw', () => {
    manualSeed(1);
    const weighted = new WeightedRandomSampler(tensor([1, 2, 3]), 7);
    for (const sampler of [
      new SubsetRandomSampler([5, 6, 7, 8, 9]),
      weighted,
      new DistributedSampler({ length: 9 }, { numReplicas: 2, rank: 1 }),
    ]) {
      const whole = sampler.iterate();
      const first = [whole.next().value, whole.next().value];
      const state = JSON.parse(JSON.stringify(whole.state())) as SamplerState;
      expect(state.taken).toBe(2);
      const resumed = sampler.iterate(state);
      rand([3]);
      const rest = (iterator: Iterator<number, undefined>): number[] => {
        const items: number[] = [];
        for (let next = iterator.next(); !next.done; next = iterator.next()) items.push(next.value);
        return items;
      };
      expect(rest(resumed)).toEqual(rest(whole));
      expect(first).toHaveLength(2);
    }
    weighted.weights.dispose();
  });

  it('refuse what PyTorch refuses', () => {
    expect(() => new WeightedRandomSampler([[1], [2]] as never, 1)).toThrow('weights should be a 1d sequence');
    expect(() => new WeightedRandomSampler([1], 0)).toThrow('argument `numSamples`');
    expect(() => new DistributedSampler({ length: 3 }, { numReplicas: 2, rank: 2 })).toThrow(
      'Invalid rank 2, rank should be in the interval [0, 1]',
    );
    expect(() => new DistributedSampler({ length: 3 }, {} as never)).toThrow('argument `numReplicas`');
  });

  it('make the order of a loader', async () => {
    const dataset = { length: 4, getItem: (index: number) => index };
    const batches: unknown[] = [];
    const sampler = new SubsetRandomSampler([2]);
    for await (const batch of new DataLoader(dataset, { sampler, batchSize: 2 })) batches.push(batch.tolist());
    expect(batches).toEqual([[2]]);
  });
});
