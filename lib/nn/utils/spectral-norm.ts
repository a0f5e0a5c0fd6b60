import { noGrad } from '../../autograd';
import { checkInteger, scope, valueError } from '../../engine';
import { linalg, Tensor } from '../../tensor';
import type { Tail } from '../../tensor/tail';
import { readOptions } from '../arguments';
import type { AnyModule } from '../module';
import { checkModule } from '../module-sequence';
import { Parameter } from '../parameter';
import { deleteSlot } from '../slots';
import { addNorm, hasNorm, type NormHook, removeNorm, tensorToNormalize } from './norm-hooks';
import {
  asMatrix,
  checkIterations,
  drawnVector,
  normalized,
  outputDim,
  type SpectralNormOptions,
} from './power-method';

class SpectralNorm implements NormHook {
  readonly kind = 'spectralNorm';

  constructor(
    readonly property: string,
    readonly name: string,
    readonly nPowerIterations: number,
    readonly dim: number,
    readonly eps: number,
  ) {}

  compute(module: AnyModule, iterations = module.training ? this.nPowerIterations : 0): Tensor {
    const [weight, u, v] = ['_orig', '_u', '_v'].map((suffix) => Reflect.get(module, this.name + suffix) as Tensor) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const matrix = asMatrix(weight, this.dim);
    noGrad(() =>
      scope(() => {
        for (let iteration = 0; iteration < iterations; iteration++) {
          v.copy_(normalized(matrix.mT.mv(u), this.eps));
          u.copy_(normalized(matrix.mv(v), this.eps));
        }
      }),
    );
    // Copies, since the next forward changes the vectors, and a second backward may still need these.
    const [left, right] = iterations > 0 ? [u.clone(), v.clone()] : [u, v];
    return weight.div(left.dot(matrix.mv(right)));
  }

  remove(module: AnyModule): void {
    const weight = noGrad(() => this.compute(module, 0));
    const suffixes = ['_u', '_v', '_orig'].map((suffix) => this.name + suffix);
    for (const property of [this.property, ...suffixes]) deleteSlot(module, property);
    Reflect.set(module, this.property, new Parameter(weight));
  }

  /** What PyTorch saved before 1.1: the weight itself, and no right vector. */
  upgrade(state: Map<string, unknown>, prefix: string): void {
    const key = prefix + this.name;
    const [weight, original, u] = [key, `${key}_orig`, `${key}_u`].map((each) => state.get(each));
    if (!(weight instanceof Tensor && original instanceof Tensor && u instanceof Tensor)) return;
    const v = noGrad(() => {
      const sigma = original.div(weight).mean();
      const matrix = asMatrix(original, this.dim);
      const inverse = matrix.t().mm(matrix).pinverse();
      const solved = linalg.multiDot([inverse, matrix.t(), u.unsqueeze(1)]).squeeze(1);
      return solved.mul_(sigma.div(u.dot(matrix.mv(solved))));
    });
    state.delete(key);
    state.set(`${key}_v`, v);
  }
}

/**
 * Has a weight divided before each forward by its largest singular value, which a step of the power method estimates in
 * training (`torch.nn.utils.spectral_norm`): the parameter `weight_orig`, and the buffers `weight_u` and `weight_v`.
 * `parametrizations.spectralNorm` is the newer form.
 *
 * @returns the module
 */
export function spectralNorm<M extends AnyModule>(
  module: M,
  ...rest: Tail<SpectralNormOptions, ['name', 'nPowerIterations', 'eps', 'dim']>
): M {
  const defaults: Required<SpectralNormOptions> = { name: 'weight', nPowerIterations: 1, eps: 1e-12, dim: null };
  const options = readOptions('spectralNorm', defaults, rest, ['dim']);
  const { nPowerIterations, eps } = options;
  const { property, name, tensor } = tensorToNormalize('spectralNorm', module, options.name);
  if (!(tensor instanceof Parameter)) {
    throw valueError(`spectralNorm(): expected a parameter for \`${options.name}\`, received a tensor that is none`);
  }
  checkIterations('spectralNorm', nPowerIterations);
  const dim = outputDim(module, options.dim);
  checkInteger('spectralNorm', 'dim', dim, 0, Math.max(tensor.dim() - 1, 0));
  const norm = new SpectralNorm(property, name, nPowerIterations, dim, eps);
  const [rows, columns] = noGrad(() => asMatrix(tensor, dim)).shape as [number, number];
  const [u, v] = [drawnVector(tensor, rows, eps), drawnVector(tensor, columns, eps)];
  deleteSlot(module, property);
  module.registerParameter(`${name}_orig`, tensor);
  module.registerBuffer(`${name}_u`, u);
  module.registerBuffer(`${name}_v`, v);
  addNorm(module, norm, tensor.data);
  module.registerLoadStateDictPreHook((of, state, prefix) => {
    if (hasNorm(of, norm)) norm.upgrade(state, prefix);
  });
  return module;
}

/** Makes an ordinary parameter of a weight that {@link spectralNorm} has computed (`torch.nn.utils.remove_spectral_norm`). */
export function removeSpectralNorm<M extends AnyModule>(module: M, ...rest: Tail<{ name?: string }, ['name']>): M {
  checkModule('removeSpectralNorm', module);
  const { name } = readOptions('removeSpectralNorm', { name: 'weight' }, rest);
  removeNorm('spectralNorm', module, name);
  return module;
}
