/** gradcheck's fast mode: v·J·u for random u and v, which costs a pass or two for each input, whatever its size. */

import { Generator, rand, type Tensor } from '../tensor';
import { grad } from './grad';
import {
  checkReentrant,
  difference,
  differentiableInputs,
  type Fn,
  GradcheckError,
  I,
  isClose,
  isComplex,
  isInexact,
  type Settings,
  toList,
} from './gradcheck-common';

/** A direction in the space of a tensor's elements; of complex inputs one for each part. */
interface Direction {
  readonly real: Tensor;
  readonly imaginary: Tensor | null;
}

/** Python's real dtype of a part. */
const partDType = ({ dtype }: Tensor) =>
  dtype === 'complex128' ? 'float64' : dtype === 'complex64' ? 'float32' : dtype;

function unitVector(tensor: Tensor, generator: Generator): Tensor {
  const drawn = rand([tensor.numel()], { generator, device: 'cpu' }).to({
    dtype: partDType(tensor),
    device: tensor.device,
  });
  return drawn.div(drawn.norm());
}

/** Along u: the derivative of each output, flat; of a complex input, by both parts. */
function numericalAlong(run: () => readonly Tensor[], input: Tensor, u: Direction, eps: number): Tensor[] {
  const { shape, data } = input;
  const real = difference(run, data, u.real.reshape(shape).mul(eps), eps);
  if (u.imaginary === null) return real;
  const imaginary = difference(run, data, u.imaginary.reshape(shape).mul(eps).mul(I), eps);
  return real.map((part, index) => part.add((imaginary[index] as Tensor).mul(I)));
}

/** v·J as gradients of one output, flat for each input. */
function backwardAlong(output: Tensor, targets: readonly Tensor[], v: Tensor): Tensor[] {
  // A copy, as in Python: the pass begins at a node of its own.
  const copy = output.clone();
  const gradients = grad(copy, targets, {
    gradOutputs: v.reshape(copy.shape),
    retainGraph: true,
    allowUnused: true,
  });
  return gradients.map((gradient, index) => {
    const made = gradient ?? (targets[index] as Tensor).detach().zerosLike();
    return made.detach().clone().reshape([-1]);
  });
}

function dot(gradient: Tensor, u: Direction): Tensor {
  if (u.imaginary === null) return gradient.dot(u.real);
  return gradient.real.dot(u.real).add(gradient.imag.dot(u.imaginary).mul(I));
}

/** Sums of unit vectors grow with their length, and the absolute tolerance with them. */
function tolerance(atol: number, u: Direction, v: Tensor): number {
  const length = u.real.sum().item() + (u.imaginary?.sum().item() ?? 0);
  return atol * length * v.sum().item();
}

/**
 * Compares the Jacobians of a function with real outputs along random directions.
 *
 * @returns what does not agree, or null
 */
export function checkAlongDirections(fn: Fn, inputs: readonly unknown[], settings: Settings): GradcheckError | null {
  const { eps, atol, nondetTol } = settings;
  const all = toList(fn(...inputs)).filter(isInexact);
  const checked = all.flatMap((output, index) => (output.requiresGrad ? [{ output, index }] : []));
  const targets = differentiableInputs(inputs);
  const generator = new Generator();
  const directions = targets.map((target): Direction => {
    const real = unitVector(target, generator);
    return { real, imaginary: isComplex(target) ? unitVector(target, generator) : null };
  });
  const vectors = checked.map(({ output }) => unitVector(output, generator));
  const run = (): readonly Tensor[] => toList(fn(...inputs)).map((output) => output.clone());
  const numerical = targets.map((target, index) =>
    numericalAlong(() => run().filter(isInexact), target, directions[index] as Direction, eps),
  );
  if (checked.length === 0) {
    const moved = numerical.flat().some((change) => change.numel() > 0 && change.abs().max().item() > nondetTol);
    return moved ? new GradcheckError('Numerical gradient for function expected to be zero') : null;
  }
  for (const [position, { output, index }] of checked.entries()) {
    const v = vectors[position] as Tensor;
    const gradients = backwardAlong(output, targets, v);
    checkReentrant(gradients, backwardAlong(output, targets, v), nondetTol);
    for (const [target, gradient] of gradients.entries()) {
      const u = directions[target] as Direction;
      const a = dot(gradient, u);
      const n = v.mul((numerical[target] as Tensor[])[index] as Tensor).sum();
      if (isClose(a, n.to(a.device), { ...settings, atol: tolerance(atol, u, v) })) continue;
      return new GradcheckError(
        `Jacobian mismatch for output ${position} with respect to input ${target}, along random directions,\n` +
          `numerical:${String(n)}\nanalytical:${String(a)}\nAt every element the differences are within the tolerances: ` +
          'the check may pass without fastMode.\n',
      );
    }
  }
  return null;
}
