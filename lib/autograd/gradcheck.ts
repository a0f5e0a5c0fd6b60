/** Compares gradients with finite differences, by PyTorch's rules. */

import { ArgumentError, checkFunction, checkList, checkNumbers, checkOptions, TorchError } from '../engine';
import { rand, stack, Tensor, zeros } from '../tensor';
import { readTail } from '../tensor/tail';
import { Function, type FunctionContext } from './function';
import { grad } from './grad';
import {
  type Checked,
  checkReentrant,
  DEFAULTS,
  difference,
  differentiable,
  differentiableInputs,
  type Fn,
  GradcheckError,
  type GradcheckOptions,
  isClose,
  isComplex,
  isInexact,
  I,
  type Settings,
  toList,
} from './gradcheck-common';
import { checkAlongDirections } from './gradcheck-fast';

export { type Checked, GradcheckError, type GradcheckOptions } from './gradcheck-common';

function checkInputs(inputs: readonly unknown[]): void {
  for (const [index, input] of inputs.entries()) {
    if (!(input instanceof Tensor) || !input.requiresGrad) continue;
    if (input.dtype !== 'float64' && input.dtype !== 'complex128') {
      process.emitWarning(
        `Input #${index} requires gradient and is not a double precision floating point or complex. This check will ` +
          'likely fail if all the inputs are not of double precision floating point or complex.',
      );
    }
    const { shape } = input;
    if (input.stride().some((stride, dim) => stride === 0 && (shape[dim] ?? 0) > 1)) {
      throw new TorchError(
        `The ${index}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping ` +
          'to be able to compute the numerical gradients correctly. Call contiguous() on it first.',
      );
    }
  }
  if (differentiableInputs(inputs).length > 0) return;
  throw new ArgumentError(
    'gradcheck expects at least one input tensor to require gradient, but none of them have requiresGrad.',
    'TORCH_VALUE',
  );
}

/** The elements as views, in row-major order whatever the strides. */
function elementsOf(tensor: Tensor): Tensor[] {
  if (tensor.ndim === 0) return [tensor];
  return tensor.unbind(0).flatMap(elementsOf);
}

/** One matrix [elements of the input, elements of the output] per output. */
function numericalJacobians(
  fn: Fn,
  inputs: readonly unknown[],
  outputs: readonly Tensor[],
  input: Tensor,
  eps: number,
): Tensor[] {
  const run = (): readonly Tensor[] => toList(fn(...inputs)).map((output) => output.clone());
  const rows = elementsOf(input.data).map((entry) => {
    const real = difference(run, entry, eps, eps);
    if (!isComplex(input)) return real;
    // The conjugate Wirtinger derivative of a real output.
    const imaginary = difference(run, entry, { re: 0, im: eps }, eps);
    return real.map((part, index) => part.add((imaginary[index] as Tensor).mul(I)));
  });
  return outputs.map((output, index) => {
    const dtype = isComplex(input) ? input.dtype : output.dtype;
    if (rows.length === 0) return zeros([0, output.numel()], { dtype, device: output.device });
    return stack(rows.map((row) => row[index] as Tensor)).to(dtype);
  });
}

/** One matrix [elements of the input, elements of the output] per differentiable input. */
function analyticalJacobians(output: Tensor, inputs: readonly Tensor[]): Tensor[] {
  const projection = zeros(output.shape, { dtype: output.dtype, device: output.device });
  const flat = projection.view([-1]);
  const columns: Tensor[][] = inputs.map(() => []);
  for (let element = 0; element < flat.numel(); element += 1) {
    flat.zero_();
    flat.setAt(element, 1);
    const gradients = grad(output, inputs, { gradOutputs: projection, retainGraph: true, allowUnused: true });
    for (const [index, gradient] of gradients.entries()) {
      const column = gradient ?? (inputs[index] as Tensor).detach().zerosLike();
      columns[index]?.push(column.detach().clone().reshape([-1]));
    }
  }
  return inputs.map((input, index) => {
    const made = columns[index] ?? [];
    if (made.length === 0) return zeros([input.numel(), 0], { dtype: input.dtype, device: input.device });
    return stack(made, 1);
  });
}

/** Compares all Jacobians of a function with real outputs. `part` says which half of a complex output it is. */
function checkJacobians(
  fn: Fn,
  inputs: readonly unknown[],
  settings: Settings,
  part: string | null,
  complex: readonly boolean[],
): void {
  if (settings.fastMode) {
    const found = checkAlongDirections(fn, inputs, settings);
    if (found === null) return;
    // The mode for every element shows what is wrong, where it agrees that something is.
    checkEveryElement(fn, inputs, settings, part, complex);
    throw found;
  }
  checkEveryElement(fn, inputs, settings, part, complex);
}

