/** What both modes of gradcheck share: settings, finite differences, and when two numbers count as equal. */

import { checkList, checkTensor, TorchError } from '../engine';
import { type DType, isComplexDType, isFloatingDType, Tensor } from '../tensor';

/** A gradient is not what finite differences say, or backward breaks another rule. `torch.autograd.gradcheck.GradcheckError`. */
export class GradcheckError extends TorchError {}

/** Options of {@link gradcheck}. */
export interface GradcheckOptions {
  /** By how much inputs are moved. */
  eps?: number;
  /** Absolute tolerance. */
  atol?: number;
  /** Relative tolerance. */
  rtol?: number;
  /** With false, a failure is the result false. */
  raiseException?: boolean;
  /** How far two passes with the same input may lie apart. */
  nondetTol?: number;
  /** Check that missing gradients of outputs count as zeros. */
  checkUndefinedGrad?: boolean;
  /** Looks along random directions, a pass or two for each input, instead of at every element. */
  fastMode?: boolean;
}

/** What is checked: takes tensors and anything else, returns one tensor or several. */
export type Checked<Inputs extends readonly unknown[]> = (...inputs: Inputs) => Tensor | readonly Tensor[];

export type Fn = (...inputs: readonly unknown[]) => Tensor | readonly Tensor[];
export type Settings = Required<GradcheckOptions>;

export const DEFAULTS: Settings = {
  eps: 1e-6,
  atol: 1e-5,
  rtol: 1e-3,
  raiseException: true,
  nondetTol: 0,
  checkUndefinedGrad: true,
  fastMode: false,
};

export const I = { re: 0, im: 1 };
export const isComplex = (tensor: Tensor): boolean => isComplexDType(tensor.dtype);
export const isInexact = (tensor: Tensor): boolean => isFloatingDType(tensor.dtype) || isComplex(tensor);
/** What a function returned as a list, refusing anything but tensors. */
export function toList(value: Tensor | readonly Tensor[]): readonly Tensor[] {
  if (value instanceof Tensor) return [value];
  checkList('gradcheck', 'func', value);
  for (const each of value) checkTensor('gradcheck()', 'func', each);
  return value;
}
export const differentiable = (tensors: readonly Tensor[]): Tensor[] =>
  tensors.filter(({ requiresGrad }) => requiresGrad);
export const differentiableInputs = (inputs: readonly unknown[]): Tensor[] =>
  inputs.filter((input): input is Tensor => input instanceof Tensor && input.requiresGrad);

/** The outputs' change along `delta` at one element of an input: the central difference. */
export function difference(
  run: () => readonly Tensor[],
  entry: Tensor,
  delta: number | typeof I | Tensor,
  eps: number,
): Tensor[] {
  const original = entry.clone();
  // One expression a branch: a number and a tensor are overloads of their own.
  const moved =
    delta instanceof Tensor ? [original.sub(delta), original.add(delta)] : [original.sub(delta), original.add(delta)];
  const [below = [], above = []] = moved.map((values) => {
    entry.copy_(values);
    return run();
  });
  entry.copy_(original);
  return above.map((b, index) => {
    const a = below[index];
    if (a === undefined || a.dtype !== b.dtype || String(a.shape) !== String(b.shape)) {
      throw new TorchError(
        `Expected \`func\` to return outputs with the same shape and dtype when inputs are moved by ${eps}`,
      );
    }
    return b
      .sub(a)
      .div(2 * eps)
      .detach()
      .reshape([-1]);
  });
}

export function checkReentrant(first: readonly Tensor[], second: readonly Tensor[], tolerance: number): void {
  for (const [index, a] of first.entries()) {
    if (
      a.numel() === 0 ||
      !(
        a
          .sub(second[index] as Tensor)
          .abs()
          .max()
          .item() > tolerance
      )
    )
      continue;
    throw new GradcheckError(
      'Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different ' +
        `values, although analytical gradient matches numerical gradient. The tolerance for nondeterminism was ${tolerance}.`,
    );
  }
}

const order: readonly DType[] = ['float16', 'bfloat16', 'float32', 'float64', 'complex64', 'complex128'];

export function isClose(a: Tensor, b: Tensor, { rtol, atol }: Settings): boolean {
  const wide = order[Math.max(order.indexOf(a.dtype), order.indexOf(b.dtype))] ?? a.dtype;
  return a.to(wide).allclose(b.to(wide), rtol, atol);
}
