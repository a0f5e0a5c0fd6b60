/**
 * What Python's `torch` defines in Python, over the ops: other forms of call than the op has, or several ops in one.
 * Together with the generated ops they are the top level of the package.
 */

import { ArgumentError, checkList, checkOptions, checkTensor, checkTensors, describe, TensorBase } from '../engine';
import { callOp } from './dispatch';
import type { DType } from './dtype';
import * as ops from './generated/functions';
import { readTail, type Tail } from './tail';
import type { Tensor } from './tensor';

/** @inline */
type Tensors = readonly Tensor[] | readonly [readonly Tensor[]];

/** `f(a, b)` and `f([a, b])` mean the same. */
function listOf(tensors: Tensors): readonly Tensor[] {
  const [first] = tensors;
  return tensors.length === 1 && Array.isArray(first) ? (first as readonly Tensor[]) : (tensors as readonly Tensor[]);
}

function atLeast(name: string): { (tensor: Tensor): Tensor; (...tensors: Tensors): Tensor[] } {
  const atLeastOf = (...tensors: Tensors): Tensor | Tensor[] => {
    if (tensors.length === 1 && tensors[0] instanceof TensorBase) return callOp<Tensor>(`aten::${name}`, tensors);
    return callOp<Tensor[]>(`aten::${name}.Sequence`, [listOf(tensors)]);
  };
  return atLeastOf as ReturnType<typeof atLeast>;
}

/** Views of one dimension or more, a number as [1]: `torch.atleast_1d`. @function */
export const atleast1d = atLeast('atleast_1d');
/** Views of two dimensions or more: `torch.atleast_2d`. @function */
export const atleast2d = atLeast('atleast_2d');
/** Views of three dimensions or more: `torch.atleast_3d`. @function */
export const atleast3d = atLeast('atleast_3d');

/** Matrices on the diagonal of one matrix: `torch.block_diag`. */
export function blockDiag(...tensors: Tensors): Tensor {
  return callOp('aten::block_diag', [listOf(tensors)]);
}

/** All tensors expanded to the shape that they broadcast to: `torch.broadcast_tensors`. */
export function broadcastTensors(...tensors: Tensors): Tensor[] {
  return callOp('aten::broadcast_tensors', [listOf(tensors)]);
}

/**
 * The shape that the shapes broadcast to: `torch.broadcast_shapes`. A number is a shape of one dimension.
 *
 * @throws ArgumentError where they do not broadcast
 */
export function broadcastShapes(...shapes: (number | readonly number[])[]): number[] {
  const lists = shapes.map((shape) => (typeof shape === 'number' ? [shape] : shape));
  for (const list of lists) {
    checkList('broadcastShapes', 'shapes', list);
    for (const size of list) {
      // At the first hole of billions, before an array is made of that length.
      if (Number.isSafeInteger(size) && size >= 0) continue;
      throw new ArgumentError(
        `broadcastShapes(): expected sizes of 0 or more for argument \`shapes\`, received ${describe(list)}`,
        'TORCH_VALUE',
      );
    }
  }
  const rank = Math.max(0, ...lists.map(({ length }) => length));
  const result = new Array<number>(rank).fill(1);
  for (const list of lists) {
    for (const [index, size] of list.entries()) {
      const dim = rank - list.length + index;
      const clash = size !== 1 && result[dim] !== 1 && result[dim] !== size;
      if (clash) {
        const shown = lists.map((shape) => describe(shape)).join(', ');
        throw new ArgumentError(`broadcastShapes(): the shapes ${shown} do not broadcast`, 'TORCH_VALUE');
      }
      if (size !== 1) result[dim] = size;
    }
  }
  return result;
}

/** All combinations of one element of each vector, [N, count]: `torch.cartesian_prod`. */
export function cartesianProd(...tensors: Tensors): Tensor {
  return callOp('aten::cartesian_prod', [listOf(tensors)]);
}

/** The product of matrices in the order that costs least: `torch.chain_matmul`. */
export function chainMatmul(...matrices: Tensors): Tensor {
  return callOp('aten::chain_matmul', [listOf(matrices)]);
}

/** Options of {@link meshgrid}. */
export interface MeshgridOptions {
  /** `ij`, as for matrices, or `xy`, with the first two dimensions exchanged. */
  indexing?: 'ij' | 'xy';
}

