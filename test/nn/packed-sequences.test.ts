/** torch.nn.utils.rnn, and recurrent modules on packed sequences, beside Python's: equal bits, equal sentences. */
import * as nn from '../../lib/nn';
import { manualSeed, randint, randn, tensor, type Tensor } from '../../lib/tensor';
import { scope } from '../../lib/engine';
import { describeWithOracle, expectSameBits, OracleError } from '../oracle/oracle';
import { compareModule } from './compare-module';
import { Draws } from './draws';

const { rnn } = nn.utils;
const { PackedSequence } = rnn;

beforeEach(() => manualSeed(7));

const py = (flag: boolean): string => (flag ? 'True' : 'False');

/** Lengths of one to eight, the longest first if `sorted`. */
function lengthsOf(draws: Draws, sorted: boolean): number[] {
  const lengths = Array.from({ length: draws.int(1, 6) }, () => draws.int(1, 8));
  return sorted ? lengths.sort((a, b) => b - a) : lengths;
}

/** The tensors of a packed sequence, those that there are. */
function partsOf(packed: nn.utils.rnn.PackedSequence): Tensor[] {
  return [packed.data, packed.batchSizes, packed.sortedIndices, packed.unsortedIndices].filter((part) => part !== null);
}

function expectSameList(actual: readonly Tensor[], expected: readonly Tensor[], label: string): void {
  expect(actual.length).toBe(expected.length);
  for (const [index, each] of actual.entries()) expectSameBits(each, expected[index]!, `${label} ${index}`);
}

