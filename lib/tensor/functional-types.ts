import type { tensor, TensorOptions } from './creation';
import type { Element } from './data';
import type { DType } from './dtype';
import type { NormOptions } from './functional';
import type { Tail } from './tail';
import type { Tensor } from './tensor';
import type { LuOptions, UniqueConsecutiveOptions, UniqueOptions, UniqueResult } from './unique';

/** The members of a tensor that Python defines in Python; scripts/generate-ops.mjs leaves ops of these names out. */
export interface FunctionalMethods {
  /** The transposed matrix, conjugated where it is complex. */
  readonly H: Tensor;
  /** The last two dimensions exchanged, conjugated where it is complex. */
  readonly mH: Tensor;
  /** The real parts, a view; of a real tensor, itself. Writing to it writes to the tensor. */
  real: Tensor;
  /** The imaginary parts of a complex tensor, a view. Writing to it writes to the tensor. */
  imag: Tensor;
  /** Bytes of one element. */
  readonly itemsize: number;
  /** Which of its node's results it is. */
  readonly outputNr: number;
  /** True where `retainGrad` was called on a tensor that is no leaf. */
  readonly retainsGrad: boolean;
  readonly isCpu: boolean;
  readonly isCuda: boolean;
  /** It has shape and dtype, and no elements. */
  readonly isMeta: boolean;
  /** Its layout is sparse_coo. */
  readonly isSparse: boolean;
  /** Its layout is sparse_csr. */
  readonly isSparseCsr: boolean;
  readonly isMkldnn: boolean;
  /** To complex64. */
  cfloat(): Tensor;
  /** To complex128. */
  cdouble(): Tensor;
  /** To int8. */
  char(): Tensor;
  /** Number of elements. */
  nelement(): number;
  /** Number of dimensions. */
  ndimension(): number;
  /** The address of the first element, 0 where there is none: equal ones tell views of one place. */
  dataPtr(): number;
  /** A new tensor of this one's dtype on its device with a copy of the data. */
  newTensor(data: Tensor | Parameters<typeof tensor>[0], options?: TensorOptions): Tensor;
  /** With another dtype; without one, Python's name of the type, such as `torch.FloatTensor`. */
  type(): string;
  /** With another dtype; itself where it has that one. */
  type(dtype: DType, nonBlocking?: boolean): Tensor;
  /** In the layout sparse_coo. */
  toSparseCoo(): Tensor;
  /** Puts what `fn` makes of each element into its place; for tensors on the CPU. Slow. */
  apply_(fn: (element: Element) => Element): this;
  /** Puts what `fn` makes of each pair of elements into the first one's place; `other` broadcasts. Slow. */
  map_(other: Tensor, fn: (element: Element, other: Element) => Element): this;
  /** {@link map_} of three elements each. */
  map2_(x: Tensor, y: Tensor, fn: (element: Element, x: Element, y: Element) => Element): this;
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
