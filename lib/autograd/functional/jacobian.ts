/** Whole Jacobians and Hessians, a row at a time. */

import { NotImplementedError, TorchError } from '../../engine';
import { stack, type Tensor, zerosLike } from '../../tensor';
import { readTail, type Tail } from '../../tensor/tail';
import { enableGrad } from '../grad-mode';
import {
  call,
  checkDependent,
  type Differentiated,
  type FunctionalOptions,
  gradientsOf,
  likePattern,
  listOf,
  type OneOrMore,
  prepare,
} from './common';

/** Options of {@link jacobian}. */
export interface JacobianOptions extends FunctionalOptions {
  /** Python's way by `vmap` is not here: true is refused. */
  vectorize?: boolean;
  /** Only `reverse-mode` is here. */
  strategy?: 'reverse-mode' | 'forward-mode';
}

/** A tensor for each input of each output; a list only where they were given, or returned, as one. */
export type Jacobian<In extends OneOrMore, Out extends OneOrMore> = Out extends readonly Tensor[]
  ? { -readonly [K in keyof Out]: JacobianRow<In> }
  : JacobianRow<In>;
/** The derivatives of one output with respect to each input. */
export type JacobianRow<In extends OneOrMore> = In extends readonly Tensor[]
  ? { -readonly [K in keyof In]: Tensor }
  : Tensor;

type Settings = Required<JacobianOptions>;

function checkSupported({ vectorize, strategy }: Settings, callee: string): void {
  if (vectorize) throw new NotImplementedError(`${callee}(): \`vectorize\` needs vmap, which is not here`);
  if (strategy !== 'reverse-mode') {
    throw new NotImplementedError(`${callee}(): expected the strategy reverse-mode, received ${strategy}`);
  }
}

/** The rows of one output's Jacobian for each input, stacked to [...output, ...input]. */
function rowsOf(
  output: Tensor,
  number: number,
  inputs: readonly Tensor[],
  { createGraph, strict }: Settings,
): Tensor[] {
  const rows: Tensor[][] = inputs.map(() => []);
  for (let element = 0; element < output.numel(); element += 1) {
    const picked = output.reshape([-1]).select(0, element);
    const gradients = gradientsOf([picked], inputs, null, { createGraph, retainGraph: true });
    for (const [index, gradient] of gradients.entries()) {
      if (strict && (gradient === null || (createGraph && !gradient.requiresGrad))) {
        throw new TorchError(
          `jacobian(): output ${number} is independent of input ${index}, or its Jacobian is, which strict mode does not allow`,
        );
      }
      rows[index]?.push(gradient ?? zerosLike(inputs[index] as Tensor));
    }
  }
  return rows.map((list, index) => {
    const { shape } = inputs[index] as Tensor;
    const size = [...output.shape, ...shape];
    return list.length === 0 ? (inputs[index] as Tensor).newZeros(size) : stack(list).view(size);
  });
}

/** As {@link jacobian}, of a function that takes a list and gives a list. */
function jacobians(
  func: (...inputs: Tensor[]) => OneOrMore,
  inputs: readonly Tensor[],
  settings: Settings,
): { all: Tensor[][]; given: OneOrMore } {
  return enableGrad(() => {
    const from = prepare(inputs, settings.createGraph, true);
    const given = func(...from);
    const outputs = listOf(given, "the function's result", 'jacobian');
    checkDependent(outputs, 'jacobian(): output', settings.strict);
    const all = outputs.map((output, number) => rowsOf(output, number, from, settings));
    return { all: settings.createGraph ? all : all.map((row) => row.map((tensor) => tensor.detach())), given };
  });
}

/**
 * The Jacobian of `func` at `inputs`, [...output, ...input] for each output and input: `torch.autograd.functional.jacobian`.
 */
export function jacobian<const In extends OneOrMore, Out extends OneOrMore>(
  func: Differentiated<In, Out>,
  inputs: In,
  ...rest: Tail<JacobianOptions, ['createGraph', 'strict', 'vectorize', 'strategy']>
): Jacobian<In, Out> {
  const settings = readTail<Settings>(
    'jacobian',
    { createGraph: false, strict: false, vectorize: false, strategy: 'reverse-mode' },
    rest,
  );
  checkSupported(settings, 'jacobian');
  const { all, given } = jacobians((...from) => call(func, from), listOf(inputs, '`inputs`', 'jacobian'), settings);
  const rows = all.map((row) => likePattern(row, inputs));
  return likePattern(rows, given) as Jacobian<In, Out>;
}

/** Options of {@link hessian}. */
export interface HessianOptions extends FunctionalOptions {
  vectorize?: boolean;
  outerJacobianStrategy?: 'reverse-mode' | 'forward-mode';
}

/** A tensor for each pair of inputs; alone where the input was no list. */
export type Hessian<In extends OneOrMore> = In extends readonly Tensor[]
  ? { -readonly [K in keyof In]: { -readonly [L in keyof In]: Tensor } }
  : Tensor;

/**
 * The Hessian of `func`, whose result has one element, at `inputs`, [...first, ...second] for each pair of them:
 * `torch.autograd.functional.hessian`.
 */
export function hessian<const In extends OneOrMore>(
  func: Differentiated<In, Tensor>,
  inputs: In,
  ...rest: Tail<HessianOptions, ['createGraph', 'strict', 'vectorize', 'outerJacobianStrategy']>
): Hessian<In> {
  const { outerJacobianStrategy, ...options } = readTail<Required<HessianOptions>>(
    'hessian',
    { createGraph: false, strict: false, vectorize: false, outerJacobianStrategy: 'reverse-mode' },
    rest,
  );
  const settings: Settings = { ...options, strategy: outerJacobianStrategy };
  checkSupported(settings, 'hessian');
  const single = (...given: Tensor[]): Tensor => {
    const output = call(func, given);
    const [tensor] = listOf(output, "the function's result", 'hessian');
    if (tensor === undefined || Array.isArray(output) || tensor.numel() !== 1) {
      throw new TorchError('hessian(): expected the function to return a single Tensor of a single element');
    }
    checkDependent([tensor], 'hessian(): output', settings.strict);
    return tensor.squeeze();
  };
  const inner = (...given: Tensor[]): Tensor[] => {
    const [row = []] = jacobians(single, given, { ...settings, createGraph: true, strict: false }).all;
    checkDependent(row, 'hessian(): the Jacobian of input', settings.strict);
    return row;
  };
  const { all } = jacobians(inner, listOf(inputs, '`inputs`', 'hessian'), settings);
  return likePattern(
    all.map((row) => likePattern(row, inputs)),
    inputs,
  ) as Hessian<In>;
}