/** The coordinates of a grid, a tensor of the grid's shape for each vector: `torch.meshgrid`. */
export function meshgrid(...args: readonly (Tensor | readonly Tensor[] | MeshgridOptions)[]): Tensor[] {
  const last = args.at(-1);
  const isOptions = last !== undefined && !(last instanceof TensorBase) && !Array.isArray(last);
  if (isOptions) checkOptions('meshgrid', last, ['indexing']);
  const { indexing = 'ij' } = isOptions ? (last as MeshgridOptions) : {};
  const tensors = listOf((isOptions ? args.slice(0, -1) : args) as unknown as Tensors);
  return callOp('aten::meshgrid.indexing', [tensors, indexing]);
}

/** The letter of a number in a list of subscripts: 0 to 25 are A to Z, 26 to 51 a to z. */
function subscriptLetter(subscript: number | '...'): string {
  if (subscript === '...') return subscript;
  if (!Number.isSafeInteger(subscript) || subscript < 0 || subscript >= 52) {
    throw new ArgumentError(
      `einsum(): expected subscripts from 0 to 51, received ${describe(subscript)}`,
      'TORCH_VALUE',
    );
  }
  return String.fromCharCode(subscript < 26 ? 65 + subscript : 97 + subscript - 26);
}

/** Dimensions by number, and `'...'` for those that no number stands for. */
export type Subscripts = readonly (number | '...')[];

/**
 * Sums of products, in Einstein's notation: `torch.einsum`.
 *
 * Either an equation and its operands, `einsum('bij,bjk->bik', a, b)`, in a list or not; or each operand with the numbers
 * of its dimensions, and perhaps those of the result: `einsum(a, [0, 1], b, [1, 2], [0, 2])`.
 *
 * @example
 * ```ts
 * const a = torch.arange(4).reshape(2, 2);
 * console.log(torch.einsum('ij,kj->ik', a, a).tolist()); // [ [ 1, 3 ], [ 3, 13 ] ]
 * ```
 */
export function einsum(equation: string, ...operands: Tensors): Tensor;
export function einsum(...operandsAndSubscripts: readonly (Tensor | Subscripts)[]): Tensor;
export function einsum(...args: readonly unknown[]): Tensor {
  const [first] = args;
  if (typeof first === 'string') return callOp('aten::einsum', [first, listOf(args.slice(1) as unknown as Tensors)]);
  if (args.length < 2 || !(first instanceof TensorBase)) {
    throw new ArgumentError(
      `einsum(): expected an equation and operands, or operands with their subscripts, received ${args.map((arg) => describe(arg)).join(', ') || 'nothing'}`,
      'TORCH_VALUE',
    );
  }
  const paired = args.length - (args.length % 2);
  for (const [index, arg] of args.entries()) {
    if (index % 2 === 1 || index === paired) checkList('einsum', `${index}`, arg);
  }
  const operands: Tensor[] = [];
  const inputs: string[] = [];
  for (let index = 0; index < paired; index += 2) {
    operands.push(args[index] as Tensor);
    inputs.push((args[index + 1] as Subscripts).map(subscriptLetter).join(''));
  }
  const output = paired < args.length ? `->${(args[paired] as Subscripts).map(subscriptLetter).join('')}` : '';
  return callOp('aten::einsum', [`${inputs.join(',')}${output}`, operands]);
}

/**
 * Sums over pairs of dimensions: `torch.tensordot`.
 *
 * @param dims - how many of the last dimensions of `a` meet the first of `b` (2 by default), or the two lists
 */
export function tensordot(
  a: Tensor,
  b: Tensor,
  dims: number | readonly [readonly number[], readonly number[]] | Tensor | { dims?: number } = 2,
): Tensor {
  checkTensors('tensordot', { a, b });
  let wanted: unknown = dims;
  if (dims instanceof TensorBase) wanted = dims.numel() > 1 ? dims.tolist() : dims.item();
  else if (typeof dims === 'object' && 'dims' in dims) wanted = dims.dims ?? 2;
  if (Array.isArray(wanted) && wanted.length === 2) {
    return callOp('aten::tensordot', [a, b, wanted[0], wanted[1]]);
  }
  if (typeof wanted !== 'number' || wanted < 0 || wanted > Math.min(a.ndim, b.ndim)) {
    throw new ArgumentError(
      `tensordot(): expected a number from 0 to ${Math.min(a.ndim, b.ndim)} or two lists for argument \`dims\`, received ${describe(wanted)}`,
      'TORCH_VALUE',
    );
  }
  const count = wanted;
  const last = Array.from({ length: count }, (_, index) => index - count);
  return callOp('aten::tensordot', [a, b, last, [...last.keys()]]);
}

