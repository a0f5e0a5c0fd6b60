import { checkInteger } from '../../engine';
import type { Tensor } from '../../tensor';
import { callOp, normExceptDim } from '../../tensor';
import type { Tail } from '../../tensor/tail';
import { readOptions } from '../arguments';
import type { AnyModule } from '../module';
import { checkModule } from '../module-sequence';
import { Parameter } from '../parameter';
import { deleteSlot } from '../slots';
import { addNorm, type NormHook, removeNorm, tensorToNormalize } from './norm-hooks';
import type { WeightNormOptions } from './parametrizations';

class WeightNorm implements NormHook {
  readonly kind = 'weightNorm';

  constructor(
    readonly property: string,
    readonly name: string,
    readonly dim: number,
  ) {}

  compute(module: AnyModule): Tensor {
    const [v, g] = ['_v', '_g'].map((suffix) => Reflect.get(module, this.name + suffix) as Tensor);
    return callOp<Tensor>('aten::_weight_norm', [v, g, this.dim]);
  }

  remove(module: AnyModule): void {
    const weight = new Parameter(this.compute(module));
    for (const property of [this.property, `${this.name}_g`, `${this.name}_v`]) deleteSlot(module, property);
    Reflect.set(module, this.property, weight);
  }
}

/**
 * Has a weight computed before each forward from its length and its direction, the parameters `weight_g` and `weight_v`
 * (`torch.nn.utils.weight_norm`). PyTorch has deprecated it: `parametrizations.weightNorm` is the newer form, which can be
 * copied, and loads what this one has saved.
 *
 * @returns the module
 */
export function weightNorm<M extends AnyModule>(module: M, ...rest: Tail<WeightNormOptions, ['name', 'dim']>): M {
  const defaults: Required<WeightNormOptions> = { name: 'weight', dim: 0 };
  const { name: given, dim } = readOptions('weightNorm', defaults, rest, ['dim']);
  if (dim !== null) checkInteger('weightNorm', 'dim', dim);
  const { property, name, tensor } = tensorToNormalize('weightNorm', module, given);
  const norm = new WeightNorm(property, name, dim ?? -1);
  deleteSlot(module, property);
  module.registerParameter(`${name}_g`, new Parameter(normExceptDim(tensor, 2, norm.dim)));
  module.registerParameter(`${name}_v`, new Parameter(tensor));
  addNorm(module, norm, norm.compute(module));
  return module;
}

/** Makes an ordinary parameter of a weight that {@link weightNorm} has computed (`torch.nn.utils.remove_weight_norm`). */
export function removeWeightNorm<M extends AnyModule>(module: M, ...rest: Tail<{ name?: string }, ['name']>): M {
  checkModule('removeWeightNorm', module);
  const { name } = readOptions('removeWeightNorm', { name: 'weight' }, rest);
  removeNorm('weightNorm', module, name);
  return module;
}
