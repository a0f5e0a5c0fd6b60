import { ArgumentError, binding, checkBooleans, checkTensor, valueError } from '../engine';
import { zerosLike, type Tensor } from '../tensor';
import { adopt } from '../tensor/dispatch';
import { readTail, type Tail } from '../tensor/tail';

/** Options of {@link grad}. */
export interface GradOptions {
  /** Gradients with respect to the outputs, of their shapes; null for outputs of one element. */
  gradOutputs?: Tensor | readonly (Tensor | null)[] | null;
  /** Keeps the graph for another pass; by default what `createGraph` is. */
  retainGraph?: boolean | null;
  /** Makes gradients that can be differentiated again. */
  createGraph?: boolean;
  /** Inputs that the outputs do not depend on get null; otherwise they are an error. */
  allowUnused?: boolean | null;
  /** Such inputs get zeros. */
  materializeGrads?: boolean;
}

type GradTail = Tail<GradOptions, ['gradOutputs', 'retainGraph', 'createGraph', 'allowUnused', 'materializeGrads']>;

const gradDefaults: Required<GradOptions> = {
  gradOutputs: null,
  retainGraph: null,
  createGraph: false,
  allowUnused: null,
  materializeGrads: false,
};

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
  ...rest: GradTail
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  ...rest: GradTail
): (Tensor | null)[] {
  const options = readTail<Required<GradOptions>>('grad', gradDefaults, rest);
  const { gradOutputs, retainGraph, createGraph, allowUnused, materializeGrads } = options;
  if (retainGraph !== null) checkBooleans('grad', { retainGraph });
  if (allowUnused !== null) checkBooleans('grad', { allowUnused });
  if (materializeGrads && allowUnused === false) {
    throw valueError('Expected allowUnused to be true or not passed when materializeGrads is true');
  }
  const from = toList<Tensor>('grad', 'outputs', outputs);
  const to = toList<Tensor>('grad', 'inputs', inputs);
  const given = gradOutputs === null ? null : toList<Tensor | null>('grad', 'gradOutputs', gradOutputs);
  const handles = binding.gradients(
    from.map(handleOf),
    to.map(handleOf),
    gradientHandles(from, given, 'grad'),
    retainGraph ?? createGraph,
    createGraph,
    allowUnused ?? materializeGrads,
  );
  const found = handles.map((handle) => (handle === 0 ? null : adopt<Tensor>(handle)));
  return materializeGrads ? found.map((gradient, index) => gradient ?? zerosLike(to[index] as Tensor)) : found;
}

/** Options of {@link backward}. */
export interface BackwardArguments {
  /** Gradients with respect to the tensors, of their shapes; null for tensors of one element. */
  gradTensors?: Tensor | readonly (Tensor | null)[] | null;
  /** Keeps the graph for another pass; by default what `createGraph` is. */
  retainGraph?: boolean | null;
  /** Makes gradients that can be differentiated again. */
  createGraph?: boolean;
  /** Only these leaves get gradients. */
  inputs?: Tensor | readonly Tensor[] | null;
}

/** Adds the gradients of all `tensors` to `grad` of the leaves: `torch.autograd.backward`. */
export function backward(
  tensors: Tensor | readonly Tensor[],
  ...rest: Tail<BackwardArguments, ['gradTensors', 'retainGraph', 'createGraph', 'inputs']>
): void {
  const { gradTensors, retainGraph, createGraph, inputs } = readTail<Required<BackwardArguments>>(
    'backward',
    { gradTensors: null, retainGraph: null, createGraph: false, inputs: null },
    rest,
  );
  if (retainGraph !== null) checkBooleans('backward', { retainGraph });
  const from = toList<Tensor>('backward', 'tensors', tensors);
  const given = gradTensors === null ? null : toList<Tensor | null>('backward', 'gradTensors', gradTensors);
  binding.backward(
    from.map(handleOf),
    gradientHandles(from, given, 'backward'),
    retainGraph ?? createGraph,
    createGraph,
    toList<Tensor>('backward', 'inputs', inputs ?? []).map(handleOf),
  );
}