function checkEveryElement(
  fn: Fn,
  inputs: readonly unknown[],
  settings: Settings,
  part: string | null,
  complex: readonly boolean[],
): void {
  const all = toList(fn(...inputs));
  const outputs = all.filter(isInexact);
  const targets = differentiableInputs(inputs);
  // The order of the passes decides nothing, but fn may be expensive: one numerical pass per input serves all outputs.
  const numerical = targets.map((input) => numericalJacobians(fn, inputs, outputs, input, settings.eps));
  const checked = outputs.flatMap((output, index) => (output.requiresGrad ? [{ output, index }] : []));
  if (checked.length === 0) {
    if (numerical.flat().every((jacobian) => jacobian.ne(0).sum().item() === 0)) return;
    throw new GradcheckError('Numerical gradient for function expected to be zero');
  }
  for (const [position, { output, index }] of checked.entries()) {
    const analytical = analyticalJacobians(output, targets);
    checkReentrant(analytical, analyticalJacobians(output, targets), settings.nondetTol);
    for (const [target, a] of analytical.entries()) {
      const n = (numerical[target] as Tensor[])[index] as Tensor;
      if (isClose(a, n.to(a.device), settings)) continue;
      const prefix =
        part !== null && complex[position] ? `While considering the ${part} part of complex outputs only, ` : '';
      throw new GradcheckError(
        `${prefix}Jacobian mismatch for output ${position} with respect to input ${target},\n` +
          `numerical:${String(n)}\nanalytical:${String(a)}\n`,
      );
    }
  }
}

const isZero = (tensor: Tensor): boolean => tensor.ne(0).sum().item() === 0;

/** Zeros in must be zeros out: otherwise backward forgot to multiply by what it was given. */
function checkMultiplied(outputs: readonly Tensor[], targets: readonly Tensor[]): void {
  if (outputs.length === 0) return;
  const gradOutputs = outputs.map((output) => output.detach().zerosLike());
  for (const gradient of grad(outputs, targets, { gradOutputs, allowUnused: true })) {
    if (gradient !== null && !isZero(gradient)) throw new GradcheckError('backward not multiplied by grad_output');
  }
}

/** Hands no gradient on. */
class UndefinedGrad extends Function {
  static forward(_ctx: FunctionContext, x: Tensor): Tensor {
    return x.viewAs(x);
  }

  static backward(): null {
    return null;
  }
}

/** Missing gradients of outputs, of all and of one at a time, must pass for zeros. */
function checkUndefined(fn: Fn, inputs: readonly unknown[], targets: readonly Tensor[]): void {
  const run = (isUndefined: (index: number) => boolean): Tensor[] =>
    differentiable(toList(fn(...inputs))).map((output, index) =>
      isUndefined(index) ? UndefinedGrad.apply(output) : output,
    );
  const all = run(() => true);
  if (all.length === 0) return;
  const sets = [all, ...(all.length > 1 ? all.map((_, one) => run((index) => index === one)) : [])];
  for (const outputs of sets) {
    const gradOutputs = outputs.map((output) => output.detach().zerosLike());
    let gradients: (Tensor | null)[];
    try {
      gradients = grad(outputs, targets, { gradOutputs, allowUnused: true });
    } catch (error) {
      throw new GradcheckError('Expected backward function to handle undefined output grads.', 'TORCH_ERROR', {
        cause: error,
      });
    }
    if (gradients.every((gradient) => gradient === null || isZero(gradient))) continue;
    throw new GradcheckError(
      'Expected all input grads to be undefined or zero when all output grads are undefined or zero.',
    );
  }
}

function check(fn: Fn, inputs: readonly unknown[], settings: Settings): void {
  checkInputs(inputs);
  const all = toList(fn(...inputs));
  const complex = differentiable(all).map(isComplex);
  if (all.some(isComplex)) {
    // A complex output is two real ones.
    const half =
      (pick: (output: Tensor) => Tensor): Fn =>
      (...given) =>
        toList(fn(...given)).map((output) => (isComplex(output) ? pick(output) : output));
    checkJacobians(
      half((output) => output.imag),
      inputs,
      settings,
      'imaginary',
      complex,
    );
    checkJacobians(
      half((output) => output.real),
      inputs,
      settings,
      'real',
      complex,
    );
  } else checkJacobians(fn, inputs, settings, null, complex);
  const targets = differentiableInputs(inputs);
  checkMultiplied(differentiable(all), targets);
  if (settings.checkUndefinedGrad) checkUndefined(fn, inputs, targets);
}

