import { ArgumentError, binding, checkObject, checkTensor } from '../engine';
import type { BackwardOptions, Tensor } from '../tensor';
import { adopt } from '../tensor/dispatch';

/** Options of {@link grad}. */
export interface GradOptions {
  /** Gradients with respect to the outputs, of their shapes; null for outputs of one element. */
  gradOutputs?: Tensor | readonly (Tensor | null)[];
  /** Keeps the graph for another pass; by default what `createGraph` is. */
  retainGraph?: boolean;
  /** Makes gradients that can be differentiated again. */
  createGraph?: boolean;
  /** Inputs that the outputs do not depend on get null; otherwise they are an error. */
  allowUnused?: boolean;
}

/** As many as tensors can be alive; a list of holes may have billions. */
const MOST_TENSORS = 2 ** 24;

/** One tensor or several as a list, each checked to be one; null is none. */
function toList<T extends Tensor | null>(name: string, argument: string, value: T | readonly T[]): readonly T[] {
  const list = Array.isArray(value) ? (value as readonly T[]) : [value as T];
  if (list.length <= MOST_TENSORS) {
    for (const each of list) if (each !== null) checkTensor(`${name}()`, argument, each);
    return list;
  }
  throw new ArgumentError(
    `expected at most ${MOST_TENSORS} tensors for argument \`${argument}\`, received a list of ${list.length}`,
    'TORCH_VALUE',
  );
}
const handleOf = (tensor: Tensor | null): number => tensor?.handle ?? 0;

function gradientHandles(outputs: readonly Tensor[], given: readonly (Tensor | null)[] | null, name: string): number[] {
  if (given !== null && given.length !== outputs.length) {
    throw new ArgumentError(
      `${name}(): expected ${outputs.length} gradients, one per output, received ${given.length}`,
      'TORCH_VALUE',
    );
  }
  return outputs.map((_, index) => handleOf(given?.[index] ?? null));
}

/**
 * The gradients of the sum of `outputs` with respect to `inputs`, which are left as they are: `torch.autograd.grad`.
 *
 * @returns one gradient per input, of its shape; null where `allowUnused` and the outputs do not depend on it
 *
 * @example
 * ```ts
 * const x = torch.tensor([3], { dtype: 'float32', requiresGrad: true });
 * const [dx] = torch.grad(x.square().sum(), x);
 * console.log(dx); // tensor([6.])
 * ```
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions & { allowUnused: true },
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions,
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  checkObject('grad', 'options', options);
  const { gradOutputs, retainGraph, createGraph = false, allowUnused = false } = options;
  const from = toList<Tensor>('grad', 'outputs', outputs);
  const given = gradOutputs === undefined ? null : toList<Tensor | null>('grad', 'gradOutputs', gradOutputs);
  const handles = binding.gradients(
    from.map(handleOf),
    toList<Tensor>('grad', 'inputs', inputs).map(handleOf),
    gradientHandles(from, given, 'grad'),
    retainGraph ?? createGraph,
    createGraph,
    allowUnused,
  );
  return handles.map((handle) => (handle === 0 ? null : adopt<Tensor>(handle)));
}

/** Adds the gradients of all `tensors` to `grad` of the leaves: `torch.autograd.backward`. */
export function backward(
  tensors: Tensor | readonly Tensor[],
  gradients: Tensor | readonly (Tensor | null)[] | null = null,
  options: BackwardOptions = {},
): void {
  checkObject('backward', 'options', options);
  const { retainGraph, createGraph = false, inputs = [] } = options;
  const from = toList<Tensor>('backward', 'tensors', tensors);
  const given = gradients === null ? null : toList<Tensor | null>('backward', 'gradients', gradients);
  binding.backward(
    from.map(handleOf),
    gradientHandles(from, given, 'backward'),
    retainGraph ?? createGraph,
    createGraph,
    toList<Tensor>('backward', 'inputs', inputs).map(handleOf),
  );
}