describeWithOracle('packed sequences', (oracle) => {
  it.each(['RNN', 'LSTM', 'GRU'] as const)('go through %s with and without states', async (name) => {
    const draws = new Draws(name.length + name.charCodeAt(0));
    for (let round = 0; round < 8; round++) {
      const sorted = draws.flag();
      const lengths = lengthsOf(draws, sorted);
      const [inputSize, hiddenSize, numLayers] = [draws.int(1, 5), draws.int(2, 6), draws.int(1, 3)];
      const [bidirectional, bias, withStates] = [draws.flag(), draws.flag(), draws.flag()];
      const dropout = numLayers > 1 ? draws.pick([0, 0.4]) : 0;
      const projSize = name === 'LSTM' && draws.flag() ? 1 : 0;
      const sequences = lengths.map((length) => randn([length, inputSize]));
      const layers = numLayers * (bidirectional ? 2 : 1);
      const h = randn([layers, lengths.length, projSize > 0 ? projSize : hiddenSize]);
      const c = randn([layers, lengths.length, hiddenSize]);
      const states = withStates ? (name === 'LSTM' ? ([h, c] as const) : h) : null;
      const options = { numLayers, bias, dropout, bidirectional, ...(projSize > 0 ? { projSize } : {}) };
      const named = Object.fromEntries(sequences.map((sequence, index) => [`s${index}`, sequence]));
      await compareModule(oracle(), {
        make: () => new (nn[name] as typeof nn.LSTM)(inputSize, hiddenSize, options) as nn.RNNBase,
        python:
          `torch.nn.${name}(${inputSize}, ${hiddenSize}, num_layers=${numLayers}, bias=${py(bias)}, dropout=${dropout}, ` +
          `bidirectional=${py(bidirectional)}${projSize > 0 ? `, proj_size=${projSize}` : ''})`,
        inputs: { ...named, h, c },
        forward: (module) => {
          const packed = rnn.packSequence(sequences, { enforceSorted: sorted });
          const [output, hidden] = module.forward(packed, states);
          return [...partsOf(output as nn.utils.rnn.PackedSequence), ...[hidden as Tensor | Tensor[]].flat()];
        },
        pythonForward:
          `(lambda y: [*y[0], *(y[1] if isinstance(y[1], tuple) else [y[1]])])(module(` +
          `torch.nn.utils.rnn.pack_sequence([${Object.keys(named).join(', ')}], enforce_sorted=${py(sorted)}), ` +
          `${withStates ? (name === 'LSTM' ? '(h, c)' : 'h') : 'None'}))`,
        differentiate: [...Object.keys(named), ...(withStates ? (name === 'LSTM' ? ['h', 'c'] : ['h']) : [])],
        seed: round,
      });
    }
  });

  it('are made of sequences and of padded ones, and padded and unpacked again', async () => {
    const draws = new Draws(31);
    for (let round = 0; round < 20; round++) {
      const [sorted, batchFirst, integers] = [draws.flag(), draws.flag(), draws.int(0, 3) === 0];
      const lengths = lengthsOf(draws, sorted);
      const rest = draws.pick([[], [draws.int(1, 4)], [draws.int(1, 3), draws.int(1, 3)]]);
      const sequences = lengths.map((length) =>
        integers ? randint(-9, 9, [length, ...rest]) : randn([length, ...rest]),
      );
      const [value, side] = [draws.pick([0, -1.5]), draws.pick(['right', 'left'] as const)];
      const paddingValue = integers ? Math.trunc(value) : value;
      const totalLength = draws.flag() ? Math.max(...lengths) + draws.int(0, 3) : null;
      const expected = await oracle().run(
        `
        U = torch.nn.utils.rnn
        packed = U.pack_sequence(sequences, enforce_sorted=${py(sorted)})
        packed_parts = [t for t in packed if t is not None]
        printed = str(packed)
        unpacked = U.unpack_sequence(packed)
        aside = U.pad_sequence(sequences, ${py(batchFirst)}, ${paddingValue}, '${side}')
        repadded = list(U.pad_packed_sequence(packed, ${py(batchFirst)}, ${paddingValue}, total_length))
        padded = U.pad_sequence(sequences, ${py(batchFirst)})
        again = [t for t in U.pack_padded_sequence(padded, lengths, ${py(batchFirst)}, ${py(sorted)}) if t is not None]
        unpadded = U.unpad_sequence(padded.clone(), torch.tensor(lengths), ${py(batchFirst)})
        moved = [t for t in packed.to(torch.float64) if t is not None]
        `,
        {
          inputs: { sequences, lengths, total_length: totalLength },
          outputs: {
            packed_parts: 'tensors',
            printed: 'string',
            unpacked: 'tensors',
            aside: 'tensor',
            repadded: 'tensors',
            padded: 'tensor',
            again: 'tensors',
            unpadded: 'tensors',
            moved: 'tensors',
          },
        },
      );
      const packed = rnn.packSequence(sequences, { enforceSorted: sorted });
      expectSameList(partsOf(packed), expected.packed_parts, 'packed');
      expect(String(packed)).toBe(expected.printed);
      expectSameList(rnn.unpackSequence(packed), expected.unpacked, 'unpacked');
      expectSameBits(rnn.padSequence(sequences, batchFirst, paddingValue, side), expected.aside, 'padded aside');
      expectSameList(
        rnn.padPackedSequence(packed, { batchFirst, paddingValue, totalLength }),
        expected.repadded,
        'padded again',
      );
      const padded = rnn.padSequence(sequences, { batchFirst });
      expectSameBits(padded, expected.padded, 'padded');
      const given = draws.flag() ? lengths : tensor(lengths, { dtype: draws.pick(['int64', 'int32'] as const) });
      expectSameList(
        partsOf(rnn.packPaddedSequence(padded, given, { batchFirst, enforceSorted: sorted })),
        expected.again,
        'packed again',
      );
      const { shape } = padded;
      expectSameList(rnn.unpadSequence(padded, given, { batchFirst }), expected.unpadded, 'unpadded');
      expect(padded.shape).toEqual(shape);
      expectSameList(partsOf(packed.to('float64')), expected.moved, 'moved');
    }
  });

  it('invertPermutation', async () => {
    const permutation = tensor([3, 0, 2, 1, 4]);
    const { inverse } = await oracle().run('inverse = torch.nn.utils.rnn.invert_permutation(permutation)', {
      inputs: { permutation },
      outputs: ['inverse'],
    });
    expectSameBits(rnn.invertPermutation(permutation), inverse, 'inverse');
    expect(rnn.invertPermutation(null)).toBeNull();
  });

  const padded = randn([4, 3, 2]);
  const packed = rnn.packPaddedSequence(padded, [4, 2, 1]);
  const refused: readonly [python: string, ours: () => unknown][] = [
    ['pack_padded_sequence(padded, [1, 2, 4])', () => rnn.packPaddedSequence(padded, [1, 2, 4])],
    ['pack_padded_sequence(padded, [4, 2])', () => rnn.packPaddedSequence(padded, [4, 2])],
    ['pack_padded_sequence(padded, [4, 2, 0])', () => rnn.packPaddedSequence(padded, [4, 2, 0])],
    [
      'pack_padded_sequence(torch.zeros(0, 3, 2), [4, 2, 1])',
      () => rnn.packPaddedSequence(randn([0, 3, 2]), [4, 2, 1]),
    ],
    ['pad_packed_sequence(packed, total_length=3)', () => rnn.padPackedSequence(packed, { totalLength: 3 })],
    ['pad_sequence([])', () => rnn.padSequence([])],
    ["pad_sequence([padded], padding_side='up')", () => rnn.padSequence([padded], { paddingSide: 'up' as 'left' })],
  ];

  it.each(refused)('%s is refused with the sentence of Python', async (python, ours) => {
    const error: unknown = await oracle()
      .run(
        `
        from torch.nn.utils.rnn import *
        packed = pack_padded_sequence(padded, [4, 2, 1])
        ${python}
        `,
        { inputs: { padded } },
      )
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OracleError);
    expect(ours).toThrow((error as OracleError).message.split('\n')[0]);
  });
});

