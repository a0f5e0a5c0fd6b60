import { checkInteger, checkTensor, describe, valueError } from '../../engine';
import { arange, type Device, type DType, emptyLike, type Tensor } from '../../tensor';
import { conversionOf, type ToArgument, type ToOptions } from '../../tensor/conversion';

/**
 * The inverse of a permutation (`torch.nn.utils.rnn.invert_permutation`): int64 [N] to int64 [N]; null stays null.
 *
 * @example
 * ```ts
 * console.log(nn.utils.rnn.invertPermutation(torch.tensor([2, 0, 1]))); // tensor([1, 2, 0])
 * ```
 */
export function invertPermutation(permutation: Tensor): Tensor;
export function invertPermutation(permutation: Tensor | null): Tensor | null;
export function invertPermutation(permutation: Tensor | null): Tensor | null {
  if (permutation === null) return null;
  checkTensor('invertPermutation()', 'permutation', permutation);
  const places = arange(0, permutation.numel(), { device: permutation.device });
  return emptyLike(permutation, { memoryFormat: 'contiguous_format' }).scatter_(0, permutation, places);
}

/**
 * Sequences of unequal lengths in one tensor without padding (`torch.nn.utils.rnn.PackedSequence`): first the first elements
 * of all sequences, the longest sequence first, then the second elements, and so on. Recurrent modules take it in the
 * place of a padded batch, and return one.
 *
 * It is made by `packSequence` and `packPaddedSequence`, rather than by hand.
 */
export class PackedSequence {
  /** All elements, [sum of the lengths, *]. */
  readonly data: Tensor;
  /** How many sequences have a first element, a second one, …: int64 on the CPU. */
  readonly batchSizes: Tensor;
  /** Where in the batch the longest sequence was, the second longest, …; null if they were sorted. */
  readonly sortedIndices: Tensor | null;
  /** The inverse of {@link sortedIndices}, which brings back the order of the batch. */
  readonly unsortedIndices: Tensor | null;

  constructor(
    data: Tensor,
    batchSizes: Tensor,
    sortedIndices: Tensor | null = null,
    unsortedIndices: Tensor | null = null,
  ) {
    checkTensor('PackedSequence()', 'data', data);
    checkTensor('PackedSequence()', 'batchSizes', batchSizes);
    for (const [name, indices] of Object.entries({ sortedIndices, unsortedIndices })) {
      if (indices !== null) checkTensor('PackedSequence()', name, indices);
    }
    if (batchSizes.device !== 'cpu') {
      throw valueError(
        'batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually. They should ' +
          'be instantiated by functions like packSequence and packPaddedSequence in nn.utils.rnn',
      );
    }
    // libtorch reads the first of them without looking whether there is one.
    if (batchSizes.dtype !== 'int64' || batchSizes.dim() !== 1 || batchSizes.numel() === 0) {
      throw valueError(
        `PackedSequence(): expected int64 [length of the longest sequence] for argument \`batchSizes\`, received ${describe(batchSizes)}`,
      );
    }
    this.data = data;
    this.batchSizes = batchSizes;
    this.sortedIndices = sortedIndices;
    this.unsortedIndices = unsortedIndices ?? invertPermutation(sortedIndices);
  }

  /**
   * The sequences with another dtype or on another device; itself where nothing changes. Takes what `Tensor.to` takes. The
   * batch sizes stay on the CPU.
   */
  to(options: ToOptions): PackedSequence;
  to(dtype: DType, nonBlocking?: boolean, copy?: boolean): PackedSequence;
  to(device: Device, dtype?: DType | null, nonBlocking?: boolean, copy?: boolean): PackedSequence;
  to(other: Tensor, nonBlocking?: boolean, copy?: boolean): PackedSequence;
  to(target: ToOptions | DType | Device | Tensor, ...rest: ToArgument[]): PackedSequence {
    const conversion = conversionOf(target, [...rest]);
    const data = this.data.to(conversion);
    if (data === this.data) return this;
    const { nonBlocking, memoryFormat } = conversion;
    const moved = (indices: Tensor | null): Tensor | null =>
      indices?.to({
        device: data.device,
        ...(nonBlocking === undefined ? {} : { nonBlocking }),
        ...(memoryFormat === undefined ? {} : { memoryFormat }),
      }) ?? null;
    return new PackedSequence(data, this.batchSizes, moved(this.sortedIndices), moved(this.unsortedIndices));
  }

  /** To the current CUDA device, or to the one with this index. */
  cuda(index?: number): PackedSequence {
    if (index !== undefined) checkInteger('cuda', 'index', index, 0, 127);
    return this.to(index === undefined ? 'cuda' : `cuda:${index}`);
  }

  /** To the CPU's memory; itself if it is there. */
  cpu(): PackedSequence {
    return this.to('cpu');
  }

  /** To float64. */
  double(): PackedSequence {
    return this.to('float64');
  }

  /** To float32. */
  float(): PackedSequence {
    return this.to('float32');
  }

  /** To float16. */
  half(): PackedSequence {
    return this.to('float16');
  }

  /** To int64. */
  long(): PackedSequence {
    return this.to('int64');
  }

  /** To int32. */
  int(): PackedSequence {
    return this.to('int32');
  }

  /** To int16. */
  short(): PackedSequence {
    return this.to('int16');
  }

  /** To int8. */
  char(): PackedSequence {
    return this.to('int8');
  }

  /** To uint8. */
  byte(): PackedSequence {
    return this.to('uint8');
  }

  /** The data is on a GPU. */
  get isCuda(): boolean {
    return this.data.isCuda;
  }

  /** The data is in memory from which a GPU reads while the program goes on. */
  isPinned(): boolean {
    return this.data.isPinned();
  }

  /** A copy in such memory, see {@link isPinned}. */
  pinMemory(): PackedSequence {
    const pinned = (indices: Tensor | null): Tensor | null => indices?.pinMemory() ?? null;
    return new PackedSequence(
      this.data.pinMemory(),
      this.batchSizes,
      pinned(this.sortedIndices),
      pinned(this.unsortedIndices),
    );
  }

  /** What Python prints. */
  toString(): string {
    const { data, batchSizes, sortedIndices, unsortedIndices } = this;
    const fields = { data, batch_sizes: batchSizes, sorted_indices: sortedIndices, unsorted_indices: unsortedIndices };
    const shown = Object.entries(fields).map(([name, value]) => `${name}=${value === null ? 'None' : String(value)}`);
    return `PackedSequence(${shown.join(', ')})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