const COMPUTE_MODES = [
  'use_mm_for_euclid_dist_if_necessary',
  'use_mm_for_euclid_dist',
  'donot_use_mm_for_euclid_dist',
] as const;

/** Options of {@link cdist}. */
export interface CdistOptions {
  /** The norm, 2 by default. */
  p?: number;
  computeMode?: (typeof COMPUTE_MODES)[number];
}

/** Distances of each row of `x1` [*, P, M] to each of `x2` [*, R, M], as [*, P, R]: `torch.cdist`. */
export function cdist(x1: Tensor, x2: Tensor, ...rest: Tail<CdistOptions, ['p', 'computeMode']>): Tensor {
  const { p, computeMode } = readTail<Required<CdistOptions>>('cdist', { p: 2, computeMode: COMPUTE_MODES[0] }, rest);
  const mode = COMPUTE_MODES.indexOf(computeMode);
  if (mode < 0) {
    throw new ArgumentError(
      `cdist(): expected one of ${COMPUTE_MODES.join(', ')} for argument \`computeMode\`, received ${describe(computeMode)}`,
      'TORCH_VALUE',
    );
  }
  return callOp('aten::cdist', [x1, x2, p, mode === 0 ? null : mode]);
}

/** Options of {@link norm}. */
export interface NormOptions {
  /** The order, or `fro` (the default) or `nuc`. */
  p?: number | 'fro' | 'nuc' | null;
  dim?: number | readonly number[] | null;
  keepdim?: boolean;
  dtype?: DType | null;
}

/** The norm of all elements, of vectors along one dimension, or of matrices along two: `torch.norm`. */
export function norm(input: Tensor, ...rest: Tail<NormOptions, ['p', 'dim', 'keepdim', 'dtype']>): Tensor {
  const { p, dim, keepdim, dtype } = readTail<Required<NormOptions>>(
    'norm',
    { p: 'fro', dim: null, keepdim: false, dtype: null },
    rest,
  );
  const dims = typeof dim === 'number' ? [dim] : dim;
  if (typeof p === 'string' && !(p === 'fro' && (dims === null || dims.length <= 2))) {
    const matrix = dims ?? Array.from({ length: input.ndim }, (_, index) => index);
    return ops.linalgMatrixNorm(input, p, matrix, keepdim, { dtype });
  }
  return ops.linalgVectorNorm(input, typeof p === 'number' ? p : 2, dims, keepdim, { dtype });
}

/** Parts of `splitSizeOrSections` elements each, or of those sizes, along `dim`; views: `torch.split`. */
export function split(tensor: Tensor, splitSizeOrSections: number | readonly number[], dim = 0): Tensor[] {
  return typeof splitSizeOrSections === 'number'
    ? callOp<Tensor[]>('aten::split.Tensor', [tensor, splitSizeOrSections, dim])
    : callOp<Tensor[]>('aten::split_with_sizes', [tensor, splitSizeOrSections, dim]);
}

/** Coordinates, one tensor for each dimension of `shape`, of flat indices into it: `torch.unravel_index`. */
export function unravelIndex(indices: Tensor, shape: number | readonly number[]): Tensor[] {
  checkTensor('unravelIndex()', 'indices', indices);
  if (indices.isFloatingPoint() || indices.isComplex() || indices.dtype === 'bool') {
    throw new ArgumentError(
      `unravelIndex(): expected integers for argument \`indices\`, received ${describe(indices)}`,
    );
  }
  const sizes = typeof shape === 'number' ? [shape] : shape;
  checkList('unravelIndex', 'shape', sizes);
  if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new ArgumentError(
      `unravelIndex(): expected sizes of 0 or more for argument \`shape\`, received ${describe(shape)}`,
      'TORCH_VALUE',
    );
  }
  let step = 1;
  const coordinates: Tensor[] = [];
  for (const size of [...sizes].reverse()) {
    const wide = ops.full([], size, { dtype: 'int64', device: indices.device });
    coordinates.unshift(indices.floorDivide(ops.fullLike(wide, step)).remainder(wide));
    step *= size;
  }
  return coordinates;
}

/** The dtype that arithmetic of the two gives: `torch.promote_types`. */
export function promoteTypes(type1: DType, type2: DType): DType {
  return callOp<DType>('aten::promote_types', [type1, type2]);
}

/** True where a value of one dtype may become one of the other in place: `torch.can_cast`. */
export function canCast(from: DType, to: DType): boolean {
  return callOp<boolean>('aten::can_cast', [from, to]);
}
