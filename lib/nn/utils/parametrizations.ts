/** Parametrizations that are there already (`torch.nn.utils.parametrizations`). */
import { checkInteger, IndexError, valueError } from '../../engine';
import type { Tail } from '../../tensor/tail';
import { readOptions } from '../arguments';
import type { AnyModule } from '../module';
import { namedTensor } from './named-tensor';
import { orthogonalMaps, type OrthogonalMap, _Orthogonal } from './orthogonal';
import { type Parametrized, registerParametrization } from './parametrize';
import { checkIterations, outputDim, type SpectralNormOptions } from './power-method';
import { _SpectralNorm, _WeightNorm } from './norm-parametrizations';

export type { OrthogonalMap } from './orthogonal';

/** Options of {@link weightNorm}. */
export interface WeightNormOptions {
  /** The tensor, by the property's name or PyTorch's. */
  name?: string;
  /** The dimension whose slices have a length each; null: one length for all of the tensor. */
  dim?: number | null;
}

/**
 * Has a weight computed from its direction and its length: w = g · v / ‖v‖ (`parametrizations.weight_norm`), which are
 * `parametrizations.weight.original1` and `original0`. State dicts of the older `nn.utils.weightNorm` can be loaded.
 *
 * @returns the module
 *
 * @example
 * ```ts
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 3));
 * console.log([...layer.stateDict()].map(([key, { shape }]) => `${key} [${shape}]`).join(' '));
 * // bias [3] parametrizations.weight.original0 [3,1] parametrizations.weight.original1 [3,2]
 * ```
 */
export function weightNorm<M extends AnyModule>(
  module: M,
  ...rest: Tail<WeightNormOptions, ['name', 'dim']>
): M & Parametrized {
  const defaults: Required<WeightNormOptions> = { name: 'weight', dim: 0 };
  const { name: given, dim } = readOptions('weightNorm', defaults, rest, ['dim']);
  const { name } = namedTensor('weightNorm', module, given);
  if (dim !== null) checkInteger('weightNorm', 'dim', dim);
  const made = registerParametrization(module, name, new _WeightNorm(dim ?? -1), { unsafe: true });
  module.registerLoadStateDictPreHook((_, state, prefix) => {
    const old = [`${prefix}${name}_g`, `${prefix}${name}_v`];
    if (!old.every((key) => state.has(key))) return;
    for (const [index, key] of old.entries()) {
      state.set(`${prefix}parametrizations.${name}.original${index}`, state.get(key));
      state.delete(key);
    }
  });
  return made;
}

/**
 * Has a weight divided by its largest singular value, which is estimated by the power method, a step at each use in training
 * (`parametrizations.spectral_norm`).
 *
 * @returns the module
 *
 * @example
 * ```ts
 * const layer = nn.utils.parametrizations.spectralNorm(new nn.Linear(20, 40));
 * console.log(layer);
 * // ParametrizedLinear(
 * //   in_features=20, out_features=40, bias=True
 * //   (parametrizations): ModuleDict(
 * //     (weight): ParametrizationList(
 * //       (0): _SpectralNorm()
 * //     )
 * //   )
 * // )
 * ```
 */
export function spectralNorm<M extends AnyModule>(
  module: M,
  ...rest: Tail<SpectralNormOptions, ['name', 'nPowerIterations', 'eps', 'dim']>
): M & Parametrized {
  const defaults: Required<SpectralNormOptions> = { name: 'weight', nPowerIterations: 1, eps: 1e-12, dim: null };
  const { name, nPowerIterations, eps, dim: given } = readOptions('spectralNorm', defaults, rest, ['dim']);
  const { tensor } = namedTensor('spectralNorm', module, name);
  const dim = outputDim(module, given);
  checkInteger('spectralNorm', 'dim', dim);
  const dims = tensor.dim();
  if (dim >= dims || dim < -dims) {
    throw new IndexError(
      `spectralNorm(): Dimension out of range (expected to be in range of [${-dims}, ${dims - 1}] but got ${dim})`,
    );
  }
  checkIterations('spectralNorm', nPowerIterations);
  const place = dim < 0 ? dim + dims : dim;
  return registerParametrization(module, name, new _SpectralNorm(tensor, nPowerIterations, place, eps));
}

/** Options of {@link orthogonal}. */
export interface OrthogonalOptions {
  /** The tensor, by the property's name or PyTorch's. */
  name?: string;
  /** How the matrix is made; `matrix_exp` for square and complex ones by default, else `householder`. */
  orthogonalMap?: OrthogonalMap | null;
  /** Keep the matrix of the beginning, and train what it is turned by: it trains better, and takes more memory. */
  useTrivialization?: boolean;
}

/**
 * Has a matrix, or each of a batch, orthogonal: QᵀQ = 1 for tall ones, QQᵀ = 1 for wide ones; unitary where it is complex
 * (`parametrizations.orthogonal`). A matrix that is not orthogonal yet is made so.
 *
 * @returns the module
 * @throws ArgumentError for a tensor with fewer than two dimensions, and for `householder` of a complex one
 *
 * @example
 * ```ts
 * const q = nn.utils.parametrizations.orthogonal(new nn.Linear(3, 3)).weight;
 * console.log(torch.allclose(q.mT.matmul(q), torch.eye(3), 1e-5, 1e-5)); // true
 * ```
 */
export function orthogonal<M extends AnyModule>(
  module: M,
  ...rest:
    | [name: string, orthogonalMap: OrthogonalMap | null, options?: Pick<OrthogonalOptions, 'useTrivialization'>]
    | [name: string, options?: Omit<OrthogonalOptions, 'name'>]
    | [options?: OrthogonalOptions]
): M & Parametrized {
  const defaults: Required<OrthogonalOptions> = { name: 'weight', orthogonalMap: null, useTrivialization: true };
  const { name, orthogonalMap, useTrivialization } = readOptions('orthogonal', defaults, rest);
  const { tensor } = namedTensor('orthogonal', module, name);
  if (tensor.dim() < 2) {
    throw valueError(`Expected a matrix or batch of matrices. Got a tensor of ${tensor.dim()} dimensions.`);
  }
  const isSquare = tensor.size(-2) === tensor.size(-1);
  const map = orthogonalMap ?? (isSquare || tensor.isComplex() ? 'matrix_exp' : 'householder');
  if (!orthogonalMaps.includes(map)) {
    throw valueError(`orthogonalMap has to be one of "matrix_exp", "cayley", "householder". Got: ${map as string}`);
  }
  return registerParametrization(module, name, new _Orthogonal(tensor, map, useTrivialization), { unsafe: true });
}
