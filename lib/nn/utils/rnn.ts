/** Sequences of unequal lengths, padded to one tensor or packed into one: `torch.nn.utils.rnn`. */
import { ArgumentError, checkIterable, checkList, checkTensor, describe, valueError } from '../../engine';
import { arange, callOp, Tensor, tensor } from '../../tensor';
import { type Arguments, required, type Tail } from '../../tensor/tail';
import { checkOptionalNumbers, readOptions } from '../arguments';
import { PackedSequence } from './packed-sequence';

export { invertPermutation, PackedSequence } from './packed-sequence';

/** @inline */
type Lengths = Tensor | readonly number[];

/** Options of {@link packPaddedSequence}. */
export interface PackPaddedSequenceOptions {
  /** The input is [N, T, *], not [T, N, *]. */
  batchFirst?: boolean;
  /** The sequences come sorted, the longest first; false sorts them, and {@link padPackedSequence} brings their order back. */
  enforceSorted?: boolean;
}

/**
 * Packs sequences that are padded to one length (`torch.nn.utils.rnn.pack_padded_sequence`).
 *
 * @param input - [T, N, *], T the length of the longest sequence
 * @param lengths - the N lengths, int64 on the CPU or a list
 *
 * @example
 * ```ts
 * const padded = torch.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]]);
 * const options = { batchFirst: true, enforceSorted: false };
 * const packed = nn.utils.rnn.packPaddedSequence(padded, [2, 1, 3], options);
 * console.log(packed.data); // tensor([4, 1, 3, 5, 2, 6])
 * console.log(packed.batchSizes); // tensor([3, 2, 1])
 * ```
 */
export function packPaddedSequence(
  input: Tensor,
  ...rest: Arguments<
    [lengths: Lengths],
    { lengths: Lengths } & PackPaddedSequenceOptions,
    ['lengths', 'batchFirst', 'enforceSorted']
  >
): PackedSequence {
  checkTensor('packPaddedSequence()', 'input', input);
  const { lengths, batchFirst, enforceSorted } = readOptions<
    { lengths: Lengths } & Required<PackPaddedSequenceOptions>
  >('packPaddedSequence', { lengths: required, batchFirst: false, enforceSorted: true }, rest);
  const given = lengthsOf('packPaddedSequence', lengths).to('int64');
  if (enforceSorted) return packSorted(input, given, batchFirst, null);
  const [sorted, order] = callOp<[Tensor, Tensor]>('aten::sort', [given, -1, true]);
  const sortedIndices = order.to(input.device);
  return packSorted(input.indexSelect(batchFirst ? 0 : 1, sortedIndices), sorted, batchFirst, sortedIndices);
}

function packSorted(input: Tensor, lengths: Tensor, batchFirst: boolean, sortedIndices: Tensor | null): PackedSequence {
  const packed = callOp<[Tensor, Tensor]>('aten::_pack_padded_sequence', [input, lengths, batchFirst]);
  return new PackedSequence(...packed, sortedIndices);
}

function lengthsOf(callee: string, lengths: Lengths): Tensor {
  if (lengths instanceof Tensor) return lengths;
  checkList(callee, 'lengths', lengths);
  for (const length of lengths) {
    if (Number.isSafeInteger(length)) continue;
    throw new ArgumentError(
      `${callee}(): expected whole numbers for argument \`lengths\`, received ${describe(lengths)}`,
    );
  }
  return tensor(lengths, { dtype: 'int64', device: 'cpu' });
}

/** Options of {@link padPackedSequence}. */
export interface PadPackedSequenceOptions {
  /** The output is [N, T, *], not [T, N, *]. */
  batchFirst?: boolean;
  /** What stands behind the end of a sequence. */
  paddingValue?: number;
  /** The output's T; the length of the longest sequence by default. */
  totalLength?: number | null;
}

/**
 * Undoes {@link packPaddedSequence} (`torch.nn.utils.rnn.pad_packed_sequence`).
 *
 * @returns the padded sequences, [T, N, *], and their lengths, int64 [N] on the CPU, in the order before the packing
 */
export function padPackedSequence(
  sequence: PackedSequence,
  ...rest: Tail<PadPackedSequenceOptions, ['batchFirst', 'paddingValue', 'totalLength']>
): [padded: Tensor, lengths: Tensor] {
  checkPacked('padPackedSequence', 'sequence', sequence);
  const { batchFirst, paddingValue, totalLength } = readOptions<Required<PadPackedSequenceOptions>>(
    'padPackedSequence',
    { batchFirst: false, paddingValue: 0, totalLength: null },
    rest,
  );
  checkOptionalNumbers('padPackedSequence', { totalLength });
  const { data, batchSizes, unsortedIndices } = sequence;
  const longest = batchSizes.size(0);
  if (totalLength !== null && !(totalLength >= longest)) {
    throw valueError(
      'Expected total_length to be at least the length of the longest sequence in input, but got ' +
        `total_length=${totalLength} and max sequence length being ${longest}`,
    );
  }
  const args = [data, batchSizes, batchFirst, paddingValue, totalLength ?? longest];
  const [padded, lengths] = callOp<[Tensor, Tensor]>('aten::_pad_packed_sequence', args);
  if (unsortedIndices === null) return [padded, lengths];
  return [padded.indexSelect(batchFirst ? 0 : 1, unsortedIndices), lengths.indexSelect(0, unsortedIndices.cpu())];
}

