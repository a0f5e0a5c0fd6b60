/** State dicts of optimizers, in PyTorch's layout. */

import { noGrad } from '../autograd';
import { ArgumentError, checkList, checkObject, describe, keep, valueError } from '../engine';
import { camelCase, snakeCase } from '../nn/names';
import { getDefaultDtype, Tensor, tensor } from '../tensor';

/** A value of a parameter's state in a state dict: a tensor but for `LBFGS` and `SparseAdam`. */
export type StateValue = Tensor | number | boolean | string | null | readonly StateValue[];

/** A value of an option in a state dict; a tensor as a learning rate or a beta. */
export type OptionValue = StateValue;

/**
 * PyTorch's layout, under PyTorch's names: `{ state: { 0: { step, exp_avg, exp_avg_sq } }, param_groups: [{ lr, …, params:
 * [0, 1] }] }`. Parameters are numbered in the order of the groups.
 *
 * @typeParam V what a parameter's state consists of
 */
export interface OptimizerStateDict<V extends StateValue = Tensor> {
  state: Record<number, Record<string, V>>;
  param_groups: ({ params: number[] } & Record<string, OptionValue>)[];
}

/** A count as PyTorch keeps it, `_get_scalar_dtype()`: in a tensor without dimensions. */
export function countTensor(count: number): Tensor {
  return tensor(count, { dtype: getDefaultDtype() === 'float64' ? 'float64' : 'float32' });
}

/** The next number of a count that Python keeps in a float32 tensor, which stops at 2^24. */
export function nextCount(count: number): number {
  return getDefaultDtype() === 'float64' ? count + 1 : Math.fround(count + 1);
}

/** A count from a state dict; old ones of Python have a number there. */
export function readCount(name: string, value: StateValue | undefined): number {
  if (typeof value === 'number') return value;
  if (value instanceof Tensor && value.numel() === 1) return value.item();
  throw valueError(
    `expected a number or a tensor of one element for \`${name}\` in the state, received ${describe(value)}`,
  );
}

/** A parameter's state under PyTorch's names; what is undefined stays away, as where Python has no such entry. */
export function packRecord(state: object): Record<string, StateValue> {
  const entries = (Object.entries(state) as [string, StateValue | undefined][]).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [[snakeCase(name), name === 'step' && typeof value === 'number' ? countTensor(value) : value] as const];
  });
  return Object.fromEntries(entries);
}

/** The way back: `step` as a number, tensors as copies that the optimizer keeps, of the parameter's dtype and device. */
export function unpackRecord(
  packed: Readonly<Record<string, StateValue>>,
  param: Tensor,
  fits: (name: string, value: Tensor) => void,
): Record<string, StateValue> {
  return Object.fromEntries(
    Object.entries(packed).map(([name, value]) => {
      if (name === 'step') return [name, readCount(name, value)];
      if (value instanceof Tensor) fits(name, value);
      return [camelCase(name), copyTo(value, param)];
    }),
  );
}

/** A deep copy, tensors in the parameter's dtype (where that is a floating-point one) and on its device. */
export function copyTo(value: StateValue, param: Tensor): StateValue {
  if (value instanceof Tensor) {
    const dtype = param.isFloatingPoint() ? param.dtype : value.dtype;
    return noGrad(() => keep(value.detach().to({ dtype, device: param.device, copy: true })));
  }
  return Array.isArray(value) ? value.map((element: StateValue) => copyTo(element, param)) : value;
}

/**
 * A deep copy of an option, as Python's: a tensor is the optimizer's own from then on.
 * @param copies what was copied already, so that a tensor of several groups stays one
 */
export function copyOption(value: OptionValue, copies: Map<Tensor, Tensor>): OptionValue {
  if (!(value instanceof Tensor)) {
    return Array.isArray(value) ? value.map((each: OptionValue) => copyOption(each, copies)) : value;
  }
  const copy = copies.get(value) ?? keep(noGrad(() => value.clone())).requiresGrad_(value.requiresGrad);
  copies.set(value, copy);
  return copy;
}

/** Refuses a tensor of the state of another shape than `expected`. */
export function checkShape(name: string, value: Tensor, expected: readonly number[], owner: string): void {
  if (value.shape.join() === expected.join()) return;
  throw valueError(
    `\`${name}\` of ${owner} has shape [${value.shape.join(', ')}], the parameter [${expected.join(', ')}]`,
  );
}

/**
 * Checks the outline of a state dict against the groups, and says which parameter each number in it stands for.
 */
export function matchGroups(
  stateDict: OptimizerStateDict<StateValue>,
  groups: readonly { params: readonly Tensor[] }[],
): Map<number, Tensor> {
  checkObject('loadStateDict', 'stateDict', stateDict, '{ state, param_groups }', ['state', 'param_groups']);
  const { state, param_groups: loaded } = stateDict;
  checkObject('loadStateDict', 'state', state);
  checkList('loadStateDict', 'param_groups', loaded);
  if (loaded.length !== groups.length) {
    throw valueError(
      `loaded state dict has a different number of parameter groups (${loaded.length}, the optimizer has ${groups.length})`,
    );
  }
  const byNumber = new Map<number, Tensor>();
  for (const [index, { params }] of groups.entries()) {
    checkObject('loadStateDict', `param_groups[${index}]`, loaded[index], 'a group', ['params']);
    const numbers = loaded[index]?.params ?? [];
    checkList('loadStateDict', `param_groups[${index}].params`, numbers);
    if (numbers.length !== params.length) {
      throw valueError(
        `loaded state dict contains a parameter group that doesn't match the size of optimizer's group ` +
          `(group ${index} has ${numbers.length} parameters, the optimizer's ${params.length})`,
      );
    }
    for (const [place, number] of numbers.entries()) byNumber.set(number, params[place] as Tensor);
  }
  for (const [key, packed] of Object.entries(state)) {
    if (!byNumber.has(Number(key))) {
      throw valueError(`loaded state dict has a state for parameter ${key}, which is in no group`);
    }
    if (typeof packed !== 'object' || (packed as unknown) === null) {
      throw new ArgumentError(`expected an object for the state of parameter ${key}, received ${describe(packed)}`);
    }
  }
  return byNumber;
}
