/** What the functions of `torch.autograd.functional` share: one tensor or several, and gradients that may be missing. */

import { ArgumentError, checkFunction, describe, TorchError } from '../../engine';
import { Tensor, zerosLike } from '../../tensor';
import { grad } from '../grad';

/** One tensor, or several. */
export type OneOrMore = Tensor | readonly Tensor[];

/** As many as `T` is: a tensor for a tensor, a list for a list. */
export type Like<T extends OneOrMore> = T extends Tensor ? Tensor : { -readonly [K in keyof T]: Tensor };

/** Takes the inputs, one by one, and gives one tensor or several. */
export type Differentiated<In extends OneOrMore, Out extends OneOrMore> = (
  ...inputs: In extends readonly Tensor[] ? Like<In> & Tensor[] : [Tensor]
) => Out;

type AnyFunction = (...inputs: Tensor[]) => OneOrMore;

/** Calls a function with as many tensors as its inputs are. */
export function call<In extends OneOrMore, Out extends OneOrMore>(
  func: Differentiated<In, Out>,
  inputs: readonly Tensor[],
): OneOrMore {
  checkFunction('autograd.functional', 'func', func);
  return (func as unknown as AnyFunction)(...inputs);
}

export interface FunctionalOptions {
  /** Makes results that can be differentiated. */
  createGraph?: boolean;
  /** Fails where a result does not depend on an input, instead of giving zeros. */
  strict?: boolean;
}

const isList = (value: unknown): value is readonly Tensor[] => Array.isArray(value);

/** The tensors as a list. */
export function listOf(value: OneOrMore, what: string, callee: string): readonly Tensor[] {
  const list: readonly unknown[] = isList(value) ? value : [value];
  for (const element of list) {
    if (element instanceof Tensor) continue;
    throw new ArgumentError(
      `${callee}(): expected a Tensor or a list of them for ${what}, received ${describe(value)}`,
    );
  }
  return list as readonly Tensor[];
}

/** `values` alone where `pattern` was no list. */
export function likePattern(values: readonly unknown[], pattern: unknown): unknown {
  return isList(pattern) ? values : values[0];
}

/** New objects for the inputs, so that they are told from the same tensors where the function captures them. */
export function prepare(inputs: readonly Tensor[], createGraph: boolean, needGraph: boolean): Tensor[] {
  return inputs.map((input) => {
    if (!createGraph || !input.requiresGrad) return input.detach().requiresGrad_(needGraph);
    return input.isSparse ? input.clone() : input.viewAs(input);
  });
}

export const release = (tensors: readonly Tensor[], createGraph: boolean): readonly Tensor[] =>
  createGraph ? tensors : tensors.map((tensor) => tensor.detach());

/** The vector of a product, or null where it may be left out: of what has a single element. */
export function prepareVector(
  v: OneOrMore | null,
  like: readonly Tensor[],
  createGraph: boolean,
  callee: string,
): readonly Tensor[] | null {
  if (v === null) {
    if (like.length === 1 && like[0]?.numel() === 1) return null;
    throw new TorchError(`${callee}(): \`v\` can be left out only beside a single tensor of a single element`);
  }
  const vectors = prepare(listOf(v, '`v`', callee), createGraph, false);
  const fits =
    vectors.length === like.length && vectors.every(({ shape }, i) => shape.join() === like[i]?.shape.join());
  if (fits) return vectors;
  throw new TorchError(
    `${callee}(): expected tensors of the shapes of ${describe(like)} for \`v\`, received ${describe(vectors)}`,
  );
}

/** Fails in strict mode where a tensor does not depend on the inputs. */
export function checkDependent(tensors: readonly (Tensor | null)[], what: string, strict: boolean): void {
  const index = strict ? tensors.findIndex((tensor) => tensor?.requiresGrad !== true) : -1;
  if (index === -1) return;
  throw new TorchError(`${what} ${index} is independent of the inputs, which strict mode does not allow`);
}

/** Gradients of those outputs that have any; null for inputs that none depends on. */
export function gradientsOf(
  outputs: readonly (Tensor | null)[],
  inputs: readonly Tensor[],
  gradOutputs: readonly Tensor[] | null,
  options: { createGraph: boolean; retainGraph?: boolean },
): (Tensor | null)[] {
  const kept = [...outputs.keys()].filter((index) => outputs[index]?.requiresGrad === true);
  if (kept.length === 0) return inputs.map(() => null);
  return grad(
    kept.map((index) => outputs[index] as Tensor),
    inputs,
    { ...options, allowUnused: true, gradOutputs: kept.map((index) => gradOutputs?.[index] ?? null) },
  );
}

/** Zeros for gradients that are missing; in strict mode an error. */
export function fillZeros(
  gradients: readonly (Tensor | null)[],
  like: readonly Tensor[],
  what: string,
  { strict, createGraph }: Required<FunctionalOptions>,
): Tensor[] {
  return gradients.map((gradient, index) => {
    const independent = gradient === null || (createGraph && !gradient.requiresGrad);
    if (strict && independent) {
      throw new TorchError(`${what} is independent of input ${index}, which strict mode does not allow`);
    }
    return gradient ?? zerosLike(like[index] as Tensor);
  });
}
