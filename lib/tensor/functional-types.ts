import type { NormOptions } from './functional';
import type { Tail } from './tail';
import type { Tensor } from './tensor';
import type { LuOptions, UniqueConsecutiveOptions, UniqueOptions, UniqueResult } from './unique';

/** The methods of a tensor that Python defines in Python; scripts/generate-ops.mjs leaves ops of these names out. */
export interface FunctionalMethods {
  /** The factors of matrices [*, M, N] in one tensor, and the pivots. */
  lu(options: LuOptions & { getInfos: true }): [LU: Tensor, pivots: Tensor, infos: Tensor];
  /** The factors of matrices [*, M, N] in one tensor, and the pivots. */
  lu(options?: LuOptions): [LU: Tensor, pivots: Tensor];
  /** The norm of all elements, of vectors along one dimension, or of matrices along two. */
  norm(...rest: Tail<NormOptions, ['p', 'dim', 'keepdim', 'dtype']>): Tensor;
  /** Parts of that many elements each, or of those sizes, along `dim`; views. */
  split(splitSizeOrSections: number | readonly number[], dim?: number): Tensor[];
  /** The different elements. */
  unique<const O extends UniqueOptions = object>(options?: O & UniqueOptions): UniqueResult<O>;
  /** The first element of each run of equal ones. */
  uniqueConsecutive<const O extends UniqueConsecutiveOptions = object>(
    options?: O & UniqueConsecutiveOptions,
  ): UniqueResult<O>;
}