/**
 * Checks the gradients of `func` at `inputs` against finite differences: `torch.autograd.gradcheck`.
 *
 * Inputs should be float64 or complex128. Every element of every input that requires a gradient is moved by `eps`, so keep
 * them small. A complex output counts as two real ones.
 *
 * @returns true; false for a failure where `raiseException` is false
 * @throws GradcheckError which shows both Jacobians
 *
 * @example
 * ```ts
 * const x = torch.rand([3], { dtype: 'float64', requiresGrad: true });
 * console.log(torch.autograd.gradcheck((v: torch.Tensor) => v.sin(), [x])); // true
 * ```
 */
export function gradcheck<Inputs extends readonly unknown[]>(
  func: Checked<Inputs>,
  inputs: readonly [...Inputs],
  options?: GradcheckOptions,
): boolean;
export function gradcheck(func: Checked<[Tensor]>, inputs: Tensor, options?: GradcheckOptions): boolean;
export function gradcheck(
  func: Checked<never[]>,
  inputs: Tensor | readonly unknown[],
  options: GradcheckOptions = {},
): boolean {
  checkFunction('gradcheck', 'func', func);
  if (!(inputs instanceof Tensor)) checkList('gradcheck', 'inputs', inputs);
  checkOptions('gradcheck', options, Object.keys(DEFAULTS));
  const settings: Settings = { ...DEFAULTS, ...options };
  const { eps, atol, rtol, nondetTol } = settings;
  checkNumbers('gradcheck', { eps, atol, rtol, nondetTol });
  try {
    check(func as Fn, inputs instanceof Tensor ? [inputs] : inputs, settings);
    return true;
  } catch (error) {
    if (settings.raiseException || !(error instanceof GradcheckError)) throw error;
    return false;
  }
}

/** Gradients between -1 and 1 that require gradients themselves. */
function randomGradient(output: Tensor): Tensor {
  const { shape, dtype, device } = output;
  return rand([...shape], { dtype, device })
    .mul(2)
    .sub(isComplex(output) ? { re: 1, im: 1 } : 1)
    .detach()
    .requiresGrad_();
}

/** @inline */
interface GradGradOptions extends GradcheckOptions {
  gradOutputs?: Tensor | readonly Tensor[] | null;
}

/** @inline */
type GradGradTail =
  | [options?: GradGradOptions]
  | [gradOutputs: Tensor | readonly Tensor[] | null | undefined, options?: GradcheckOptions];

/**
 * Checks gradients of gradients: {@link gradcheck} of the gradients of `func`, as a function of its inputs and of the
 * gradients of its outputs. `torch.autograd.gradgradcheck`.
 *
 * @param rest - `gradOutputs`, gradients of the outputs that require one, random by default; the options of {@link gradcheck}
 */
export function gradgradcheck<Inputs extends readonly unknown[]>(
  func: Checked<Inputs>,
  inputs: readonly [...Inputs],
  ...rest: GradGradTail
): boolean;
export function gradgradcheck(func: Checked<[Tensor]>, inputs: Tensor, ...rest: GradGradTail): boolean;
export function gradgradcheck(
  func: Checked<never[]>,
  inputs: Tensor | readonly unknown[],
  ...rest: GradGradTail
): boolean {
  const defaults: Required<GradGradOptions> = { gradOutputs: null, ...DEFAULTS };
  const { gradOutputs, ...options } = readTail('gradgradcheck', defaults, rest);
  checkFunction('gradgradcheck', 'func', func);
  if (!(inputs instanceof Tensor)) checkList('gradgradcheck', 'inputs', inputs);
  if (gradOutputs !== null && !(gradOutputs instanceof Tensor)) {
    checkList('gradgradcheck', 'gradOutputs', gradOutputs);
  }
  const fn = func as Fn;
  const given = inputs instanceof Tensor ? [inputs] : inputs;
  const gradients =
    gradOutputs === null ? differentiable(toList(fn(...given))).map(randomGradient) : toList(gradOutputs);
  const derivative: Fn = (...values) => {
    const own = values.slice(0, given.length);
    const outputs = differentiable(toList(fn(...own)));
    const found = grad(outputs, differentiableInputs(own), {
      gradOutputs: values.slice(given.length) as Tensor[],
      createGraph: true,
      allowUnused: true,
    });
    return found.filter((gradient) => gradient !== null);
  };
  return gradcheck(derivative as Checked<unknown[]>, [...given, ...gradients], options);
}
