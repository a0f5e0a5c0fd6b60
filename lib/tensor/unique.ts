/** `torch.unique` and `torch.lu`: results whose number depends on what was asked for. */

import { checkOptions } from '../engine';
import { callOp } from './dispatch';
import * as ops from './generated/functions';
import type { Tensor } from './tensor';

/** Options of {@link unique}; {@link uniqueConsecutive} has no `sorted`. */
export interface UniqueOptions {
  /** In ascending order, the default. */
  sorted?: boolean;
  /** Also where in the result each element of the input is. */
  returnInverse?: boolean;
  /** Also how often each occurs. */
  returnCounts?: boolean;
  /** Slices along this dimension are compared; by default single elements. */
  dim?: number | null;
}

/** A tensor, or it together with what was asked for. */
export type UniqueResult<O extends UniqueOptions> = O extends { returnInverse: true }
  ? O extends { returnCounts: true }
    ? [output: Tensor, inverse: Tensor, counts: Tensor]
    : [output: Tensor, inverse: Tensor]
  : O extends { returnCounts: true }
    ? [output: Tensor, counts: Tensor]
    : Tensor;

function select<O extends UniqueOptions>(
  [output, inverse, counts]: readonly [Tensor, Tensor, Tensor],
  { returnInverse = false, returnCounts = false }: UniqueOptions,
): UniqueResult<O> {
  const found = [output];
  for (const [tensor, wanted] of [
    [inverse, returnInverse],
    [counts, returnCounts],
  ] as const) {
    if (wanted) found.push(tensor);
    else tensor.dispose();
  }
  return (found.length === 1 ? output : found) as UniqueResult<O>;
}

/** The different elements of a tensor: `torch.unique`. */
export function unique<const O extends UniqueOptions = object>(
  input: Tensor,
  options: O & UniqueOptions = {} as O,
): UniqueResult<O> {
  checkOptions('unique', options, ['sorted', 'returnInverse', 'returnCounts', 'dim']);
  const { sorted = true, returnInverse = false, returnCounts = false, dim = null } = options as UniqueOptions;
  const found =
    dim === null
      ? callOp<[Tensor, Tensor, Tensor]>('aten::_unique2', [input, sorted, returnInverse, returnCounts])
      : ops.uniqueDim(input, dim, sorted, returnInverse, returnCounts);
  return select<O>(found, options);
}

/** Options of {@link uniqueConsecutive}. */
export type UniqueConsecutiveOptions = Omit<UniqueOptions, 'sorted'>;

/** The first element of each run of equal ones: `torch.unique_consecutive`. */
export function uniqueConsecutive<const O extends UniqueConsecutiveOptions = object>(
  input: Tensor,
  options: O & UniqueConsecutiveOptions = {} as O,
): UniqueResult<O> {
  checkOptions('uniqueConsecutive', options, ['returnInverse', 'returnCounts', 'dim']);
  const { returnInverse = false, returnCounts = false, dim = null } = options as UniqueOptions;
  const found = callOp<[Tensor, Tensor, Tensor]>('aten::unique_consecutive', [input, returnInverse, returnCounts, dim]);
  return select<O>(found, options);
}

/** Options of {@link lu}. */
export interface LuOptions {
  pivot?: boolean;
  /** Also a number for each matrix, 0 where it could be factored, instead of an error. */
  getInfos?: boolean;
}

/** The factors of matrices [*, M, N] in one tensor, and the pivots: `torch.lu`. See `luUnpack`. */
export function lu(A: Tensor, options: LuOptions & { getInfos: true }): [LU: Tensor, pivots: Tensor, infos: Tensor];
export function lu(A: Tensor, options?: LuOptions): [LU: Tensor, pivots: Tensor];
export function lu(A: Tensor, options: LuOptions = {}): Tensor[] {
  checkOptions('lu', options, ['pivot', 'getInfos']);
  const { pivot = true, getInfos = false } = options;
  const [LU, pivots, infos] = callOp<[Tensor, Tensor, Tensor]>('aten::_lu_with_info', [A, pivot, !getInfos]);
  if (getInfos) return [LU, pivots, infos];
  infos.dispose();
  return [LU, pivots];
}
