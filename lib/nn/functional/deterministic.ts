/**
 * What Python does in `torch.use_deterministic_algorithms(True)` on a GPU, where a kernel's backward pass adds in no order: the
 * same by indexing, whose backward pass has an order. From `torch/_decomp/decompositions.py`.
 */
import * as ops from '../../tensor';
import type { MemoryFormat, Tensor } from '../../tensor';
import { callOp } from '../../tensor/dispatch';

/** Python's condition for the two functions here; elsewhere the kernels themselves are deterministic. */
export function wantsIndexing(input: Tensor): boolean {
  return input.isCuda && ops.areDeterministicAlgorithmsEnabled();
}

const index = (input: Tensor, indices: readonly (Tensor | null)[]): Tensor =>
  callOp<Tensor>('aten::_unsafe_index.Tensor', [input, indices]);

/** Channels last where the strides are so: `Tensor::suggest_memory_format`. */
function suggestedMemoryFormat(tensor: Tensor): MemoryFormat {
  const { shape } = tensor;
  const strides = tensor.stride();
  const order = { 4: [1, 3, 2, 0], 5: [1, 4, 3, 2, 0] }[shape.length];
  if (order === undefined || strides[1] === 0) return 'contiguous_format';
  let least = 0;
  for (const dim of order) {
    const [size = 0, stride = 0] = [shape[dim], strides[dim]];
    if (size === 0 || stride < least || (dim === 0 && least === strides[1])) return 'contiguous_format';
    least = stride * size;
  }
  return shape.length === 4 ? 'channels_last' : 'channels_last_3d';
}

/** The places of one dimension's values: between which elements of the input, and how far from the first. */
function placesOf(
  input: Tensor,
  dim: number,
  size: number,
  { corners, factor }: { corners: boolean; factor: number | undefined },
) {
  const from = input.size(dim);
  let scale = factor !== undefined && factor > 0 ? 1 / factor : from / size;
  if (corners) scale = size > 1 ? (from - 1) / (size - 1) : 0;
  const numbers = ops.arange(size, { dtype: 'int64', device: input.device }).to(input.dtype);
  const sources = corners ? numbers.mul(scale) : numbers.add(0.5).mul(scale).sub(0.5);
  const exact = sources.clamp({ min: 0 }).reshape([size, ...new Array<number>(input.ndim - 1 - dim).fill(1)]);
  const first = exact.to('int64');
  return { exact, first, second: first.add(1).clamp({ max: from - 1 }) };
}

/**
 * The modes `linear`, `bilinear` and `trilinear` of interpolate: `_upsample_linear_vec`.
 *
 * @param input - [N, C, ...], floating point
 * @param outputSize - of the spatial dimensions, or null where `factors` say
 * @returns [N, C, ...outputSize]
 */
export function upsampleLinear(
  input: Tensor,
  outputSize: readonly number[] | null,
  corners: boolean,
  factors: readonly number[] | null,
): Tensor {
  if (input.dtype === 'bfloat16' || input.dtype === 'float16') {
    return upsampleLinear(input.to('float32'), outputSize, corners, factors).to(input.dtype);
  }
  const sizes = outputSize ?? (factors ?? []).map((factor, dim) => Math.trunc(input.size(dim + 2) * factor));
  const places = sizes.map((size, dim) => placesOf(input, dim + 2, size, { corners, factor: factors?.[dim] }));
  // The corners around each place, the last dimension's two side by side.
  let values = [[]] as Tensor[][];
  for (const { first, second } of places)
    values = values.flatMap((corner) => [
      [...corner, first],
      [...corner, second],
    ]);
  let sums = values.map((corner) => index(input, [null, null, ...corner]));
  for (const { exact, first } of places.reverse()) {
    const share = exact.sub(first).clamp(0, 1).to(input.dtype);
    sums = sums.flatMap((left, place) => {
      const right = sums[place + 1];
      return place % 2 === 0 && right !== undefined ? [left.add(right.sub(left).mul(share))] : [];
    });
  }
  // As the kernel, which leaves few channels in rows.
  const memoryFormat = input.isCuda && input.size(1) < 16 ? 'contiguous_format' : suggestedMemoryFormat(input);
  return (sums[0] as Tensor).contiguous({ memoryFormat });
}

/**
 * The padding mode `replicate`: `_replication_pad`.
 *
 * @param input - [N, C, ...] or [C, ...]
 * @param padding - before and after, the last dimension's first
 */
export function replicationPad(input: Tensor, padding: readonly number[]): Tensor {
  let result = input;
  for (let pair = padding.length / 2 - 1; pair >= 0; pair--) {
    const [before = 0, after = 0] = padding.slice(2 * pair);
    const dim = input.ndim - 1 - pair;
    const size = input.size(dim);
    const places = ops.arange(-before, size + after, { dtype: 'int64', device: input.device }).clamp(0, size - 1);
    result = index(result, [...new Array<null>(dim).fill(null), places]);
  }
  return result.contiguous({ memoryFormat: input.isCuda ? 'contiguous_format' : suggestedMemoryFormat(input) });
}
