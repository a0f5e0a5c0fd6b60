/**
 * Arithmetic as a Python program has it whose variables hold now a float, now a tensor without dimensions: two floats are
 * computed in float64, anything with a tensor in the tensor's dtype. `LBFGS` is such a program, as is every optimizer and
 * schedule whose learning rate may be a tensor, and their bits hang on it.
 */

import { isGradEnabled } from '../autograd';
import { libm, TorchError } from '../engine';
import { pow as powOf, type Tensor } from '../tensor';

/** A Python float, or a tensor without dimensions. @inline */
export type Num = Tensor | number;

export function add(a: Num, b: Num): Num {
  if (typeof a === 'number') return typeof b === 'number' ? a + b : b.add(a);
  return typeof b === 'number' ? a.add(b) : a.add(b);
}

export function sub(a: Num, b: Tensor): Tensor;
export function sub(a: Num, b: Num): Num;
export function sub(a: Num, b: Num): Num {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : b.neg().add(a);
  return typeof b === 'number' ? a.sub(b) : a.sub(b);
}

export function mul(a: Tensor, b: Num): Tensor;
export function mul(a: Num, b: Tensor): Tensor;
export function mul(a: Num, b: Num): Num;
export function mul(a: Num, b: Num): Num {
  if (typeof a === 'number') return typeof b === 'number' ? a * b : b.mul(a);
  return typeof b === 'number' ? a.mul(b) : a.mul(b);
}

/** `a *= b` of a tensor of whichever shape. */
export function mul_(a: Tensor, b: Num): Tensor {
  return typeof b === 'number' ? a.mul_(b) : a.mul_(b);
}

/** A float through a tensor is the tensor's reciprocal times the float. */
export function div(a: Tensor, b: Num): Tensor;
export function div(a: Num, b: Tensor): Tensor;
export function div(a: Num, b: Num): Num;
export function div(a: Num, b: Num): Num {
  if (typeof a === 'number') return typeof b === 'number' ? a / b : b.reciprocal().mul(a);
  return typeof b === 'number' ? a.div(b) : a.div(b);
}

export function neg(a: Tensor): Tensor;
export function neg(a: Num): Num;
export function neg(a: Num): Num {
  return typeof a === 'number' ? -a : a.neg();
}

/** `a ** b` */
export function pow(a: Num, b: Tensor): Tensor;
export function pow(a: Num, b: Num): Num;
export function pow(a: Num, b: Num): Num {
  if (typeof a === 'number') return typeof b === 'number' ? libm.pow(a, b) : powOf(a, b);
  return typeof b === 'number' ? a.pow(b) : a.pow(b);
}

export function abs(a: Num): Num {
  return typeof a === 'number' ? Math.abs(a) : a.abs();
}

/** `a < b` */
export function less(a: Num, b: Num): boolean {
  if (typeof a === 'number') return typeof b === 'number' ? a < b : Boolean(b.gt(a).item());
  return Boolean((typeof b === 'number' ? a.lt(b) : a.lt(b)).item());
}

/** `a <= b` */
export function lessOrEqual(a: Num, b: Num): boolean {
  if (typeof a === 'number') return typeof b === 'number' ? a <= b : Boolean(b.ge(a).item());
  return Boolean((typeof b === 'number' ? a.le(b) : a.le(b)).item());
}

/** Python's `min`: the first of equal ones. */
export function min(first: Num, ...rest: readonly Num[]): Num {
  return rest.reduce((least, each) => (less(each, least) ? each : least), first);
}

/** Python's `max`: the first of equal ones, and of a number and NaN. */
export function max(first: number, ...rest: readonly number[]): number;
export function max(first: Num, ...rest: readonly Num[]): Num;
export function max(first: Num, ...rest: readonly Num[]): Num {
  return rest.reduce((most, each) => (less(most, each) ? each : most), first);
}

/** `float(a)` */
export function valueOf(a: Num): number {
  return typeof a === 'number' ? a : a.item();
}

/** A float where an op takes nothing else, as `alpha`; refuses a tensor whose gradient would be lost there. */
export function scalarOf(a: Num): number {
  if (typeof a !== 'number' && isGradEnabled() && a.requiresGrad) {
    throw new TorchError(
      'this optimizer takes its learning rate as a number out of the tensor, which autograd cannot follow: ' +
        'expected a tensor that does not require a gradient',
    );
  }
  return valueOf(a);
}

/** PyTorch's `_to_scalar`: a tensor of one element without its dimensions, as a view. */
export function toScalar(a: Num): Num {
  return typeof a === 'number' || a.ndim === 0 ? a : a.squeeze();
}
