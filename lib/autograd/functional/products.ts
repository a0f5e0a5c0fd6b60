/** Products of vectors with Jacobians and Hessians, by reverse mode alone. */

import { TorchError } from '../../engine';
import { type Tensor, zerosLike } from '../../tensor';
import { readTail, type Tail } from '../../tensor/tail';
import { enableGrad, isGradEnabled, setGradEnabled } from '../grad-mode';
import {
  call,
  checkDependent,
  type Differentiated,
  fillZeros,
  type FunctionalOptions,
  gradientsOf,
  type Like,
  likePattern,
  listOf,
  type OneOrMore,
  prepare,
  prepareVector,
  release,
} from './common';

/** Arguments after the inputs; `v` is the vector, which may be left out beside a single element. */
export type ProductTail<V> = Tail<FunctionalOptions & { v?: V | null }, ['v', 'createGraph', 'strict']>;

type Settings = Required<FunctionalOptions> & { v: OneOrMore | null };

const read = (callee: string, rest: readonly unknown[]): Settings =>
  readTail<Settings>(callee, { v: null, createGraph: false, strict: false }, rest);

/** Runs `fn` recording where the result is to be differentiated, and else as the caller does. */
function asAsked<T>(createGraph: boolean, fn: () => T): T {
  return setGradEnabled(createGraph || isGradEnabled(), fn);
}

/**
 * `func(inputs)`, and `v` times its Jacobian: `torch.autograd.functional.vjp`.
 *
 * @param rest - `v` of the outputs' shapes, `createGraph`, `strict`
 * @returns the outputs, and a tensor like each input
 */
export function vjp<const In extends OneOrMore, Out extends OneOrMore>(
  func: Differentiated<In, Out>,
  inputs: In,
  ...rest: ProductTail<OneOrMore>
): [output: Out, vjp: Like<In>] {
  const options = read('vjp', rest);
  const { createGraph, strict } = options;
  const { from, given, outputs, v } = enableGrad(() => {
    const from = prepare(listOf(inputs, '`inputs`', 'vjp'), createGraph, true);
    const given = call(func, from);
    const outputs = listOf(given, "the function's result", 'vjp');
    checkDependent(outputs, 'vjp(): output', strict);
    return { from, given, outputs, v: prepareVector(options.v, outputs, createGraph, 'vjp') };
  });
  const product = asAsked(createGraph, () =>
    fillZeros(gradientsOf(outputs, from, v, { createGraph }), from, 'vjp(): the output', options),
  );
  return [
    likePattern(release(outputs, createGraph), given) as Out,
    likePattern(release(product, createGraph), inputs) as Like<In>,
  ];
}

/**
 * `func(inputs)`, and its Jacobian times `v`: `torch.autograd.functional.jvp`. It differentiates the gradient with respect
 * to the vector that it is linear in, so that no forward mode is needed.
 *
 * @param rest - `v` of the inputs' shapes, `createGraph`, `strict`
 * @returns the outputs, and a tensor like each of them
 */
export function jvp<const In extends OneOrMore, Out extends OneOrMore>(
  func: Differentiated<In, Out>,
  inputs: In,
  ...rest: ProductTail<OneOrMore>
): [output: Out, jvp: Like<Out>] {
  const options = read('jvp', rest);
  const { createGraph, strict } = options;
  const { given, outputs, v, gradOutputs, gradInputs } = enableGrad(() => {
    const from = prepare(listOf(inputs, '`inputs`', 'jvp'), createGraph, true);
    const v = prepareVector(options.v, from, createGraph, 'jvp');
    const given = call(func, from);
    const outputs = listOf(given, "the function's result", 'jvp');
    checkDependent(outputs, 'jvp(): output', strict);
    const gradOutputs = outputs.map((output) => zerosLike(output, { requiresGrad: true }));
    const gradInputs = gradientsOf(outputs, from, gradOutputs, { createGraph: true });
    checkDependent(gradInputs, 'jvp(): the gradient of input', strict);
    return { given, outputs, v, gradOutputs, gradInputs };
  });
  const product = asAsked(createGraph, () =>
    fillZeros(gradientsOf(gradInputs, gradOutputs, v, { createGraph }), outputs, 'jvp(): the gradient', options),
  );
  return [
    likePattern(release(outputs, createGraph), given) as Out,
    likePattern(release(product, createGraph), given) as Like<Out>,
  ];
}