function checkPacked(callee: string, argument: string, sequence: unknown): void {
  if (sequence instanceof PackedSequence) return;
  throw new ArgumentError(
    `${callee}(): expected a PackedSequence for argument \`${argument}\`, received ${describe(sequence)}`,
  );
}

/** Options of {@link padSequence}. */
export interface PadSequenceOptions {
  /** The output is [N, T, *], not [T, N, *]. */
  batchFirst?: boolean;
  /** What fills the shorter sequences up. */
  paddingValue?: number;
  /** Where: behind their end, or before their beginning. */
  paddingSide?: 'right' | 'left';
}

/**
 * Sequences [L, *] of any lengths as one tensor, [T, N, *], T the longest one's length (`torch.nn.utils.rnn.pad_sequence`).
 *
 * @example
 * ```ts
 * const sequences = [torch.tensor([1, 2, 3]), torch.tensor([4])];
 * console.log(nn.utils.rnn.padSequence(sequences, { batchFirst: true, paddingValue: 9 }).tolist()); // [ [ 1, 2, 3 ], [ 4, 9, 9 ] ]
 * ```
 */
export function padSequence(
  sequences: Iterable<Tensor>,
  ...rest: Tail<PadSequenceOptions, ['batchFirst', 'paddingValue', 'paddingSide']>
): Tensor {
  const list = sequencesOf('padSequence', sequences);
  const { batchFirst, paddingValue, paddingSide } = readOptions<Required<PadSequenceOptions>>(
    'padSequence',
    { batchFirst: false, paddingValue: 0, paddingSide: 'right' },
    rest,
  );
  return callOp<Tensor>('aten::pad_sequence', [list, batchFirst, paddingValue, paddingSide]);
}

function sequencesOf(callee: string, sequences: Iterable<Tensor>): Tensor[] {
  checkIterable(callee, 'sequences', sequences);
  const list = [...sequences];
  for (const [index, sequence] of list.entries()) checkTensor(`${callee}()`, `sequences[${index}]`, sequence);
  return list;
}

/** Options of {@link unpadSequence}. */
export interface UnpadSequenceOptions {
  /** The sequences are [N, T, *], not [T, N, *]. */
  batchFirst?: boolean;
}

/**
 * Undoes {@link padSequence} (`torch.nn.utils.rnn.unpad_sequence`). Python's exchanges the first two dimensions of its
 * argument in place, which this does not.
 *
 * @param paddedSequences - [T, N, *]
 * @param lengths - the N lengths, a tensor of integers or a list
 */
export function unpadSequence(
  paddedSequences: Tensor,
  ...rest: Arguments<[lengths: Lengths], { lengths: Lengths } & UnpadSequenceOptions, ['lengths', 'batchFirst']>
): Tensor[] {
  checkTensor('unpadSequence()', 'paddedSequences', paddedSequences);
  const { lengths, batchFirst } = readOptions<{ lengths: Lengths; batchFirst: boolean }>(
    'unpadSequence',
    { lengths: required, batchFirst: false },
    rest,
  );
  const ends = [...lengthsOf('unpadSequence', lengths)];
  const sequences = [...(batchFirst ? paddedSequences : paddedSequences.transpose(0, 1))];
  if (ends.length !== sequences.length) {
    throw valueError(
      `unpadSequence(): expected a length for each of ${sequences.length} sequences for argument \`lengths\`, received ${describe(lengths)}`,
    );
  }
  const [end] = ends;
  if (end === undefined) return [];
  const places = arange(0, paddedSequences.size(batchFirst ? 1 : 0), { device: end.device });
  return sequences.map((sequence, index) => sequence.at(places.lt(ends[index] as Tensor)));
}

/** Options of {@link packSequence}. */
export interface PackSequenceOptions {
  /** The sequences come sorted, the longest first; false sorts them, and {@link unpackSequence} brings their order back. */
  enforceSorted?: boolean;
}

/**
 * Packs sequences [L, *] of any lengths (`torch.nn.utils.rnn.pack_sequence`).
 *
 * @example
 * ```ts
 * const sequences = [torch.tensor([1, 2, 3]), torch.tensor([4, 5]), torch.tensor([6])];
 * console.log(nn.utils.rnn.packSequence(sequences).data); // tensor([1, 4, 6, 2, 5, 3])
 * ```
 */
export function packSequence(
  sequences: Iterable<Tensor>,
  ...rest: Tail<PackSequenceOptions, ['enforceSorted']>
): PackedSequence {
  const list = sequencesOf('packSequence', sequences);
  const { enforceSorted } = readOptions('packSequence', { enforceSorted: true }, rest);
  const lengths = list.map((sequence) => sequence.size(0));
  return packPaddedSequence(padSequence(list), lengths, { enforceSorted });
}

/** Undoes {@link packSequence} (`torch.nn.utils.rnn.unpack_sequence`): the sequences, [L, *] each. */
export function unpackSequence(packedSequences: PackedSequence): Tensor[] {
  checkPacked('unpackSequence', 'packedSequences', packedSequences);
  return unpadSequence(...padPackedSequence(packedSequences, { batchFirst: true }), { batchFirst: true });
}