describe('PackedSequence', () => {
  const packed = rnn.packSequence([randn([2, 3]), randn([4, 3])], { enforceSorted: false });

  it('is itself where `to` changes nothing, and keeps its batch sizes where it does', () => {
    expect(packed.to('float32')).toBe(packed);
    expect(packed.cpu()).toBe(packed);
    expect(packed.double().data.dtype).toBe('float64');
    expect(packed.half().float().data.dtype).toBe('float32');
    expect(packed.int().batchSizes).toBe(packed.batchSizes);
    expect([packed.long(), packed.short(), packed.char(), packed.byte()].map(({ data }) => data.dtype)).toEqual([
      'int64',
      'int16',
      'int8',
      'uint8',
    ]);
    expect([packed.isCuda, packed.isPinned()]).toEqual([false, false]);
  });

  it('outlives the scope that returns it', () => {
    const [output] = scope(() => new nn.GRU(3, 2).forward(packed));
    expect(output.data.shape).toEqual([6, 2]);
    expect(output.unsortedIndices?.tolist()).toEqual([1, 0]);
  });

  it('says what is wrong of its parts and of what is no packed sequence', () => {
    const make = (batchSizes: unknown) => () => new PackedSequence(randn([3, 2]), batchSizes as Tensor);
    expect(make([2, 1])).toThrow('PackedSequence(): expected a Tensor for argument `batchSizes`, received [2, 1]');
    expect(make(tensor([2.5]))).toThrow('expected int64 [length of the longest sequence]');
    expect(make(tensor([], { dtype: 'int64' }))).toThrow('received Tensor[0] int64');
    expect(() => rnn.padPackedSequence(randn([2]) as never)).toThrow(
      'padPackedSequence(): expected a PackedSequence for argument `sequence`, received Tensor[2] float32',
    );
    expect(() => rnn.packPaddedSequence(randn([2, 1]), [1.5])).toThrow('expected whole numbers for argument `lengths`');
    expect(() => rnn.padSequence([1] as never)).toThrow('expected a Tensor for argument `sequences[0]`, received 1');
    expect(() => rnn.unpadSequence(randn([2, 2]), [1])).toThrow('expected a length for each of 2 sequences');
  });
});
