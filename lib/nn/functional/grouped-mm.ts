/** Matrix products of groups, and of numbers of 8 bits with scales. */
import { ArgumentError, checkList, describe } from '../../engine';
import type { DType, Tensor } from '../../tensor';
import { callOp } from '../../tensor/dispatch';
import { type Arguments, readTail, required, type Tail } from '../../tensor/tail';

/** Options of {@link groupedMm}. */
export interface GroupedMmOptions {
  /** Where each group of rows or columns ends, int32; needed where an operand has two dimensions. */
  offs?: Tensor | null;
  bias?: Tensor | null;
  /** That of the operands by default. */
  outDtype?: DType | null;
}

/**
 * The products of groups of matrices: [G, M, K] with [G, K, N], or one operand or both of two dimensions, cut into groups
 * at `offs`. Strides must be multiples of 16 bytes. `F.grouped_mm`.
 */
export function groupedMm(
  matA: Tensor,
  ...rest: Arguments<[matB: Tensor], { matB: Tensor } & GroupedMmOptions, ['matB', 'offs', 'bias', 'outDtype']>
): Tensor {
  const { matB, offs, bias, outDtype } = readTail<Required<{ matB: Tensor } & GroupedMmOptions>>(
    'groupedMm',
    { matB: required, offs: null, bias: null, outDtype: null },
    rest,
  );
  return callOp('aten::_grouped_mm', [matA, matB, offs, bias, outDtype]);
}

const SCALINGS = [
  'TensorWise',
  'RowWise',
  'BlockWise1x16',
  'BlockWise1x32',
  'BlockWise1x128',
  'BlockWise128x128',
] as const;
const SWIZZLES = ['NO_SWIZZLE', 'SWIZZLE_32_4_4'] as const;

/** What a scale belongs to: `F.ScalingType`. */
export type ScalingType = (typeof SCALINGS)[number];
/** How scales are ordered in memory: `F.SwizzleType`. */
export type SwizzleType = (typeof SWIZZLES)[number];

/** One, or one for each level of scaling. @inline */
type OneOrMore<T> = T | readonly T[];

function listOf<T>(name: string, value: OneOrMore<T> | null): readonly T[] {
  if (value === null) return [];
  if (!Array.isArray(value)) return [value as T];
  checkList('scaled product', name, value);
  return value as readonly T[];
}

function numbersOf<T extends string>(name: string, names: readonly T[], value: OneOrMore<T> | null): number[] {
  return listOf(name, value).map((item) => {
    const number = names.indexOf(item);
    if (number >= 0) return number;
    throw new ArgumentError(
      `scaled product: expected ${names.join(', ')} for \`${name}\`, received ${describe(item)}`,
      'TORCH_VALUE',
    );
  });
}

/** Options of {@link scaledMm}. */
export interface ScaledMmOptions {
  swizzleA?: OneOrMore<SwizzleType> | null;
  swizzleB?: OneOrMore<SwizzleType> | null;
  bias?: Tensor | null;
  outputDtype?: DType | null;
  /** Which dimensions are multiplied and summed, where the op cannot tell. */
  contractionDim?: readonly number[];
  /** For GPUs that have it. */
  useFastAccum?: boolean;
}

const DEFAULTS: Required<ScaledMmOptions> = {
  swizzleA: null,
  swizzleB: null,
  bias: null,
  outputDtype: 'bfloat16',
  contractionDim: [],
  useFastAccum: false,
};

type ScaledTail<O extends object> = Tail<
  O & ScaledMmOptions,
  [
    'swizzleA',
    'swizzleB',
    'bias',
    ...('offs' extends keyof O ? ['offs'] : []),
    'outputDtype',
    'contractionDim',
    'useFastAccum',
  ]
>;

/** The matrices with their scales, and their sides' numbers, in the ops' order. */
function sides(
  [matA, matB]: readonly [Tensor, Tensor],
  [scaleA, scaleB]: readonly [OneOrMore<Tensor>, OneOrMore<Tensor>],
  [recipeA, recipeB]: readonly [OneOrMore<ScalingType>, OneOrMore<ScalingType>],
  { swizzleA, swizzleB }: Required<ScaledMmOptions>,
): readonly unknown[] {
  return [
    matA,
    matB,
    listOf('scaleA', scaleA),
    numbersOf('scaleRecipeA', SCALINGS, recipeA),
    numbersOf('swizzleA', SWIZZLES, swizzleA),
    listOf('scaleB', scaleB),
    numbersOf('scaleRecipeB', SCALINGS, recipeB),
    numbersOf('swizzleB', SWIZZLES, swizzleB),
  ];
}

/** The product of matrices [M, K] and [K, N] of numbers that stand for themselves times their scale. `F.scaled_mm`. */
export function scaledMm(
  matA: Tensor,
  matB: Tensor,
  scaleA: OneOrMore<Tensor>,
  scaleRecipeA: OneOrMore<ScalingType>,
  scaleB: OneOrMore<Tensor>,
  scaleRecipeB: OneOrMore<ScalingType>,
  ...rest: ScaledTail<object>
): Tensor {
  const options = readTail('scaledMm', DEFAULTS, rest);
  const { bias, outputDtype, contractionDim, useFastAccum } = options;
  const first = sides([matA, matB], [scaleA, scaleB], [scaleRecipeA, scaleRecipeB], options);
  return callOp('aten::_scaled_mm_v2', [...first, bias, outputDtype, contractionDim, useFastAccum]);
}

/** {@link groupedMm} of scaled numbers; has no kernel for the CPU. `F.scaled_grouped_mm`. */
export function scaledGroupedMm(
  matA: Tensor,
  matB: Tensor,
  scaleA: OneOrMore<Tensor>,
  scaleRecipeA: OneOrMore<ScalingType>,
  scaleB: OneOrMore<Tensor>,
  scaleRecipeB: OneOrMore<ScalingType>,
  ...rest: ScaledTail<{ offs?: Tensor | null }>
): Tensor {
  const { swizzleA, swizzleB, bias, ...others } = DEFAULTS;
  const defaults = { swizzleA, swizzleB, bias, offs: null as Tensor | null, ...others };
  const options = readTail('scaledGroupedMm', defaults, rest);
  const { offs, outputDtype, contractionDim, useFastAccum } = options;
  const first = sides([matA, matB], [scaleA, scaleB], [scaleRecipeA, scaleRecipeB], options);
  return callOp('aten::_scaled_grouped_mm_v2', [
    ...first,
    offs,
    options.bias,
    outputDtype,
    contractionDim,
    useFastAccum,
  ]);
}
