import type { OptimizerStateDict, OptionValue } from '../optim';
import type { Tensor } from '../tensor';

/** An optimizer's state dict without its tensors, as plain JSON. */
export type OptimizerOptions = ({ params: number[] } & Record<string, OptionValue>)[];

/** Takes an optimizer's state dict apart: tensors under `state.{parameter}.{name}`, the rest as JSON. */
export function packOptimizer({ state, param_groups }: OptimizerStateDict): {
  tensors: Map<string, Tensor>;
  options: OptimizerOptions;
} {
  const tensors = new Map<string, Tensor>();
  for (const [parameter, values] of Object.entries(state)) {
    for (const [name, tensor] of Object.entries(values)) tensors.set(`state.${parameter}.${name}`, tensor);
  }
  return { tensors, options: param_groups };
}

/** Puts together what {@link packOptimizer} took apart. */
export function unpackOptimizer(tensors: ReadonlyMap<string, Tensor>, options: OptimizerOptions): OptimizerStateDict {
  const state: OptimizerStateDict['state'] = {};
  for (const [key, tensor] of tensors) {
    const [, parameter, name] = /^state\.(\d+)\.(\w+)$/.exec(key) ?? [];
    if (parameter !== undefined && name !== undefined) (state[Number(parameter)] ??= {})[name] = tensor;
  }
  return { state, param_groups: options };
}
