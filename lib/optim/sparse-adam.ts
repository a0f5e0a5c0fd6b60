import { checkNumbers, libm, TorchError, valueError } from '../engine';
import { readTail, type Tail } from '../tensor/tail';
import { callOp, sparseCooTensor, type Tensor } from '../tensor';
import { ComposedOptimizer, keptZeros } from './composed';
import type { Member } from './foreach';
import { checkBetas, checkImplementation, checkNum, numText } from './options';
import { type ParamGroup, type Params, type RateOf } from './param-groups';
import { div, mul, mul_, neg, valueOf } from './python-number';
import { packRecord } from './state-dict';

/** Options of {@link SparseAdam}. */
export interface SparseAdamOptions<L extends Tensor | number = Tensor | number> {
  /** Learning rate. */
  lr?: L;
  /** Shares of the old in the running averages of the gradient and of its square. */
  betas?: readonly [number, number];
  /** Added to the denominator. */
  eps?: number;
  /** Climb, not descend. */
  maximize?: boolean;
}

const defaults: Required<SparseAdamOptions<number>> = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, maximize: false };

/** Options of a group. */
export type SparseAdamGroup<L extends Tensor | number = Tensor | number> = Required<SparseAdamOptions<RateOf<L>>>;

/** @inline */
interface SparseAdamState {
  step: number;
  expAvg: Tensor;
  expAvgSq: Tensor;
}

/**
 * `torch.optim.SparseAdam`: Adam for sparse gradients of dense parameters, which changes averages and parameters only where
 * the gradient has a value. The count of steps is a plain number in its state dict, as in Python.
 */
export class SparseAdam<L extends Tensor | number = number> extends ComposedOptimizer<
  SparseAdamGroup<L>,
  SparseAdamState,
  Tensor | number
> {
  constructor(
    params: Params<SparseAdamGroup<L>>,
    ...rest: Tail<SparseAdamOptions<L>, ['lr', 'betas', 'eps', 'maximize']>
  ) {
    super(params, readTail('SparseAdam', defaults, rest));
    const places = (unfit: (param: Tensor) => boolean): string =>
      this.paramGroups
        .flatMap((group, index) =>
          group.params.flatMap((param, place) => (unfit(param) ? [`[${index}, ${place}]`] : [])),
        )
        .join(', ');
    const sparse = places(({ isSparse }) => isSparse);
    if (sparse !== '') {
      throw valueError(`Sparse params at indices [${sparse}]: SparseAdam requires dense parameter tensors`);
    }
    const complex = places((param) => param.isComplex());
    if (complex !== '') {
      throw valueError(`Complex params at indices [${complex}]: SparseAdam does not support complex parameters`);
    }
  }

  protected override validate({ lr, betas, eps, maximize }: SparseAdamGroup<L>): void {
    checkNum('SparseAdam', 'lr', lr);
    if (!(valueOf(lr) > 0)) throw valueError(`Invalid learning rate: ${numText(lr)}`);
    checkNumbers('SparseAdam', { eps });
    if (!(eps > 0)) throw valueError(`Invalid epsilon value: ${eps}`);
    checkBetas('SparseAdam', betas);
    checkImplementation('SparseAdam', { maximize });
  }

  protected override requiredState(): readonly (keyof SparseAdamState)[] {
    return ['step', 'expAvg', 'expAvgSq'];
  }

  protected override packState(state: SparseAdamState): Record<string, Tensor | number> {
    return { ...(packRecord(state) as Record<string, Tensor>), step: state.step };
  }

  protected override checkGradient(_param: Tensor, grad: Tensor): void {
    if (!grad.isSparse) {
      throw new TorchError('SparseAdam does not support dense gradients, please consider Adam instead');
    }
  }

  protected override makeState(param: Tensor): SparseAdamState {
    return { step: 0, expAvg: keptZeros(param), expAvgSq: keptZeros(param) };
  }

  protected override updateOne(
    { param, grad, state }: Member<SparseAdamState>,
    group: ParamGroup<SparseAdamGroup<L>>,
  ): void {
    const { lr, eps, maximize } = group;
    const [beta1, beta2] = group.betas;
    state.step += 1;
    // The update is not linear in the gradient, so its indices must be unique.
    const unique = (maximize ? grad.neg() : grad).coalesce();
    const [indices, values] = [unique.indices(), unique.values()];
    if (values.numel() === 0) return;
    const like = (elements: Tensor): Tensor => sparseCooTensor(indices, elements, [...unique.shape]);
    const oldOf = (average: Tensor): Tensor => callOp<Tensor>('aten::sparse_mask', [average, unique]).values();

    const old = oldOf(state.expAvg);
    const change = values.sub(old).mul_(1 - beta1);
    state.expAvg.add_(like(change));
    const oldSq = oldOf(state.expAvgSq);
    const changeSq = values
      .pow(2)
      .sub_(oldSq)
      .mul_(1 - beta2);
    state.expAvgSq.add_(like(changeSq));
    // Adding once more spares reading the averages again.
    const numerator = change.add_(old);
    const denominator = changeSq.add_(oldSq).sqrt_().add_(eps);
    const correction1 = 1 - libm.pow(beta1, state.step);
    const correction2 = 1 - libm.pow(beta2, state.step);
    const rate = div(mul(lr, Math.sqrt(correction2)), correction1);
    param.add_(like(mul_(numerator.div_(denominator), neg(rate))));
  }

  protected override updateMany(
    members: readonly Member<SparseAdamState>[],
    group: ParamGroup<SparseAdamGroup<L>>,
  ): void {
    // There are no foreach ops on sparse tensors; on a GPU, too, PyTorch goes one by one.
    for (const member of members) this.updateOne(member, group);
  }
}