/** The one output of one element of a function that has a Hessian. */
function scalarOutput(given: OneOrMore, callee: string, strict: boolean): Tensor {
  const [output] = listOf(given, "the function's result", callee);
  if (output === undefined || Array.isArray(given) || output.numel() !== 1) {
    throw new TorchError(`${callee}(): expected the function to return a single Tensor of a single element`);
  }
  checkDependent([output], `${callee}(): output`, strict);
  return output;
}

/**
 * `func(inputs)`, one element, and `v` times its Hessian: `torch.autograd.functional.vhp`.
 *
 * @param rest - `v` of the inputs' shapes, `createGraph`, `strict`
 * @returns the output, and a tensor like each input
 */
export function vhp<const In extends OneOrMore>(
  func: Differentiated<In, Tensor>,
  inputs: In,
  ...rest: ProductTail<OneOrMore>
): [output: Tensor, vhp: Like<In>] {
  const options = read('vhp', rest);
  const { createGraph, strict } = options;
  const { from, output, v, jacobian } = enableGrad(() => {
    const from = prepare(listOf(inputs, '`inputs`', 'vhp'), createGraph, true);
    const v = prepareVector(options.v, from, createGraph, 'vhp');
    const output = scalarOutput(call(func, from), 'vhp', strict);
    const jacobian = gradientsOf([output], from, null, { createGraph: true });
    checkDependent(jacobian, 'vhp(): the Jacobian of input', strict);
    return { from, output, v, jacobian };
  });
  const product = asAsked(createGraph, () =>
    fillZeros(gradientsOf(jacobian, from, v, { createGraph }), from, 'vhp(): the Jacobian', options),
  );
  return [release([output], createGraph)[0] as Tensor, likePattern(release(product, createGraph), inputs) as Like<In>];
}

/**
 * `func(inputs)`, one element, and its Hessian times `v`: `torch.autograd.functional.hvp`. {@link vhp} gives the same by
 * one pass less where the Hessian is symmetric, as it is of functions that are smooth enough.
 *
 * @param rest - `v` of the inputs' shapes, `createGraph`, `strict`
 * @returns the output, and a tensor like each input
 */
export function hvp<const In extends OneOrMore>(
  func: Differentiated<In, Tensor>,
  inputs: In,
  ...rest: ProductTail<OneOrMore>
): [output: Tensor, hvp: Like<In>] {
  const options = read('hvp', rest);
  const { createGraph, strict } = options;
  const { from, output, v, gradJacobian, doubleBack } = enableGrad(() => {
    const from = prepare(listOf(inputs, '`inputs`', 'hvp'), createGraph, true);
    const v = prepareVector(options.v, from, createGraph, 'hvp');
    const output = scalarOutput(call(func, from), 'hvp', strict);
    const jacobian = gradientsOf([output], from, null, { createGraph: true });
    checkDependent(jacobian, 'hvp(): the Jacobian of input', strict);
    const gradJacobian = from.map((input) => zerosLike(input, { requiresGrad: true }));
    const doubleBack = gradientsOf(jacobian, from, gradJacobian, { createGraph: true });
    return { from, output, v, gradJacobian, doubleBack };
  });
  const product = asAsked(createGraph, () =>
    fillZeros(gradientsOf(doubleBack, gradJacobian, v, { createGraph }), from, 'hvp(): the Hessian', options),
  );
  return [release([output], createGraph)[0] as Tensor, likePattern(release(product, createGraph), inputs) as Like<In>];
}
