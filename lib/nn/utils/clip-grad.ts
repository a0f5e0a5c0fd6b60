/** Gradient clipping: `torch.nn.utils.clip_grad_norm_` and its parts, by the foreach ops that Python takes. */
import { noGrad } from '../../autograd';
import { checkIterable, checkNumbers, checkTensor, scope, TorchError } from '../../engine';
import { callOp, linalg, stack, Tensor, tensor } from '../../tensor';
import { type Arguments, required, type Tail } from '../../tensor/tail';
import { readOptions } from '../arguments';

/** @inline */
interface Foreach {
  /** False computes tensor by tensor; the bits are the same. */
  foreach?: boolean | null;
}

/** Options of {@link clipGradNorm_} and {@link getTotalNorm}. */
export interface NormClippingOptions extends Foreach {
  /** p of the p-norm; Infinity is the largest magnitude. */
  normType?: number;
  /** Refuse a norm that is NaN or infinite, rather than spread it over all gradients. */
  errorIfNonfinite?: boolean;
}

type NormTail = Tail<NormClippingOptions, ['normType', 'errorIfNonfinite', 'foreach']>;

const normDefaults: Required<NormClippingOptions> = { normType: 2, errorIfNonfinite: false, foreach: null };

/**
 * Scales the gradients, all by one factor, so that their norm is at most `maxNorm`.
 *
 * @returns the norm before, a tensor without dimensions
 * @throws TorchError for a norm that is not finite, if `errorIfNonfinite`
 *
 * @example
 * ```ts
 * const w = torch.ones([2], { requiresGrad: true });
 * w.mul(3).sum().backward();
 * nn.utils.clipGradNorm_([w], 1);
 * console.log(w.grad); // tensor([0.7071, 0.7071])
 * ```
 */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  ...rest: Arguments<
    [maxNorm: number],
    { maxNorm: number } & NormClippingOptions,
    ['maxNorm', 'normType', 'errorIfNonfinite', 'foreach']
  >
): Tensor {
  const { maxNorm, ...options } = readOptions<{ maxNorm: number } & Required<NormClippingOptions>>(
    'clipGradNorm_',
    { maxNorm: required, ...normDefaults },
    rest,
    ['foreach'],
  );
  checkNumbers('clipGradNorm_', { maxNorm });
  const grads = gradientsOf('clipGradNorm_', parameters);
  return noGrad(() =>
    scope(() => {
      const total = totalNorm(grads, options);
      scale(grads, maxNorm, total, options.foreach);
      return total;
    }),
  );
}

/**
 * The norm of all elements of some tensors, as if they were one vector (`torch.nn.utils.get_total_norm`).
 *
 * @throws TorchError for a norm that is not finite, if `errorIfNonfinite`
 */
export function getTotalNorm(tensors: Tensor | Iterable<Tensor>, ...rest: NormTail): Tensor {
  const options = readOptions('getTotalNorm', normDefaults, rest, ['foreach']);
  const list = listOf('getTotalNorm', 'tensors', tensors);
  return noGrad(() => scope(() => totalNorm(list, options)));
}

/**
 * Scales the gradients as {@link clipGradNorm_} does, by a norm that was computed before, as over several devices
 * (`torch.nn.utils.clip_grads_with_norm_`).
 */
export function clipGradsWithNorm_(
  parameters: Tensor | Iterable<Tensor>,
  ...rest: Arguments<
    [maxNorm: number, totalNorm: Tensor],
    { maxNorm: number; totalNorm: Tensor } & Foreach,
    ['maxNorm', 'totalNorm', 'foreach']
  >
): void {
  const { maxNorm, totalNorm, foreach } = readOptions<{ maxNorm: number; totalNorm: Tensor } & Required<Foreach>>(
    'clipGradsWithNorm_',
    { maxNorm: required, totalNorm: required, foreach: null },
    rest,
  );
  checkNumbers('clipGradsWithNorm_', { maxNorm });
  checkTensor('clipGradsWithNorm_()', 'totalNorm', totalNorm);
  const grads = gradientsOf('clipGradsWithNorm_', parameters);
  noGrad(() => scope(() => scale(grads, maxNorm, totalNorm, foreach)));
}

/** Brings every element of the gradients into [−clipValue, clipValue]. */
export function clipGradValue_(
  parameters: Tensor | Iterable<Tensor>,
  ...rest: Arguments<[clipValue: number], { clipValue: number } & Foreach, ['clipValue', 'foreach']>
): void {
  const { clipValue, foreach } = readOptions<{ clipValue: number } & Required<Foreach>>(
    'clipGradValue_',
    { clipValue: required, foreach: null },
    rest,
  );
  checkNumbers('clipGradValue_', { clipValue });
  const grads = gradientsOf('clipGradValue_', parameters);
  noGrad(() => {
    if (foreach === false) for (const grad of grads) grad.clamp_({ min: -clipValue, max: clipValue });
    else {
      for (const group of groupsOf(grads)) {
        callOp('aten::_foreach_clamp_min_.Scalar', [group, -clipValue]);
        callOp('aten::_foreach_clamp_max_.Scalar', [group, clipValue]);
      }
    }
  });
}

function totalNorm(tensors: readonly Tensor[], options: Required<NormClippingOptions>): Tensor {
  const { normType, errorIfNonfinite, foreach } = options;
  const [first] = tensors;
  if (first === undefined) return tensor(0, { dtype: 'float32' });
  const norms = groupsOf(tensors).flatMap((group) =>
    foreach === false
      ? group.map((each) => linalg.vectorNorm(each, normType))
      : callOp<Tensor[]>('aten::_foreach_norm.Scalar', [group, normType]),
  );
  const total = linalg.vectorNorm(stack(norms.map((norm) => norm.to(first.device))), normType);
  if (errorIfNonfinite && !Number.isFinite(total.item())) {
    throw new TorchError(
      `The total norm of order ${normType} for gradients from \`parameters\` is non-finite, so it cannot be clipped; ` +
        'with errorIfNonfinite false they are scaled by it anyway',
    );
  }
  return total;
}

/** The factor is applied even where it is 1, as Python does to spare a GPU the wait for it. */
function scale(grads: readonly Tensor[], maxNorm: number, total: Tensor, foreach: boolean | null): void {
  const factor = total.add(1e-6).reciprocal().mul(maxNorm).clamp({ max: 1 });
  for (const group of groupsOf(grads)) {
    const own = factor.to((group[0] as Tensor).device);
    if (foreach === false) for (const grad of group) grad.mul_(own);
    else callOp('aten::_foreach_mul_.Tensor', [group, own]);
  }
}

/** One list per device and dtype, as foreach ops take them. */
function groupsOf(tensors: readonly Tensor[]): Tensor[][] {
  const groups = new Map<string, Tensor[]>();
  for (const tensor of tensors) {
    const key = `${tensor.device} ${tensor.dtype}`;
    groups.set(key, [...(groups.get(key) ?? []), tensor]);
  }
  return [...groups.values()];
}

function gradientsOf(callee: string, parameters: Tensor | Iterable<Tensor>): Tensor[] {
  return listOf(callee, 'parameters', parameters).flatMap(({ grad }) => grad ?? []);
}

function listOf(callee: string, argument: string, tensors: Tensor | Iterable<Tensor>): Tensor[] {
  checkIterable(callee, argument, tensors);
  // A tensor can be iterated over, too: its rows.
  const list = tensors instanceof Tensor ? [tensors] : [...tensors];
  for (const tensor of list) checkTensor(`${callee}()`, argument, tensor);
  return list;
}
